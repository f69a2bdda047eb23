"""Conformers of amino acids and capped dipeptides, bare and with dications (stands for AA).

A compound is a side chain in one protonation state on one backbone: the amino acid itself
(neutral, zwitterion or protonated) or its dipeptide between an acetyl and an N-methyl amide.
Deprotonated ones are drawn as well, and dropped. A cation starts with two or three donor atoms at
its distance, to which a restrained MMFF94 minimisation has folded the ligand.
"""

from __future__ import annotations

import numpy as np
from rdkit.Chem import rdMolTransforms

from alutils.data.pools.chemistry import (
    AllChem,
    Chem,
    Dropped,
    check_connectivity,
    embed,
    frontier,
    numbers_of,
    relax,
)

STANDS_FOR = "AA (44 004 conformers of amino acids and dipeptides, bare and with dications)"
BARE_STEPS, ION_STEPS, WARM_STEPS = 4, 6, 2
BARE_KICK, ION_KICK = 15.0, 5.0  # degrees
GEOMETRY = (
    "ETKDGv3, MMFF94 (with a dication: two or three donors restrained to its distance), "
    f"torsions turned by normal angles of {BARE_KICK:.0f} (with a dication {ION_KICK:.0f}) deg, "
    f"then at most {BARE_STEPS} (bare) or {ION_STEPS} (with a dication) BFGS steps with GFN2-xTB"
)

SIDE_CHAINS = {  # residue: its protonation states, the charge of each being that of its SMILES
    "Gly": ("",),
    "Ala": ("C",),
    "Val": ("C(C)C",),
    "Leu": ("CC(C)C",),
    "Ile": ("[C@@H](C)CC",),
    "Met": ("CCSC",),
    "Phe": ("Cc1ccccc1",),
    "Tyr": ("Cc1ccc(O)cc1",),
    "Trp": ("Cc1c[nH]c2ccccc12",),
    "Ser": ("CO",),
    "Thr": ("[C@H](O)C",),
    "Cys": ("CS",),
    "Asn": ("CC(N)=O",),
    "Gln": ("CCC(N)=O",),
    "Pro": ("CCC",),
    "Asp": ("CC(=O)O", "CC(=O)[O-]"),
    "Glu": ("CCC(=O)O", "CCC(=O)[O-]"),
    "Lys": ("CCCCN", "CCCC[NH3+]"),
    "Arg": ("CCCNC(N)=N", "CCCNC(N)=[NH2+]"),
    "His": ("Cc1c[nH]cn1", "Cc1cnc[nH]1", "Cc1c[nH]c[nH+]1"),
}
BACKBONES = {  # {R}: the side chain, {n} and {h}: the ring of proline and the hydrogen it costs
    "neutral": ("N{n}", "C(=O)O"),
    "zwitterion": ("[N{h}+]{n}", "C(=O)[O-]"),
    "cation": ("[N{h}+]{n}", "C(=O)O"),
    "anion": ("N{n}", "C(=O)[O-]"),
    "capped": ("CC(=O)N{n}", "C(=O)NC"),
}
IONS = {  # atomic number and distance (angstrom) at which a donor is looked for
    "Ca": (20, 2.35),
    "Sr": (38, 2.50),
    "Ba": (56, 2.70),
    "Cd": (48, 2.25),
    "Pb": (82, 2.45),
    "Hg": (80, 2.25),
}
BARE_SHARE = 0.146  # of the candidates: more of the pool, for they pass the filters more often
FOLDS = 2
HOPELESS_GAP = 0.25  # eV at the fold: few of these reach 1 eV in the end, and their SCFs are slow
ROTATABLE = Chem.MolFromSmarts("*~[!D1]-&!@[!D1]~*")
DONORS = Chem.MolFromSmarts(
    "[$([OX1]),$([OX2;H1,H2]),$([SX2]),$([NX3;H2;!$(NC=[O,N])]),$([NX3;H1]([CX4])[CX4]),"
    "$([nX2]),$([NX2;H1]=C)]"
)


def compound(residue: str, state: str, backbone: str) -> str:
    """SMILES of a side chain on a backbone, the alpha carbon in its natural (L) form."""
    left, right = BACKBONES[backbone]
    if residue == "Pro":
        return f"{left.format(n='1', h='H2')}{state}[C@H]1{right}"
    alpha = f"[C@@H]({state})" if state else "C"
    return f"{left.format(n='', h='H3')}{alpha}{right}"


def choose(rng: np.random.Generator) -> tuple[str, str | None]:
    """Draw a compound (SMILES) and a cation (None: bare).

    Bare molecules may be charged once, a ligand of a dication is neutral or an anion (which `make`
    drops): two positive charges beside each other would fly apart.
    """
    bare = rng.random() < BARE_SHARE
    ion = None if bare else str(rng.choice(list(IONS)))
    residue = str(rng.choice(list(SIDE_CHAINS)))
    states = SIDE_CHAINS[residue]
    state = states[rng.integers(len(states))]
    free = ("neutral", "cation", "anion") if bare else ("neutral", "zwitterion", "anion")
    shares = (0.88, 0.08, 0.04) if bare else (0.3, 0.3, 0.4)
    backbone = "capped" if rng.random() < 0.5 else str(rng.choice(free, p=shares))
    smiles = compound(residue, state, backbone)
    charge = Chem.GetFormalCharge(Chem.MolFromSmiles(smiles))
    if abs(charge) > 1 or (not bare and charge > 0):
        return compound(residue, states[0], "neutral"), ion
    return smiles, ion


