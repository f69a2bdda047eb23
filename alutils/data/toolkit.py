"""RDKit, which the package can do without until somebody brings an .sdf or SMILES."""

from __future__ import annotations


def chem():
    """`rdkit.Chem`, quiet.

    Raises
    ------
    ValueError : RDKit is not installed.
    """
    try:
        from rdkit import Chem, RDLogger
    except ImportError:
        raise ValueError(
            "reading SMILES or .sdf needs the package 'rdkit', which is not installed: "
            "install the extra with `pip install 'alutils[smiles]'`"
        ) from None
    RDLogger.DisableLog("rdApp.*")
    return Chem


def why_not(mol):
    """What RDKit finds wrong with a molecule that it parsed without a check."""
    found = [problem.Message() for problem in chem().DetectChemistryProblems(mol)]
    return "; ".join(found)[:200]


def rdkit_version():
    """Its version, for what depends on it; ValueError as by `chem`."""
    chem()
    import rdkit

    return rdkit.__version__
