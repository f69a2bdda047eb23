"""Broken and hostile files: a clear error or a valid object; the long form is `make soak`."""

import ast
import io
import json
import os
import pickle
import re
import subprocess
import sys
import zipfile

import ase
import ase.io
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from alutils.campaign import folder as campaign_folder
from alutils.data.datasets import load
from alutils.data.molecules import Molecules
from alutils.data.structures import read_structures, read_table
from alutils.data.validation import read_arrays, read_yaml
from alutils.loop import RunConfig
from alutils.runs import store
from alutils.runs.long_runs import plan
from alutils.storage import files
from book.builder.pages import ROOT, PageError, read_pages

settings.register_profile("fixed", derandomize=True, deadline=None, database=None, max_examples=60)
settings.load_profile("fixed")
CONFIG = RunConfig("toy", "random")


def test_a_thousand_broken_files_of_every_kind():
    command = [sys.executable, "tests/stress/fuzz.py", "--inputs", "1000", "--seed", "1"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tried = re.search(r"inputs tried: (\d+): (\d+) valid, (\d+) refused, 0 other", done.stdout)
    assert tried[1] == "1000" and int(tried[2]) > 50 and int(tried[3]) > 500


# Properties

NUMBERS = st.lists(st.integers(1, 118), min_size=1, max_size=4)


@given(st.lists(NUMBERS, min_size=1, max_size=5), st.integers(0, 2**32 - 1))
def test_what_is_written_as_extxyz_is_read_again(tmp_path_factory, molecules, seed):
    rng = np.random.default_rng(seed)
    frames = [
        ase.Atoms(numbers, rng.random((len(numbers), 3)) + 2 * np.arange(len(numbers))[:, None])
        for numbers in molecules
    ]
    for k, frame in enumerate(frames):
        frame.info = {"id": f"m{k}", "homo": -float(k)}
    path = tmp_path_factory.mktemp("xyz") / "a.extxyz"
    ase.io.write(path, frames, format="extxyz")
    found = read_structures(path, length_unit="angstrom", hydrogens="as-is")
    assert found.ids == tuple(f"m{k}" for k in range(len(frames)))
    for frame, read in zip(frames, found.molecules, strict=True):
        assert read.numbers.tolist() == frame.numbers.tolist()
        np.testing.assert_allclose(read.positions, frame.positions, atol=1e-8)
    assert found.y.tolist() == [-float(k) for k in range(len(frames))]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_any_text_comes_back_from_a_table(rows):
    text = campaign_folder.table(("id", "label"), rows)
    assert [(row["id"], row["label"]) for row in read_table(text, "t.csv")] == rows


INTEGERS = arrays_of.arrays(
    st.sampled_from([np.uint8, np.int64, np.uint64, np.int8]), st.integers(0, 4)
)


@given(INTEGERS, INTEGERS, st.integers(0, 5))
def test_any_counts_give_molecules_or_one_clear_error(Z, N, rows):
    try:
        molecules = Molecules(Z, np.zeros((rows, 3)), N)
    except ValueError as error:
        assert re.match(r"[ZN](:| is)|the sum of N", str(error))
    else:
        assert len(molecules) == len(N) and molecules.counts.sum() == len(Z) == rows
        assert sum(len(atoms) for atoms in molecules) == rows


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(VALUES)
def test_any_json_is_a_record_or_one_clear_error(value):
    with pytest.raises(ValueError, match=r"record x\.json is damaged .*: restore it"):
        store.parse(json.dumps(value), "x.json")


@given(st.data())
def test_no_changed_value_passes_the_seal(data):
    record = {"rows": [{"mae_ev": 0.25, "r2": None}], "batches": [[1, 2]], "complete": True}
    record["seal"] = files.seal(record)
    changed = json.loads(json.dumps(record))
    place = data.draw(st.sampled_from(["mae", "batch", "complete"]))
    if place == "mae":
        changed["rows"][0]["mae_ev"] = data.draw(st.floats(0, 9).filter(lambda x: x != 0.25))
    elif place == "batch":
        changed["batches"][0][1] = data.draw(st.integers().filter(lambda k: k != 2))
    else:
        changed["complete"] = False
    store._check_seal(record, "x")
    with pytest.raises(ValueError, match="the seal is broken"):
        store._check_seal(changed, "x")


# Hostile files


def npz(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_an_archive_bomb_is_refused_before_it_unpacks(tmp_path):
    header = npy(np.zeros(0))[:128].replace(b"(0,)", b"(25000000,)")
    npz(tmp_path / "a.npz", {"Z.npy": header + bytes(200_000_000)})
    assert (tmp_path / "a.npz").stat().st_size < 250_000
    with pytest.raises(ValueError, match=r"a\.npz: .*would unpack to 191 MB: a bomb"):
        read_arrays(tmp_path / "a.npz")


def test_text_without_characters_is_no_array_without_end(tmp_path):
    header = (
        npy(np.zeros(0, "<U1"))[:128].replace(b"<U1", b"<U0").replace(b"(0,)", b"(99999999999,)")
    )
    npz(tmp_path / "a.npz", {"smiles.npy": header})
    with pytest.raises(ValueError, match=r"a\.npz: .*smiles\.npy has entries without bytes"):
        read_arrays(tmp_path / "a.npz")


def test_a_header_that_promises_more_than_follows_is_refused(tmp_path):
    npz(tmp_path / "a.npz", {"Z.npy": npy(np.zeros(3)).replace(b"(3,)", b"(9999999999,)")})
    with pytest.raises(ValueError, match=r"a\.npz: .*Z\.npy announces \d+ bytes, \d+ follow"):
        read_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["../Z.npy", "/Z.npy", "a/../../Z.npy", "..\\Z.npy"])
def test_a_member_that_climbs_out_is_refused(name, tmp_path):
    npz(tmp_path / "a.npz", {name: npy(np.zeros(3))})
    with pytest.raises(ValueError, match="climbs out of a folder"):
        read_arrays(tmp_path / "a.npz")


class Trap:
    def __reduce__(self):
        return os.mkdir, ("unpickled",)


@pytest.mark.parametrize("name", ["a.npz", "zenodo"])
def test_pickled_objects_are_never_loaded(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zenodo").mkdir()
    (tmp_path / "zenodo/HOMO.txt").write_text("-5\n")
    trap = npy_of_objects()
    npz(tmp_path / "a.npz", dict.fromkeys(("Z.npy", "R.npy", "N.npy", "homo.npy"), trap))
    parts = ("format.npy", "shape.npy", "data.npy", "indices.npy", "indptr.npy")
    npz(tmp_path / "zenodo/mbtr_k2.npz", dict.fromkeys(parts, trap))
    with pytest.raises(ValueError, match="pickled objects"):
        load(tmp_path / name)
    (tmp_path / "b.npz").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match=r"b\.npz: not a readable"):
        load(tmp_path / "b.npz")
    assert not (tmp_path / "unpickled").exists()


def npy_of_objects():
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array([Trap()], dtype=object), allow_pickle=True)
    return file.getvalue()


