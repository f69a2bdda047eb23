"""What the advice in the page takes from the searches that are known, and its example, as a script.

The page computes the rest itself (`book/_static/live/`). Everything here follows from
`alutils/analysis/experience.csv` and an embedded pool, and is never typed.
"""

import base64
import json
from pathlib import Path

import numpy as np

from alutils.analysis import advice, combined
from alutils.analysis.regression import CONFIDENCE
from alutils.data.datasets import load
from alutils.descriptors import morgan
from alutils.model.noise import NOISES
from alutils.storage.files import write_text
from book.builder.fragments.explorer import strategy_look

PREFIX, SUFFIX = "window.ALUTILS_ADVICE = ", ";\n"
SCRIPT = Path("book", "experiments", "static", "advice_data.js")
RDKIT, RDKIT_SCRIPT = Path("book", "vendor", "rdkit"), SCRIPT.with_name("rdkit.js")
EXAMPLE, EXAMPLE_SIZE = "optoelectronics", 200  # the pool, and molecules drawn as its probe
OUTCOMES = ("saving_gain", "log_enrichment")


def advice_data():
    """All that the page needs, as a dict of plain values."""
    known = advice.experience()
    rows = advice.with_logs(known)
    return {
        "law": {
            "confidence": CONFIDENCE,
            "least": advice.LEAST,
            "blind": advice.BLIND,
            "enough": combined.ENOUGH,
            "hits": combined.HITS,
            "noises": list(NOISES),
            "strategies": {
                name: {outcome: law_of(alike, outcome) for outcome in OUTCOMES}
                for name, alike in rows.groupby("strategy", sort=False)
            },
            "n_pools": int(known["dataset"].nunique()),
            "n_searches": len(known),
        },
        "looks": [strategy_look(name) for name in ("random", *known["strategy"].unique())],
        "example": example(),
    }


def law_of(rows, outcome):
    """The fitted law of one outcome of one strategy, and its interval for each class of hits.

    rows : of one strategy, as of `alutils.analysis.advice.with_logs`
    """
    rows = rows.reset_index(drop=True)
    law, missed = combined.fit(rows, outcome), combined.errors(rows, outcome)
    ends = combined.by_hits(rows, missed, list(combined.HITS.values()))
    return {
        "coefficients": {shape: list(map(float, c)) for shape, c in law.coefficients.items()},
        "h0": float(law.h0),
        "shift": float(law.shift),
        "ends": {
            name: list(map(float, pair)) for name, pair in zip(combined.HITS, ends, strict=True)
        },
    }


def example():
    """A probe of an embedded pool, with its fingerprints, so that it needs no RDKit in the page."""
    pool = load(EXAMPLE)
    drawn = np.random.default_rng(0).permutation(len(pool))[:EXAMPLE_SIZE]
    bits = morgan(pool)[drawn]
    return {
        "name": f"{EXAMPLE}.csv",
        "pool": EXAMPLE,
        "n_pool": len(pool),
        "smiles": [pool.smiles[k] for k in drawn],
        "homo": [round(float(pool.y[k]), 4) for k in drawn],
        "bits": [np.flatnonzero(row).tolist() for row in bits],
        "n_bits": int(bits.shape[1]),
    }


def rdkit_script(folder):
    """RDKit as a script that the page loads when it needs it: source, and WebAssembly in base64.

    A page that is opened from a folder may fetch nothing, and a worker must be given its source.

    folder : holds RDKit_minimal.js and RDKit_minimal.wasm.gz
    """
    source = (folder / "RDKit_minimal.js").read_text("utf8")
    wasm = base64.b64encode((folder / "RDKit_minimal.wasm.gz").read_bytes()).decode()
    return f"alutils_live.rdkit = {json.dumps({'source': source, 'wasm': wasm})};\n"


def write_scripts(root):
    """Write what the live advice needs to where Sphinx copies it to the static files."""
    text = json.dumps(advice_data(), separators=(",", ":"), allow_nan=False)
    write_text(root / SCRIPT, PREFIX + text + SUFFIX)
    write_text(root / RDKIT_SCRIPT, rdkit_script(root / RDKIT))
