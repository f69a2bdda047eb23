"""Tables of SMILES as spreadsheets and programs write them, and what their rows lack."""

import gzip

import numpy as np
import pytest

from alutils.data import embedding
from alutils.data.datasets import load
from alutils.data.structures import read_structures

pytest.importorskip("rdkit")


@pytest.fixture
def read(tmp_path):
    def run(text, property_key=None, name="mine.csv", encoding="utf-8", **reading):
        content = text.encode(encoding)
        content = gzip.compress(content) if name.endswith(".gz") else content
        (tmp_path / name).write_bytes(content)
        return read_structures(tmp_path / name, property_key, **reading)

    return run


@pytest.mark.parametrize("header", ["SMILES", "smi", "Canonical SMILES", "isomeric_smiles"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_usual_headers_and_separators(header, separator, read):
    text = f"ID,{header},homo\n007,C,-10.5\nT,N,-7\n".replace(",", separator)
    found = read(text)
    assert found.ids == ("007", "T") and found.y.tolist() == [-10.5, -7]
    assert found.smiles == ("C", "N")


@pytest.mark.parametrize("name", ["a.csv.gz", "A.CSV", "a.tsv", "a.TXT.csv"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_packed_and_in_the_encodings_of_spreadsheets(name, encoding, read):
    found = read("smiles;Größe\r\nC;1,5\r\nN;-7\r\n", "größe", name, encoding)
    assert found.y.tolist() == [1.5, -7]


def test_a_spreadsheet_may_name_its_separator(read):
    assert read("sep=;\nsmiles;homo\nC;-9\n").y.tolist() == [-9]
    with pytest.raises(ValueError, match=r"mine\.csv, line 3: '\?' is no SMILES"):
        read("sep=;\nsmiles;homo\n?;-9\n")


@pytest.mark.parametrize("text", ["C methane\nN ammonia 2\n", "smiles name\nC methane\nN x\n"])
def test_lists_of_smiles(text, read):
    found = read(text, name="a.smi")
    assert found.ids[0] == "methane" and found.molecules.counts.tolist() == [5, 4]


def test_a_list_with_tabs_may_bring_labels(read):
    found = read("C\tm\t-9.5\nN\tn\t-8\n", "value_1", name="a.smi")
    assert found.ids == ("m", "n") and found.y.tolist() == [-9.5, -8]


def test_missing_labels_are_missing(read):
    words = ["", "NaN", "N/A", "-", "null", "?"]
    text = "smiles,homo\n" + "".join(f"{'C' * (k + 1)},{word}\n" for k, word in enumerate(words))
    found = read(text + "O,-9\n")
    assert np.isnan(found.y[:-1]).all() and found.y[-1] == -9
    assert found.ids == tuple("0123456")


def test_a_data_set_is_of_those_that_have_a_label(tmp_path):
    (tmp_path / "a.csv").write_text("smiles,homo\nC,-9\nN,NA\nO,\n")
    with pytest.raises(
        ValueError, match=r"(?s)2 of 3 .*leaves them out:\n  line 3, line 4: no label"
    ):
        load(tmp_path / "a.csv")
    dataset = load(tmp_path / "a.csv", skip_bad=True)
    assert dataset.y.tolist() == [-9] and len(dataset.info["skipped"]) == 2
    with pytest.raises(ValueError, match="organics is registered: skip_bad is for files"):
        load("organics", skip_bad=True)


def test_a_mistyped_label_is_said_before_any_geometry_is_made(read, monkeypatch):
    monkeypatch.setattr(embedding, "geometries", None)
    with pytest.raises(ValueError, match=r"mine\.csv: no property 'loS', found logS, qed; name"):
        read("smiles,note,logS,qed\nC,x,1,2\n", "loS", geometries=True)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("*CC*,1", r"line 4: '\*CC\*' has a wildcard"),
        ("C1CC,1", "line 4: 'C1CC' is no SMILES that RDKit can read; skip"),
        ("CN(C)(C)(C)C,1", r"line 4: .* is no SMILES .*valence"),
        ("CCO ethanol,1", "line 4: 'CCO ethanol' has white space in it"),
        ("C,1,5", "line 4: 1 cells too many .*a decimal comma"),
        ("C,>5", "line 4: label '>5' is not a finite number"),
        ("C,1_000", "line 4: label '1_000' is not a finite number"),
        ("C,inf", "line 4: label 'inf' is not a finite number"),
    ],
)
def test_a_bad_row_is_named_by_line_and_what_it_holds(row, message, read):
    text = f"smiles,homo\nCC,-9\n\n{row}\n"
    with pytest.raises(ValueError, match=message):
        read(text)
    found = read(text, skip_bad=True)
    assert len(found) == 1 and found.skipped[0][0] == "line 4"


def test_all_bad_rows_are_in_one_message(read):
    with pytest.raises(ValueError, match=r"(?s)3 of 4 .*line 2: 'x'.*line 3, line 5: '\?' is no"):
        read("smiles,homo\nx,1\n?,1\nC,1\n?,1\n")
    with pytest.raises(ValueError, match=r"line 2: '.' is no SMILES"):
        read("smiles,homo\n?,1\n", skip_bad=True)


def test_columns_that_nothing_tells_apart_are_named(read):
    text = "reactant smiles,product smiles,homo\nC,N,1\n"
    with pytest.raises(ValueError, match="several columns of SMILES, reactant smiles, product"):
        read(text)
    assert read(text, smiles_key="product smiles").molecules.counts.tolist() == [4]
    with pytest.raises(ValueError, match="no column 'smiles', found structure, homo; name it"):
        read("structure,homo\nC,1\n")
    with pytest.raises(ValueError, match="a column is there twice: a"):
        read("smiles,a,a\nC,1,1\n")
    assert read("code,smiles\nx,C\n", id_key="code").ids == ("x",)
