"""Data sets: molecules with a HOMO level in eV, from the package, from their source, from files.

`load(name_or_path)` returns a `MoleculeDataset`, validated once and read-only from then on. A
registered set comes from the package, from the folder `ALUTILS_DATA`, or is downloaded once. Two
checksums, not to be confused: `REGISTRY` and pools/checksums.json hold the sha256 of *files*, which
guards against a broken copy; `MoleculeDataset.sha256` is that of the *content*, whatever file it
came from, and names cached results.

`python -m alutils checksums` prints the file checksums of the embedded pools as JSON.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import scipy.sparse

from alutils.data.readers import Molecules, digest_of, frozen, read_any, read_other_labels
from alutils.data.structures import read_labelled
from alutils.storage import usage_log
from alutils.storage.files import file_sha256
from alutils.storage.locations import data_dir

POOLS = Path(__file__).resolve().parent / "pools"


def _embedded(name, title, stands_for):
    return {
        "kind": "embedded",
        "file": f"{name}.npz",
        "title": title,
        "label": "HOMO (GFN2-xTB)",
        "stands_for": stands_for,
        "licence": "CC0-1.0",
        "citation": "made by alutils/data/pools/build.py with RDKit and GFN2-xTB: C. Bannwarth, "
        "S. Ehlert, S. Grimme, J. Chem. Theory Comput. 15, 1652 (2019)",
        "url": "https://doi.org/10.1021/acs.jctc.8b01176",
    }


def _zenodo(title, record, stands_for):
    return {
        "kind": "zenodo",
        "title": title,
        "label": "HOMO (PBE+vdW)",
        "level_of_theory": "PBE+vdW",
        "stands_for": f"{stands_for} itself: the paper's descriptor and labels, no geometry",
        "licence": "CC BY 4.0",
        "citation": f"A. Stuke et al., J. Chem. Phys. 150, 204121 (2019); Zenodo record {record}",
        "url": f"https://doi.org/10.5281/zenodo.{record}",
    }


REGISTRY = {
    "organics": _embedded("organics", "Molecules of up to nine heavy atoms C, N, O, F", "QM9"),
    "aminoacids": _embedded("aminoacids", "Amino acids and dipeptides, some with dications", "AA"),
    "optoelectronics": _embedded("optoelectronics", "Large conjugated molecules", "OE"),
    "qm9_b3lyp": {
        "kind": "local",  # downloaded where ALUTILS_DATA lacks it
        "file": "qm9_b3lyp.npz",
        "sha256": "a13d374f762643953c703d9c4f3dd0b32556fb1c889823b8ea8c73756691f71b",
        "title": "QM9, all 133 885 molecules",
        "label": "HOMO (B3LYP)",
        "level_of_theory": "geometry and HOMO B3LYP/6-31G(2df,p)",
        "stands_for": "QM9 (the paper's labels are PBE+vdW, its selection 133 814 molecules)",
        "licence": "CC0",
        "citation": "R. Ramakrishnan et al., Sci. Data 1, 140022 (2014)",
        "url": "https://doi.org/10.1038/sdata.2014.22",
    },
    "qm9_pbe": {
        "kind": "labels",  # of the molecules of another set
        "of": "qm9_b3lyp",
        "file": "qm9_pbe_homo.npz",
        "sha256": "1be95096ec5fcd0fe416efa321d45f99b927109190dfa1372b5d4233631982c2",
        "title": "QM9 with the paper's labels, 133 768 molecules",
        "label": "HOMO (PBE+vdW)",
        "level_of_theory": "geometry B3LYP/6-31G(2df,p), HOMO PBE+vdW",
        "own_descriptor": "mbtr_broad",  # the paper's: its file is named mbtr_0.1
        "stands_for": "QM9 itself: the paper's labels, on geometries at another level of theory",
        "licence": "CC BY 4.0",
        "citation": "A. Stuke et al., J. Chem. Phys. 150, 204121 (2019); Zenodo record 4035918",
        "url": "https://doi.org/10.5281/zenodo.4035918",
    },
    "oe62_gw5000": {
        "kind": "local",
        "file": "oe62_gw5000_subset.npz",
        "sha256": "bcf3bbd6a5e388b5f4e933ce5d3683c71673ae60fa636a29afcd6783ad7de85d",
        "title": "OE62 (GW5000), the 2 389 molecules of C, H, N, O, F",
        "label": "HOMO (G0W0@PBE0)",
        "level_of_theory": "geometry PBE+vdW, HOMO G0W0@PBE0 in vacuum",
        "stands_for": "OE (a small part of it, and at another level of theory)",
        "licence": "CC BY 4.0 by the article",
        "citation": "A. Stuke et al., Sci. Data 7, 58 (2020)",
        "url": "https://doi.org/10.1038/s41597-020-0385-y",
    },
    "aa_labels": {
        "kind": "local",
        "file": "aa_homo.txt",
        "sha256": "02f338e9ab1cef750b3acd6d471b6a40de03a96e68fdc4c23b286b3ec8a5c875",
        "title": "AA, the paper's own 44 004 labels",
        "label": "HOMO (PBE+vdW)",
        "level_of_theory": "PBE+vdW",
        "stands_for": "AA itself, labels only: no geometry, no descriptor",
        "licence": "CC BY 4.0",
        "citation": "K. Ghosh et al., data set AA, Zenodo record 3967308",
        "url": "https://doi.org/10.5281/zenodo.3967308",
    },
    "aa": _zenodo("AA, the paper's 44 004 amino acids and dipeptides", 3967308, "AA"),
    "oe": _zenodo("OE, the paper's 64 710 opto-electronic molecules", 4035923, "OE"),
    "qm9": _zenodo("QM9, the paper's 133 814 small molecules", 4035918, "QM9"),
}


@dataclass(frozen=True, eq=False)
class MoleculeDataset:
    """Labels, and the molecules or the descriptor they belong to; read-only, validated once.

    Attributes
    ----------
    name : str
    y : (n,) float64, HOMO in eV
    molecules : Molecules, made from any sequence of ase.Atoms, or None
    X : (n, d) array or CSR, for a set that brings its descriptor; else None
    info : mapping of title, label, level_of_theory, licence, citation, url, stands_for, and what
        an embedded pool says of its making
    smiles : n str, or None
    charges : (n,) int64 in elementary charges, or None

    Raises
    ------
    ValueError : no labels, labels that are not finite, lengths that differ.
    """

    name: str
    y: np.ndarray
    molecules: Molecules | None = None
    X: np.ndarray | scipy.sparse.csr_matrix | None = None
    info: Mapping = field(default_factory=dict, repr=False)
    smiles: tuple[str, ...] | None = field(default=None, repr=False)
    charges: np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self):
        def put(key, value):
            object.__setattr__(self, key, value)

        try:
            put("y", frozen(self.y, np.float64))
        except (TypeError, ValueError):
            raise ValueError(f"{self.name}: the labels are not numbers; give eV") from None
        if self.y.ndim != 1 or not len(self.y):
            raise ValueError(
                f"{self.name}: labels of shape {self.y.shape}; give one number per molecule"
            )
        bad = np.flatnonzero(~np.isfinite(self.y))
        if bad.size:
            raise ValueError(
                f"{self.name}: label {bad[0]} is {self.y[bad[0]]}, and {bad.size - 1} more are "
                "not finite; correct or remove these molecules"
            )
        if self.molecules is not None and not isinstance(self.molecules, Molecules):
            put("molecules", Molecules.of(self.molecules))
        if scipy.sparse.issparse(self.X):
            X = self.X.tocsr()
            parts = [part.view() for part in (X.data, X.indices, X.indptr)]
            for part in parts:
                part.flags.writeable = False
            put("X", scipy.sparse.csr_matrix(tuple(parts), X.shape, copy=False))
        elif self.X is not None:
            put("X", frozen(self.X, np.float32))
        if self.X is not None:
            values = self.X.data if scipy.sparse.issparse(self.X) else self.X
            if self.X.ndim != 2 or not np.isfinite(values).all():
                raise ValueError(f"{self.name}: X must be (n, d) and finite; correct it")
        if self.charges is not None:
            put("charges", frozen(self.charges, np.int64))
        put("info", MappingProxyType(dict(self.info)))
        for key in ("molecules", "X", "smiles", "charges"):
            value = getattr(self, key)
            length = None if value is None else value.shape[0] if key == "X" else len(value)
            if length not in (None, len(self)):
                raise ValueError(
                    f"{self.name}: {len(self)} labels, but {key} has length {length}; "
                    "give one of each per molecule"
                )

    def __len__(self):
        return len(self.y)

    @property
    def label_only(self) -> bool:
        """True where there is nothing to learn from: no molecules and no descriptor."""
        return self.molecules is None and self.X is None

    @cached_property
    def sha256(self) -> str:
        """Digest of the content (y, geometry, X): the same for the same content in any file."""
        parts = [self.y]
        if self.molecules is not None:
            parts.append(np.frombuffer(self.molecules.sha256.encode(), np.uint8))
        if scipy.sparse.issparse(self.X):
            parts += [self.X.data, self.X.indices, self.X.indptr]
        elif self.X is not None:
            parts.append(self.X)
        return digest_of(*parts)


def names() -> tuple[str, ...]:
    """The registered names, embedded pools first."""
    return tuple(REGISTRY)


def embedded_checksums() -> dict[str, str]:
    """File name -> sha256 of every embedded pool that is there: what checksums.json holds."""
    files = (POOLS / entry["file"] for entry in REGISTRY.values() if entry["kind"] == "embedded")
    return {path.name: file_sha256(path) for path in files if path.is_file()}


def _registered_file(name: str, fetch: bool) -> Path:
    """The verified file, or folder, of a registered set; fetched where it can be."""
    from alutils.data.downloads import fetch_qm9, fetch_zenodo  # what is here needs no network

    entry = REGISTRY[name]
    if entry["kind"] == "zenodo":
        return fetch_zenodo(name, fetch)
    file, expected = entry["file"], entry.get("sha256")
    if entry["kind"] == "embedded":
        folder, place = POOLS, "the package; install it anew"
        if (POOLS / "checksums.json").is_file():
            expected = json.loads((POOLS / "checksums.json").read_text()).get(file)
    else:
        folder, place = data_dir(), "the folder ALUTILS_DATA; put it there"
        if name == "qm9_b3lyp" and not (folder and (folder / file).is_file()):
            try:
                return fetch_qm9(fetch)
            except ValueError as error:
                raise ValueError(
                    f"{error}; or set ALUTILS_DATA to the folder that holds {file}"
                ) from None
        if folder is None:
            raise ValueError(
                f"{name} is a local data set: set the environment variable ALUTILS_DATA to the "
                f"folder that holds {file}; without it there are "
                + ", ".join(n for n in REGISTRY if REGISTRY[n]["kind"] == "embedded")
            )
    if not (folder / file).is_file():
        raise ValueError(f"{name}: {file} is not in {place}")
    if expected and (found := file_sha256(folder / file)) != expected:
        raise ValueError(
            f"{name}: sha256 of {file} is {found[:12]}..., expected {expected[:12]}...: it is "
            "damaged or another version; copy it anew, or load it as your own file by its path"
        )
    return folder / file


def load(
    name_or_path: str | Path, property_key: str = "homo", fetch: bool = True
) -> MoleculeDataset:
    """A registered data set, or a user's file (see `alutils.data.readers` for the layouts).

    Parameters
    ----------
    name_or_path : one of `names()`, or a path to .npz, .xyz, .extxyz, .sdf, .csv (SMILES), .txt or
        a Zenodo folder
    property_key : for .xyz, .extxyz, .sdf and .csv, the property that holds the label in eV
    fetch : download what has a source and is not here; False touches no network

    Raises
    ------
    ValueError : unknown name, `ALUTILS_DATA` not set, no connection, file missing, damaged or of
        another layout, content that is not valid: one message with value, place and remedy.
    """
    name = str(name_or_path)
    if name in REGISTRY:
        path = _registered_file(name, fetch)
        entry = {k: v for k, v in REGISTRY[name].items() if k not in ("file", "sha256")}
    else:
        path = Path(os.path.expanduser(name))
        if not os.path.exists(path):  # False, too, for what can be no path at all
            close = difflib.get_close_matches(name, REGISTRY, n=1, cutoff=0.4)
            raise ValueError(
                f"unknown data set {name!r}: neither a registered name nor an existing path. "
                + (f"Did you mean {close[0]!r}? " if close else "")
                + f"Known: {', '.join(REGISTRY)}"
            )
        name, entry = path.stem, {"kind": "user", "title": path.name, "label": "HOMO"}
    if entry["kind"] == "labels":
        content = read_other_labels(path, load(entry["of"], fetch=fetch))
    else:
        reader = read_labelled if path.suffix in (".sdf", ".csv") else read_any
        content = reader(path, property_key)
    info = {**content.pop("info", {}), **entry}
    dataset = MoleculeDataset(name=name, info=info, **content)
    if usage_log.wanted():
        usage_log.note(dataset=name, sha256=dataset.sha256)
    return dataset
