"""The advice in the page: it is Python's to one part in a million, and refuses what Python refuses.

Files are made here, given to the page as a reader gives them, and to notebook 07's functions; the
differences go to _build/browser/advice/, and tests/browser/report.py prints them as a table.
"""

import json
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from test_browser import HTML, MODES, REPORT, TOO_WIDE, watched

from alutils.analysis import advice
from alutils.data.datasets import load
from alutils.report import own_probe

PAGE = HTML / "book/experiments/07_should_i_use_al.html"
COLUMNS = ["enrichment", "saved", "low", "high", "possible"]
TOLERANCE = 1e-6
DONE = "() => document.querySelector('[data-part=busy]').hidden"
LONGEST_MS = 600_000
KCAL = 23.060548  # kcal/mol in an eV


@pytest.fixture(scope="module")
def page(browser):
    context = browser.new_context(**MODES["light-wide"], offline=True, accept_downloads=True)
    page, seen = watched(context)
    page.goto(PAGE.as_uri(), wait_until="load")
    page.locator("#live-advice").scroll_into_view_if_needed()
    page.wait_for_selector("#live-advice svg", timeout=LONGEST_MS)
    yield page
    assert not seen["console"] and not seen["requests"]
    context.close()


def pool_table(name, n, seed=0, factor=1.0, shift=0.0, decimals=4):
    """A table of molecules of an embedded pool, labels in another unit."""
    pool = load(name)
    drawn = np.random.default_rng(seed).permutation(len(pool))[:n]
    labels = np.round(factor * pool.y[drawn] + shift, decimals)
    return pd.DataFrame({"smiles": [pool.smiles[k] for k in drawn], "gap": labels})


def columns_table(n, d=5, seed=0, noise=0.1):
    """A table of descriptors in different units, and a label that follows from two of them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * 10.0 ** np.arange(d) + 100
    y = np.sin(X[:, 0] - 100) + (X[:, 1] - 100) / 10 + noise * rng.standard_normal(n)
    return pd.DataFrame(X, columns=[f"d{k}" for k in range(d)]).assign(gap=y)


def shuffled(table):
    """Labels without meaning."""
    return table.assign(gap=np.random.default_rng(3).permutation(table["gap"].to_numpy()))


def german(table):
    """As a spreadsheet there writes it: a mark, semicolons, decimal commas."""
    return "\ufeff" + table.to_csv(index=False, sep=";", decimal=",")


def twice(table):
    return pd.concat([table, table.head(20)])


# name -> table or text, what is sought, molecules in the pool, labels in all
CASES = {
    "ten molecules": (pool_table("organics", 10), {"target_share": 0.3}, 500, 40),
    "a hundred, a threshold": (pool_table("organics", 100), {"threshold": -10.5}, 6000, 300),
    "the lowest, by share": (
        pool_table("aminoacids", 150, 1),
        {"target_share": 0.2, "direction": "below"},
        6000,
        1000,
    ),
    "kcal/mol and an offset": (
        pool_table("optoelectronics", 120, 2, KCAL, 1000, 2),
        {"target_share": 0.1},
        5000,
        360,
    ),
    "ties": (pool_table("organics", 150, 3, decimals=0), {"threshold": -11}, 6000, 450),
    "a window": (pool_table("organics", 200, 4), {"threshold": [-11.0, -10.5]}, 6000, 600),
    "molecules twice": (twice(pool_table("organics", 100, 5)), {"target_share": 0.2}, 2000, 361),
    "nonsense": (shuffled(pool_table("optoelectronics", 150, 6)), {"target_share": 0.3}, 6000, 450),
    "commas and semicolons": (german(columns_table(90)), {"target_share": 0.15}, 900, 270),
    "columns of descriptors": (columns_table(250, 8, 1), {"target_share": 0.1}, 8000, 750),
    "columns, below": (
        columns_table(120, 3, 2, noise=1.0),
        {"threshold": -1.0, "direction": "below"},
        1200,
        1200,
    ),
    "two hits": (pool_table("aminoacids", 60, 7), {"target_share": 0.03}, 3000, 200),
    "three hundred": (pool_table("optoelectronics", 300, 8), {"target_share": 0.05}, 6000, 900),
    "a thousand molecules": (columns_table(1000, 4, 3), {"target_share": 0.1}, 10000, 3000),
}


def parameters(path, sought, n_init, n_pool, n_max):
    """As of the notebook's `check_parameters`."""
    given = {"dataset": str(path), "property_key": "gap", "unit": "", "skip_bad": False}
    given |= {"descriptor": None, "n_init": n_init, "n_pool": n_pool, "n_max": n_max, "seed": 0}
    given |= {"target_share": None, "threshold": None, "direction": "above"} | sought
    return SimpleNamespace(**given)


