"""The registered data sets: what each is, where it comes from, the checksum of its file.

An entry is a mapping with title, label, stands_for, licence, citation and url, with
level_of_theory and own_descriptor (of `alutils.descriptors.DESCRIPTORS`) where they are known, and

kind : embedded (in the package), local (a file in `ALUTILS_DATA`), labels (a local file of labels,
    for the molecules of another set), heaviest (the molecules behind another set's labels) or
    zenodo (downloaded)
file, sha256 : of a file that is read; those of embedded pools are in pools/checksums.json
of : labels: the set that has the molecules; heaviest: the set that has the labels
among : heaviest: the set whose heaviest molecules these are
factor : of a local file of components, what X is multiplied by
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
}
