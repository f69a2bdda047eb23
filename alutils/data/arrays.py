"""An .npz of a reader's own: Z, R and N of all molecules, and any properties beside them."""

from __future__ import annotations

import json

import numpy as np

from alutils.data.molecules import check_layout
from alutils.data.records import Bad, Record, listed, named
from alutils.data.validation import brief, read_arrays

LAYOUT = (
    "Z (atomic numbers) and R (positions in angstrom) of all atoms, N (atoms per molecule), "
    "homo (eV) or another label"
)
CHARGES, IDENTIFIERS = ("charge", "charges", "Q"), ("ids", "id")
NOT_PROPERTIES = frozenset({"Z", "R", "N", "smiles", "meta", *CHARGES, *IDENTIFIERS})


def read_arrays_of(path, reading):
    """The molecules of an .npz: a `Record` or a `Bad` for each.

    Z (m,) atomic numbers and R (m, 3) positions, both concatenated over molecules; N (n,) atoms per
    molecule. Optional: labels (n,) under any name, id (n,), charge (n,), smiles (n,), and meta, a
    0-d text array that holds JSON.

    Returns
    -------
    records, the names of the arrays that may be labels, and the content of meta

    Raises
    ------
    ValueError : arrays that are missing, of another kind, or do not fit together.
    """
    arrays = read_arrays(path)
    names = [key for key in arrays if key not in NOT_PROPERTIES]
    _check_keys(arrays, reading, names)
    Z, R, N = (arrays[key] for key in "ZRN")
    check_layout(Z, R, N)
    one_each = [key for key in names if arrays[key].shape == (len(N),)]
    key = _label_key(arrays, reading, one_each, len(N))
    info, smiles = read_extras(arrays)
    columns = {
        "label": None if key is None else arrays[key],
        "smiles": smiles,
        "charge": _optional(arrays, CHARGES, "charges", "iu", len(N)),
        "id": _identifiers(arrays, reading.id_key, len(N)),
    }
    found = list(_records(Z, R * reading.factor, N, key, columns))
    return found, one_each, info


def _check_keys(arrays, reading, names):
    missing = [key for key in "ZRN" if key not in arrays]
    label = reading.property_key
    if missing and "z" in arrays and arrays.get("R", Z0).ndim == 3:
        raise ValueError(
            "z and R of shape (geometries, atoms, 3): many geometries of one molecule, as sGDML "
            "keeps them; write Z=np.tile(z, len(R)), R=R.reshape(-1, 3), N=np.full(len(R), "
            "len(z)) and a label, such as E=E.ravel(), into an .npz, and name it with property_key"
        )
    if label and label not in arrays and reading.needs_labels and missing:
        missing.append(label)
    if missing:
        raise ValueError(
            f"array{'s' * (len(missing) > 1)} {', '.join(missing)} missing, found "
            f"{listed(sorted(arrays))}; needed are {LAYOUT}. A sparse MBTR of the Zenodo layout is "
            "loaded by the name of its folder"
        )


Z0 = np.zeros(0)


def _label_key(arrays, reading, names, n):
    """The array that holds the labels, or None; ValueError where the one that is meant is none."""
    wanted = reading.property_key
    if wanted is None and "homo" not in arrays:
        return None
    key = wanted or "homo"
    if key not in arrays:
        key = named(key, names, "property", "property_key (--property)")
    array = arrays[key]
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{key} is {array.dtype}: the labels are not numbers")
    if array.ndim != 1 or not len(array):
        raise ValueError(f"labels of shape {array.shape}; give one number per molecule")
    if len(array) != n:
        raise ValueError(
            f"{len(array)} labels, but molecules has length {n}; give one of each per molecule"
        )
    return key


def _optional(arrays, keys, what, kinds, n):
    """An array (n,) under one of these names, or None."""
    for key in keys:
        if key in arrays:
            array = arrays[key]
            if array.dtype.kind not in kinds:
                wanted = "integers" if kinds == "iu" else "text or integers"
                raise ValueError(f"{key} is {array.dtype}: the {what} are not {wanted}")
            if array.shape != (n,):
                raise ValueError(
                    f"{n} molecules, but {what} has length {len(array) if array.ndim else 0}; "
                    "give one of each per molecule"
                )
            return array
    return None


def _identifiers(arrays, id_key, n):
    if id_key is not None:
        id_key = named(id_key, list(arrays), "identifier", "id_key (--id-key)")
    array = _optional(arrays, IDENTIFIERS if id_key is None else (id_key,), "ids", "iuSU", n)
    if array is None:
        return None
    return texts(array) if array.dtype.kind in "SU" else tuple(str(one) for one in array)


def read_extras(arrays):
    """The mapping in meta, and SMILES as a tuple of str; None where there are none."""
    try:
        info = dict(json.loads(str(arrays["meta"][()]))) if "meta" in arrays else {}
        smiles = None if "smiles" not in arrays else texts(arrays["smiles"])
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"meta is not JSON of a mapping, or smiles no list of text ({brief(error)}); write it "
            "anew"
        ) from None
    return info, smiles


def texts(array):
    """An array of text, or of UTF-8 bytes, as a tuple of str."""
    if array.ndim != 1 or array.dtype.kind not in "SU":
        raise ValueError(f"smiles is {array.dtype} of shape {array.shape}")
    array = np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
    return tuple(str(text) for text in array)


def _records(Z, R, N, key, columns):
    ends = np.cumsum(N, dtype=np.int64)
    bad_atom = (Z < 1) | (Z > 118)
    bad_place = ~np.isfinite(R).all(axis=1)
    smiles, labels, charges, ids = (columns[k] for k in ("smiles", "label", "charge", "id"))
    if smiles is not None and len(smiles) != len(N):
        raise ValueError(
            f"{len(N)} labels, but smiles has length {len(smiles)}; give one of each per molecule"
        )
    for k, (begin, end) in enumerate(zip(ends - N.astype(np.int64), ends, strict=True)):
        place, one = f"molecule {k}", str(k) if ids is None else ids[k]
        rows = slice(begin, end)
        if bad_atom[rows].any():
            wrong = Z[rows][bad_atom[rows]][0]
            reason = f"Z: atomic number {wrong} in molecule {k}; it must lie in 1 to 118"
            yield Bad(place, one, reason)
        elif bad_place[rows].any():
            wrong = R[rows][bad_place[rows]][0]
            reason = f"R: position {wrong} in molecule {k} is not finite; correct or remove it"
            yield Bad(place, one, reason)
        else:
            charge = 0 if charges is None else int(charges[k])
            known = {} if labels is None else {key: labels[k]}
            yield Record(
                place,
                one,
                Z[rows],
                R[rows],
                charge,
                known,
                None if smiles is None else smiles[k],
                ids is not None,
            )
