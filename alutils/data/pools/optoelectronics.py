"""Large conjugated molecules assembled at random from building blocks (stands for OE).

A block is a SMILES with attachment points `*`. A core is drawn, then arms (linkers and an end
group) grow on its points until a drawn number of heavy atoms is reached; points left over become
hydrogen on carbon and methyl on other elements. Two blocks join only where at least one of the two
atoms is a carbon.
"""

from __future__ import annotations

import numpy as np

from alutils.data.pools.chemistry import (
    AllChem,
    Chem,
    Dropped,
    check_closed_shell,
    check_connectivity,
    embed,
    numbers_of,
    relax,
)

STANDS_FOR = "OE (64 710 large molecules for opto-electronics, 16 elements)"
STEPS = 15
GEOMETRY = (
    "ETKDGv3, then MMFF94; where MMFF94 has no parameters (B, Li, As, Se, Te): UFF, whose "
    f"unknown terms are left out, then at most {STEPS} BFGS steps with GFN2-xTB"
)
SMALLEST, LARGEST = 20, 110  # atoms, hydrogens included
EXOTIC_SHARE = 0.28  # of the molecules draw from the blocks that MMFF94 has no parameters for

CORES = (
    "*c1ccc(*)cc1 *c1cccc(*)c1 *c1cc(*)cc(*)c1 *c1ccc(-c2ccc(*)cc2)cc1 *c1ccc2cc(*)ccc2c1 "
    "*c1ccc(*)c2ccccc12 *c1c2ccccc2c(*)c2ccccc12 *c1cc2ccc3cc(*)cc4ccc(c1)c2c34 "
    "*c1ccc2cc3cc(*)ccc3cc2c1 *c1ccc2c(c1)C(C)(C)c1cc(*)ccc1-2 *c1ccc2ccc3cc(*)ccc3c2c1 "
    "*c1ccc2c3ccc(*)cc3c3ccccc3c2c1 *c1ccc2cc3cc4cc(*)ccc4cc3cc2c1 "
    "*c1ccc2c3cccc4c(*)ccc(c5cccc1c25)c34 *c1ccc(*)s1 *c1cc2sc(*)cc2s1 *c1ccc(-c2ccc(*)s2)s1 "
    "*c1ccc2c(c1)sc1c3ccc(*)cc3sc21 *c1ccc2c(c1)sc1cc(*)ccc12 *c1cc2sc3cc(*)sc3c2s1 "
    "*c1cc2cc3sc(*)cc3cc2s1 *c1ccc(*)o1 *c1cc2ccc(*)cc2o1 *c1ccc2c(c1)oc1cc(*)ccc12 "
    "*c1ccc2c(c1)c1cc(*)ccc1n2* *n1c2ccccc2c2cc(*)ccc21 *c1ccc2[nH]c3ccc(*)cc3c2c1 "
    "*c1ccc(*)nc1 *c1cnc(*)nc1 *c1cnc(*)cn1 *c1nc(*)nc(*)n1 *c1ccc(-c2ccc(*)cn2)nc1 "
    "*c1ccc(*)c2nsnc12 *c1ccc(*)c2nccnc12 *c1nnc(*)o1 *c1nnc(*)s1 *c1cnc(*)s1 *c1nc2cc(*)ccc2s1 "
    "*N1c2ccccc2Sc2cc(*)ccc21 *N1c2ccccc2Oc2cc(*)ccc21 *c1ccc2nc3cc(*)ccc3nc2c1 "
    "*c1c2ccccc2nc2cc(*)ccc12 *N1C(=O)c2ccc3c4c(ccc(c24)C1=O)C(=O)N(*)C3=O "
    "*c1ccc2c(c1)C(=O)N(*)C2=O *c1ccc2c(c1)C(=O)c1cc(*)ccc1C2=O *c1ccc2c(c1)C(=O)c1cc(*)ccc1-2 "
    "*C1=C2C(=O)NC(*)=C2C(=O)N1 *c1cc2c(*)c3sccc3c(*)c2s1 *N(*)* *N(*)c1ccc(*)cc1 *C=C* *C=CC=C* "
    "*c1cccc2c(*)cccc12 *c1ccc2c3ccc(*)c4cccc(c5cccc1c25)c34 *c1sc(*)c2OCCOc12 *c1cc(OC)c(*)cc1OC "
    "*c1cc(F)c(*)cc1F *c1c(F)c(F)c(*)c(F)c1F *c1cc(Cl)c(*)cc1Cl *c1cc(Br)c(*)cc1Br "
    "*c1ccc2c(c1)[Si](C)(C)c1cc(*)ccc1-2 *c1cc2c(s1)-c1sc(*)cc1[Si]2(C)C *[Si](*)(*)* "
    "*[Si](C)(C)* *P(*)* *P(*)c1ccc(*)cc1 *P(*)(*)=O *c1ccc2c(c1)P(=O)(c1ccccc1)c1cc(*)ccc1-2 "
    "*c1ccc2c(c1)S(=O)(=O)c1cc(*)ccc1-2 *C1=CC(=C2C=C(*)OC(*)=C2)C=C(*)O1 *c1cc(*)c(*)cc1* "
    "*c1nc(*)c(*)[nH]1 *c1cc(*)nn1* *c1csc(*)c1 *C1=CSC(=C2SC=C(*)S2)S1"
).split()
LINKERS = (
    "*c1ccc(*)cc1 *c1ccc(*)cc1 *c1cccc(*)c1 *c1ccc(*)s1 *c1ccc(*)s1 *c1ccc(*)o1 *C=C* *C#C* *C#C* "
    "*N=N* *C=N* *N=C* *C(=O)* *O* *S* *N(C)* *S(=O)(=O)* *[Si](C)(C)* *C(=O)O* *C(=O)N* *NC(=O)* "
    "*c1ccc(*)nc1 *c1cc2sc(*)cc2s1 *N(*)c1ccccc1 *C#CC#C* *CC* *C(C)(C)* *C(=C(*)*)*"
).split()
ENDS = (
    "*F *F *Cl *Cl *Br *Br *I *C *C *OC *C#N *C#N *[N+](=O)[O-] *N *N(C)C *O *C=O *C(=O)C "
    "*C(=O)OC *C(F)(F)F *SC *C(C)(C)C *[Si](C)(C)C *C=C(C#N)C#N *C#C *CC *OCC *CCCC "
    "*c1ccccc1 *c1ccccc1 *c1ccccc1 *c1ccc(C)cc1 *c1ccc(F)cc1 *c1ccc(Cl)cc1 *c1ccc(Br)cc1 "
    "*c1ccc(I)cc1 *c1ccc(OC)cc1 *c1ccc(C#N)cc1 *c1ccc(C(F)(F)F)cc1 *c1c(F)c(F)c(F)c(F)c1F "
    "*c1ccc(I)s1 *c1cccs1 *c1cccs1 *c1ccsc1 *c1ccco1 *c1ccccn1 *c1ccncc1 *n1cccc1 "
    "*c1ccc2ccccc2c1 *c1cccc2ccccc12 *c1cc2ccccc2s1 *c1cc2ccccc2o1 *c1nc2ccccc2s1 *c1nc2ccccc2o1 "
    "*n1c2ccccc2c2ccccc21 *N(c1ccccc1)c1ccccc1 *P(c1ccccc1)c1ccccc1 *P(=O)(c1ccccc1)c1ccccc1 "
    "*Sc1ccccc1 *Oc1ccccc1 *c1c2ccccc2cc2ccccc12 *c1ccc2ccc3cccc4ccc1c2c34 *C=Cc1ccccc1 "
    "*C#Cc1ccccc1 *C#C[Si](C)(C)C *[Si](c1ccccc1)(c1ccccc1)c1ccccc1 *N1c2ccccc2Sc2ccccc21 "
    "*N1c2ccccc2Oc2ccccc21 *c1ccc(N(C)C)cc1 *c1ccc([N+](=O)[O-])cc1 *P(C)C *OC(F)(F)F *S(C)(=O)=O"
).split()
EXOTIC_CORES = (
    "*c1ccc(*)[se]1 *c1ccc(*)[se]1 *c1ccc(-c2ccc(*)[se]2)[se]1 *c1ccc(*)c2n[se]nc12 "
    "*c1ccc2c(c1)[se]c1cc(*)ccc12 *c1cc2[se]c(*)cc2[se]1 *c1ccc2c(c1)[se]c1c3ccc(*)cc3[se]c21 "
    "*[Se]* *c1ccc(*)[te]1 *c1ccc(*)[te]1 *c1ccc2c(c1)[te]c1cc(*)ccc12 *[Te]* *[As](*)* *[As](*)* "
    "*[As](*)c1ccc(*)cc1 *c1ccc2c(c1)[As](C)c1cc(*)ccc1-2 *B(*)* *B(*)* *B(*)c1ccc(*)cc1 "
    "*C1=C2C=CC=[N+]2[B-](F)(F)n2cccc21 *C1=C2C=C(*)C=[N+]2[B-](F)(F)n2cccc21 "
    "*C1=C2C(C)=CC(C)=[N+]2[B-](F)(F)n2c(C)cc(C)c21 *C1=[O+][B-](F)(F)OC(*)=C1 "
    "*c1ccc2c(c1)B(c1ccccc1)c1cc(*)ccc1-2 *c1ccc2[se]c(*)cc2c1 "
    "*B1OB(*)OB(*)O1 *c1nc(*)c(*)[se]1 *C1=C[Se]C(=C2[Se]C=C(*)[Se]2)[Se]1"
).split()
EXOTIC_ENDS = (
    "*B(O)O *B1OC(C)(C)C(C)(C)O1 *B1Oc2ccccc2O1 *B(c1ccccc1)c1ccccc1 *B(c1c(C)cccc1C)C *[Se]C "
    "*[Se]c1ccccc1 *c1ccc[se]1 *c1ccc[se]1 *c1cc2ccccc2[se]1 *c1ccc[te]1 *[Te]C *[Te]c1ccccc1 "
    "*c1cc2ccccc2[te]1 *[As](C)C *[As](c1ccccc1)c1ccccc1 *O[Li] *C(=O)O[Li] *[Li] *S[Li] "
    "*c1ccc2cccc(O[Li])c2n1 *c1cc(O[Li])c2ncccc2c1 *c1ccc(C(=O)O[Li])cc1 *c1ccc(O[Li])cc1"
).split()

