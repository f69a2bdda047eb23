"""Data sets: what is loaded is what was written, read-only; bad input is named before computing."""

import json
import pickle
import subprocess
import sys

import ase
import ase.io
import numpy as np
import pytest
import scipy.sparse

import alutils
from alutils.data import derived, sources
from alutils.data.datasets import MoleculeDataset, load
from alutils.data.molecules import Molecules
from alutils.data.registry import REGISTRY
from alutils.storage.files import file_sha256

WATER = ase.Atoms("OH2", [[0, 0, 0.119], [0, 0.763, -0.477], [0, -0.763, -0.477]])
HCN = ase.Atoms("HCN", [[0, 0, -1.57], [0, 0, -0.5], [0, 0, 0.65]])


def arrays(**changes):
    """The arrays of a small file: water and HCN; `changes` replace or, with None, remove some."""
    content = {
        "Z": np.r_[WATER.numbers, HCN.numbers].astype(np.uint8),
        "R": np.r_[WATER.positions, HCN.positions].astype(np.float32),
        "N": np.array([3, 3], np.uint8),
        "homo": np.array([-7.1, -9.4], np.float32),
        "smiles": np.array([b"O", b"C#N"]),
        "charge": np.array([0, 0], np.int8),
        "meta": np.array(json.dumps({"level_of_theory": "none", "seed": 7})),
    }
    content.update(changes)
    return {key: value for key, value in content.items() if value is not None}


@pytest.fixture
def write_npz(tmp_path):
    def write(name="mine.npz", **changes):
        np.savez_compressed(tmp_path / name, **arrays(**changes))
        return tmp_path / name

    return write


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_DATA", str(tmp_path))
    return tmp_path


def with_checksums(folder, *names):
    """The registry, where the files of these sets have the checksums of those in a folder."""
    entries = {name: REGISTRY[name] for name in names}
    return REGISTRY | {
        name: entry | {"sha256": file_sha256(folder / entry["file"])}
        for name, entry in entries.items()
    }


