"""Our own layouts to arrays: each reader returns keyword arguments of `MoleculeDataset`.

.npz with Z, R, N, homo; the folder of the paper's Zenodo records (mbtr_k2.npz and HOMO.txt); .txt
with one label per line. Nothing is unpickled. What readers bring is read by
`alutils.data.structures`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from alutils.data.arrays import read_extras
from alutils.data.molecules import Molecules
from alutils.data.validation import BROKEN, brief, read_arrays, sparse_matrix

HARTREE = 27.211386245988  # eV (CODATA 2018)
LAYOUT = (
    "Z (atomic numbers) and R (positions in angstrom) of all atoms, N (atoms per molecule), "
    "homo (eV)"
)


def read_any(path: Path) -> dict:
    """The reader of our own layouts, by their kind: .npz, .txt, or the Zenodo folder."""
    if path.is_dir():
        return read_zenodo(path)
    return (read_labels if path.suffix == ".txt" else read_npz)(path)


def located(path, make, *arguments):
    """``make(*arguments)``, whose ValueError then names the file."""
    try:
        return make(*arguments)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def read_npz(path: Path) -> dict:
    """The layout of the embedded pools and of the local sets.

    Z (m,) atomic numbers and R (m, 3) positions in angstrom, both concatenated over molecules;
    N (n,) atoms per molecule; homo (n,) in eV. Optional: smiles (n,), charge (n,), and meta, a 0-d
    text array that holds JSON and becomes `info`.
    """
    arrays = read_arrays(path)
    missing = [key for key in ("Z", "R", "N", "homo") if key not in arrays]
    if missing:
        raise ValueError(
            f"{path.name}: array{'s' * (len(missing) > 1)} {', '.join(missing)} missing, found "
            f"{', '.join(sorted(arrays)) or 'none'}; needed are {LAYOUT}. A sparse MBTR of the "
            "Zenodo layout is loaded by the name of its folder"
        )
    for key, what, kinds in (("homo", "labels", "fiu"), ("charge", "charges", "iu")):
        if key in arrays and arrays[key].dtype.kind not in kinds:
            wanted = "numbers; give eV" if key == "homo" else "integers"
            raise ValueError(
                f"{path.name}: {key} is {arrays[key].dtype}: the {what} are not {wanted}"
            )
    info, smiles = located(path, read_extras, arrays)
    return {
        "y": arrays["homo"],
        "molecules": located(path, Molecules, *map(arrays.get, "ZRN")),
        "smiles": smiles,
        "charges": arrays.get("charge"),
        "info": info,
    }


def read_labels(path: Path) -> dict:
    """One label in eV per line: labels alone, no geometry and no descriptor."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {"y": np.array([float(line) for line in lines if line.strip()])}
    except ValueError as error:
        raise ValueError(f"{path.name}: not one label in eV per line ({error})") from None


def read_zenodo(folder: Path) -> dict:
    """The paper's Zenodo layout: mbtr_k2.npz (scipy sparse) and HOMO.txt (eV), no geometry."""
    for name in ("mbtr_k2.npz", "HOMO.txt"):
        if not (folder / name).is_file():
            raise ValueError(
                f"{folder.name}: {name} is not in the folder; the Zenodo layout is mbtr_k2.npz "
                "(scipy.sparse.save_npz) and HOMO.txt (eV, one per line)"
            )
    try:
        X = sparse_matrix(**read_arrays(folder / "mbtr_k2.npz"))
    except BROKEN as error:
        raise ValueError(
            f"{folder.name}: mbtr_k2.npz: not a matrix of scipy.sparse.save_npz "
            f"({brief(error)}); download it again"
        ) from None
    return {"y": read_labels(folder / "HOMO.txt")["y"], "X": X}
