"""Data sets that rest on another: its molecules with other labels, or named by mass and label.

Also the layout of a descriptor that others have compressed: X and homo alone.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from ase.data import atomic_masses

from alutils.data.readers import located
from alutils.data.validation import read_arrays

MASS_DIGITS = 6  # of a mass in u: sums over the same atoms in another order differ in the 13th


def read_other_labels(path: Path, source) -> dict:
    """Labels at another level of theory for some molecules of a data set.

    path : .npz with id (n,), a molecule's place in `source` counted from 1, rising, and homo (n,)
        in eV
    source : MoleculeDataset with molecules

    Raises
    ------
    ValueError : arrays missing or of another kind; an id that is no molecule's, or not rising.
    """
    arrays = read_arrays(path)
    if not {"id", "homo"} <= arrays.keys() or arrays["id"].dtype.kind not in "iu":
        raise ValueError(f"{path.name}: needs id (whole numbers) and homo (eV) of the molecules")
    ids, molecules = arrays["id"].astype(np.int64), source.molecules
    if len(ids) != len(arrays["homo"]) or (np.diff(ids) < 1).any():
        raise ValueError(f"{path.name}: give one id for each label, in rising order")
    if len(ids) and not 1 <= ids[0] <= ids[-1] <= len(molecules):
        raise ValueError(
            f"{path.name}: ids {ids[0]} to {ids[-1]} are not all among the {len(molecules)} "
            f"molecules of {source.name}"
        )
    return {"y": arrays["homo"], "molecules": located(path, molecules.take, ids - 1)}


def read_components(path: Path, factor: float) -> dict:
    """Labels, and the components of a descriptor in place of molecules.

    path : .npz with X (n, d) and homo (n,) in eV
    factor : X is multiplied by it, into units in which the model's length scales make sense

    Raises
    ------
    ValueError : arrays missing or of another kind.
    """
    arrays = read_arrays(path)
    for key in ("X", "homo"):
        if key not in arrays or arrays[key].dtype.kind != "f":
            raise ValueError(
                f"{path.name}: needs X, the components of a descriptor, and homo (eV), both of "
                f"floating-point numbers; found {', '.join(sorted(arrays)) or 'none'}"
            )
    return {"y": arrays["homo"], "X": np.float32(factor) * arrays["X"]}


def heaviest_molecules(labels, source) -> dict:
    """The molecules of `source` behind the labels of its heaviest; see `match_heaviest`.

    labels, source : MoleculeDatasets, the second with molecules
    """
    try:
        index, alone = match_heaviest(labels.y, source.y, masses_of(source.molecules))
    except ValueError as error:
        raise ValueError(f"{labels.name} among {source.name}: {error}") from None
    molecules, info = source.molecules.take(index), {"n_alone": int(alone.sum())}
    return {"y": labels.y, "molecules": molecules, "info": info}


def masses_of(molecules):
    """(n,) masses in u, equal for equal atoms in any order."""
    masses = np.add.reduceat(atomic_masses[molecules.numbers], molecules.offsets[:-1])
    return masses.round(MASS_DIGITS)


def match_heaviest(y, source_y, masses):
    """Which molecules the labels of the heaviest belong to, where they come by rising mass.

    The sorted masses of the source say how heavy the molecule of each label is, and the label then
    which of that mass it is. Molecules that share both are interchangeable: the labels get them
    in their order.

    Parameters
    ----------
    y : (n,) labels of the n heaviest molecules by rising mass, eV
    source_y, masses : (m,) labels in eV and masses in u of all molecules, m >= n

    Returns
    -------
    index : (n,) int, the molecule of each label
    alone : (n,) bool, False where another molecule has the same mass and label

    Raises
    ------
    ValueError : fewer molecules than labels; a label that no molecule of its mass has left; mass
        and label of more molecules than labels.
    """
    if len(y) > len(masses):
        raise ValueError(f"{len(y)} labels, but {len(masses)} molecules")
    expected = np.sort(masses)[len(masses) - len(y) :]
    places, index = defaultdict(list), []
    for k in np.flatnonzero(masses >= expected[0]):
        places[masses[k], source_y[k]].append(k)
    sharing = {key: len(found) for key, found in places.items()}
    keys = list(zip(expected, y, strict=True))
    for position, (mass, label) in enumerate(keys):
        if not places[mass, label]:
            raise ValueError(
                f"no molecule of mass {mass:.4f} u is left for label {position}, {label:.4f} eV: "
                "the labels are of other molecules, or not in order of mass"
            )
        index.append(places[mass, label].pop(0))
    for mass, label in keys:
        if places[mass, label]:
            raise ValueError(
                f"more molecules than labels have mass {mass:.4f} u and label {label:.4f} eV: "
                "nothing says which of them is meant"
            )
    return np.array(index), np.array([sharing[key] == 1 for key in keys])