def kick(mol, degrees: float, rng: np.random.Generator) -> None:
    """Turn every rotatable bond of the conformer by a normal angle of this standard deviation.

    Else the few minima of a small compound would be drawn again and again.
    """
    conformer, turned = mol.GetConformer(), set()
    for i, j, k, m in mol.GetSubstructMatches(ROTATABLE):
        if frozenset((j, k)) not in turned:
            turned.add(frozenset((j, k)))
            angle = rdMolTransforms.GetDihedralDeg(conformer, i, j, k, m)
            rdMolTransforms.SetDihedralDeg(conformer, i, j, k, m, angle + degrees * rng.normal())


def coordinate(mol, ion: str, rng: np.random.Generator) -> np.ndarray:
    """Positions (n + 1, 3): the ligand folded around the cation, which comes last.

    The lowest of `FOLDS` folds with different donors in MMFF94 energy. Raises Dropped("no site")
    where none brings two donors to the cation's distance.
    """
    folds = [found for found in (fold(mol, ion, rng) for _ in range(FOLDS)) if found is not None]
    if not folds:
        raise Dropped("no site")
    return min(folds, key=lambda found: found[0])[1]


def fold(mol, ion: str, rng: np.random.Generator):
    """(MMFF94 energy, positions (n + 1, 3)) of one fold around the cation, or None.

    MMFF94 has parameters for Ca only: every cation is Ca there, and restraints to two or three
    donors, drawn at random, give the ion's own distance.
    """
    try:
        ligand = embed(Chem.RemoveHs(mol), rng)
    except Dropped:
        return None
    donors = [match[0] for match in ligand.GetSubstructMatches(DONORS)]
    if len(donors) < 2:
        return None
    count = min(len(donors), int(rng.choice((2, 3), p=(0.4, 0.6))))
    chosen = [int(i) for i in rng.choice(donors, size=count, replace=False)]
    reach = IONS[ion][1]
    last = ligand.GetNumAtoms()
    positions = ligand.GetConformer().GetPositions()
    outward = positions[chosen].mean(axis=0) - positions.mean(axis=0) + rng.normal(size=3)
    start = positions[chosen].mean(axis=0) + reach * outward / np.linalg.norm(outward)
    complexed = Chem.CombineMols(ligand, Chem.MolFromSmiles("[Ca+2]"))
    Chem.SanitizeMol(complexed)
    conformer = Chem.Conformer(last + 1)
    for i, point in enumerate(np.vstack([positions, start])):
        conformer.SetAtomPosition(i, point.tolist())
    complexed.RemoveAllConformers()
    complexed.AddConformer(conformer)
    field = AllChem.MMFFGetMoleculeForceField(
        complexed, AllChem.MMFFGetMoleculeProperties(complexed), ignoreInterfragInteractions=False
    )
    for i in chosen:
        field.MMFFAddDistanceConstraint(i, last, False, reach - 0.1, reach + 0.1, 200.0)
    field.Minimize(maxIts=1000)
    kick(complexed, ION_KICK, rng)
    positions = complexed.GetConformer().GetPositions()
    distance = np.linalg.norm(positions[:-1] - positions[-1], axis=1)
    if np.sum(distance[donors] < reach + 0.3) < 2 or distance.min() < 1.8:
        return None
    return field.CalcEnergy(), positions


def check_bound(mol, positions, ion: str) -> None:
    """Raise Dropped("unbound cation") unless two O, N or S are within 0.6 angstrom of its reach."""
    numbers = numbers_of(mol)
    donors = positions[:-1][np.isin(numbers, (7, 8, 16))]
    distance = np.linalg.norm(donors - positions[-1], axis=1)
    if np.sum(distance < IONS[ion][1] + 0.6) < 2:
        raise Dropped("unbound cation")


def make(rng: np.random.Generator):
    """(RDKit molecule of the ligand, positions, charge, SMILES) of one candidate.

    Anions are dropped: their HOMO lies some 5 eV above that of the neutral molecule, bare or with a
    dication, and would add two modes to the two that AA has.
    """
    smiles, ion = choose(rng)
    ligand = Chem.MolFromSmiles(smiles)
    charge = Chem.GetFormalCharge(ligand)
    if charge < 0:
        raise Dropped("charge")
    mol = embed(ligand, rng)
    AllChem.MMFFOptimizeMolecule(mol, maxIters=500)
    smiles = Chem.MolToSmiles(Chem.RemoveHs(mol))
    if ion is None:
        kick(mol, BARE_KICK, rng)
        positions = mol.GetConformer().GetPositions()
        return mol, relax(numbers_of(mol), positions, charge, BARE_STEPS), charge, smiles
    positions = coordinate(mol, ion, rng)
    check_connectivity(mol, positions)
    numbers = np.append(numbers_of(mol), IONS[ion][0])
    if frontier(numbers, positions, charge + 2)[1] < HOPELESS_GAP:
        raise Dropped("gap before relaxation")
    positions = relax(numbers, positions, charge + 2, ION_STEPS, warm=WARM_STEPS)
    check_bound(mol, positions, ion)
    return mol, positions, charge + 2, f"{smiles}.[{ion}+2]"


def ion_number(smiles: str) -> int:
    """Atomic number of the cation that a SMILES of this pool ends with."""
    return IONS[smiles[-5:-3]][0]


def key(record: dict):
    """(SMILES, distances): conformers are the same when their sorted distances nearly are.

    Distances are sorted within each pair of elements, so that a conformer equals its image under
    permutation of like atoms and under reflection, as it does for the descriptor.
    """
    numbers = np.array(record["Z"])
    positions = np.array(record["R"]) * 1e-4
    i, j = np.triu_indices(len(numbers), 1)
    distance = np.linalg.norm(positions[i] - positions[j], axis=1)
    low, high = np.minimum(numbers[i], numbers[j]), np.maximum(numbers[i], numbers[j])
    return record["smiles"], distance[np.lexsort((distance, high, low))]
