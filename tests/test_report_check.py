"""``alutils check``: what it says about files of every kind, bad rows included."""

import shlex
import subprocess
import sys

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from alutils.data.duplicates import same_geometry
from alutils.data.likely_unit import likely_unit
from alutils.data.molecules import Molecules
from alutils.report import check as module
from alutils.report.check import check, most_labels

SMILES = ("CCO", "CCN", "CCC", "c1ccccc1", "CC(=O)O", "C[N+](C)(C)C", "OCC", "ClCCl")


def line_of(lines, beginning):
    (line,) = [one for one in lines if one.startswith(beginning)]
    return line


@pytest.fixture
def table(tmp_path):
    rows = [f"m{k},{one},{-2.5 + 0.1 * k},{400 + k}" for k, one in enumerate(SMILES)]
    rows += ["m8,C*C,1,400", "m9,C1CC,,400", "m10,CCF,,n.d."]
    path = tmp_path / "pool.csv"
    path.write_text("\n".join(["id,smiles,logS,lambda (nm)", *rows]) + "\n")
    return path


@pytest.fixture
def frames(tmp_path):
    made = []
    for k, name in enumerate(("H2O", "CH4", "NH3", "C2H6")):
        atoms = molecule(name)
        atoms.info = {"id": name, "homo": -0.3 - 0.01 * k}
        made.append(atoms)
    turned = molecule("CH4")
    turned.rotate(40, (1, 2, 3))
    turned.translate((3, 1, 2))
    turned = turned[[4, 2, 0, 1, 3]]
    turned.info = {"id": "again", "homo": -0.31}
    ase.io.write(tmp_path / "pool.extxyz", [*made, turned], format="extxyz")
    return tmp_path / "pool.extxyz"


def test_a_table_of_smiles(table):
    lines = check(table)
    assert len(lines) <= 14
    assert lines[0] == "pool.csv: a table of SMILES; records: 11, taken: 9"
    assert line_of(lines, "elements: 6 (H C N O F Cl)").endswith("5 to 17, median 9")
    assert line_of(lines, "charges:") == "charges: 0 in 8, +1 in 1"
    assert "1 with the SMILES of another (line 2 and line 8)" in line_of(lines, "duplicates:")
    said = line_of(lines, "property logS:")
    assert said == "property logS: 8 labels, -2.5 to -1.8, median -2.15; no unit, a logarithm"
    assert "8 labels, 1 that are no number" in line_of(lines, "property lambda (nm):")
    assert line_of(lines, "property lambda (nm):").endswith("nm by its name")
    assert line_of(lines, "left out: 2; with --skip-bad")
    assert any(one.startswith("  line 10: ") and "wildcard" in one for one in lines)
    assert "fingerprint, 2048 bits" in line_of(lines, "descriptor:")


def test_frames_with_geometries(frames):
    lines = check(frames)
    assert lines[0] == "pool.extxyz: frames with geometries; records: 5, taken: 5"
    assert "1 with the geometry, within 0.01 angstrom, of another (frame 1 and frame 4)" in line_of(
        lines, "duplicates:"
    )
    assert line_of(lines, "property homo:").endswith("hartree by the size of the labels")
    assert line_of(lines, "descriptor: mbtr, 2000 columns")
    assert "left out: none" in lines


def test_arrays_and_folders(frames, tmp_path):
    atoms = ase.io.read(frames, ":")
    m = Molecules.of(atoms)
    y = np.linspace(-9, -5, 5)
    arrays = {"Z": m.numbers, "R": m.positions, "N": m.counts, "homo": y, "gap_mev": 1000 * y}
    np.savez(tmp_path / "pool.npz", names=np.array(list("abcde")), **arrays)
    lines = check(tmp_path / "pool.npz")
    assert line_of(lines, "property homo: 5 labels, -9 to -5, median -7; eV by the size")
    assert line_of(lines, "property gap_mev:").endswith("meV by its name")
    folder = tmp_path / "folder"
    folder.mkdir()
    for k, one in enumerate(atoms):
        ase.io.write(folder / f"m{k}.xyz", Atoms(one.numbers, one.positions))
    (folder / "notes.txt").write_text("by hand")
    lines = check(folder)
    assert lines[0] == "folder: a folder of geometries; records: 6, taken: 5"
    assert "properties: none; labels come later, by ask and tell" in lines
    assert any("file notes.txt" in one for one in lines)


