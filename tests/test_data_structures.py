"""A reader's own files: what is read, and what is refused with place and remedy."""

import ase
import ase.io
import numpy as np
import pytest

from alutils.data.datasets import load
from alutils.data.molecules import Molecules
from alutils.data.structures import Structures, read_labelled, read_structures

WATER = ase.Atoms("OH2", [[0, 0, 0], [0, 0.76, 0.59], [0, -0.76, 0.59]])
AMMONIA = ase.Atoms(
    "NH3", [[0, 0, 0.1], [0, 0.94, -0.3], [0.81, -0.47, -0.3], [-0.81, -0.47, -0.3]]
)


def frame(atoms, **info):
    atoms = atoms.copy()
    atoms.info = info
    return atoms


def test_frames_with_identifiers_charges_and_some_labels(tmp_path):
    path = tmp_path / "mine.extxyz"
    frames = [frame(WATER, id="w", homo=-12.1), frame(AMMONIA, name="a", charge=1)]
    ase.io.write(path, frames)
    found = read_structures(path)
    assert found.ids == ("w", "a") and found.charges.tolist() == [0, 1]
    assert found.y[0] == -12.1 and np.isnan(found.y[1])
    assert (found.molecules[1].numbers == AMMONIA.numbers).all()
    with pytest.raises(ValueError, match=r"frame 1 \('a'\): no label 'homo'; add it"):
        read_labelled(path)


def test_folder_of_xyz_files_goes_by_their_names(tmp_path):
    for name, atoms in (("b", WATER), ("a", AMMONIA)):
        ase.io.write(tmp_path / f"{name}.xyz", atoms)
    assert read_structures(tmp_path).ids == ("a", "b")


def test_smiles_get_a_geometry_and_the_same_one_each_time(tmp_path):
    pytest.importorskip("rdkit")
    path = tmp_path / "mine.csv"
    path.write_text("id,smiles,homo\nmethane,C,-14.0\nwater,O,-12.6\n")
    first, second = read_structures(path), read_structures(path)
    assert first.ids == ("methane", "water") and first.molecules.counts.tolist() == [5, 3]
    assert (first.molecules.positions == second.molecules.positions).all()
    dataset = load(path)
    assert dataset.y.tolist() == [-14.0, -12.6] and len(dataset.molecules) == 2


def test_sdf_brings_coordinates_and_properties(tmp_path):
    Chem = pytest.importorskip("rdkit.Chem")
    from rdkit.Chem import AllChem

    mol = Chem.AddHs(Chem.MolFromSmiles("CO"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    mol.SetProp("_Name", "methanol")
    mol.SetProp("homo", "-10.9")
    with Chem.SDWriter(str(tmp_path / "mine.sdf")) as writer:
        writer.write(mol)
    found = read_structures(tmp_path / "mine.sdf")
    assert found.ids == ("methanol",) and found.y.tolist() == [-10.9]
    assert found.smiles == ("CO",) and found.molecules.counts.tolist() == [6]
    assert load(tmp_path / "mine.sdf").y.tolist() == [-10.9]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("mine.csv", "id,homo\na,-9\n", "no column 'smiles', found id, homo"),
        ("mine.csv", "id,smiles\na,C1CC\n", r"line 2 \('a'\): 'C1CC' is no SMILES"),
        ("mine.csv", "id,smiles\na,\n", r"line 2 \('a'\): '' is no SMILES"),
        ("mine.csv", "smiles,homo\nC,high\n", "line 2: label 'high' is not a finite number"),
        ("mine.csv", "id,smiles\na,C\na,O\n", r"line 3 \('a'\): line 2 has the identifier 'a' too"),
        ("mine.csv", "", "no column 'smiles', found no row"),
        (
            "mine.xyz",
            "2\n\nH 0 0 0\n",
            "mine.xyz, frame 0: not a readable .xyz .line 1: 2 atoms announced",
        ),
        ("mine.xyz", "", "mine.xyz: "),
        ("mine.sdf", "nonsense\n$$$$\n", "record 0 is not readable by RDKit"),
        ("mine.pdb", "", "unknown kind of file"),
    ],
)
def test_bad_files_are_refused(name, content, message, tmp_path):
    pytest.importorskip("rdkit")
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        read_structures(tmp_path / name)


def test_in_a_folder_every_file_is_read_or_named(tmp_path):
    with pytest.raises(ValueError, match=r"no \.xyz, \.extxyz, \.sdf or \.mol in the folder"):
        read_structures(tmp_path)
    ase.io.write(tmp_path / "two.xyz", [WATER, AMMONIA], format="extxyz")
    ase.io.write(tmp_path / "One.XYZ", AMMONIA, format="xyz")
    (tmp_path / ".hidden").write_text("")
    found = read_structures(tmp_path)
    assert found.ids == ("One", "two_1", "two_2")
    (tmp_path / "notes.md").write_text("")
    (tmp_path / "more").mkdir()
    with pytest.raises(ValueError, match=r"(?s)2 of 5 .*more: a folder.*notes\.md: no \.xyz"):
        read_structures(tmp_path)
    found = read_structures(tmp_path, skip_bad=True)
    assert [place for place, _, _ in found.skipped] == ["file more", "file notes.md"]
    with pytest.raises(ValueError, match="no such file or folder"):
        read_structures(tmp_path / "absent.xyz")


def test_an_empty_identifier_is_refused():
    molecules = Molecules.of([WATER, AMMONIA])
    with pytest.raises(ValueError, match="molecule 1 has an empty identifier"):
        Structures("mine", ("a", " "), molecules, np.zeros(2), np.zeros(2, int))
