"""Downloads, against a server of our own: fetched once, checked, never half, clear on failure."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import ase
import numpy as np
import pooch
import pytest
import scipy.sparse
from scipy.spatial.distance import pdist

from alutils.data import downloads, originals
from alutils.data.datasets import MoleculeDataset, load
from alutils.data.registry import REGISTRY
from alutils.descriptors import MBTRSettings, features, mbtr
from alutils.loop import RunConfig
from alutils.runs import records
from book.builder.execute import ROOT

N = 200  # molecules in each record
FIGSHARE = "/files/3195389"
RECORDS = {"aa": "mbtr_k2.npz", "oe": "mbtr_0.02.npz", "qm9": "mbtr_0.1.npz"}
WATER = ase.Atoms("OH2", [[0, 0, 0.119], [0, 0.763, -0.477], [0, -0.763, -0.477]])
HCN = ase.Atoms("HCN", [[0, 0, -1.57], [0, 0, -0.5], [0, 1.2e-6, 0.65]])


class Server:
    """What it serves, by path, and the paths it was asked for."""

    def __init__(self):
        self.contents, self.asked, self.cut = {}, [], set()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler):
                self.asked.append(handler.path)
                content = self.contents.get(handler.path)
                if content is None:
                    return handler.send_error(404)
                handler.send_response(200)
                handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                whole = handler.path not in self.cut
                handler.wfile.write(content if whole else content[: len(content) // 2])

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def add_record(self, name, files):
        """A record as Zenodo lists it; its links name Zenodo, whatever server is asked."""
        number, _ = downloads.ZENODO[name]
        listed = []
        for key, content in files.items():
            path = f"/api/records/{number}/files/{key}/content"
            self.contents[path] = content
            listed.append(
                {
                    "key": key,
                    "size": len(content),
                    "checksum": f"md5:{md5(content)}",
                    "links": {"self": f"https://zenodo.org{path}"},
                }
            )
        self.contents[f"/api/records/{number}"] = json.dumps({"files": listed}).encode()

    def path(self, name, key):
        return f"/api/records/{downloads.ZENODO[name][0]}/files/{key}/content"


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture(scope="module")
def molecules(tmp_path_factory):
    """Some amino acids: X (N, d) dense, y (N,)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALUTILS_CACHE", str(tmp_path_factory.mktemp("cache")))
        pool = load("aminoacids")
        few = MoleculeDataset("few", pool.y[:N], pool.molecules[:N])
        return np.array(mbtr(few, MBTRSettings(n_grid=10))), few.y


@pytest.fixture(scope="module")
def files(molecules):
    """Contents of mbtr_k2.npz and HOMO.txt."""
    X, y = molecules
    matrix, labels = io.BytesIO(), io.StringIO()
    scipy.sparse.save_npz(matrix, scipy.sparse.csr_matrix(X))
    np.savetxt(labels, y)
    return matrix.getvalue(), labels.getvalue().encode()


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A server without files; an empty cache, no local data and no pinned checksums."""
    server = Server()
    monkeypatch.setenv("ALUTILS_MIRROR", server.address + "/")
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ALUTILS_DATA", raising=False)
    monkeypatch.setattr(downloads, "KNOWN_MD5", {})
    records.load_once.cache_clear()
    yield server
    server.stop()
    records.load_once.cache_clear()


@pytest.fixture
def server(empty, files):
    """The same with the three records."""
    for name, descriptor in RECORDS.items():
        empty.add_record(name, {descriptor: files[0], "HOMO.txt": files[1], "more.txt": b"no"})
    return empty


@pytest.fixture
def folder(tmp_path):
    """Where the downloads of `aa` are kept."""
    return tmp_path / "cache" / "downloads" / "aa"


def xyz(number, atoms, homo):
    """One molecule as QM9 writes it; homo in hartree."""
    properties = [0.0] * 15
    properties[5] = homo
    lines = [str(len(atoms)), "\t".join([f"gdb {number}", *map(str, properties)]) + "\t"]
    for symbol, position in zip(atoms.get_chemical_symbols(), atoms.positions, strict=True):
        values = [f"{value:.10g}".replace("e", "*^").replace("*^-0", "*^-") for value in position]
        lines.append("\t".join([symbol, *values, "-0.1"]))
    return "\n".join([*lines, "1341.3\t1341.3", "C#N\tC#N\t", "InChI=1S\tInChI=1S", ""]).encode()


def archive(members):
    """A .tar.bz2 of name -> content; None for a folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:bz2") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = (
                len(content or b""),
                tarfile.REGTYPE if content else tarfile.DIRTYPE,
            )
            tar.addfile(info, io.BytesIO(content or b""))
    return packed.getvalue()


