"""Break files of every kind that we read: each gives a clear ValueError or a valid object.

python tests/stress/fuzz.py [--inputs 100000] [--seed 0] [--only KIND] [--jobs 2]

A sound file of each kind is broken in one to three places: bytes flipped, cut, doubled, moved,
numbers and words replaced by awkward ones. Inputs are read in processes of their own; one that dies
(an interpreter crash) or takes longer than LONGEST_S (a hang) is reported with its number. *Other*
is also: an exception that is no ValueError, a message that does not name the file, a result that is
not valid, or that differs although a checksum protects it, and a file that was not there before.
"""

import argparse
import collections
import csv
import io
import json
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import traceback
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ase.io
import numpy as np
import scipy.sparse
from counts import keep
from threadpoolctl import threadpool_limits

from alutils.campaign import campaign
from alutils.data.datasets import MoleculeDataset, load
from alutils.data.structures import Structures, read_structures
from alutils.descriptors import features
from alutils.loop import RunConfig
from alutils.runs import records, store
from alutils.runs.long_runs import plan
from alutils.storage import files
from alutils.streaming.scoring import Chunk

sys.path.append(str(Path(__file__).resolve().parents[2]))
from book.builder import pages

LONGEST_S = 20
AT_ONCE = 2500  # inputs of one process
AWKWARD = (
    *(b"nan", b"-inf", b"1e400", b"-1", b"0", b"0.5", b"99999999999999999999", b"1_000"),
    *(
        b"null",
        b"true",
        b"{}",
        b"[]",
        b"[[[[",
        b'"',
        b"'",
        b",",
        b";",
        b"\t",
        b"\n\n",
        b"\r",
        b"=T ",
    ),
    *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xd9\xa3", b"<script>alert(1)</script>", b"../../x"),
    *(b"&a [*a, *a]", b"<<: ", b"!!python/object/apply:os.system [exit]", b"%s%n{0}", b"1" * 5000),
    *(b"Properties=species:S:1:pos:R:9999999 ", b"homo=[1,2] ", b"charge=0.5 ", b"*^", b"$$$$\n"),
)
PLAN = b"""
- name: one
  settings: &same {dataset: organics, strategy: random, n_init: 100, n_max: 400, noise_var: 0.01}
  seeds: [0, 1]
  runs: &runs
    - {}
    - {strategy: most_uncertain, target: {low: -9.5}}
- name: two
  settings: {<<: *same, scheme: constant, n_const: 50}
  seeds: [2]
  runs: *runs
"""
VARIANTS = b"""
variants:
  organics: Small molecules
  aminoacids: "Amino acids: larger"
pages:
- notebook: 05_targeted_search
  variant: organics
  title: "Targeted search: organics"
- notebook: 05_targeted_search
  variant: aminoacids
  title: Other
  parameters: {dataset: aminoacids, n_max: 800, seeds: [0, 1], noise_var: 1.0e-10}
"""
NUMBER = re.compile(rb"-?\d+(\.\d+)?(e-?\d+)?")