def test_a_file_without_a_molecule_that_can_be_taken_says_why(tmp_path):
    water = molecule("H2O")
    path = tmp_path / "nm.xyz"
    ase.io.write(path, Atoms(water.numbers, water.positions / 10))
    lines = check(path)
    assert lines[0].endswith("records: 1, taken: 0")
    assert lines[1] == "left out: 1; the file is refused:" and "--length-unit nm" in lines[2]
    assert line_of(check(path, length_unit="nm"), "go on:").count("--length-unit nm") == 1


def test_the_named_property_or_those_that_are_there(table):
    lines = check(table, "lambda (nm)", unit="nm")
    assert not any(one.startswith("property logS") for one in lines)
    with pytest.raises(ValueError, match=r"pool\.csv: no property 'lamda', found logS, lambda"):
        check(table, "lamda")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("pool.doc", "nothing", r"^pool\.doc: unknown kind of file '\.doc'"),
        ("pool.csv", "a,b\n1,2\n", r"^pool\.csv: no column 'smiles', found a, b"),
        ("pool.npz", "no archive", r"^pool\.npz: not a readable \.npz"),
        ("pool.xyz", "", r"^pool\.xyz: no molecule in the file"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message) as error:
        check(tmp_path / name)
    assert "\n" not in str(error.value)


def test_the_command_to_go_on_with_is_one_that_works(table, frames):
    for path, option in ((table, ()), (frames, ("--property", "homo"))):
        words = [sys.executable, "-m", "alutils"]
        run = {"capture_output": True, "text": True, "cwd": path.parent}
        done = subprocess.run([*words, "check", path.name, *option], **run, check=True, timeout=300)
        (line,) = [one for one in done.stdout.splitlines() if one.startswith("go on:")]
        command = line.removeprefix("go on: python -m alutils ").partition(" (or ")[0]
        done = subprocess.run([*words, *shlex.split(command)], **run, check=False, timeout=300)
        assert done.returncode == 0 and "labels" in done.stdout, done.stderr
        for written in (path.parent / "mine").iterdir():
            written.unlink()
        (path.parent / "mine").rmdir()


def test_thresholds_have_the_digits_that_the_labels_need(tmp_path):
    rows = [f"{'C' * k}O,{-76.3 - 1e-4 * k}" for k in range(1, 21)]
    (tmp_path / "pool.csv").write_text("\n".join(["smiles,energy", *rows]) + "\n")
    line = line_of(check(tmp_path / "pool.csv"), "go on:")
    assert "--above -76.30029" in line and "--below -76.30181" in line


def test_models_fit_as_memory_allows(table, monkeypatch):
    assert most_labels(3 * 8 * 1000**2) == 1000
    monkeypatch.setattr(module, "free_memory", lambda: 3 * 8 * 5**2)
    assert line_of(check(table), "fits here:").endswith("a model of 5 labels")
    monkeypatch.setattr(module, "free_memory", lambda: None)
    assert not any(one.startswith("fits here") for one in check(table))


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("E (eV)", "eV"),
        ("homo_hartree", "hartree"),
        ("U0 [Ha]", "hartree"),
        ("dG_kcal/mol", "kcal/mol"),
        ("barrier kJ/mol", "kJ/mol"),
        ("shift_meV", "meV"),
        ("nu cm-1", "1/cm"),
        ("Extinction coefficient in M-1 cm-1", "1/(M cm)"),
        ("E isomer wavelength in nm", "nm"),
        ("IC50_nM", "nM"),
        ("Ered_V", "V"),
        ("PCE_percent", "%"),
        ("logS_mol_per_L", ""),
        ("pIC50", ""),
        ("score", ""),
        ("level", ""),
    ],
)
def test_the_unit_follows_from_the_name(name, unit):
    assert likely_unit(name, np.array([1.0, 2.0]))[0] == unit


@pytest.mark.parametrize(
    ("name", "size", "unit"),
    [("homo", -6.5, "eV"), ("HOMO", -0.24, "hartree"), ("gap", 6.8, "eV"), ("homo", -150, "")],
)
def test_the_unit_of_an_orbital_follows_from_its_size(name, size, unit):
    assert likely_unit(name, np.array([size, np.nan]))[0] == unit


def test_duplicates_are_found_however_they_lie_and_no_others():
    rng = np.random.default_rng(0)
    ethanol, water = molecule("CH3CH2OH"), molecule("H2O")
    near = ethanol.copy()
    near.positions += rng.uniform(-0.003, 0.003, near.positions.shape)
    far = ethanol.copy()
    far.positions[0] += 0.1
    copies = Molecules.of([ethanol, water, near, far, water, water])
    assert same_geometry(copies) == [(0, 2), (1, 4), (1, 5)]
