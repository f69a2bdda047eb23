"""The live figure on "Where the strategies pick": it makes Python's picks, and all can use it.

The differences go to _build/browser/live-loop.csv.
"""

import csv
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from live_loop_reference import read, steps
from test_browser import HTML, MODES, REPORT, TOO_WIDE, opened, watched

from book.builder.fragments.live_loop import SCRIPT, STRATEGIES

PAGE = "book/experiments/00_method"
TOLERANCE = 1e-6
# Of what the optimiser ends with: it is rounded to 1e-4 in its logarithm, up or down at a tie.
PARAMETERS = 1.01e-4
SETTINGS = [(name, 0.05, 20, 0) for name in STRATEGIES]  # noise, batch, seed
SETTINGS += [("uncertain_cluster_centres", 1e-10, 40, 3), ("most_probable", 0.3, 10, 7)]
RUN = """([strategy, noise_var, batch_size, seed]) => {
  const { loop } = alutils_live, problem = loop.problem_of(ALUTILS_LIVE_LOOP);
  return [...loop.steps(problem, { strategy, noise_var, batch_size, seed })].map((row) =>
    ({ ...row, mu: [...row.mu], sigma: [...row.sigma] }));
}"""
SAID = re.compile(
    r"Strategy [A-Z] [a-z ]+, (\d+) labels: "
    r"error [\d.]+ eV( \(random choice [\d.]+( ± [\d.]+)?\))?, "
    r"\d+ % of the target found( \(random choice \d+( ± \d+)? %\))?\. "
    r"(It picks \d+ more, \d+ of them in the target|That was the budget)\."
)
LONG_MS = 120_000


@pytest.fixture(scope="module")
def data():
    return read((HTML / "_static" / SCRIPT.name).read_text("utf8"))


@pytest.fixture
def make_page(browser):
    """A function: the page in a mode with options of the browser's context, figure in sight."""
    contexts = []

    def make(mode="light-wide", **options):
        contexts.append(browser.new_context(**{**MODES[mode], **options}, offline=True))
        page, seen = opened(contexts[-1], PAGE)
        page.locator("#live-loop").scroll_into_view_if_needed()
        page.wait_for_selector("#live-loop [data-part=map] svg", timeout=LONG_MS)
        return page, seen

    yield make
    for context in contexts:
        context.close()


def part(page, name):
    return page.locator(f"#live-loop [data-part={name}]")


def spoken(page):
    """What a screen reader was told last, plain spaces in it."""
    return part(page, "spoken").text_content().replace("\u00a0", " ")


def wait_for_labels(page, n):
    there = "text => document.querySelector('[data-part=spoken]').textContent.includes(text)"
    page.wait_for_function(there, arg=f"{n}\u00a0labels", timeout=LONG_MS)