@pytest.fixture
def no_network(tmp_path, monkeypatch):
    """No server to download from, and nothing downloaded before."""
    monkeypatch.setenv("ALUTILS_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))


# What is loaded


def test_npz_gives_back_what_was_written(write_npz):
    dataset = load(write_npz())
    assert (dataset.name, len(dataset), dataset.label_only) == ("mine", 2, False)
    assert dataset.y.dtype == np.float64
    np.testing.assert_allclose(dataset.y, [-7.1, -9.4], rtol=1e-6)
    assert dataset.smiles == ("O", "C#N")
    assert all(type(text) is str for text in dataset.smiles)
    assert dataset.charges.tolist() == [0, 0]
    assert dataset.info["seed"] == 7
    for atoms, expected in zip(dataset.molecules, (WATER, HCN), strict=True):
        assert atoms.get_chemical_formula() == expected.get_chemical_formula()
        np.testing.assert_allclose(atoms.positions, expected.positions, atol=1e-6)


def test_molecules_are_a_sequence():
    three = Molecules([8, 1, 1, 1, 6, 7, 2], np.arange(21.0).reshape(7, 3), [3, 3, 1])
    assert len(three) == 3
    assert [str(atoms.symbols) for atoms in three] == ["OH2", "HCN", "He"]
    assert three[-1] == three[2]
    assert [str(atoms.symbols) for atoms in three[1:]] == ["HCN", "He"]
    assert len(three[3:]) == 0
    assert [three.molecule_of(atom) for atom in range(7)] == [0, 0, 0, 1, 1, 1, 2]
    with pytest.raises(IndexError):
        three[3]


def test_molecules_from_atoms(write_npz):
    dataset = MoleculeDataset("mine", [-7.1, -9.4], [WATER, HCN])
    assert [str(atoms.symbols) for atoms in dataset.molecules] == ["OH2", "HCN"]
    assert np.array_equal(dataset.molecules.positions[3:], HCN.positions)
    with pytest.raises(ValueError, match="1 labels, but molecules has length 0"):
        MoleculeDataset("none", [-7.1], [])


@pytest.mark.parametrize("suffix", ["xyz", "extxyz"])
def test_xyz_with_a_property_per_frame(tmp_path, suffix):
    path = tmp_path / f"mine.{suffix}"
    frames = [WATER.copy(), HCN.copy()]
    for atoms, homo in zip(frames, (-7.1, -9.4), strict=True):
        atoms.info["homo"], atoms.info["ip"] = homo, -homo
    ase.io.write(path, frames, format="extxyz")
    dataset = load(path)
    assert dataset.y.tolist() == [-7.1, -9.4]
    assert load(path, property_key="ip").y.tolist() == [7.1, 9.4]
    np.testing.assert_allclose(dataset.molecules[1].positions, HCN.positions, atol=1e-8)


def test_zenodo_folder_brings_its_descriptor(tmp_path):
    X = scipy.sparse.random(5, 40, 0.3, "csr", np.float32, np.random.default_rng(0))
    scipy.sparse.save_npz(tmp_path / "mbtr_k2.npz", X)
    np.savetxt(tmp_path / "HOMO.txt", np.linspace(-8, -4, 5))
    dataset = load(tmp_path)
    assert dataset.molecules is None and not dataset.label_only
    assert np.array_equal(dataset.X.toarray(), X.toarray())
    assert np.array_equal(dataset.X[[3, 1]].toarray(), X.toarray()[[3, 1]])
    np.testing.assert_allclose(dataset.y, np.linspace(-8, -4, 5))


def test_text_file_holds_labels_alone(tmp_path):
    (tmp_path / "labels.txt").write_text("-5.5\n-6.25\n")
    dataset = load(tmp_path / "labels.txt")
    assert dataset.label_only and dataset.y.tolist() == [-5.5, -6.25]


def test_checksum_is_that_of_the_content(write_npz, tmp_path):
    first = load(write_npz("first.npz"))
    np.savez(tmp_path / "second.npz", **arrays(meta=None))  # other file, same content
    assert load(tmp_path / "second.npz").sha256 == first.sha256
    changed = arrays()["R"]
    changed[0, 0] += 1e-3
    others = [write_npz("third.npz", R=changed), write_npz("fourth.npz", homo=np.array([-7.1, 0]))]
    assert len({first.sha256, *(load(path).sha256 for path in others)}) == 3
    assert load(others[1]).molecules.sha256 == first.molecules.sha256


def test_a_data_set_is_read_only(write_npz):
    labels, X = np.array([-5.0, -6.0]), np.eye(2)
    dataset = MoleculeDataset("mine", labels, X=X)
    labels[0], X[0, 0] = 99, 99
    assert dataset.y[0] == -5 and dataset.X[0, 0] == 1
    sparse = MoleculeDataset("sparse", labels, X=scipy.sparse.csr_matrix(np.eye(2)))
    whole = load(write_npz())
    frozen = (dataset.y, dataset.X, sparse.X.data, sparse.X.indices, whole.charges)
    for array in (*frozen, whole.molecules.positions, whole.molecules.numbers):
        with pytest.raises(ValueError, match="read-only"):
            array[:1] = 0
    with pytest.raises(AttributeError):
        dataset.y = labels
    with pytest.raises(TypeError):
        whole.info["seed"] = 8
    whole.molecules[0].positions[:] = 0  # an ase.Atoms is the caller's own copy
    np.testing.assert_allclose(whole.molecules[0].positions, WATER.positions, atol=1e-6)


# The registry


def test_registry_says_what_each_set_is():
    assert {"organics", "aminoacids", "optoelectronics"} < set(REGISTRY)
    for entry in REGISTRY.values():
        for key in ("kind", "title", "label", "stands_for", "licence", "citation", "url"):
            assert isinstance(entry[key], str) and entry[key]
        assert ("file" in entry) == (entry["kind"] in ("embedded", "local", "labels", "table"))
        assert ("sha256" in entry) == (entry["kind"] in ("local", "labels", "table"))
        assert len(entry.get("sha256", 64 * "0")) == 64


def test_labels_for_the_molecules_of_another_set(tmp_path):
    source = load("organics")
    source = MoleculeDataset("five", source.y[:5], molecules=source.molecules[:5])
    path = tmp_path / "labels.npz"
    np.savez(path, id=[1, 4], homo=[-5.0, -6.0])
    content = derived.read_other_labels(path, source)
    assert content["y"].tolist() == [-5.0, -6.0]
    for row, k in enumerate((0, 3)):
        assert content["molecules"][row] == source.molecules[k]
    for ids, message in (([4, 1], "rising"), ([1, 6], "ids 1 to 6 are not all among the 5")):
        np.savez(path, id=ids, homo=[-5.0, -6.0])
        with pytest.raises(ValueError, match=message):
            derived.read_other_labels(path, source)


def test_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match=r"'organic'.*'organics'.*aminoacids.*qm9_b3lyp"):
        load("organic")


def test_local_set_without_the_folder(no_network, monkeypatch):
    monkeypatch.delenv("ALUTILS_DATA", raising=False)
    with pytest.raises(ValueError, match=r"ALUTILS_DATA.*holds oe62_gw5000_subset\.npz.*organics"):
        load("oe62_gw5000")
    with pytest.raises(ValueError, match=r"no answer.*ALUTILS_DATA.*holds qm9_b3lyp\.npz"):
        load("qm9_b3lyp")


