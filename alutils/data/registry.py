"""The registered data sets: what each is, where it comes from, the checksum of its file.

An entry is a mapping with title, label, stands_for, licence, citation and url, with
level_of_theory and own_descriptor (of `alutils.descriptors.DESCRIPTORS`) where they are known, and

kind : embedded (in the package), local (a file in `ALUTILS_DATA`), labels (a local file of labels,
    for the molecules of another set), table (a local table of SMILES and a property), heaviest (the
    molecules behind another set's labels) or zenodo (downloaded)
file, sha256 : of a file that is read; those of embedded pools are in pools/checksums.json
of : labels: the set that has the molecules; heaviest: the set that has the labels
among : heaviest: the set whose heaviest molecules these are
factor : of a local file of components, what X is multiplied by
property_key, unit : of a table, the column of labels and their unit
"""

from __future__ import annotations

# Whitened components lie a few units apart, molecules of the raw MBTR hundreds. With this factor
# the best length scales lie on both sides of the paper's start of 700, as those of raw MBTRs do.
COMPONENT_FACTOR = 100.0


def _embedded(name, title, stands_for):
    return {
        "kind": "embedded",
        "file": f"{name}.npz",
        "title": title,
        "label": "HOMO (GFN2-xTB)",
        "stands_for": stands_for,
        "licence": "CC0-1.0",
        "citation": "made by alutils/data/pools/build.py with RDKit and GFN2-xTB: C. Bannwarth, "
        "S. Ehlert, S. Grimme, J. Chem. Theory Comput. 15, 1652 (2019)",
        "url": "https://doi.org/10.1021/acs.jctc.8b01176",
    }


def _zenodo(title, record, stands_for, content="descriptor and labels, no geometry", **more):
    return {
        "kind": "zenodo",
        "title": title,
        "label": "HOMO (PBE+vdW)",
        "level_of_theory": "PBE+vdW",
        "stands_for": f"{stands_for} itself: the paper's {content}",
        "licence": "CC BY 4.0",
        "citation": f"A. Stuke et al., J. Chem. Phys. 150, 204121 (2019); Zenodo record {record}",
        "url": f"https://doi.org/10.5281/zenodo.{record}",
        **more,
    }


def _molecules(title, record, stands_for, own_descriptor="mbtr"):
    content = "geometries and labels"
    return _zenodo(title, record, stands_for, content, own_descriptor=own_descriptor)


def _heaviest(stands_for, file, sha256, record):
    return {
        **_zenodo(f"{stands_for}, its 10 000 heaviest molecules", record, stands_for),
        "kind": "local",
        "file": file,
        "sha256": sha256,
        "factor": COMPONENT_FACTOR,
        "stands_for": f"{stands_for}, its heaviest molecules: the paper's labels, its descriptor "
        "as 30 whitened principal components, no geometry",
    }


def _table(file, sha256, title, column, unit, source, licence, url):
    return {
        "kind": "table",
        "file": f"smiles/{file}",
        "sha256": sha256,
        "title": title,
        "label": column,
        "property_key": column,
        "unit": unit,
        "stands_for": "no data set of the paper's",
        "licence": licence,
        "citation": source,
        "url": url,
        "own_descriptor": "fingerprint",
    }