def fill(page, sought, n_pool, n_max):
    """Say in the form what is sought."""
    edges = np.atleast_1d(sought.get("threshold", [])).tolist()
    below = sought.get("direction") == "below"
    kind = "window" if len(edges) == 2 else "below" if below else "above"
    if "target_share" in sought:
        kind = "lowest" if below else "highest"
    page.select_option("[data-part=kind]", kind)
    if "target_share" in sought:
        page.fill("[data-part=share]", f"{100 * sought['target_share']:g}")
    for name, edge in zip(("high",) if kind == "below" else ("low", "high"), edges, strict=False):
        page.fill(f"[data-part={name}]", str(edge))
    page.fill("[data-part=n_pool]", str(n_pool))
    page.fill("[data-part=n_max]", str(n_max))
    page.wait_for_timeout(500)  # the page waits for the end of the typing


def give(page, path):
    """Drop a file; seconds until the page is done with it."""
    started = time.monotonic()
    page.set_input_files("#live-file", path)
    page.wait_for_timeout(100)
    page.wait_for_function(DONE, timeout=LONGEST_MS)
    return time.monotonic() - started


def written(path, table):
    text = table if isinstance(table, str) else table.to_csv(index=False)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def noted(row):
    """A row of the table of differences, in a file of its own: tests run side by side."""
    folder = REPORT / "advice"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{row['labels']:05d} {row['case'].replace('/', ' per ')}.json"
    path.write_text(json.dumps(row), "utf8")


@pytest.mark.parametrize("name", CASES)
def test_page_equals_python(page, tmp_path, name):
    table, sought, n_pool, n_max = CASES[name]
    path = written(tmp_path / "mine.csv", table)
    seconds = give(page, path)
    page.select_option("[data-part=property]", "gap")
    page.wait_for_timeout(100)
    page.wait_for_function(DONE, timeout=LONGEST_MS)
    fill(page, sought, n_pool, n_max)
    assert page.text_content("[data-part=error]") == ""
    with page.expect_download() as download:
        page.click("[data-part=download]")
    shown = pd.read_csv(download.value.path()).set_index("strategy")
    n = int(shown["n_init"].iloc[0])
    _, probed = own_probe.probe_of(parameters(path, sought, n, n_pool, n_max))
    expected, answer = advice.advise(probed, advice.experience())
    apart = (shown[COLUMNS] - expected[COLUMNS]).abs().max()
    first = shown.iloc[0]
    apart["share"] = abs(first["share"] - answer["share"])
    row = {"case": name, "labels": n, "seconds": round(seconds, 1), **apart.to_dict()}
    row["noise"] = abs(first["noise_var"] - answer["noise_var"])
    noted(row)
    assert list(shown.index) == list(expected.index)
    assert (apart < TOLERANCE).all(), apart
    assert first["noise_var"] == answer["noise_var"] and first["hits"] == answer["hits"]
    assert first["advised"] == answer["strategy"]
    assert answer["caution"] in page.text_content("[data-part=why]")


