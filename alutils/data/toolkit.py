"""RDKit, which the package can do without until somebody brings an .sdf or SMILES."""

from __future__ import annotations

from alutils.storage.extras import imports_of


def chem():
    """`rdkit.Chem`, quiet.

    Raises
    ------
    ImportError : RDKit is not installed.
    """
    with imports_of("smiles", "reading SMILES or .sdf"):
        from rdkit import Chem, RDLogger
    RDLogger.DisableLog("rdApp.*")
    return Chem


def why_not(mol):
    """What RDKit finds wrong with a molecule that it parsed without a check."""
    found = [problem.Message() for problem in chem().DetectChemistryProblems(mol)]
    return "; ".join(found)[:200]


def rdkit_version():
    """Its version, for what depends on it; ImportError as by `chem`."""
    chem()
    import rdkit

    return rdkit.__version__