def test_local_set_is_found_and_verified(no_network, data_folder, write_npz):
    with pytest.raises(ValueError, match=r"aa_homo\.txt is not in the folder ALUTILS_DATA"):
        load("aa_labels")
    with pytest.raises(ValueError, match="qm9_b3lyp: no answer"):
        load("qm9_b3lyp")
    write_npz("qm9_b3lyp.npz")
    with pytest.raises(ValueError, match=r"sha256 of qm9_b3lyp\.npz.*expected a13d374f") as error:
        load("qm9_b3lyp")
    assert str(data_folder) not in str(error.value)
    dataset = load("qm9_b3lyp", registry=with_checksums(data_folder, "qm9_b3lyp"))
    assert dataset.name == "qm9_b3lyp" and len(dataset) == 2
    assert dataset.info["licence"] == "CC0" and dataset.info["kind"] == "local"
    assert "sha256" not in dataset.info


def test_table_of_smiles_by_name(data_folder):
    (data_folder / "smiles").mkdir()
    path = data_folder / "smiles" / "lipophilicity_2500.csv"
    path.write_text("id,smiles,logD\none,CCO,-0.3\ntwo,CCCCO,0.8\nthree,c1ccccc1,2.1\n")
    dataset = load("lipo", registry=with_checksums(data_folder, "lipo"))
    assert dataset.y.tolist() == [-0.3, 0.8, 2.1]
    assert dataset.info["label"] == "logD" and dataset.info["own_descriptor"] == "fingerprint"
    assert set(np.unique(alutils.features(dataset))) == {0.0, 1.0}


def test_local_labels(data_folder):
    (data_folder / "aa_homo.txt").write_text("-13.7896\n-5.9218\n")
    assert load("aa_labels", registry=with_checksums(data_folder, "aa_labels")).label_only


def test_embedded_pool_is_verified_where_a_checksum_is_listed(tmp_path, write_npz):
    def file():
        return sources.registered_file("organics", pools=tmp_path)

    with pytest.raises(ValueError, match=r"organics\.npz is not in the package"):
        file()
    assert write_npz("organics.npz") == file()
    checksums = sources.embedded_checksums(tmp_path)
    assert list(checksums) == ["organics.npz"]
    (tmp_path / "checksums.json").write_text(json.dumps(checksums))
    assert file() == tmp_path / "organics.npz"
    write_npz("organics.npz", homo=np.array([-7.1, -9.5]))
    with pytest.raises(ValueError, match=r"sha256 of organics\.npz"):
        file()


def test_checksums_are_printed_as_json():
    command = [sys.executable, "-m", "alutils", "checksums"]
    printed = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=300
    ).stdout
    assert json.loads(printed) == sources.embedded_checksums()


# Bad input: one clear error before any computing

NAN, INF = float("nan"), float("inf")
BAD_ARRAYS = {
    "foreign": ({"Z": None, "homo": None}, "arrays Z, homo missing, found N, R"),
    "atoms": ({"Z": arrays()["Z"][:-1]}, r"sum of N is 6 atoms, but Z has length 5"),
    "positions": ({"R": arrays()["R"][:, :2]}, r"R shape \(6, 2\)"),
    "labels": ({"homo": np.ones(3)}, "3 labels, but molecules has length 2"),
    "smiles": ({"smiles": np.array([b"O"])}, "2 labels, but smiles has length 1"),
    "charges": ({"charge": np.zeros(3, int)}, "2 molecules, but charges has length 3"),
    "nan label": ({"homo": np.array([-7.1, NAN])}, "molecule 1: no label 'homo'; add it"),
    "infinite label": (
        {"homo": np.array([-INF, -9.4])},
        "molecule 0: label '-inf' is not a finite number",
    ),
    "text label": ({"homo": np.array(["low", "high"])}, "labels are not numbers"),
    "column of labels": ({"homo": np.ones((2, 1))}, r"labels of shape \(2, 1\)"),
    "nan position": ({"R": np.full((6, 3), NAN)}, r"R: position \[nan nan nan\] in molecule 0"),
    "element 0": ({"Z": np.array([8, 1, 1, 1, 0, 7])}, "atomic number 0 in molecule 1"),
    "element 119": ({"Z": np.array([8, 119, 1, 1, 6, 7])}, "atomic number 119 in molecule 0"),
    "element 1.5": ({"Z": np.full(6, 1.5)}, "Z is float64"),
    "no atoms": ({"N": np.array([6, 0])}, "molecule 1 has 0 atoms"),
    "meta": ({"meta": np.array("{")}, "meta is not JSON"),
    "empty": (
        {
            "Z": np.zeros(0, int),
            "R": np.zeros((0, 3)),
            "N": np.zeros(0, int),
            "homo": np.zeros(0),
            "smiles": None,
            "charge": None,
        },
        r"labels of shape \(0,\)",
    ),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_arrays(write_npz, case):
    changes, message = BAD_ARRAYS[case]
    with pytest.raises(ValueError, match=message):
        load(write_npz(**changes))


@pytest.mark.parametrize("share", [0, 0.02, 0.5, 0.98])
def test_truncated_npz(write_npz, share):
    path = write_npz()
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"mine\.npz: not a readable \.npz.*truncated"):
        load(path)