MOLECULES = {
    "qm9": None,
    "qm9/dsgdb9nsd_000002.xyz": xyz(2, HCN, -0.3604),
    "qm9/dsgdb9nsd_000001.xyz": xyz(1, WATER, -0.2928),
}


# The paper's pools


@pytest.mark.parametrize("name", RECORDS)
def test_a_pool_is_loaded_by_its_name(name, server, molecules):
    dataset = load(name)
    assert dataset.name == name and dataset.info["licence"] == "CC BY 4.0"
    np.testing.assert_allclose(dataset.y, molecules[1], rtol=1e-15)
    assert scipy.sparse.issparse(dataset.X)
    assert np.array_equal(dataset.X.toarray(), molecules[0])


def test_features_of_a_sparse_descriptor_are_those_of_the_dense(server, molecules):
    dense = features(MoleculeDataset("dense", molecules[1], X=molecules[0]))
    sparse = features(load("aa"))
    assert sparse.shape == dense.shape
    np.testing.assert_allclose(pdist(sparse), pdist(dense), rtol=1e-8)


def test_a_second_load_asks_for_nothing(server):
    load("aa")
    assert len(server.asked) == 3
    load("aa")
    load("aa", fetch=False)
    assert len(server.asked) == 3


def test_nothing_is_fetched_where_it_is_not_wanted(server, folder):
    for name in (*RECORDS, "qm9_b3lyp"):
        with pytest.raises(ValueError, match=f"{name} is not downloaded yet.* load it once"):
            load(name, fetch=False)
    load("aa")
    (folder / "HOMO.txt").write_text("-5\n")
    asked = len(server.asked)
    with pytest.raises(ValueError, match="aa is not downloaded yet, or damaged"):
        load("aa", fetch=False)
    assert len(server.asked) == asked


def test_a_damaged_copy_is_fetched_again(server, folder, molecules):
    load("aa")
    (folder / "HOMO.txt").write_text("-5\n")
    with pytest.warns(UserWarning, match=r"^aa: HOMO\.txt is damaged, .* now HOMO\.txt\.damaged,"):
        np.testing.assert_allclose(load("aa").y, molecules[1])
    assert (folder / "HOMO.txt.damaged").read_text() == "-5\n"
    assert server.asked[3:] == [server.path("aa", "HOMO.txt")]


def test_a_wrong_checksum_is_refused_until_the_server_is_right(server, folder, files):
    path = server.path("aa", "mbtr_k2.npz")
    server.contents[path] = files[0][:-1] + b"?"
    with pytest.raises(ValueError, match=r"aa: mbtr_k2\.npz from .* MD5 .*try again, or download"):
        load("aa")
    assert not (folder / "mbtr_k2.npz").exists()
    server.contents[path] = files[0]
    assert len(load("aa")) == N


def test_a_pinned_checksum_goes_before_that_of_the_record(server, monkeypatch):
    monkeypatch.setitem(downloads.KNOWN_MD5, (3967308, "HOMO.txt"), 32 * "0")
    with pytest.raises(ValueError, match=r"HOMO\.txt from .* does not have its MD5 000000000000"):
        load("aa")


def test_an_interrupted_download_leaves_nothing(server, folder):
    server.cut.add(server.path("aa", "mbtr_k2.npz"))
    with pytest.raises(ValueError, match=r"aa: no answer .*mbtr_k2|MD5"):
        load("aa")
    assert list(folder.iterdir()) == []  # not even the listing: it may be what is wrong
    server.cut.clear()
    assert len(load("aa")) == N


