"""No number with a unit is typed in prose, but those of other works and those the code knows."""

import inspect
import re

import nbformat
import numpy as np
import pytest
import yaml

from alutils import loop, metrics
from alutils.acquisition import diversity, strategies
from alutils.analysis import (
    calibration,
    label_distributions,
    overlap,
    plans,
    ranking,
    regression,
    shift,
    statistics,
)
from alutils.data import datasets
from alutils.data.pools import build
from alutils.report import pool_figures, uncertainty
from book.builder.pages import ROOT

UNITS = "%|per cent|eV|meV|Å|angstrom|GiB|GB|MB|kB|s|seconds?|min|minutes?|h|hours?|days?|nat"
NUMBER = r"[+−±-]?\d*[.\d][\d \u00a0\u2009,.]*"
TYPED = re.compile(rf"(?<![\w.$^{{-]){NUMBER}[ \u00a0]?(?:{UNITS})(?![\w])")
FIGURE = re.compile(r"^```\{(?:glue:)?figure\}(.*?)^```$", re.M | re.S)
CODE = re.compile(r"^```.*?^```$|\{[\w:]+\}`[^`]*`|`[^`\n]*`", re.M | re.S)
QUOTED = yaml.safe_load((ROOT / "book/quoted.yml").read_text("utf8"))
ENTRIES = [(kind, entry) for kind, listed in QUOTED.items() for entry in listed]


def prose():
    """Page -> its text, code and roles (glued numbers among them) cut out."""
    texts = {path.stem: path.read_text("utf8") for path in ROOT.glob("book/*.md")}
    for path in ROOT.glob("notebooks/*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        texts[path.stem] = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    unwrapped = {name: FIGURE.sub(r"\1", text) for name, text in texts.items()}
    return {name: one_line(CODE.sub(" ", text)) for name, text in unwrapped.items()}


def one_line(text):
    return " ".join(text.split())


PROSE = prose()


@pytest.mark.parametrize("name", PROSE)
def test_no_number_with_a_unit_is_typed(name):
    text = PROSE[name]
    for _, entry in ENTRIES:
        if name in entry["in"]:
            text = text.replace(one_line(entry["text"]), "")
    found = [text[max(0, m.start() - 50) : m.end() + 20] for m in TYPED.finditer(text)]
    assert not found, "glue these, or list them in book/quoted.yml: " + "; ".join(found)


def test_a_typed_number_is_found():
    for typed in ("gains 12 % here", "an MAE of .17 eV", "takes 3.5 hours", "16 000 kB", "±3 %."):
        assert TYPED.search(typed), typed
    for fine in ("Fig. 5b", "three seeds", "$10^{-10}$", "16 000 molecules", "1 step", "C3 is"):
        assert not TYPED.search(fine), fine
    assert not TYPED.search(CODE.sub(" ", "saves {glue:text}`saved:.1%` and `12 %`"))


@pytest.mark.parametrize(("kind", "entry"), ENTRIES, ids=lambda v: v if isinstance(v, str) else "")
def test_every_quoted_number_is_in_its_pages_and_has_a_source(kind, entry):
    for name in entry["in"]:
        assert one_line(entry["text"]) in PROSE[name], name
    assert entry["in"] and entry.get("equals" if kind == "ours" else "source")


@pytest.mark.parametrize("entry", QUOTED["ours"], ids=lambda entry: one_line(entry["text"])[:40])
def test_our_own_typed_numbers_are_those_of_the_code(entry):
    def summary(name):
        return label_distributions.load_or_summarise(name)[0]

    def variance(name):
        labels = summary(name)
        return np.cov(labels.edges[1:] - label_distributions.BIN / 2, fweights=labels.counts)

    bars = inspect.signature(pool_figures.label_distributions).parameters["bin_width"]
    modules = (diversity, label_distributions, loop, overlap, plans, ranking, shift, statistics)
    modules += (strategies, calibration, uncertainty, regression)
    known = {module.__name__.split(".")[-1]: module for module in (*modules, build, pool_figures)}
    known |= vars(loop.RunConfig("organics", "random"))
    known |= {
        "variance": variance,
        "mean": lambda name: datasets.load(name).y.mean(),
        "bin_width": bars.default,
        "bound": lambda n_init, n_a: metrics.savings_bound(0.3, n_init, n_a),
    }
    computed = np.atleast_1d(eval(str(entry["equals"]), {}, known))
    typed = re.findall(r"[−-]?\d*\.?\d+(?:[ \u00a0]\d{3})*", one_line(entry["text"]))
    assert len(typed) == len(computed)
    for text, value in zip(typed, computed, strict=True):
        text = re.sub(r"[ \u00a0]", "", text).replace("−", "-")
        digits = len(text.partition(".")[2])
        assert float(text) == pytest.approx(value, abs=0.5001 * 10**-digits)
