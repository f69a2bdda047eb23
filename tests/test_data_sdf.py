"""Records of .sdf and .mol: as many as the file has, whatever is odd about them, or named."""

import numpy as np
import pytest

from alutils.data.structures import read_structures

Chem = pytest.importorskip("rdkit.Chem")


def block(smiles, title="", hydrogens=True, **properties):
    """A record without its last line."""
    from rdkit.Chem import AllChem

    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    if not hydrogens:
        mol = Chem.RemoveHs(mol)
    lines = "".join(f">  <{key}>\n{value}\n\n" for key, value in properties.items())
    return f"{title}{Chem.MolToMolBlock(mol)}{lines}"


EMPTY = "\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n"


@pytest.fixture
def read(tmp_path):
    def run(blocks, property_key=None, name="mine.sdf", end="$$$$\n", **reading):
        text = "".join(f"{one}{end}" for one in blocks)
        (tmp_path / name).write_text(text)
        return read_structures(tmp_path / name, property_key, **reading)

    return run


def test_a_record_that_lacks_its_blank_line_is_not_run_into_the_next(read):
    blocks = [block("CO", "a", homo=-9, gap=7)[:-1], block("CN", "b", homo=-8)]
    found = read(blocks)
    assert found.ids == ("a", "b") and found.y.tolist() == [-9, -8]
    assert found.properties == ("homo", "gap")


@pytest.mark.parametrize("name", ["a.sdf", "A.SDF", "a.Sd"])
def test_suffixes_in_any_case_and_line_ends_of_windows(name, read):
    assert read([block("CO", "007")], name=name, end="$$$$\r\n").ids == ("007",)


def test_a_mol_file_and_a_last_record_without_its_end(read):
    assert len(read([block("CO")], name="a.mol", end="")) == 1
    assert len(read([block("CO") + "$$$$\n" + block("CN")], end="")) == 2


def test_empty_records_and_two_in_one_are_named(read):
    with pytest.raises(ValueError, match=r"mine\.sdf, record 1 is empty; remove it"):
        read([block("CO"), EMPTY, block("CN")])
    with pytest.raises(ValueError, match=r"mine\.sdf, record 1 is empty"):
        read([block("CO"), "\n", block("CN")])
    with pytest.raises(ValueError, match="record 0 has 2 molecules in one record"):
        read([block("CO") + block("CN")])
    cut = "\n".join([*block("CN").split("\n")[:6], ""])
    with pytest.raises(ValueError, match="record 1 is not readable by RDKit"):
        read([block("CO"), cut])
    found = read([block("CO"), EMPTY, cut, block("CN")], skip_bad=True)
    assert len(found) == 2 and [place for place, _, _ in found.skipped] == ["record 1", "record 2"]


def test_a_valence_that_rdkit_refuses_does_not_matter_for_coordinates(read):
    odd = block("C[NH3+]", "odd").replace("M  CHG  1   2   1\n", "")
    found = read([block("CO", "a"), odd])
    assert found.ids == ("a", "odd") and found.molecules.counts.tolist() == [6, 8]
    assert found.smiles == ("CO", "")


def test_heavy_atoms_alone_are_refused_or_completed(read):
    blocks = [block("CCO", "a", hydrogens=False), block("C(F)(F)(F)F", "b")]
    with pytest.raises(ValueError, match=r"record 0 \('a'\): hydrogens are missing"):
        read(blocks)
    assert read(blocks, hydrogens="add").molecules.counts.tolist() == [9, 5]
    assert read(blocks, hydrogens="as-is").molecules.counts.tolist() == [3, 5]
    assert read(blocks, skip_bad=True).ids == ("b",)
    with pytest.raises(ValueError, match="hydrogens='guess' is unknown: give refuse, add, as-is"):
        read(blocks, hydrogens="guess")


def test_a_radical_is_no_molecule_without_hydrogens(read):
    mol = block("C").split("\n")
    k = next(i for i, line in enumerate(mol) if "V2000" in line)
    mol[k] = mol[k].replace("  5  4", "  4  3", 1)
    del mol[k + 9], mol[k + 5]
    assert read(["\n".join(mol)]).molecules.counts.tolist() == [4]


def test_flat_drawings_and_atoms_of_no_element_are_refused(read):
    flat = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
    with pytest.raises(ValueError, match="record 0 has no three-dimensional coordinates"):
        read([flat])
    query = block("CO").replace(" O   0", " R#  0", 1)
    with pytest.raises(ValueError, match=r"atom 1 \(.*\) is no element"):
        read([query])


def test_labels_and_identifiers_by_name(read):
    blocks = [block("CO", "x", gap=" 7.5 ", code="T"), block("CN", "x", gap="NA", code="1_2")]
    assert read(blocks).ids == ("x_1", "x_2")
    found = read(blocks, "gap", id_key="code")
    assert found.ids == ("T", "1_2") and found.y[0] == 7.5 and np.isnan(found.y[1])
    with pytest.raises(ValueError, match=r"no property 'gpa', found gap;"):
        read(blocks, "gpa")
    with pytest.raises(ValueError, match=r"no identifier 'cod', found gap, code, _Name"):
        read(blocks, id_key="cod")


def test_a_folder_of_records_in_any_suffix(tmp_path):
    (tmp_path / "a.MOL").write_text(block("CO"))
    (tmp_path / "b.sdf").write_text(block("CN", "x") + "$$$$\n" + block("CC") + "$$$$\n")
    assert read_structures(tmp_path).ids == ("a", "x", "b")