def test_an_interrupted_listing_leaves_nothing(server, folder, monkeypatch):
    def die(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(downloads.os, "replace", die)
        load("aa")
    assert list(folder.iterdir()) == []
    assert len(load("aa")) == N


def test_without_a_network_the_remedy_is_named(server, tmp_path):
    server.stop()
    for name in ("aa", "qm9_b3lyp"):
        with pytest.raises(ValueError, match=f"{name}: no answer .*connect.*by hand") as error:
            load(name)
        assert str(tmp_path) not in str(error.value)
    assert "set ALUTILS_DATA to the folder that holds qm9_b3lyp.npz" in str(error.value)


def test_an_error_of_the_server_is_told(server):
    del server.contents[server.path("aa", "HOMO.txt")]
    with pytest.raises(ValueError, match=r"aa: .*HOMO\.txt/content answers 404: try later, or"):
        load("aa")
    del server.contents["/api/records/4035923"]
    with pytest.raises(ValueError, match=r"oe: .*/api/records/4035923 answers 404"):
        load("oe")


def test_a_record_without_the_file_names_what_it_has(server, files):
    server.add_record("oe", {"mbtr_0.5.npz": files[0], "HOMO.txt": files[1]})
    message = r"oe: .*4035923 has no mbtr_k2\.npz, only HOMO\.txt, mbtr_0\.5\.npz: download by hand"
    with pytest.raises(ValueError, match=message):
        load("oe")


@pytest.mark.parametrize(
    "answer", [b"<html>", b"[]", b"{}", b'{"files": [{"key": "HOMO.txt"}]}', b'{"files": null}']
)
def test_an_answer_of_another_layout_is_refused(answer, server, folder):
    server.contents["/api/records/3967308"] = answer
    with pytest.raises(ValueError, match="aa: Zenodo's answer on record 3967308 is not a list of"):
        load("aa")
    assert not folder.exists()


@pytest.mark.parametrize("watched", [True, False])
def test_the_bar_is_for_those_who_watch_and_no_path_is_printed(
    watched, server, tmp_path, monkeypatch, capfd
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: watched)
    pooch.get_logger().setLevel("INFO")
    load("aa")
    said = "".join(capfd.readouterr())
    assert ("aa: mbtr_k2.npz: 100%" in said) == watched and bool(said) == watched
    assert str(tmp_path) not in said


def test_pooch_is_imported_for_downloads_alone():
    """In a notebook its import warns on stderr, which nbval would take for a difference."""
    code = "import sys, alutils.runs.records; sys.exit('pooch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=300).returncode == 0


def test_a_run_on_a_downloaded_pool(server, tmp_path):
    config = RunConfig("aa", "uncertain_cluster_centres", "pow", 20, 20, 80, 50, 1e-10)
    record = records.compute(config, tmp_path / "runs")
    assert record["complete"] and record["data_sha256"] == load("aa").sha256
    assert [row["n_train"] for row in record["rows"]] == [20, 40, 80]
    assert len(server.asked) == 3


def test_a_listing_that_was_kept_and_damaged_is_set_aside(server, folder):
    load("aa")
    (folder / "record.json").write_text('{"HOMO.txt": {"url": 5}}')
    with pytest.warns(UserWarning, match=r"aa: record\.json is damaged: it is now .*\.damaged"):
        assert len(load("aa")) == N
    assert len(server.asked) == 4  # the listing alone: the files are sound


def test_a_record_that_changes_between_listing_and_file_is_listed_anew(server, folder, files):
    old = files[1].replace(b"-", b"-1", 1)
    server.add_record("aa", {RECORDS["aa"]: files[0], "HOMO.txt": old})
    listed = server.contents["/api/records/3967308"]
    server.add_record("aa", {RECORDS["aa"]: files[0], "HOMO.txt": files[1]})
    new, server.contents["/api/records/3967308"] = server.contents["/api/records/3967308"], listed
    with pytest.raises(ValueError, match=r"aa: HOMO\.txt from .* MD5 .* the record has changed"):
        load("aa")
    server.contents["/api/records/3967308"] = new
    assert len(load("aa")) == N


def test_leftovers_of_a_killed_download_go_after_a_while(server, folder):
    folder.mkdir(parents=True)
    (folder / "tmpabc").write_text("half")
    os.utime(folder / "tmpabc", (0, 0))
    load("aa")
    assert not (folder / "tmpabc").exists()


def test_every_fault_of_a_server_is_named_and_the_second_try_works():
    """Two of each kind; `make soak` serves hundreds."""
    command = [sys.executable, "tests/stress/servers.py", "--tries", "28", "--seed", "3"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "faults served: 28 (404 2, 500 2, 503 2, cut 2, short 2, longer 2"
    )
    assert done.stdout.endswith("28 named, the second try worked after 28 of 28\n")


# The geometries of the records

GEOMETRIES = {"aa_molecules": "mbtr", "oe_molecules": "mbtr", "qm9_molecules": "mbtr_broad"}


def concatenated(*frames, comment=""):
    """Frames as in a record's data.xyz: number of atoms, comment, symbol and position."""
    lines = []
    for atoms in frames:
        lines += [str(len(atoms)), comment]
        for symbol, (x, y, z) in zip(atoms.get_chemical_symbols(), atoms.positions, strict=True):
            lines.append(f"{symbol:<2} {x:14.8f} {y:14.8f} {z:14.8f}")
    return "\n".join([*lines, ""]).encode()


@pytest.fixture
def with_geometries(empty):
    """A server of records that hold data.xyz and HOMO.txt of water and HCN."""
    content = concatenated(WATER, HCN, comment='energy: -76.4 "a.u." homo=text')
    for name in GEOMETRIES:
        empty.add_record(name, {"data.xyz": content, "HOMO.txt": b"-7.25\n-9.5\n"})
    return empty


@pytest.mark.parametrize("name", GEOMETRIES)
def test_the_molecules_of_a_record_are_a_data_set(name, with_geometries):
    for _ in range(2):
        dataset = load(name)
        assert dataset.y.tolist() == [-7.25, -9.5] and dataset.X is None
        assert [str(atoms.symbols) for atoms in dataset.molecules] == ["OH2", "HCN"]
        np.testing.assert_allclose(dataset.molecules.positions[:3], WATER.positions, atol=1e-6)
        assert dataset.info["own_descriptor"] == GEOMETRIES[name]
    assert len(with_geometries.asked) == 3
    assert features(dataset).shape == features(dataset, descriptor="mbtr").shape == (2, 1)


def test_the_descriptor_of_a_record_does_not_wait_for_its_geometries(server):
    load("aa")
    assert not [path for path in server.asked if "data.xyz" in path]


def test_a_damaged_copy_of_the_molecules_is_made_again(with_geometries, tmp_path):
    sound = load("oe_molecules")
    path = tmp_path / "cache/downloads/oe_molecules/oe_molecules.npz"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.warns(UserWarning, match=r"oe_molecules\.npz is damaged: .*, made again"):
        assert load("oe_molecules").sha256 == sound.sha256
    assert len(with_geometries.asked) == 3


def test_a_record_without_geometries_says_so(empty, files):
    empty.add_record("oe_molecules", {"HOMO.txt": files[1]})
    with pytest.raises(ValueError, match=r"oe_molecules: .*4035923 has no data\.xyz, only HOMO"):
        load("oe_molecules")
    with pytest.raises(ValueError, match="oe_molecules is not downloaded yet"):
        load("oe_molecules", fetch=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (concatenated(WATER), "holds 1 molecules, HOMO.txt 2 labels"),
        (b"", "holds 0 molecules"),
        (concatenated(WATER, HCN)[:-50], r"molecule 1 is not .*3 atoms announced, 2 found"),
        (concatenated(WATER) + b"\n" + concatenated(HCN), "molecule 1 is not .*blank line"),
        (b"two\n\n", "molecule 0 is not .*two"),
        (b"0\n\n", "molecule 0 is not .*0 atoms"),
        (b"1\n\nC 0 0 0\n1\n\nQ 0 0 0\n", "molecule 1 is not .*'Q'"),
        (b"1\n\nC 0 0\n", "molecule 0 is not .*IndexError"),
        (b"1\n\nC 0 0 far\n", "molecule 0 is not .*far"),
        (b"\xff\xfe\n", r"molecule 0 is not .*UnicodeDecodeError"),
    ],
)
def test_bad_geometries(content, message, tmp_path):
    (tmp_path / "data.xyz").write_bytes(content)
    (tmp_path / "HOMO.txt").write_text("-7.25\n-9.5\n")
    with pytest.raises(ValueError, match=rf"data\.xyz:? .*{message}") as error:
        originals.read_zenodo_molecules(tmp_path)
    assert str(tmp_path) not in str(error.value)