def test_damaged_npz(write_npz):
    path = write_npz()
    content = bytearray(path.read_bytes())
    content[60:120] = bytes(60)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"mine\.npz: not a readable"):
        load(path)


def test_pickles_are_never_loaded(tmp_path, write_npz):
    with pytest.raises(ValueError, match="pickled objects, which are never loaded"):
        load(write_npz(smiles=np.array(["O", None], dtype=object)))
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps({"homo": [1.0]}))
    with pytest.raises(ValueError, match="pickled objects, which are never loaded"):
        load(tmp_path / "pickle.npz")


FRAME = "3\n{}\nO 0 0 0.119\nH 0 0.763 -0.477\nH 0 -0.763 {}\n"
BAD_XYZ = {
    "empty": ("", "mine.xyz"),
    "prose": ("no molecule here\n", "not a readable .xyz"),
    "cut": (FRAME.format("homo=-7.1", "-0.477")[:-30], "not a readable .xyz"),
    "bad number": (FRAME.format("homo=-7.1", "low"), "not a readable .xyz"),
    "bad element": ("1\nhomo=1\nXq 0 0 0\n", "not a readable .xyz"),
    "no property": (
        FRAME.format("homo=-7.1", "0") + FRAME.format("ip=9.4", "0"),
        "frame 1: no label 'homo'; add it",
    ),
    "text property": (FRAME.format("homo=low", "0"), "frame 0: label 'low' is not a finite number"),
    "no value": (FRAME.format("homo", "0"), "no property 'homo', found none"),
    "nan label": (FRAME.format("homo=nan", "0"), "frame 0: no label 'homo'"),
    "nan position": (FRAME.format("homo=-7.1", "nan"), r"line 5: position \[.*nan\] is not finite"),
    "no atoms": ("0\nhomo=-7.1\n", "mine.xyz"),
}


@pytest.mark.parametrize("case", BAD_XYZ)
def test_bad_xyz(tmp_path, case):
    text, message = BAD_XYZ[case]
    (tmp_path / "mine.xyz").write_text(text)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "mine.xyz")


def test_bad_zenodo_folder(tmp_path):
    with pytest.raises(ValueError, match=r"mbtr_k2\.npz is not in the folder"):
        load(tmp_path)
    np.savez(tmp_path / "mbtr_k2.npz", **arrays())
    with pytest.raises(ValueError, match=r"HOMO\.txt is not in the folder"):
        load(tmp_path)
    (tmp_path / "HOMO.txt").write_text("-5\n-6\n")
    with pytest.raises(ValueError, match=r"not a matrix of scipy\.sparse\.save_npz"):
        load(tmp_path)
    scipy.sparse.save_npz(tmp_path / "mbtr_k2.npz", scipy.sparse.eye(3, format="csr"))
    with pytest.raises(ValueError, match="2 labels, but X has length 3"):
        load(tmp_path)
    scipy.sparse.save_npz(tmp_path / "mbtr_k2.npz", scipy.sparse.csr_matrix([[1, NAN], [0, 1]]))
    with pytest.raises(ValueError, match=r"X must be .* finite"):
        load(tmp_path)


BAD_LABELS = {
    "": r"labels of shape \(0,\)",
    "-5\nlow\n": "labels.txt: not one label in eV per line .*'low'",
    "-5 -6\n-7 -8\n": "labels.txt: not one label in eV per line .*'-5 -6'",
    "-5\nnan\n": "label 1 is nan",
}


@pytest.mark.parametrize("text", BAD_LABELS)
def test_bad_labels(tmp_path, text):
    (tmp_path / "labels.txt").write_text(text)
    with pytest.raises(ValueError, match=BAD_LABELS[text]):
        load(tmp_path / "labels.txt")


def test_unknown_kind_and_missing_file(tmp_path):
    (tmp_path / "molecules.pdb").write_text("")
    with pytest.raises(ValueError, match=r"molecules\.pdb: unknown kind of file '\.pdb'"):
        load(tmp_path / "molecules.pdb")
    with pytest.raises(ValueError, match=r"neither a registered name nor an existing path"):
        load(tmp_path / "missing.npz")


def test_labels_far_from_any_level_are_no_error():
    assert MoleculeDataset("hartree", np.array([-0.25, -0.31])).label_only