def test_picks_and_predictions_are_those_of_python(make_page, data):
    """Fits of its own give the same picks; at the page's parameters all numbers are the same."""
    page, _ = make_page()
    rows = []
    for setting in SETTINGS:
        ours = page.evaluate(RUN, list(setting))
        parameters = [(o["signal_var"], o["length_scale"], o["noise_var_used"]) for o in ours]
        fits = list(steps(data, *setting))
        alike = list(steps(data, *setting, parameters))
        off = {"strategy": setting[0], "noise_var": setting[1], "batch": setting[2]}
        off |= {"seed": setting[3], "parameters": 0.0, "mu_ev": 0.0, "sigma_ev": 0.0, "mae_ev": 0.0}
        for our, fit, at in zip(ours, fits, alike, strict=True):
            assert our["labelled"] == fit.labelled.tolist() == at.labelled.tolist(), setting
            assert our["batch"] == fit.batch.tolist() == at.batch.tolist(), setting
            assert our["found_share"] == pytest.approx(at.found_share, abs=1e-12)
            theirs = np.log([fit.model.signal_var_, fit.model.length_scale_])
            assert our["noise_var_used"] == fit.model.noise_var_used_
            for name, value in {
                "parameters": np.log([our["signal_var"], our["length_scale"]]) - theirs,
                "mu_ev": our["mu"] - at.mu,
                "sigma_ev": our["sigma"] - at.sigma,
                "mae_ev": our["mae_ev"] - at.mae_ev,
            }.items():
                off[name] = max(off[name], float(np.abs(value).max()))
        rows.append(off)
    REPORT.mkdir(parents=True, exist_ok=True)
    with (REPORT / "live-loop.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        assert max(row["mu_ev"], row["sigma_ev"], row["mae_ev"]) < TOLERANCE, row
        assert row["parameters"] < PARAMETERS, row


def test_the_keyboard_steps_runs_and_restarts(make_page):
    page, seen = make_page(reduced_motion="reduce")
    part(page, "step").focus()
    page.keyboard.press("Enter")
    wait_for_labels(page, 40)
    assert SAID.fullmatch(spoken(page))[1] == "40"
    label = part(page, "map").locator("svg").get_attribute("aria-label")
    assert "40 labelled" in label and "20 picked next by E property search" in label
    part(page, "slider").focus()
    page.keyboard.press("ArrowRight")
    wait_for_labels(page, 60)
    assert part(page, "slider").get_attribute("aria-valuetext") == "60 labels"
    part(page, "run").focus()
    page.keyboard.press("Space")  # without motion it is at its end at once
    wait_for_labels(page, 200)
    assert SAID.fullmatch(spoken(page)) and "That was the budget." in spoken(page)
    assert part(page, "run").text_content() == "Run"
    page.locator("#live-loop summary").press("Enter")
    assert part(page, "table").locator("tbody tr").count() == 10
    part(page, "restart").press("Enter")
    wait_for_labels(page, 20)
    part(page, "strategy").select_option("most_probable")
    page.wait_for_function(
        "document.querySelector('[data-part=spoken]').textContent.includes('L most probable')"
    )
    assert not seen["console"] and not seen["requests"]


def test_a_run_that_is_watched_pauses_and_ends(make_page):
    page, _ = make_page()
    part(page, "batch_size").select_option("40")
    part(page, "run").click()
    assert part(page, "run").text_content() == "Pause"
    page.wait_for_function("Number(document.querySelector('[data-part=slider]').value) >= 2")
    part(page, "run").click()
    held = part(page, "slider").input_value()
    page.wait_for_timeout(1500)
    assert part(page, "slider").input_value() == held
    part(page, "run").click()
    wait_for_labels(page, 200)
    assert part(page, "run").text_content() == "Run"


def test_means_of_all_seeds_stand_beside_one_run(make_page, data):
    page, _ = make_page()
    part(page, "batch_size").select_option("40")
    part(page, "many").check()
    page.wait_for_function(
        "document.querySelector('[data-part=verdict]').textContent", timeout=LONG_MS
    )
    said = part(page, "verdict").text_content().replace("\u00a0", " ")
    given = (data["first"]["noise_var"], 40)
    for name, place in (("property_search", 0), ("random", 1)):
        ends = [list(steps(data, name, *given, seed))[-1] for seed in range(data["n_seeds"])]
        errors, found = np.array([(end.mae_ev, 100 * end.found_share) for end in ends]).T
        stated = [
            re.findall(r"(\d+\.\d+) ± (\d+\.\d+) eV", said)[place],
            re.findall(r"(\d+) ± (\d+) %", said)[place],
        ]
        for (mean, std), values, digit in zip(stated, (errors, found), (0.0051, 0.51), strict=True):
            assert float(mean) == pytest.approx(values.mean(), abs=digit)
            assert float(std) == pytest.approx(values.std(ddof=1), abs=digit)
    assert "more hits than random choice" in said
    assert part(page, "curves").locator(".live-loop-band").count() == 4


@pytest.mark.parametrize("mode", MODES)
def test_nothing_stands_in_the_way(make_page, mode):
    page, seen = make_page(mode)
    part(page, "step").click()
    wait_for_labels(page, 40)
    page.locator("#live-loop summary").click()
    found = Axe().run(page, "#live-loop", options={"preload": False}).response["violations"]
    assert not [(v["id"], v["impact"], v["nodes"][0]["html"][:200]) for v in found]
    assert page.evaluate(TOO_WIDE) <= 1
    top = page.locator("#live-loop").bounding_box()["y"]
    below = part(page, "map").bounding_box()
    if "narrow" in mode:
        assert below["y"] + below["height"] - top < 844 - 60, "controls and map fit one screen"
    page.locator("#live-loop").screenshot(path=_folder() / f"live-loop-{mode}.png")
    assert not seen["console"] and not seen["requests"]


def _folder():
    REPORT.mkdir(parents=True, exist_ok=True)
    return REPORT


def test_without_scripts_a_sentence_says_where_to_look(browser):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page, _ = watched(context)
    page.goto((HTML / f"{PAGE}.html").as_uri())
    assert "needs JavaScript" in page.locator("#try-it").text_content()
    assert not page.locator("#live-loop").text_content()
    context.close()