# All of QM9


def test_a_damaged_copy_of_qm9_is_made_again(empty, tmp_path, monkeypatch):
    packed = archive(MOLECULES)
    empty.contents[FIGSHARE] = packed
    monkeypatch.setattr(downloads, "QM9_ARCHIVE", ("qm9.tar.bz2", 3195389, md5(packed)))
    sound = load("qm9_b3lyp")
    path = tmp_path / "cache/downloads/qm9_b3lyp/qm9_b3lyp.npz"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.warns(UserWarning, match=r"qm9_b3lyp\.npz is damaged: it is now .*, made again"):
        assert load("qm9_b3lyp").sha256 == sound.sha256
    assert empty.asked == [FIGSHARE]


def test_a_member_too_large_for_a_molecule_is_refused(tmp_path):
    (tmp_path / "qm9.tar.bz2").write_bytes(archive({"a.xyz": bytes(10**6)}))
    with pytest.raises(ValueError, match=r"qm9\.tar\.bz2: a\.xyz is too large for a molecule"):
        originals.read_qm9_archive(tmp_path / "qm9.tar.bz2")


def test_qm9_is_made_from_its_archive_once(empty, monkeypatch):
    packed = archive(MOLECULES)
    empty.contents[FIGSHARE] = packed
    monkeypatch.setattr(downloads, "QM9_ARCHIVE", ("qm9.tar.bz2", 3195389, md5(packed)))
    for _ in range(2):
        dataset = load("qm9_b3lyp")
        np.testing.assert_allclose(dataset.y, [-0.2928 * 27.211386, -0.3604 * 27.211386], 1e-7)
        assert [str(atoms.symbols) for atoms in dataset.molecules] == ["OH2", "HCN"]
        assert np.allclose(dataset.molecules.positions[3:], HCN.positions, rtol=1e-6, atol=0)
    assert empty.asked == [FIGSHARE]
    assert len(load("qm9_b3lyp", fetch=False)) == 2