FORBIDDEN = [
    Chem.MolFromSmarts(smarts)
    for smarts in (
        "C#CC#CC#C",
        "[F,Cl,Br,I][C;!a;!$(C(F)(F)F)]",  # halogens sit on rings
        "[F,Cl,Br,I,$(C#N)][!#6;!$([B-])]",
        "N#C[CX3]=[O,N]",
        "[O,N]C#C",
        "[OH,NH2][C;!a;!$(C=O)]",  # enols, enamines, hemiaminals
        "O=CC(=O)C=O",
    )
]


def block(rng: np.random.Generator, blocks, most: int | None = None):
    """A random block of at most `most` heavy atoms as an RDKit molecule."""
    fitting = blocks if most is None else [b for b in blocks if HEAVY[b] <= most]
    return Chem.MolFromSmiles(str(rng.choice(fitting))) if fitting else None


def heavy(mol) -> int:
    """Heavy atoms, attachment points not counted."""
    return sum(atom.GetAtomicNum() > 1 for atom in mol.GetAtoms())


HEAVY = {b: heavy(Chem.MolFromSmiles(b)) for b in (*LINKERS, *ENDS, *EXOTIC_ENDS)}


def points(mol) -> list[int]:
    """Indices of the attachment points."""
    return [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]


def join(mol, point: int, arm):
    """`mol` with the first point of `arm` joined to its `point`, or None if no atom is a carbon.

    The points of `mol` come first in the result, in order, then those left of `arm`.
    """
    offset = mol.GetNumAtoms()
    both = Chem.RWMol(Chem.CombineMols(mol, arm))
    dummies = point, points(arm)[0] + offset
    anchors = [both.GetAtomWithIdx(i).GetNeighbors()[0].GetIdx() for i in dummies]
    if all(both.GetAtomWithIdx(i).GetAtomicNum() != 6 for i in anchors):
        return None
    both.AddBond(*anchors, Chem.BondType.SINGLE)
    for i in sorted(dummies, reverse=True):
        both.RemoveAtom(i)
    return both.GetMol()


