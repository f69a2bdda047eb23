"""Data sets: molecules with a HOMO level in eV, from the package, from their source, from files.

`load(name_or_path)` returns a `MoleculeDataset`, validated once and read-only from then on. Two
checksums, not to be confused: `alutils.data.registry` and pools/checksums.json hold the sha256 of
*files*, which guards against a broken copy; `MoleculeDataset.sha256` is that of the *content*,
whatever file it came from, and names cached results.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy.sparse

from alutils.data.columns import is_of_columns, read_columns
from alutils.data.derived import heaviest_molecules, read_components, read_other_labels
from alutils.data.files import is_folder_of_geometries
from alutils.data.molecules import Molecules, digest_of, frozen
from alutils.data.readers import read_any
from alutils.data.registry import REGISTRY
from alutils.data.sources import registered_file
from alutils.data.structures import DEFAULT_LABEL, read_labelled
from alutils.storage import usage_log


@dataclass(frozen=True, eq=False)
class MoleculeDataset:
    """Labels, and the molecules or the descriptor they belong to; read-only, validated once.

    Attributes
    ----------
    name : str
    y : (n,) float64, HOMO in eV
    molecules : Molecules, made from any sequence of ase.Atoms, or None; of a table of SMILES made
        when they are first looked at (`alutils.data.embedding.Embedded`)
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

    def __len__(self) -> int:
        return len(self.y)

    @property
    def label_only(self) -> bool:
        """True where there is nothing to learn from: no molecules and no descriptor."""
        return self.molecules is None and self.X is None

    @cached_property
    def sha256(self) -> str:
        """Digest of the content: the same for the same content in any file.

        Of y, and of the geometry, or the canonical SMILES where nothing else was given, or of X.
        """
        parts = [self.y]
        if self.molecules is not None:
            parts.append(np.frombuffer(self.molecules.content_sha256.encode(), np.uint8))
        X: Any = self.X
        if scipy.sparse.issparse(X):
            parts += [X.data, X.indices, X.indptr]
        elif X is not None:
            parts.append(X)
        return digest_of(*parts)


def load(
    name_or_path: str | Path,
    property_key: str = "homo",
    fetch: bool = True,
    registry: Mapping = REGISTRY,
    **reading: Any,
) -> MoleculeDataset:
    """A registered data set, or a reader's file (layouts: `alutils.data.structures`, or .txt).

    Parameters
    ----------
    name_or_path : a key of `registry`, or a path to .npz, .xyz, .extxyz, .sdf, .mol, .csv, .tsv or
        .smi (SMILES; a .csv or .tsv may have columns of descriptors in their place), a folder of
        geometries, .txt (labels alone), or a Zenodo folder
    property_key : of a reader's file, the property that holds the label in eV
    fetch : download what has a source and is not here; False touches no network
    registry : name -> entry
    reading : of a reader's file, as of `alutils.data.structures.read_structures`; what `skip_bad`
        leaves out, molecules without a label among them, is listed in the data set's info, as
        (place, identifier, reason) under "skipped"

    Raises
    ------
    ValueError : unknown name, `ALUTILS_DATA` not set, no connection, file missing, damaged or of
        another layout, content that is not valid: one message with value, place and remedy.
    """
    name = str(name_or_path)
    if name in registry and reading:
        raise ValueError(f"{name} is registered: {', '.join(reading)} is for files of your own")
    if name in registry:
        content, entry = _registered(name, fetch, registry), registry[name]
        entry = {key: value for key, value in entry.items() if key not in ("file", "sha256")}
    else:
        path = Path(os.path.expanduser(name))
        if not os.path.exists(path):  # False, too, for what can be no path at all
            close = difflib.get_close_matches(name, registry, n=1, cutoff=0.4)
            raise ValueError(
                f"unknown data set {name!r}: neither a registered name nor an existing path. "
                + (f"Did you mean {close[0]!r}? " if close else "")
                + f"Known: {', '.join(registry)}"
            )
        ours = path.suffix == ".txt" or (path.is_dir() and not is_folder_of_geometries(path))
        if not ours and is_of_columns(path, property_key):
            content = read_columns(path, property_key, **reading)
        else:
            content = read_any(path) if ours else read_labelled(path, property_key, **reading)
        name, entry = path.stem, {"kind": "user", "title": path.name}
        entry |= {"label": label_name(property_key), "unit": reading.get("unit") or ""}
    info = {**content.pop("info", {}), **entry}
    dataset = MoleculeDataset(name=name, info=info, **content)
    if usage_log.wanted():
        usage_log.note(dataset=name, sha256=dataset.sha256)
    return dataset


def of_run(config, fetch=True):
    """The data set of a `RunConfig`, a file read as it says; errors as of `load`."""
    return load(config.dataset, fetch=fetch, **reading_options(config.reading))


def reading_options(reading):
    """Keyword arguments of `load` from a `data.records.Reading`; none without one."""
    if reading is None:
        return {}
    options = asdict(reading)
    del options["needs_labels"]
    return options | {"property_key": reading.property_key or DEFAULT_LABEL}


def label_name(property_key):
    """How a property of a file is called: as it is there, but for the paper's."""
    return "HOMO" if property_key.casefold() == DEFAULT_LABEL else property_key


def _registered(name, fetch, registry):
    """Keyword arguments of the `MoleculeDataset` of a registered name."""
    entry = registry[name]
    if entry["kind"] == "heaviest":
        labels, source = (load(entry[k], fetch=fetch, registry=registry) for k in ("of", "among"))
        return heaviest_molecules(labels, source)
    path = registered_file(name, fetch, registry)
    if entry["kind"] == "labels":
        return read_other_labels(path, load(entry["of"], fetch=fetch, registry=registry))
    if entry["kind"] == "table":
        return read_labelled(path, entry["property_key"], unit=entry["unit"])
    if "factor" in entry:
        return read_components(path, entry["factor"])
    return read_any(path)
