"""What the live advice takes from Python: the laws, the looks, the example, RDKit, its scripts."""

import base64
import gzip
import hashlib
import json
import re

import numpy as np
import pandas as pd
import pytest

from alutils.analysis import advice, combined
from alutils.data.datasets import load
from alutils.descriptors import morgan
from book.builder import sphinx_ext
from book.builder.fragments import live_advice
from book.builder.pages import ROOT

STATIC = ROOT / "book/_static"
LIVE = STATIC / "live"


@pytest.fixture(scope="module")
def data():
    made = live_advice.advice_data()
    assert json.loads(json.dumps(made, allow_nan=False)) == json.loads(json.dumps(made))
    return made


def test_the_laws_predict_what_python_predicts(data):
    """By hand, as the page does, for one search of each class of hits, shape and strategy."""
    known = advice.experience()
    known["kind"] = combined.hits_class(known["hits"])
    rows = known.dropna().groupby(["strategy", "shape", "kind"]).head(1)
    assert len(rows) >= 10
    expected = advice.predicted(rows, known)
    for index, row in rows.iterrows():
        law = data["law"]["strategies"][row["strategy"]]["saving_gain"]
        logit = np.log(row["share_seen"] / (1 - row["share_seen"]))
        elsewhere = np.polyval(law["coefficients"][row["shape"]][::-1], logit)
        weight = row["hits"] / (row["hits"] + law["h0"])
        gain = weight * (row["replayed_saving_gain"] + law["shift"]) + (1 - weight) * elsewhere
        low = law["ends"][row["kind"]][0]
        bound = row["saved_bound"]
        assert gain * bound == pytest.approx(expected.loc[index, "saved"], abs=1e-12)
        assert (gain + low) * bound == pytest.approx(expected.loc[index, "low"], abs=1e-12)


def test_an_interval_has_two_ends_in_order(data):
    for laws in data["law"]["strategies"].values():
        for law in laws.values():
            assert set(law["ends"]) == set(combined.HITS)
            assert all(low < 0 < high for low, high in law["ends"].values())


def test_the_example_is_a_probe_of_its_pool(data):
    example, pool = data["example"], load(data["example"]["pool"])
    assert len(example["smiles"]) == live_advice.EXAMPLE_SIZE == len(example["homo"])
    k = list(pool.smiles).index(example["smiles"][3])
    assert example["homo"][3] == pytest.approx(pool.y[k], abs=1e-4)
    assert example["bits"][3] == np.flatnonzero(morgan(pool)[k]).tolist()


def test_rdkit_is_the_one_that_is_stated():
    folder = ROOT / live_advice.RDKIT
    script, packed = (folder / f"RDKit_minimal.{end}" for end in ("js", "wasm.gz"))
    stated = (folder / "README.md").read_text("utf8")
    for content in (script.read_bytes(), gzip.decompress(packed.read_bytes())):
        assert hashlib.sha256(content).hexdigest() in stated
    assert packed.stat().st_size < 5e6 and "BSD" in (folder / "LICENSE.txt").read_text("utf8")
    locked = re.search(r"^rdkit==(\S+)", (ROOT / "requirements.lock").read_text("utf8"), re.M)
    assert f"`@rdkit/rdkit` {locked[1]} " in stated  # another version may set other bits
    text = live_advice.rdkit_script(folder)
    held = json.loads(text.removeprefix("alutils_live.rdkit = ").removesuffix(";\n"))
    assert base64.b64decode(held["wasm"]) == packed.read_bytes()
    assert held["source"] == script.read_text("utf8")


def test_scripts_are_there_in_an_order_that_works_and_no_other_page_has_them():
    files = sphinx_ext.LIVE['id="live-advice"']
    for file in files:
        made = file in (live_advice.SCRIPT.name,)
        assert made or (STATIC / file).is_file(), file
    assert files[0] == "live/modules.js" and files[-2] == "live/advice_view.js"

    class App:
        def __init__(self):
            self.added = []

        def add_js_file(self, file, **options):
            self.added.append((file, options))

        def add_css_file(self, file):
            self.added.append((file, None))

    app = App()
    sphinx_ext.live_scripts(app, "book/index", "", {"body": "<p>Nothing</p>"}, None)
    assert not app.added
    sphinx_ext.live_scripts(app, "a", "", {"body": '<div id="live-advice"></div>'}, None)
    assert [file for file, _ in app.added] == list(files)
    assert all(options in (None, {"loading_method": "defer"}) for _, options in app.added)


def test_no_script_asks_the_network_or_is_long():
    for path in LIVE.glob("*.js"):
        text = path.read_text("utf8")
        assert len(text.splitlines()) < 400, path.name
        assert not re.search(r"https?://(?!www\.w3\.org)|fetch\(|XMLHttpRequest|\bimport\b", text)
        assert '"use strict";' in text and text.startswith("/**")


def test_constants_of_the_page_are_those_of_python():
    from alutils.model import gp, noise, optimise

    text = "\n".join(path.read_text("utf8") for path in sorted(LIVE.glob("*.js")))
    for name, value in {
        "LML_TOLERANCE": optimise.LML_TOLERANCE,
        "HESSIAN_STEP": optimise.HESSIAN_STEP,
        "LONGEST_STEP": optimise.LONGEST_STEP,
        "SCAN_STEP": optimise.SCAN_STEP,
        "MOST_PEAKS": optimise.MOST_PEAKS,
        "MOST_STEPS": optimise.MOST_STEPS,
        "AT_BOUND": optimise.AT_BOUND,
        "MOST_FOR_MEDIAN": gp.MOST_FOR_MEDIAN,
        "LEAST_NOISE": gp.LEAST_NOISE,
        "TIE": noise.TIE,
    }.items():
        found = {float(v) for v in re.findall(rf"\b{name} = ([\d.e-]+)", text)}
        assert value in found, f"{name}: {found}"
    defaults = gp.GaussianProcess()
    for name in ("n_restarts", "bound_factor", "restart_subset", "likelihood_subset"):
        assert float(re.search(rf"\b{name}: ([\d.]+)", text)[1]) == getattr(defaults, name)


def test_what_is_written_is_one_assignment(tmp_path):
    folder = tmp_path / live_advice.RDKIT
    folder.mkdir(parents=True)
    (folder / "RDKit_minimal.js").write_text("var x;", "utf8")
    (folder / "RDKit_minimal.wasm.gz").write_bytes(b"abc")
    (tmp_path / live_advice.SCRIPT).parent.mkdir(parents=True)
    live_advice.write_scripts(tmp_path)
    text = (tmp_path / live_advice.SCRIPT).read_text("utf8")
    held = json.loads(text.removeprefix(live_advice.PREFIX).removesuffix(live_advice.SUFFIX))
    assert pd.Series(held["law"]["strategies"]).index.tolist() == [
        "property_search",
        "most_probable",
    ]