def grow_arm(rng: np.random.Generator, budget: int, ends):
    """An arm with one attachment point and about `budget` heavy atoms; None for no arm."""
    if budget < 1 or (budget < 4 and rng.random() < 0.5):
        return None
    spare = max(3, min(HEAVY[end] for end in ends))
    linker = block(rng, LINKERS, budget - spare) if rng.random() < 0.65 else None
    if linker is None:
        if budget > 9 and rng.random() < 0.7:
            ends = [end for end in ends if HEAVY[end] > 5]
        return block(rng, ends, budget)
    left = budget - heavy(linker)
    return fill(rng, linker, left, ends, keep=1)


def fill(rng: np.random.Generator, mol, budget: int, ends, keep: int = 0):
    """Grow arms on all but the first `keep` points, all alike in two cases of five."""
    open_points = len(points(mol)) - keep
    share = budget // max(open_points, 1)
    same = grow_arm(rng, share, ends) if rng.random() < 0.4 else False
    for _ in range(open_points):
        point = points(mol)[keep]
        arm = grow_arm(rng, share, ends) if same is False else same
        joined = join(mol, point, arm) if arm is not None else None
        if joined is None:
            joined = Chem.RWMol(mol)
            carbon = joined.GetAtomWithIdx(point).GetNeighbors()[0].GetAtomicNum() == 6
            joined.GetAtomWithIdx(point).SetAtomicNum(1 if carbon else 6)
            joined = joined.GetMol()
        mol = joined
    return mol


