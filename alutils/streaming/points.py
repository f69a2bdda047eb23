"""A chunk of molecules or SMILES to the points that a model sees: as `descriptors.features`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from alutils.data.molecules import Molecules
from alutils.descriptors import DEFAULTS, MBTRSettings
from alutils.descriptors.axes import Axes, principal_axes
from alutils.descriptors.fingerprints import FingerprintSettings, fill, scale_beside
from alutils.descriptors.many_body import n_columns, species_of, write_rows
from alutils.storage.remedies import explained

Settings = MBTRSettings | FingerprintSettings | tuple


def descriptors(
    chunk: Molecules | Sequence[str], settings: MBTRSettings | FingerprintSettings = DEFAULTS
) -> np.ndarray:
    """MBTR or fingerprints of a chunk; they are not cached.

    Parameters
    ----------
    chunk : m `Molecules`; for fingerprints a list of SMILES, or what has them as `smiles`, such as
        `alutils.data.embedding.Embedded`, which keeps on disk the geometries that MBTR asks for
    settings : `MBTRSettings` with species, or `FingerprintSettings`

    Returns
    -------
    (m, d) float32, or (m, n_bits) uint8

    Raises
    ------
    ValueError : `settings.species` is None, as chunks may differ in theirs, or lacks an element;
        the chunk has no geometries, or no SMILES, or one that RDKit cannot read.
    """
    if isinstance(settings, FingerprintSettings):
        smiles = _smiles(chunk)
        bits = np.zeros((len(smiles), settings.n_bits), dtype=np.uint8)
        fill(bits, "chunk", smiles, settings)
        return bits
    if settings.species is None:
        raise ValueError("settings.species is None: name the elements, each chunk needs the same")
    if not isinstance(chunk, Molecules):
        raise ValueError(
            "the chunk has no geometries for MBTR: give Molecules, or of SMILES Embedded(chunk); "
            "or settings for a fingerprint, which needs none"
        )
    return _mbtr(chunk, settings)


def _smiles(chunk):
    smiles = [chunk] if isinstance(chunk, str) else list(getattr(chunk, "smiles", chunk))
    for k, one in enumerate(smiles):
        if not isinstance(one, str) or not one:
            raise ValueError(
                f"molecule {k} of the chunk has no SMILES to make a fingerprint of: give a list of "
                "SMILES or Embedded(list); or settings for MBTR, which needs none"
            )
    return smiles


def _mbtr(molecules, settings):
    species = species_of("chunk", molecules, settings)
    shape = (len(molecules), n_columns(settings, species))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.npy"
        with explained(path):  # a full disk is met here, not when mapped
            np.save(path, np.zeros(shape, dtype=np.float32))
        write_rows(path, settings, species, 0, molecules)
        return np.load(path, allow_pickle=False)


def axes_of(sample: Molecules | Sequence[str], settings: Settings = DEFAULTS) -> Axes | None:
    """The principal `Axes` of a sample of the pool, a chunk; None for fingerprints.

    Beside a fingerprint at the scale of `alutils.descriptors.features`. ValueError as by
    `descriptors` and `alutils.descriptors.axes.principal_axes`.

    settings : as of `points`
    """
    if isinstance(settings, FingerprintSettings):
        return None
    if not isinstance(settings, tuple):
        return principal_axes(descriptors(sample, settings))
    X, bits = (descriptors(sample, part) for part in settings)
    axes = principal_axes(X)
    scale = scale_beside(axes.rotate(X), bits, _smiles(sample))
    return replace(axes, axes=scale * axes.axes, variances=scale**2 * axes.variances)


def points(
    chunk: Molecules | Sequence[str], axes: Axes | None, settings: Settings = DEFAULTS
) -> np.ndarray:
    """What a model is fitted on, and predicts: `alutils.descriptors.features` of a chunk.

    chunk : as of `descriptors`;  axes : of `axes_of`, None for fingerprints
    settings : `MBTRSettings` with species, `FingerprintSettings`, or a tuple of both

    Returns
    -------
    (m, r) float64 of MBTR, (m, n_bits) uint8 of fingerprints, of both (m, r + n_bits) float32

    Raises
    ------
    ValueError : as by `descriptors`, or for MBTR without axes.
    """
    if isinstance(settings, FingerprintSettings):
        return descriptors(chunk, settings)
    if axes is None:
        raise ValueError("MBTR needs axes: give axes_of(sample, settings)")
    if not isinstance(settings, tuple):
        return axes.rotate(descriptors(chunk, settings))
    X, bits = (descriptors(chunk, part) for part in settings)
    return np.hstack([axes.rotate(X), bits], dtype=np.float32, casting="same_kind")