REGISTRY = {
    "organics": _embedded("organics", "Molecules of up to nine heavy atoms C, N, O, F", "QM9"),
    "aminoacids": _embedded("aminoacids", "Amino acids and dipeptides, some with dications", "AA"),
    "optoelectronics": _embedded("optoelectronics", "Large conjugated molecules", "OE"),
    "qm9_b3lyp": {
        "kind": "local",  # downloaded where ALUTILS_DATA lacks it
        "file": "qm9_b3lyp.npz",
        "sha256": "a13d374f762643953c703d9c4f3dd0b32556fb1c889823b8ea8c73756691f71b",
        "title": "QM9, all 133 885 molecules",
        "label": "HOMO (B3LYP)",
        "level_of_theory": "geometry and HOMO B3LYP/6-31G(2df,p)",
        "stands_for": "QM9 (the paper's labels are PBE+vdW, its selection 133 814 molecules)",
        "licence": "CC0",
        "citation": "R. Ramakrishnan et al., Sci. Data 1, 140022 (2014)",
        "url": "https://doi.org/10.1038/sdata.2014.22",
    },
    "qm9_pbe": {
        "kind": "labels",  # of the molecules of another set
        "of": "qm9_b3lyp",
        "file": "qm9_pbe_homo.npz",
        "sha256": "1be95096ec5fcd0fe416efa321d45f99b927109190dfa1372b5d4233631982c2",
        "title": "QM9 with the paper's labels, 133 768 molecules",
        "label": "HOMO (PBE+vdW)",
        "level_of_theory": "geometry B3LYP/6-31G(2df,p), HOMO PBE+vdW",
        "own_descriptor": "mbtr_broad",  # the paper's: its file is named mbtr_0.1
        "stands_for": "QM9 itself: the paper's labels, on geometries at another level of theory",
        "licence": "CC BY 4.0",
        "citation": "A. Stuke et al., J. Chem. Phys. 150, 204121 (2019); Zenodo record 4035918",
        "url": "https://doi.org/10.5281/zenodo.4035918",
    },
    "oe62_gw5000": {
        "kind": "local",
        "file": "oe62_gw5000_subset.npz",
        "sha256": "bcf3bbd6a5e388b5f4e933ce5d3683c71673ae60fa636a29afcd6783ad7de85d",
        "title": "OE62 (GW5000), the 2 389 molecules of C, H, N, O, F",
        "label": "HOMO (G0W0@PBE0)",
        "level_of_theory": "geometry PBE+vdW, HOMO G0W0@PBE0 in vacuum",
        "stands_for": "OE (a small part of it, and at another level of theory)",
        "licence": "CC BY 4.0 by the article",
        "citation": "A. Stuke et al., Sci. Data 7, 58 (2020)",
        "url": "https://doi.org/10.1038/s41597-020-0385-y",
    },
    "aa_labels": {
        "kind": "local",
        "file": "aa_homo.txt",
        "sha256": "02f338e9ab1cef750b3acd6d471b6a40de03a96e68fdc4c23b286b3ec8a5c875",
        "title": "AA, the paper's own 44 004 labels",
        "label": "HOMO (PBE+vdW)",
        "level_of_theory": "PBE+vdW",
        "stands_for": "AA itself, labels only: no geometry, no descriptor",
        "licence": "CC BY 4.0",
        "citation": "K. Ghosh et al., data set AA, Zenodo record 3967308",
        "url": "https://doi.org/10.5281/zenodo.3967308",
    },
    "aa": _zenodo("AA, the paper's 44 004 amino acids and dipeptides", 3967308, "AA"),
    "oe": _zenodo("OE, the paper's 64 710 opto-electronic molecules", 4035923, "OE"),
    "qm9": _zenodo("QM9, the paper's 133 814 small molecules", 4035918, "QM9"),
    "aa_molecules": _molecules("AA, the molecules of its descriptor", 5872941, "AA"),
    "oe_molecules": _molecules("OE, the molecules of its descriptor", 4035923, "OE"),
    "qm9_molecules": _molecules(
        "QM9, the molecules of its descriptor", 4035918, "QM9", own_descriptor="mbtr_broad"
    ),
    "aa_heaviest": _heaviest(
        "AA",
        "aa_mbtr_pca30_10k.npz",
        "05f079234411e7ee3dee6c83154d267b3d0c132801e4524765ade8697fe0011a",
        3967308,
    ),
    "oe_heaviest": _heaviest(
        "OE",
        "oe_mbtr_pca30_10k.npz",
        "2f5cbe8bb0c429e4e00ea1703e45f6e1ec6bc32de618114cd08d207ccd99950f",
        4035923,
    ),
    "qm9_heaviest": _heaviest(
        "QM9",
        "qm9_mbtr_pca30_10k.npz",
        "3c89a5476e1d49f8c3e334273ef64f83fd3c49b7972eea14c553e391bb13dbc9",
        4035918,
    ),
    "qm9_heaviest_molecules": {
        **_zenodo("QM9, the molecules of qm9_heaviest", 4035918, "QM9"),
        "kind": "heaviest",
        "of": "qm9_heaviest",
        "among": "qm9_pbe",
        "own_descriptor": "mbtr_broad",
        "level_of_theory": "geometry B3LYP/6-31G(2df,p), HOMO PBE+vdW",
        "stands_for": "QM9, its heaviest molecules: the paper's labels, on geometries at another "
        "level of theory",
    },
    "redox": _table(
        "redox_bznsn.csv",
        "54f0b3f1b90064acaf512794a8ae77368d88bab0cdb2bef9c5c606a898b304c7",
        "1 407 benzothiadiazoles, reduction potential",
        *("Ered_V", "V", "MolecularMaterials/COBOL 7762b37", "MIT"),
        "https://github.com/MolecularMaterials/COBOL",
    ),
    "cep": _table(
        "cep_2500.csv",
        "511e58477e81d0e0d23da09698925c1fd5294f0ddd22fc6bfc6038a1140cc457",
        "2 500 molecules of the Clean Energy Project, power conversion efficiency",
        *("PCE_percent", "%", "HIPS/neural-fingerprint d26dae3", "MIT"),
        "https://github.com/HIPS/neural-fingerprint",
    ),
    "qm8": _table(
        "qm8_3000.csv",
        "8818e05c312cd4b311d8d3b9f345c09123d4da961fc4bedcaae50480aac72d68",
        "2 979 molecules of QM8, first excitation by CC2",
        *("E1_CC2_hartree", "hartree"),
        *("R. Ramakrishnan et al., J. Chem. Phys. 143, 084111 (2015)", "MIT"),
        "https://doi.org/10.1063/1.4928757",
    ),
    "aqsol": _table(
        "aqsoldb_2500.csv",
        "6441139616b2bda51fe90de411e7644067e884d211dd0514ba6b0a2b216bb327",
        "2 461 molecules of AqSolDB, logarithm of the solubility",
        *("logS_mol_per_L", "", "mcsorkun/AqSolDB 8e02b54", "CC0"),
        "https://github.com/mcsorkun/AqSolDB",
    ),
    "lipo": _table(
        "lipophilicity_2500.csv",
        "8dd156d7e722ad64ed606cd49cfd972357a1bdeb361e13c54f901a381006dcb2",
        "2 483 drug-like molecules, logarithm of the distribution coefficient",
        *("logD", "", "HICAI-ZJU/KANO 766b478", "MIT"),
        "https://github.com/HICAI-ZJU/KANO",
    ),
    "enamine": _table(
        "Enamine10k_scores.csv.gz",
        "8c6b43d80a7cbc4f4beea4dbfee1355b3c040950a39cd58324b3a1162771619e",
        "10 449 molecules of Enamine, docking score",
        *("score", "kcal/mol"),
        "D. E. Graff, E. I. Shakhnovich, C. W. Coley, Chem. Sci. 12, 7866 (2021)",
        "MIT",
        "https://doi.org/10.1039/D0SC06805E",
    ),
    "zinc": _table(
        "zinc_20k.csv",
        "c57b87b2d1524f71e9e4fa577a3361612848af2f30d0e993f62436097ac56904",
        "20 000 drug-like molecules of ZINC, computed logP",
        *("logP", "", "csjtx1021/DGBO 8b0f28b, from ZINC", "MIT"),
        "https://github.com/csjtx1021/DGBO",
    ),
}