def assemble(rng: np.random.Generator):
    """One random molecule (RDKit, no hydrogens); Dropped("graph") where assembly fails."""
    exotic = rng.random() < EXOTIC_SHARE
    core_exotic = exotic and rng.random() < 0.7
    ends = ENDS + EXOTIC_ENDS * 2 if exotic and not core_exotic else ENDS
    core = block(rng, EXOTIC_CORES if core_exotic else CORES)
    target = int(np.clip(rng.lognormal(np.log(27), 0.36), 12, 60))
    target = max(target, heavy(core) + 8)
    if heavy(core) < 4:  # a lone atom or a double bond: only conjugated groups around it
        ends = [end for end in ends if HEAVY[end] > 4]
        target = max(target, heavy(core) + 7 * len(points(core)))
    mol = fill(rng, core, target - heavy(core), ends)
    try:
        mol = Chem.RemoveHs(mol)
        Chem.SanitizeMol(mol)
    except (Chem.MolSanitizeException, ValueError) as error:
        raise Dropped("graph") from error
    if any(mol.HasSubstructMatch(bad) for bad in FORBIDDEN):
        raise Dropped("graph")
    return mol


def make(rng: np.random.Generator):
    """(RDKit molecule with hydrogens, positions, charge 0, SMILES with stereo) of one candidate."""
    graph = assemble(rng)
    with_hydrogens = Chem.AddHs(graph)
    if not SMALLEST <= with_hydrogens.GetNumAtoms() <= LARGEST:
        raise Dropped("size")
    check_closed_shell(with_hydrogens)
    mol = embed(graph, rng)
    if AllChem.MMFFHasAllMoleculeParams(mol):
        AllChem.MMFFOptimizeMolecule(mol, maxIters=1000)
        positions = mol.GetConformer().GetPositions()
    else:
        AllChem.UFFOptimizeMolecule(mol, maxIters=500)
        positions = mol.GetConformer().GetPositions()
        positions = relax(numbers_of(mol), positions, 0, STEPS, fmax=0.1)
    check_connectivity(mol, positions)
    Chem.AssignStereochemistryFrom3D(mol)
    return mol, positions, 0, Chem.MolToSmiles(Chem.RemoveHs(mol))


def key(record: dict):
    """What makes two candidates the same: the constitution, whatever the stereochemistry."""
    return Chem.MolToSmiles(Chem.MolFromSmiles(record["smiles"]), isomericSmiles=False)
