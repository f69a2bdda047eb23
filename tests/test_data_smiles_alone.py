"""A table of SMILES: read without geometries, which are made where something asks for them."""

import pickle

import numpy as np
import pytest

from alutils.data import embedding
from alutils.data.datasets import load
from alutils.data.embedding import Embedded
from alutils.data.structures import read_structures
from alutils.descriptors import features, n_bits

pytest.importorskip("rdkit")
TABLE = "id,smiles,homo\na,CCO,-9\nb,OC,-10\nc,CC(=O)[O-].[Na+],-8\nd,c1ccccc1,-7\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(TABLE)
    return path


@pytest.fixture
def made(monkeypatch):
    """The SMILES that were embedded; ethanoate can not be."""
    real, seen = embedding.embed, []

    def embed(smiles):
        seen.append(smiles)
        if "[Na+]" in smiles:
            raise ValueError("RDKit finds no geometry for this salt")
        return real(smiles)

    monkeypatch.setattr(embedding, "embed", embed)
    return seen


def test_fingerprints_need_no_geometry(table, made):
    for found in (load(table), read_structures(table)):
        assert len(found) == len(found.molecules) == 4 and n_bits(found) == 2048
        assert found.smiles == ("CCO", "OC", "CC(=O)[O-].[Na+]", "c1ccccc1")
        assert features(found).shape == (4, 2048) and found.info["own_descriptor"] == "fingerprint"
    assert load(table).sha256 and not made


def test_a_geometry_is_made_when_something_looks_at_it(table, made):
    molecules = load(table).molecules
    assert molecules[-1].get_chemical_formula() == "C6H6" and made == ["c1ccccc1"]
    two = molecules.take([3, 0])
    assert len(two) == 2 and len(made) == 1
    assert [one.get_chemical_formula() for one in two] == ["C6H6", "C2H6O"]
    assert made == ["c1ccccc1", "CCO"]
    assert molecules[:2].counts.tolist() == [9, 6] and len(made) == 3
    with pytest.raises(IndexError):
        molecules[4]


def test_all_that_get_no_geometry_are_named_when_one_is_needed(table, made):
    dataset = load(table)
    with pytest.raises(
        ValueError, match=r"(?s)1 of 4 .*'fingerprint', .*skip_bad.*molecule 2: RDKit .* this salt"
    ):
        features(dataset, descriptor="mbtr")
    with pytest.raises(ValueError, match=r"mine\.csv, line 4 \('c'\): RDKit finds no .*skip_bad"):
        load(table, geometries=True)
    left = load(table, geometries=True, skip_bad=True)
    assert left.info["skipped"] == (("line 4", "c", "RDKit finds no geometry for this salt"),)
    assert n_bits(left) == 0 and features(left).dtype == np.float64


def test_geometries_are_those_that_are_made_at_once(table):
    later, at_once = load(table), load(table, geometries=True)
    assert later.molecules.sha256 == at_once.molecules.sha256
    assert np.array_equal(features(later, descriptor="mbtr"), features(at_once))
    assert n_bits(later, "mbtr") == 0 and n_bits(later, "mbtr+fingerprint") == 2048
    both = features(later, descriptor="mbtr+fingerprint")
    assert np.array_equal(both, features(at_once, descriptor="mbtr+fingerprint"))


def test_the_content_is_known_by_canonical_smiles(table, tmp_path):
    content = load(table).sha256
    for name, text in (
        ("same.csv", TABLE.replace("CCO", "C(O)C")),
        ("same.tsv", TABLE.replace(",", "\t")),
        ("other.csv", TABLE.replace("CCO", "CCN")),
        ("turned.csv", "\n".join(TABLE.split("\n")[k] for k in (0, 2, 1, 3, 4))),
    ):
        (tmp_path / name).write_text(text)
        assert (load(tmp_path / name).sha256 == content) == (name[:4] == "same")
    assert load(table, geometries=True).sha256 != content


def test_embedded_molecules_survive_being_sent(table):
    molecules = load(table).molecules
    sent = pickle.loads(pickle.dumps(molecules))
    assert isinstance(sent, Embedded) and sent.smiles == molecules.smiles
    assert sent.content_sha256 == molecules.content_sha256
    assert [len(one) for one in sent] == [9, 6, 8, 12]
    again = pickle.loads(pickle.dumps(sent))
    assert np.array_equal(again.positions, sent.positions) and again[1] == sent[1]


def test_invalid_smiles_are_refused_at_reading(table):
    table.write_text(TABLE + "e,*CC*,-7\nf,C1CC,-8\n")
    with pytest.raises(ValueError, match=r"(?s)2 of 6 .*line 6.*wildcard.*line 7.*no SMILES"):
        load(table)
    assert len(load(table, skip_bad=True)) == 4


def test_many_atoms_are_too_many_for_a_geometry_alone(tmp_path):
    (tmp_path / "a.smi").write_text(f"{'C' * 300} long\nCCO short\n")
    found = read_structures(tmp_path / "a.smi")
    assert features(found).shape == (2, 2048)
    with pytest.raises(ValueError, match="molecule 0: 300 atoms are too many to make a geometry"):
        features(found, descriptor="mbtr")
