"""Geometries of SMILES: fragments apart, by the molecule alone, and made once."""

import sqlite3

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from alutils.data import embedding
from alutils.data.structures import read_structures
from alutils.storage.kept import Kept

Chem = pytest.importorskip("rdkit.Chem")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("smiles", "sizes"),
    [
        ("[Na+].[Cl-]", (1, 1)),
        ("CCO.O", (9, 3)),
        ("O.O.O", (3, 3, 3)),
        ("CC(=O)[O-].[Na+]", (7, 1)),
    ],
)
def test_fragments_lie_apart(smiles, sizes):
    numbers, positions = embedding.embed(smiles)
    assert len(numbers) == sum(sizes)
    parts = np.split(positions, np.cumsum(sizes)[:-1])
    for k, part in enumerate(parts):
        others = np.concatenate(parts[:k] + parts[k + 1 :])
        assert 2 < cdist(part, others).min() < 6
        assert len(part) < 2 or pdist(part).min() > 0.9


def test_a_geometry_follows_from_the_molecule_alone(tmp_path):
    texts = {"a": "smiles\nCCO\nOC\n", "b": "smiles\nN\nCO\nC(C)O\n"}
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    first, second = (read_structures(tmp_path / f"{name}.csv").molecules for name in "ab")
    assert first[0] == second[2] and first[1] == second[1]
    assert embedding.seed_of("CCO") != embedding.seed_of("CCN") != embedding.seed_of("CCN", 1)


def test_further_seeds_and_random_coordinates_are_tried(monkeypatch):
    from rdkit.Chem import AllChem

    real, tried = AllChem.EmbedMolecule, []

    def failing(mol, settings):
        tried.append((settings.randomSeed, settings.useRandomCoords))
        return real(mol, settings) if settings.useRandomCoords else -1

    monkeypatch.setattr(AllChem, "EmbedMolecule", failing)
    assert len(embedding.embed("CCO")[0]) == 9
    assert len({seed for seed, _ in tried}) == len(tried) > 2 and tried[-1][1]
    monkeypatch.setattr(AllChem, "EmbedMolecule", lambda *_: -1)
    with pytest.raises(ValueError, match=r"RDKit finds no geometry for 'CCO'; give one as \.xyz"):
        embedding.embed("CCO")


def test_what_was_made_is_kept_failures_too(monkeypatch):
    made = []
    real = embedding.embed

    def counted(smiles):
        made.append(smiles)
        if smiles == "N":
            raise ValueError("no geometry")
        return real(smiles)

    monkeypatch.setattr(embedding, "embed", counted)
    first = embedding.geometries(["CO", "N", "OC"])
    assert made == ["CO", "N"] and first[1] == "no geometry"
    second = embedding.geometries(["CC", "OC", "N"])
    assert made == ["CO", "N", "CC"] and second[2] == "no geometry"
    assert (second[1][1] == first[0][1]).all() and (second[1][0] == first[0][0]).all()


def test_a_damaged_cache_is_set_aside_and_a_changed_entry_made_again():
    kept = Kept("x")
    kept.put({"a": b"1", "b": b"2"})
    with sqlite3.connect(kept.path) as connection:
        connection.execute("UPDATE kept SET content = x'33' WHERE content = x'31'")
    connection.close()
    assert kept.get(["a", "b", "c"]) == {"b": b"2"}
    kept.path.write_bytes(b"nonsense" * 1000)
    with pytest.warns(
        UserWarning, match=r"x\.sqlite in the cache is damaged; it is now x\.sqlite\."
    ):
        assert kept.get(["b"]) == {}
    kept.put({"b": b"2"})
    assert kept.get(["b"]) == {"b": b"2"}


def test_without_a_place_to_write_everything_is_made_each_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="going on without"):
        assert len(embedding.geometries(["CO"])[0][0]) == 6


def test_many_are_shared_by_processes(monkeypatch):
    smiles = ["C" * k for k in range(1, 6)]
    alone = embedding.geometries(smiles)
    monkeypatch.setattr(embedding, "IN_PROCESS", 2)
    monkeypatch.setattr(embedding, "AT_ONCE", 2)
    monkeypatch.setattr(embedding, "VERSION", -1)
    for one, other in zip(alone, embedding.geometries(smiles), strict=True):
        assert (one[1] == other[1]).all()
