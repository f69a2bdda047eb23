"""Molecules of up to nine heavy atoms C, N, O, F by random growth of graphs (stands for QM9)."""

from __future__ import annotations

import numpy as np

from alutils.data.pools.chemistry import AllChem, Chem, Dropped, check_closed_shell, embed

STANDS_FOR = "QM9 (small organic molecules, C, H, N, O, F, up to nine heavy atoms)"
GEOMETRY = "ETKDGv3, then MMFF94 to its minimum"

SIZES, SIZE_SHARES = (5, 6, 7, 8, 9), (0.002, 0.008, 0.03, 0.12, 0.84)
ELEMENTS, ELEMENT_SHARES = (6, 7, 8, 9), (0.72, 0.125, 0.145, 0.01)
VALENCE = {6: 4, 7: 3, 8: 2, 9: 1}
SEEDS = (  # the graph grows from one of these
    *("C",) * 10,
    *("C1CC1", "C1CCC1", "C1CCCC1", "C1CCCCC1", "C1CO1", "C1COC1", "C1CCNC1", "C1CCOC1"),
    *("C1=CC=CC=C1", "N1C=CC=C1", "O1C=CC=C1", "C1=CN=CN1", "C1=NOC=C1", "C1=CC=NC=C1"),
    *("N1N=CC=C1", "O1C=CN=C1", "C=O", "C#N", "C#C", "NC=O", "C1=CCCC1"),
)
RING_SHARES = {3: 0.2, 4: 0.25, 5: 0.35, 6: 0.2}
FORBIDDEN = [
    Chem.MolFromSmarts(smarts)
    for smarts in (
        "[O;!a][O;!a]",  # peroxides
        "[O;!a][N;!a][O;!a]",
        "[N;!a][N;!a][N;!a]",
        "[N;!a]~[N;!a]~[O;!a]",
        "[#7]~[#7]~[#7]~[#7]",
        "F[!#6]",
        "[*;r3,r4,r5,r6,r7]#*",  # triple bonds and allenes in rings
        "[R]=[*;R]=*",
        "*=*=*=*",
        "[*;r3]=*",  # double bonds at three-membered rings
        "[*;R3;r3]",  # cages of three-membered rings
        "[*;r4]=[*;r4]-[*;r4]=[*;r4]",
        "[a;r3,r4]",
        "[OH][C;!$(C=O)][OH]",  # diols and the like at one carbon lose water
        "[NH2,NH1;!a][C;!$(C=O);!$(C=N)][OH]",
        "[OH,NH2][CX3]=[CX3]",  # enols and enamines
        "[CX3;!R]=[NX2;!R][OX2;!R][#7]",
    )
]


def free_valence(mol) -> list[int]:
    """Bonds that each heavy atom can still take."""
    used = [sum(bond.GetBondTypeAsDouble() for bond in a.GetBonds()) for a in mol.GetAtoms()]
    return [VALENCE[a.GetAtomicNum()] - int(u) for a, u in zip(mol.GetAtoms(), used, strict=True)]


def grow(rng: np.random.Generator):
    """One random molecular graph (RDKit, no hydrogens); Dropped("graph") if it has no chemistry."""
    size = rng.choice(SIZES, p=SIZE_SHARES)
    mol = Chem.RWMol(Chem.MolFromSmiles(SEEDS[rng.integers(len(SEEDS))]))
    Chem.Kekulize(mol, clearAromaticFlags=True)
    while mol.GetNumAtoms() < size:
        open_atoms = [i for i, free in enumerate(free_valence(mol)) if free > 0]
        new = mol.AddAtom(Chem.Atom(int(rng.choice(ELEMENTS, p=ELEMENT_SHARES))))
        mol.AddBond(int(rng.choice(open_atoms)), new, Chem.BondType.SINGLE)
        if not any(free_valence(mol)):
            break
    close_rings(mol, rng)
    raise_bonds(mol, rng)
    try:
        for atom in mol.GetAtoms():
            atom.SetNoImplicit(False)
            atom.SetNumExplicitHs(0)
        mol = mol.GetMol()
        Chem.SanitizeMol(mol)
    except Chem.MolSanitizeException as error:
        raise Dropped("graph") from error
    if mol.GetNumHeavyAtoms() < 5 or any(mol.HasSubstructMatch(bad) for bad in FORBIDDEN):
        raise Dropped("graph")
    bridgeheads: list[int] = []
    Chem.rdMolDescriptors.CalcNumBridgeheadAtoms(mol, bridgeheads)
    sp3 = Chem.HybridizationType.SP3
    if any(mol.GetAtomWithIdx(i).GetHybridization() != sp3 for i in bridgeheads):
        raise Dropped("graph")
    return mol


def close_rings(mol, rng: np.random.Generator) -> None:
    """Join up to three pairs of atoms to rings of three to six (weights `RING_SHARES`)."""
    for _ in range(rng.choice((0, 1, 2, 3), p=(0.3, 0.4, 0.25, 0.05))):
        free = free_valence(mol)
        steps = Chem.GetDistanceMatrix(mol, force=True)
        pairs = [
            (i, j, RING_SHARES[int(steps[i, j]) + 1])
            for i in range(len(free))
            for j in range(i)
            if free[i] > 0 and free[j] > 0 and int(steps[i, j]) + 1 in RING_SHARES
        ]
        if pairs:
            weights = np.array([pair[2] for pair in pairs])
            i, j, _ = pairs[rng.choice(len(pairs), p=weights / weights.sum())]
            mol.AddBond(i, j, Chem.BondType.SINGLE)


def raise_bonds(mol, rng: np.random.Generator) -> None:
    """Raise the order of up to three random bonds whose two atoms both have valence left."""
    higher = {
        Chem.BondType.SINGLE: Chem.BondType.DOUBLE,
        Chem.BondType.DOUBLE: Chem.BondType.TRIPLE,
    }
    for _ in range(rng.choice((0, 1, 2, 3), p=(0.25, 0.35, 0.25, 0.15))):
        free = free_valence(mol)
        bonds = [
            bond
            for bond in mol.GetBonds()
            if bond.GetBondType() in higher
            and free[bond.GetBeginAtomIdx()] > 0
            and free[bond.GetEndAtomIdx()] > 0
        ]
        if bonds:
            bond = bonds[rng.integers(len(bonds))]
            bond.SetBondType(higher[bond.GetBondType()])


def make(rng: np.random.Generator):
    """(RDKit molecule with hydrogens, positions, charge, SMILES with stereo) of one candidate."""
    graph = grow(rng)
    check_closed_shell(Chem.AddHs(graph))
    mol = embed(graph, rng)
    if not AllChem.MMFFHasAllMoleculeParams(mol):
        raise Dropped("MMFF94 parameters")
    if AllChem.MMFFOptimizeMolecule(mol, maxIters=2000) != 0:
        raise Dropped("MMFF94 minimum")
    Chem.AssignStereochemistryFrom3D(mol)
    return mol, mol.GetConformer().GetPositions(), 0, Chem.MolToSmiles(Chem.RemoveHs(mol))


def key(record: dict):
    """What makes two candidates the same: the constitution, whatever the stereochemistry."""
    return Chem.MolToSmiles(Chem.MolFromSmiles(record["smiles"]), isomericSmiles=False)