def mutate(content, rng):
    """Break bytes in one to three places."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        at, to = sorted(rng.integers(0, len(content) + 1, 2))
        to = min(to, at + int(rng.integers(1, 200)))
        word = AWKWARD[rng.integers(len(AWKWARD))]
        numbers = list(NUMBER.finditer(content))
        how = rng.integers(8)
        if how == 0 and content:
            content[min(at, len(content) - 1)] ^= 1 << int(rng.integers(8))
        elif how == 1:
            del content[at:to]
        elif how == 2:
            content[at:at] = content[at:to]
        elif how == 3:
            del content[at:]
        elif how == 4:
            content[at:at] = word
        elif how == 5 and numbers:
            start, end = numbers[rng.integers(len(numbers))].span()
            content[start:end] = word
        elif how == 6:
            content[at:to] = rng.bytes(to - at)
        else:
            lines = content.split(b"\n")
            one, other = rng.integers(0, len(lines), 2)
            lines[one], lines[other] = lines[other], lines[one]
            content = bytearray(b"\n".join(lines))
    return bytes(content)


def mutate_archive(content, rng):
    """Break an .npz: its bytes; or a member's, or an array, under checksums that fit again."""
    how = rng.integers(3)
    if how == 0:
        return mutate(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {one.filename: archive.read(one) for one in archive.infolist()}
    name = sorted(members)[rng.integers(len(members))]
    sound = members[name]
    while members[name] == sound:
        if how == 1:
            members[name] = mutate(sound, rng)
            continue
        changed = io.BytesIO()
        np.lib.format.write_array(changed, change(np.lib.format.read_array(io.BytesIO(sound)), rng))
        members[name] = changed.getvalue()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for key, value in members.items():
            archive.writestr("../" + key if rng.random() < 0.01 else key, value)
    return packed.getvalue()


def change(array, rng):
    """Another type, shape or value."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = np.array(array)
        how = rng.integers(7)
        if how == 0 and array.dtype.kind in "iuf":
            kinds_of = [complex, np.float16, np.int8, np.uint64, bool, "U9", "S3"]
            return array.astype(kinds_of[rng.integers(7)])
        if how == 1:
            return array[..., None] if rng.random() < 0.5 else array.reshape(-1)
        if how == 2 and array.ndim:
            return array[: rng.integers(len(array) + 1)]
        if how == 3 and array.ndim:
            return np.concatenate([array, array[:1]])
        if how == 4:
            return np.zeros((0,) * int(rng.integers(1, 3)), array.dtype)
        if array.dtype.kind in "iuf" and array.size:
            extremes = [-1, 0, 2**31, 2**62, 1e300, np.nan, np.inf]
            wide = array.astype(float if array.dtype.kind == "f" else np.int64)
            extreme = extremes[rng.integers(7 if wide.dtype.kind == "f" else 4)]
            wide.reshape(-1)[rng.integers(array.size)] = extreme
            return wide
        return array


# The kinds of files: a sound one, and how it is read. A reader raises AssertionError for a result
# that is not valid.


def pool():
    """Four molecules: arrays of the .npz, and frames."""
    organics = load("organics")
    m, y = organics.molecules[:4], np.round(organics.y[:4], 6)
    frames = list(m)
    for k, atoms in enumerate(frames):
        atoms.info = {"id": f"m{k}", "homo": float(y[k]), "charge": 0}
    arrays = {"Z": m.numbers, "R": m.positions, "N": m.counts.astype(np.uint8), "homo": y}
    more = {"smiles": np.array(["C", "N", "O", "é"]), "charge": np.zeros(4, int)}
    return arrays | more | {"meta": np.array('{"made": "here"}')}, frames


def is_valid(dataset):
    assert np.isfinite(dataset.y).all() and len(dataset.y)
    if dataset.molecules is not None:
        m = dataset.molecules
        assert np.isfinite(m.positions).all() and m.counts.sum() == len(m.numbers)
        assert len(m) == len(dataset) and m.numbers.min() >= 1 and m.numbers.max() <= 118
    if dataset.X is not None:
        assert np.isfinite(dataset.X.toarray()).all() and dataset.X.shape[0] == len(dataset)


class Kind:
    """A sound file, and how to read it."""

    mutate = staticmethod(mutate)
    share = 1.0  # of the inputs, relative to the others

    def __init__(self, name, content, read, names=None, **more):
        self.name, self.content, self.read = name, content, read
        self.names = names or (name, Path(name).stem)  # one of them is in each message
        vars(self).update(more)


def kinds(folder):
    """All kinds, by name; sound files that belong to them are written into the folder."""
    arrays, frames = pool()

    def dataset(path):
        is_valid(load(path))

    def structures(path):
        found = read_structures(path)
        assert len(found) == len(found.molecules) == len(set(found.ids)) == len(found.y)
        assert np.isfinite(found.molecules.positions).all() and not np.isinf(found.y).any()

    def written(write, *arguments, **kwargs):
        file = io.BytesIO()
        write(file, *arguments, **kwargs)
        return file.getvalue()

    def text(frames, columns=None):
        file = io.StringIO()
        ase.io.write(file, frames, format="extxyz", columns=columns)
        return file.getvalue().encode()

    extxyz = text(frames)
    plain = "\n".join(
        f"{len(a)}\nhomo={a.info['homo']}\n"
        + "\n".join(
            f"{symbol} {x:.4f} {y:.4f} {z:.4f}"
            for symbol, (x, y, z) in zip(a.symbols, a.positions, strict=True)
        )
        for a in frames
    )
    numbers = "\t".join(["1.5"] * 15)
    gdb = plain.split("\n", 2)[2].split("\n")[: len(frames[0])]
    gdb = "\n".join([f"{len(gdb)}\ngdb 1\t{numbers}", *gdb, "1.5\t2.5", "C\tC", "InChI=1\tx", ""])
    gdb += "3\ncode = A B | q = -1\nO 0 0 0.119\nD 0 7.63*^-1 -0.477\n1 0 -0.763 -0.477\n"
    X = scipy.sparse.csr_matrix(np.round(np.random.default_rng(0).random((4, 6)), 2))
    sparse = written(scipy.sparse.save_npz, X)

    def zenodo(path):
        (path.parent / "HOMO.txt").write_bytes(b"-5\n-6\n-7\n-8\n")
        is_valid(load(path.parent))

    def homo(path):
        (path.parent / "mbtr_k2.npz").write_bytes(sparse)
        is_valid(load(path.parent))

    # Records
    rng = np.random.default_rng(1)
    toy = MoleculeDataset("toy", -6 + rng.random(60), X=rng.random((60, 5)) * 9)
    config = RunConfig("toy", "random", "constant", 10, 10, 40, 10, 0.01, n_restarts=0)
    records.load = lambda name: toy
    made = records.compute(config, folder / "made")
    begun = {**made, "complete": False, "rows": made["rows"][:2], "batches": made["batches"][:2]}
    begun["seal"] = files.seal(begun)

    def record(sound):
        def read(path):
            assert store.read(path, config) == sound, "a silent change"

        return read

    def bundle(path):
        store.bundle.cache_clear()
        found = store.find(config, path.parent)
        if found is None:  # damaged, in a folder that is not the tracked one: made again
            raise ValueError(path.name)
        assert found == made, "a silent change"

    # The cache of descriptors: never an error, never other numbers
    sound_features = np.array(features(toy))
    (cached,) = (Path(os.environ["ALUTILS_CACHE"]) / "features").glob("*.npy")

    def cache(path):
        cached.write_bytes(path.read_bytes())
        assert np.array_equal(features(toy), sound_features), "a silent change"
        for one in cached.parent.glob("*.damaged*"):
            one.unlink()
        return path.read_bytes() == cached.read_bytes()

    # A campaign
    search = folder / "campaign"
    some = load("organics").molecules[:8]
    ids = tuple(f"m{k}" for k in range(8))
    mine = Structures("mine", ids, some, np.full(8, np.nan), np.zeros(8, int))
    campaign.start(search, mine, campaign.Settings(strategy="random", n_init=4, n_const=2))
    campaign.ask(search)
    labels = b"id,label\n" + b"".join(f"m{k},{-9 - k / 10}\n".encode() for k in range(4))
    (search / "labels.csv").write_bytes(b"id,label\n")

    def stated(path):
        """What is read is what stands in the file, read by other means."""
        before = (search / "labels.csv").read_bytes()
        try:
            campaign.tell(search, path)
            state = campaign.read(search)
            text = io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")
            for row in csv.DictReader(text):
                label = state.labels[int(row["id"][1:])]
                word = row["label"].strip()
                same = label is None if word == "failed" else label == float(word)
                assert same, "a silent change"
        finally:
            (search / "labels.csv").write_bytes(before)

    def part_of_campaign(name):
        whole = campaign.read(search)

        def read(path):
            sound = (search / name).read_bytes()
            (search / name).write_bytes(path.read_bytes())
            try:
                state = campaign.read(search)
                same = state.settings == whole.settings and state.batches == whole.batches
                assert same and state.pool.name == whole.pool.name, "a silent change"
                assert all(y is None or np.isfinite(y) for y in state.labels.values())
            finally:
                (search / name).write_bytes(sound)

        return Kind(name, (search / name).read_bytes(), read, names=("the campaign in campaign",))

    book = folder / "book-root"
    (book / "book").mkdir(parents=True)
    (book / "notebooks").symlink_to(pages.ROOT / "notebooks")

    def page_table(path):
        (book / "book/variants.yml").write_bytes(path.read_bytes())
        try:
            assert all(page.variant for page in pages.read_pages(book))
        except pages.PageError as error:
            raise ValueError(str(error)) from None

    def configs(path):
        assert all(isinstance(config, RunConfig) for config in plan(path))

    scored = {"mu": toy.y, "Z": np.ones((60, 2), dtype=np.float32)}

    def chunk(path):
        try:
            found = dict(Chunk(path))
        except ValueError:
            for one in path.parent.glob("*.damaged*"):
                one.rename(path)
            raise
        assert found.keys() == scored.keys(), "a silent change"
        assert all(np.array_equal(found[name], scored[name]) for name in scored), "a silent change"

    smiles = b"id,smiles,homo\na,CO,-9.5\nb,[NH4+],-10\nc,C#N,-9\n"
    listed = [
        Kind("a.npz", written(np.savez_compressed, **arrays), dataset, mutate=mutate_archive),
        Kind("plain.npz", written(np.savez, **arrays), dataset, mutate=mutate_archive),
        Kind("a.extxyz", extxyz, dataset),
        Kind("a.xyz", plain.encode(), structures),
        Kind("gdb.xyz", gdb.encode(), structures),
        Kind("labels.txt", b"-9.5\n-9.25\n-8\n", dataset),
        Kind("mbtr_k2.npz", sparse, zenodo, ("mbtr_k2.npz", "zenodo"), mutate=mutate_archive),
        Kind("HOMO.txt", b"-5.5\n-6\n-7.25\n-8\n", homo, share=0.3, names=("HOMO.txt", "zenodo")),
        Kind("run.json", json.dumps(made).encode(), record(made)),
        Kind("begun.json", json.dumps(begun).encode(), record(begun)),
        Kind("b.jsonl", json.dumps(made).encode() + b"\n", bundle),
        Kind("cached.npy", cached.read_bytes(), cache, share=0.5),
        Kind("000000001.npz", written(np.savez, **scored), chunk),
        Kind("batch.csv", labels, stated),
        part_of_campaign("campaign.json"),
        part_of_campaign("batch-000.json"),
        part_of_campaign("labels.csv"),
        Kind("plan.yml", PLAN, configs),
        Kind("variants.yml", VARIANTS, page_table),
    ]
    try:
        from rdkit import Chem
        from rdkit.Chem import AllChem
    except ImportError:
        return listed
    blocks = []
    for text_of in ("CO", "C#N"):
        mol = Chem.AddHs(Chem.MolFromSmiles(text_of))
        AllChem.EmbedMolecule(mol, randomSeed=1)
        blocks.append(f"{text_of}{Chem.MolToMolBlock(mol)}>  <homo>\n-9.5\n\n$$$$\n")
    listed.append(Kind("a.sdf", "".join(blocks).encode(), structures))
    listed.append(Kind("a.csv", smiles, structures, share=0.3))
    listed.append(Kind("a.smi", b"CO methanol\n[NH4+] 007\nC#N\n", structures, share=0.3))
    return listed


class Hang(BaseException):
    """Raised by the alarm."""


def trial(kind, content, folder):
    """What comes of one input: "valid", "refused", or what else happened."""
    path = folder / ("zenodo" if kind.name in ("mbtr_k2.npz", "HOMO.txt") else "in") / kind.name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    before = set(path.parent.iterdir())
    signal.alarm(LONGEST_S)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)  # ours: what was set aside
            replaced = kind.read(path) is False
        outcome = "refused" if replaced else "valid"
    except ValueError as error:
        named = any(name in str(error) for name in kind.names)
        outcome = "refused" if named and len(str(error)) < 20_000 else f"unclear: {error!r:.300}"
    except Hang:
        outcome = "a hang"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        outcome = f"{type(error).__name__} at {place}: {error!s:.200}"
    finally:
        signal.alarm(0)
    left = {one.name for one in set(path.parent.iterdir()) - before} - {"HOMO.txt", "mbtr_k2.npz"}
    path.unlink()
    return f"left {left}" if left else outcome


def some(connection, only, numbers, seed):
    """Read the inputs of these numbers in this process; sends number, kind, outcome of each."""

    def alarm(*_):
        raise Hang

    signal.signal(signal.SIGALRM, alarm)
    threadpool_limits(1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ALUTILS_CACHE"] = f"{folder}/cache"
        listed = [kind for kind in kinds(Path(folder)) if only in (None, kind.name)]
        for kind in listed:
            if (outcome := trial(kind, kind.content, Path(folder))) != "valid":
                raise SystemExit(f"the sound {kind.name}: {outcome}")
        shares = np.array([kind.share for kind in listed])
        for number in numbers:
            rng = np.random.default_rng([seed, number])
            kind = listed[rng.choice(len(listed), p=shares / shares.sum())]
            connection.send((number, kind.name, "the interpreter died"))
            broken = kind.content
            while broken == kind.content:  # two equal lines may have been swapped
                broken = kind.mutate(kind.content, rng)
            outcome = trial(kind, broken, Path(folder))
            connection.send((number, kind.name, outcome))
    connection.send((None, None, None))


def watched(only, numbers, seed):
    """Number -> (kind, outcome), from processes of their own: when one dies, the next goes on."""
    context, outcomes = multiprocessing.get_context("spawn"), {}
    numbers = list(numbers)
    while numbers:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=some, args=(theirs, only, numbers, seed))
        process.start()
        theirs.close()
        try:
            while True:
                number, name, outcome = ours.recv()
                if number is None:
                    numbers = []
                    break
                outcomes[number] = name, outcome
        except EOFError:
            left = [number for number in numbers if number not in outcomes]
            if len(left) == len(numbers):
                raise SystemExit("the sound files could not be made: see above") from None
            numbers = left
        process.join(timeout=60)
    return outcomes


def main(inputs, seed, only, jobs, first, record):
    starts, end = range(first, first + inputs, AT_ONCE), first + inputs
    parts = [range(start, min(start + AT_ONCE, end)) for start in starts]
    counts = collections.Counter()
    with ThreadPoolExecutor(jobs) as executor:
        for outcomes in executor.map(lambda numbers: watched(only, numbers, seed), parts):
            for number, (name, outcome) in outcomes.items():
                word = outcome if outcome in ("valid", "refused") else "other"
                counts[name, word] += 1
                if word == "other":
                    print(f"input {number} ({name}): {outcome}", flush=True)
    for name in sorted({name for name, _ in counts}):
        valid, refused, rest = (counts[name, word] for word in ("valid", "refused", "other"))
        print(f"  {name}: {valid} valid, {refused} refused, {rest} other")
    total = collections.Counter()
    for (_, word), n in counts.items():
        total[word] += n
    words = ", ".join(f"{total[word]} {word}" for word in ("valid", "refused", "other"))
    print(f"inputs tried: {total.total()}: {words}")
    if record:
        tried = {"inputs": total.total(), "kinds": len({name for name, _ in counts}), "seed": seed}
        keep("fuzz", tried | {word: total[word] for word in ("valid", "refused", "other")})
    return 0 if total.total() == inputs and not total["other"] else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--only", help="one kind, such as a.npz")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--record", action="store_true", help="into book/records/soak.json")
    sys.exit(main(**vars(parser.parse_args())))