def test_a_local_copy_of_qm9_goes_before_the_download(empty, tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_DATA", str(tmp_path))
    (tmp_path / "qm9_b3lyp.npz").write_bytes(b"other")
    with pytest.raises(ValueError, match=r"sha256 of qm9_b3lyp\.npz"):
        load("qm9_b3lyp")
    assert not empty.asked


def test_arrays_of_an_archive(tmp_path):
    (tmp_path / "qm9.tar.bz2").write_bytes(archive(MOLECULES))
    arrays = originals.read_qm9_archive(tmp_path / "qm9.tar.bz2")
    assert {key: array.dtype for key, array in arrays.items()} == {
        **{"Z": np.uint8, "R": np.float32, "N": np.uint8, "homo": np.float32}
    }
    assert arrays["Z"].tolist() == [8, 1, 1, 1, 6, 7]
    assert arrays["N"].tolist() == [3, 3]
    assert arrays["R"][5].tolist() == pytest.approx([0, 1.2e-6, 0.65])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (archive({"a.xyz": b"text"}), r"qm9\.tar\.bz2: a\.xyz is not a molecule of QM9"),
        (archive({"a.xyz": b"\xff\xfe"}), r"a\.xyz is not a molecule of QM9 \(UnicodeDecodeError"),
        (archive({"a.xyz": xyz(1, HCN, -0.3)[:60]}), r"a\.xyz is not a molecule of QM9"),
        (archive({"a": None}), "no molecule in the archive"),
        (archive(MOLECULES)[:-40], "not a whole archive .*download it again"),
        (b"no archive", "not a whole archive"),
    ],
)
def test_bad_archives(content, message, tmp_path):
    (tmp_path / "qm9.tar.bz2").write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        originals.read_qm9_archive(tmp_path / "qm9.tar.bz2")
    assert str(tmp_path) not in str(error.value)


def test_every_registered_download_has_its_source():
    kinds = {name for name, entry in REGISTRY.items() if entry["kind"] == "zenodo"}
    assert kinds == set(downloads.ZENODO)
    for number, _ in downloads.ZENODO.values():
        assert any(str(number) in entry["url"] for entry in REGISTRY.values())
