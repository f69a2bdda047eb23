"""Geometries of SMILES: made once, the same for the same molecule whatever the file and the row.

`Embedded` makes them when somebody looks at them: fingerprints need none.

ETKDGv3 conformers of RDKit (S. Wang et al., J. Chem. Inf. Model. 60, 2044 (2020)), relaxed with
MMFF94 where it has parameters. The seed follows from the canonical SMILES; where an attempt fails,
other seeds and then random starting coordinates are tried. The fragments of a SMILES are embedded
one by one and placed side by side in van der Waals contact: how they lie says nothing.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import cached_property

import numpy as np
from ase.data.vdw import vdw_radii
from scipy.spatial.distance import cdist, pdist
from tqdm import tqdm

from alutils.data.geometry import CLOSEST, RADII
from alutils.data.molecules import Molecules
from alutils.data.toolkit import chem, rdkit_version
from alutils.storage.kept import Kept
from alutils.storage.processes import die_with_parent

MOST_ATOMS = 200  # heavy ones of a SMILES: beyond, RDKit looks for a geometry for minutes
FAILURES_SHOWN = 40
VERSION = 1  # part of the key: raise it with any change to the geometries
PLAIN = {"maxIterations": 20}
RANDOM = {"maxIterations": 50, "useRandomCoords": True}
LOOSE = RANDOM | {"ignoreSmoothingFailures": True, "useExpTorsionAnglePrefs": False}
ATTEMPTS = (PLAIN, PLAIN, RANDOM, RANDOM, RANDOM, LOOSE, LOOSE)
BOND = (0.6, 1.6)  # a sound bond, in sums of covalent radii; metals have the long ones
CONTACT = np.where(np.isfinite(vdw_radii), vdw_radii, 2.0)  # angstrom
AT_ONCE = 32  # molecules that are kept together
IN_PROCESS = 200  # the fewest molecules that two processes share


class Embedded(Molecules):
    """`Molecules` of SMILES, whose geometries are made when they are first looked at.

    A part of them, or a single one, is made without the others.

    smiles : tuple of str that RDKit can read

    Raises
    ------
    ValueError : when looked at, where RDKit finds no geometry for a molecule: all such are named.
    """

    def __init__(self, smiles: Iterable[str]) -> None:
        self.smiles = tuple(smiles)

    def __len__(self):
        return len(self.smiles)

    def __getitem__(self, index):
        if "_made" in self.__dict__:
            return self._made[index]
        chosen = np.zeros(len(self), bool)
        chosen[index] = True
        part = self.take(np.flatnonzero(chosen))
        return part if isinstance(index, slice) else part._made[0]

    def __iter__(self):
        return iter(self._made)

    def take(self, index: Sequence[int] | np.ndarray) -> Molecules:
        """The molecules at these places, index (k,) int, in this order."""
        if "_made" in self.__dict__:
            return self._made.take(index)
        return Embedded(self.smiles[k] for k in index)

    @cached_property
    def _made(self):
        made = geometries(self.smiles)
        reasons = [f"molecule {k}: {one}" for k, one in enumerate(made) if isinstance(one, str)]
        if reasons:
            more = len(reasons) - FAILURES_SHOWN
            lines = reasons[:FAILURES_SHOWN] + [f"and {more} more"] * (more > 0)
            head = (
                f"{len(reasons)} of {len(self)} molecules have no geometry: choose descriptor "
                "'fingerprint', which needs none, or read the file with geometries and skip_bad "
                "to leave them out:"
            )
            raise ValueError("\n  ".join([head, *lines]))
        counts = np.array([len(numbers) for numbers, _ in made], int)
        Z = np.concatenate([np.zeros(0, int), *(numbers for numbers, _ in made)])
        R = np.concatenate([np.zeros((0, 3)), *(positions for _, positions in made)])
        return Molecules(Z.astype(int), R, counts)

    numbers = property(lambda self: self._made.numbers)
    positions = property(lambda self: self._made.positions)
    counts = property(lambda self: self._made.counts)
    offsets = property(lambda self: self._made.offsets)

    @cached_property
    def content_sha256(self) -> str:
        """Digest of the canonical SMILES."""
        return hashlib.sha256("\n".join(canonical(self.smiles)).encode()).hexdigest()


def canonical(smiles):
    """The canonical SMILES of each, of RDKit."""
    Chem = chem()
    return [Chem.MolToSmiles(Chem.MolFromSmiles(one)) for one in smiles]


def geometries(smiles):
    """Atomic numbers and positions of each SMILES, or why there are none.

    Parameters
    ----------
    smiles : list of str that RDKit can read

    Returns
    -------
    list of (numbers (k,) uint8, positions (k, 3) float64 in angstrom), or str, the reason
    """
    asked = canonical(smiles)
    keys = {one: f"{VERSION} {rdkit_version()} {one}" for one in asked}
    kept = Kept("geometries")
    found = kept.get(keys.values())
    missing = [one for one, key in keys.items() if key not in found]
    for begin, made in _made(missing):
        fresh = {keys[one]: packed for one, packed in zip(begin, made, strict=True)}
        kept.put(fresh)
        found |= fresh
    return [_unpack(found[keys[one]]) for one in asked]


def _made(smiles):
    """(SMILES, packed results) in groups, with a progress bar, by two processes where many are."""
    groups = [smiles[k : k + AT_ONCE] for k in range(0, len(smiles), AT_ONCE)]
    # A spawned process imports the caller's script again: only where fork is safe.
    shared = len(smiles) >= IN_PROCESS and sys.platform == "linux"
    fork = multiprocessing.get_context("fork") if shared else None
    bar = tqdm(total=len(smiles), desc="geometries", disable=not sys.stderr.isatty())
    workers = ProcessPoolExecutor(2, fork, die_with_parent) if shared else nullcontext()
    with bar, workers as executor:
        for group, made in zip(
            groups, (executor.map if shared else map)(_pack_all, groups), strict=True
        ):
            bar.update(len(group))
            yield group, made


def _pack_all(smiles):
    return [_pack(one) for one in smiles]


def _pack(smiles):
    """The geometry of a SMILES as bytes, or the reason why there is none."""
    try:
        numbers, positions = embed(smiles)
    except ValueError as error:
        return b"-" + str(error).encode()
    return b"+" + numbers.tobytes() + positions.tobytes()


def _unpack(content):
    if content[:1] == b"-":
        return content[1:].decode()
    n_atoms = (len(content) - 1) // 25  # a byte and three doubles for each
    positions = np.frombuffer(content[1 + n_atoms :], np.float64).reshape(-1, 3)
    return np.frombuffer(content[1 : 1 + n_atoms], np.uint8), positions


def embed(smiles):
    """Atomic numbers (k,) and positions (k, 3) in angstrom of a SMILES, hydrogens included.

    Raises
    ------
    ValueError : too many atoms; no attempt gives a sound geometry.
    """
    Chem = chem()
    mol = Chem.MolFromSmiles(smiles)
    if mol.GetNumAtoms() > MOST_ATOMS:
        raise ValueError(
            f"{mol.GetNumAtoms()} atoms are too many to make a geometry of; give one as .xyz"
        )
    fragments = Chem.GetMolFrags(mol, asMols=True)
    named = sorted(
        ((-one.GetNumAtoms(), Chem.MolToSmiles(one), one) for one in fragments),
        key=lambda part: part[:2],
    )
    parts = [_embedded(one, text) for _, text, one in named]
    numbers, positions = parts[0]
    for more, placed in parts[1:]:
        positions = np.concatenate([positions, _beside(numbers, positions, more, placed)])
        numbers = np.concatenate([numbers, more])
    return numbers, positions


def _embedded(mol, smiles):
    """Atomic numbers and centred positions of a fragment."""
    Chem = chem()
    from rdkit.Chem import AllChem

    mol = Chem.AddHs(mol)
    numbers = np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()], np.uint8)
    for attempt, more in enumerate(ATTEMPTS):
        settings = AllChem.ETKDGv3()
        settings.randomSeed = seed_of(smiles, attempt)
        for name, value in more.items():
            setattr(settings, name, value)
        try:
            if AllChem.EmbedMolecule(mol, settings) != 0:
                continue
            before = mol.GetConformer().GetPositions()
            if AllChem.MMFFHasAllMoleculeParams(mol):
                AllChem.MMFFOptimizeMolecule(mol, maxIters=1000)
        except (RuntimeError, ValueError):
            continue
        for positions in (mol.GetConformer().GetPositions(), before):
            if _is_sound(mol, numbers, positions):
                return numbers, positions - positions.mean(axis=0)
    raise ValueError(f"RDKit finds no geometry for {smiles!r}; give one as .xyz or .sdf")


def seed_of(smiles, attempt=0):
    """The seed of an attempt to embed a molecule."""
    digest = hashlib.sha256(f"{smiles} {attempt}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def _is_sound(mol, numbers, positions):
    """True if no atoms coincide, and bonds are as long as bonds are."""
    if not np.isfinite(positions).all() or (len(numbers) > 1 and pdist(positions).min() < CLOSEST):
        return False
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    i, j = np.array(ends, int).reshape(-1, 2).T
    lengths = np.linalg.norm(positions[i] - positions[j], axis=1) / (
        RADII[numbers[i]] + RADII[numbers[j]]
    )
    return bool(((lengths > BOND[0]) & (lengths < BOND[1])).all())


def _beside(numbers, positions, more, placed):
    """Positions of a fragment, moved along x until it touches the others from that side."""
    contact = CONTACT[numbers][:, None] + CONTACT[more][None]
    across = cdist(positions[:, 1:], placed[:, 1:], "sqeuclidean")
    along = positions[:, None, 0] - placed[None, :, 0]
    reach = along + np.sqrt(np.maximum(0, contact**2 - across))
    shift = np.where(across < contact**2, reach, -np.inf).max()
    moved = placed.copy()
    moved[:, 0] += shift if np.isfinite(shift) else 0.0
    return moved