def test_no_code_of_ours_unpickles_or_reads_unsafe_yaml():
    """By the source: every np.load says so."""
    seen = 0
    for path in sorted(ROOT.glob("*/**/*.py")):
        if {"tests", "soak", "_build", ".venv"} & set(path.relative_to(ROOT).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = {a.name for a in node.names} | {getattr(node, "module", None)}
                names -= {"joblib"} if names == {"joblib", "cpu_count"} else set()
                assert not names & {"pickle", "dill", "joblib", "shelve", "marshal"}, path.name
            if isinstance(node, ast.Call):
                call = ast.unparse(node.func)
                options = {k.arg: ast.unparse(k.value) for k in node.keywords}
                assert options.get("allow_pickle", "False") == "False", path.name
                assert call not in ("yaml.load", "yaml.unsafe_load", "yaml.full_load"), path.name
                if call == "np.load":
                    assert options["allow_pickle"] == "False", path.name
                seen += call == "np.load"
    assert seen >= 4


@pytest.mark.parametrize("indptr", [[0, 2, 9, 0], [0, 9, 2, 3], [0, -1, 2, 3], [0, 1, 2, 999]])
def test_a_sparse_matrix_that_would_end_the_interpreter_is_refused(indptr, tmp_path):
    X = scipy.sparse.csr_matrix(np.eye(3))
    parts = {"format": b"csr", "shape": X.shape, "data": X.data, "indices": X.indices}
    np.savez(tmp_path / "mbtr_k2.npz", **parts, indptr=np.array(indptr, np.int32))
    (tmp_path / "HOMO.txt").write_text("-5\n-6\n-7\n")
    with pytest.raises(ValueError, match=r"mbtr_k2\.npz: not a matrix .*do not fit together"):
        load(tmp_path)


def test_a_number_of_atoms_without_end_is_refused_at_once(tmp_path):
    (tmp_path / "a.xyz").write_text("99999999999999\nhomo=-9\nH 0 0 0\n")
    with pytest.raises(ValueError, match=r"a\.xyz, frame 0: not a readable \.xyz \(line 1"):
        load(tmp_path / "a.xyz")


@pytest.mark.parametrize(
    "properties",
    [
        "Properties=pos:R:99999999",
        'Properties="pos:R: 99999999"',
        "Properties={x:S:1 y:R:99999999}",
        "Properties=pos:R:+99999999",
        "Properties=pos:R:9_99999999",
        "Properties=x:S:1:pos:R:-3",
        "Properties=" + ":".join(f"x{k}:R:9999" for k in range(9999)),
    ],
)
def test_columns_without_end_are_refused_at_once(properties, tmp_path):
    (tmp_path / "a.extxyz").write_text(f"1\nhomo=-9 {properties}\nH 0 0 0\n")
    with pytest.raises(ValueError, match="not 1 to 9999 columns in Properties"):
        load(tmp_path / "a.extxyz")


def test_text_that_is_no_unicode_is_refused(tmp_path):
    text = np.array([0x7FFFFFFF, 65], "<u4").view("<U2")
    np.savez(tmp_path / "a.npz", smiles=text)
    with pytest.raises(ValueError, match=r"a\.npz: .*smiles holds what is no text"):
        read_arrays(tmp_path / "a.npz")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text", [BOMB, "a: &a [*a]", "[" * 5000, "!!python/object/apply:os.getcwd []", "a: [", "\0"]
)
def test_yaml_that_explodes_or_runs_code_is_refused(text, tmp_path):
    (tmp_path / "a.yml").write_text(text)
    with pytest.raises(ValueError, match=r"^a\.yml: not readable as YAML"):
        read_yaml(tmp_path / "a.yml")


ENTRY = "- {{name: x, settings: {{dataset: a, strategy: random, {}}}, seeds: [{}], runs: [{{}}]}}"


@pytest.mark.parametrize(
    ("setting", "seed", "message"),
    [
        ("n_max: 1e3", "0", "n_max='1e3' is not int"),
        ("n_max: 400.5", "0", "n_max=400.5 is not int"),
        ("noise_var: .nan", "0", "noise_var"),
        ("threshold: .inf", "0", "threshold=inf"),
        ("n_max: 400", "true", "seed=True is not int"),
        ("n_max: 400", "x", "seed='x' is not int"),
        ("strategy: 5", "0", "strategy=5 is not str"),
        ("n_max: 41_00000, n_const: 10", "0", "n_max=4100000 makes more than 10000 batches of 10"),
        ("normalize_y: 1", "0", "normalize_y=1 is not bool"),
    ],
)
def test_a_plan_with_a_value_of_another_kind_is_refused(setting, seed, message, tmp_path):
    (tmp_path / "plan.yml").write_text(ENTRY.format(setting, seed))
    with pytest.raises(ValueError, match=re.escape(message)):
        plan(tmp_path / "plan.yml")


@pytest.mark.parametrize("text", ["", "[]", "pages: 1", "pages: [1]\nvariants: {}", "pages: [{}]"])
def test_a_broken_table_of_pages_is_one_line(text, tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book/variants.yml").write_text(text)
    with pytest.raises(PageError, match=r"variants\.yml"):
        read_pages(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,label\nm1,-9,5\n", "row 1: 1 cells too many .*a decimal comma"),
        ("id,label,label\nm1,-9,-8\n", "a column is there twice"),
        ('id,label\n"m1,-9\n', "not a readable CSV"),
        ("id,label\nm1," + "9" * 200_000, "not a readable CSV"),
    ],
)
def test_a_table_that_would_be_misread_is_refused(text, message):
    with pytest.raises(ValueError, match=f"t.csv.*{message}"):
        read_table(text, "t.csv")


@pytest.mark.parametrize("charge", ["0.5", "abc", "[1,2]", "1e30", "T", "nan"])
def test_a_charge_that_is_none_is_refused(charge, tmp_path):
    (tmp_path / "a.extxyz").write_text(f"1\nhomo=-9 charge={charge}\nH 0 0 0\n")
    with pytest.raises(ValueError, match=r"a\.extxyz, frame 0: charge .* not a whole number"):
        read_structures(tmp_path / "a.extxyz")


def test_a_chain_too_long_for_a_geometry_is_refused(tmp_path):
    pytest.importorskip("rdkit")
    (tmp_path / "a.csv").write_text(f"smiles\n{'C' * 3000}\n")
    with pytest.raises(ValueError, match=r"a\.csv, line 2: 3000 atoms are too many"):
        read_structures(tmp_path / "a.csv", geometries=True)


@pytest.mark.parametrize("key", ["homo", "R"])
def test_complex_numbers_are_no_numbers(key, tmp_path):
    m = load("organics").molecules[:3]
    arrays = {"Z": m.numbers, "R": m.positions, "N": m.counts, "homo": -9 * np.ones(3)}
    np.savez(tmp_path / "a.npz", **{**arrays, key: arrays[key].astype(complex)})
    with pytest.raises(ValueError, match=r"a\.npz: .*complex128"):
        load(tmp_path / "a.npz")