HEAD = "smiles,gap\n"
GOOD = "".join(f"{'C' * (k + 1)}O,{k}.5\n" for k in range(12))
REFUSED = {
    "no label": HEAD + "CCO,\n" + GOOD,
    "several without": HEAD + "CCO,\nCCN,nan\nCCF,n/a\n" + GOOD,
    "text in the label": HEAD + "CCO,high\n" + GOOD,
    "infinite": HEAD + "CCO,inf\n" + GOOD,
    "no SMILES column": "structure,gap\nCCO,1\n",
    "two of SMILES": "smiles_a,smiles_b,gap\nC,C,1\n",
    "empty": "",
    "a header alone": HEAD,
    "the same identifier": "id," + HEAD + "a,CCO,1\na,CCN,2\n",
    "a name behind the SMILES": HEAD + "CCO ethanol,1\n" + GOOD,
    "no SMILES at all": HEAD + "C(,1\n" + GOOD,
    "a wildcard": HEAD + "C*,1\n" + GOOD,
    "a cell too many": HEAD + "CCO,1,5\n" + GOOD,
    "a column twice": "smiles,gap,gap\nC,1,2\n",
    "an open quote": HEAD + '"CCO,1\n',
    "a zero byte": HEAD + "CCO,1\0\n",
    "no number in a column": "a,b,gap\n1,2,3\n2,x,4\n,5,6\n",
    "nothing varies": "a,gap\n1,2\n1,3\n1,5\n1,6\n1,7\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_python_refuses_is_refused_in_its_words(page, tmp_path, name):
    path = written(tmp_path / "mine.csv", REFUSED[name])
    with pytest.raises(ValueError) as refused:
        load(path, "gap", unit="")
    give(page, path)
    said = page.text_content("[data-part=error]")
    assert said == str(refused.value)
    assert page.is_hidden("[data-part=result]")


@pytest.mark.parametrize(
    ("sought", "n_max"),
    [
        ({"threshold": 100.0}, 30),
        ({"threshold": 10.6}, 30),
        ({"threshold": -5.0}, 30),
        ({"target_share": 0.5}, 12),
        ({"target_share": 0.5}, 4000),
        ({"target_share": 0.01}, 30),
    ],
)
def test_targets_and_budgets_that_python_refuses(page, tmp_path, sought, n_max):
    path = written(tmp_path / "mine.csv", HEAD + GOOD)
    give(page, path)
    fill(page, sought, 100, n_max)
    with pytest.raises(ValueError) as refused:
        _, probed = own_probe.probe_of(parameters(path, sought, 12, 100, n_max))
        advice.advise(probed, advice.experience())
    assert page.text_content("[data-part=error]") == str(refused.value)
    fill(page, {"target_share": 0.5}, 100, 30)  # and back: the model is still there
    assert page.is_visible("[data-part=result]")


@pytest.mark.parametrize(("name", "content"), [("mine.xlsx", b"PK\3\4"), ("mine.png", b"\x89PNG")])
def test_what_is_no_table_is_refused(page, tmp_path, name, content):
    give(page, written(tmp_path / name, content.decode("latin1")))
    kind = name[4:]
    assert f"{name}: unknown kind of file '{kind}'" in page.text_content("[data-part=error]")


def test_too_many_labels_are_refused_with_the_command(page, tmp_path):
    n = page.evaluate("() => alutils_live.advice_limits.MOST_LABELS") + 1
    give(page, written(tmp_path / "mine.csv", columns_table(n, 2)))
    assert f"mine.csv: {n} labels are more than" in page.text_content("[data-part=error]")
    assert f"-p n_init {n}" in page.text_content("[data-part=command]")


def test_bad_molecules_can_be_left_out(page, tmp_path):
    give(page, written(tmp_path / "mine.csv", HEAD + "C(,1\n" + GOOD))
    assert "skip_bad (--skip-bad) leaves it out" in page.text_content("[data-part=error]")
    page.check("[data-part=skip_bad]")
    page.wait_for_selector("[data-part=result]", timeout=LONGEST_MS)
    assert "1 of 13 molecules were left out." in page.text_content("[data-part=seen]")
    assert "-p skip_bad True" in page.text_content("[data-part=command]")


def test_work_can_be_cancelled_and_begun_again(page, tmp_path):
    page.set_input_files("#live-file", written(tmp_path / "mine.csv", columns_table(800)))
    page.wait_for_selector("[data-part=cancel]", timeout=LONGEST_MS)
    page.click("[data-part=cancel]")
    assert "Cancelled" in page.text_content("[data-part=error]")
    page.click("[data-part=example]")
    page.wait_for_selector("[data-part=result]", timeout=LONGEST_MS)
    assert "an example" in page.text_content("[data-part=name]")


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_in_the_way(browser, mode):
    """Nothing serious and nothing moderate; labels, a live region, and no scrolling sideways."""
    context = browser.new_context(**MODES[mode], offline=True)
    page, seen = watched(context)
    page.goto(PAGE.as_uri(), wait_until="load")
    page.locator("#live-advice").scroll_into_view_if_needed()
    page.wait_for_selector("#live-advice svg", timeout=LONGEST_MS)
    options = {"preload": False}
    found = Axe().run(page, context="#live-advice", options=options).response["violations"]
    wrong = [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in found if v["impact"] != "minor"]
    page.locator("#live-advice").screenshot(path=REPORT / f"advice-{mode}.png")
    assert not wrong and not seen["console"] and not seen["requests"]
    assert page.evaluate(TOO_WIDE) <= 1
    assert page.get_attribute("[data-part=said]", "role") == "status"
    assert page.text_content("[data-part=said]") == page.text_content("[data-part=headline]")
    page.focus("#live-file")
    reached = set()
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.dataset.part"))
    assert {"property", "kind", "share", "n_pool", "n_max", "download"} <= reached
    context.close()


def test_a_file_can_be_dropped(page):
    """Anywhere on the form; a drop beside it would leave the page."""
    page.evaluate(
        """text => { const data = new DataTransfer();
          data.items.add(new File([text], 'dropped.csv', {type: 'text/csv'}));
          document.querySelector('[data-part=picture]').dispatchEvent(
            new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})); }""",
        HEAD + GOOD,
    )
    page.wait_for_function(DONE, timeout=LONGEST_MS)
    assert "dropped.csv" in page.text_content("[data-part=name]")
    assert page.text_content("[data-part=seen]").startswith("12 labels, gap from 0.5 to 11.5.")


def test_only_this_page_loads_it():
    others = [p for p in (HTML / "book").rglob("*.html") if "live-advice" in p.read_text("utf8")]
    assert PAGE in others
    assert "rdkit.js" not in PAGE.read_text("utf8")  # only where SMILES are read
    for path in (HTML / "book/explorer.html", HTML / "book/index.html"):
        assert "live/gp.js" not in path.read_text("utf8")
