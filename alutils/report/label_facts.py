"""What the page on label and descriptor quotes: `report.label_descriptor` in numbers and text.

Verdicts here are those of the pages that these runs had before, by the same rules, and for the
prose alone: the table of claims has the paper's own data.
"""

from __future__ import annotations

import numpy as np

from alutils.acquisition.strategies import LETTERS
from alutils.acquisition.target import above
from alutils.analysis.statistics import interval
from alutils.loop import PAPERS_TARGET, RunConfig
from alutils.report import claims, comparison, noise, page, tables, targeted_search
from alutils.report.label_descriptor import (
    BROAD,
    GAIN,
    NARROW,
    PAPER,
    SETTINGS,
    change_text,
    four_strategies,
    gain_by_seed,
    percent_text,
    welch,
)

A, D, E = (LETTERS[letter] for letter in "ADE")
SHORT = {NARROW: "narrow", BROAD: "broad", PAPER: "paper"}  # in the names of facts


def facts(runs, changed, found, p):
    """What the prose quotes: name -> number or text, errors in eV.

    Parameters
    ----------
    runs : of `with_settings`, those of the grid included
    changed, found : what `changes` and `gains` return;  p : parameters of the notebook
    """
    compared = runs[~runs["seed"].isin(p.validation_seeds)]
    sizes = {"shared": int(changed["n_train"].max()), "end": int(compared["n_train"].max())}
    known = {f"n_{name}": n for name, n in sizes.items()} | agreement(found, changed)
    for level, noise_var in (("low", p.noise_low), ("high", p.noise_high)):
        known[f"noise_{level}"] = noise_var
        each = tables.select(found, noise_var=noise_var)
        known[f"gains_{level}"] = f"{(each['high'] < 0).sum()} of {len(each)}"
        known[f"losses_{level}"] = f"{(each['low'] > 0).sum()} of {len(each)}"
        at_noise = tables.select(changed, noise_var=noise_var, n_train=sizes["shared"])
        for row in at_noise.itertuples():
            quantity = "gain" if row.quantity == GAIN else row.quantity
            known[f"{row.change}_{quantity}_{level}"] = change_text(row)
        for name, short in SHORT.items():
            where = tables.select(compared, setting=name, noise_var=noise_var)
            a = tables.select(where, strategy=A)
            r2 = tables.by_seed(a, sizes["shared"], "r2").mean()
            known[f"r2_{short}_{level}"] = tables.text(r2, 2)
            for when, n_train in sizes.items():
                gain = interval(gain_by_seed(where, n_train))
                known[f"gain_{short}_{level}_{when}"] = percent_text(gain)
            known[f"bound_{short}_{level}"] = tables.bound_text(where)
    return known | _of_noise(runs, p) | _of_four(compared, p) | _of_search(compared, p)


def agreement(found, changed):
    """How often the mean gain has one sign in all settings, and a change of error one direction."""
    shared = found[found["n_train"].isin(changed["n_train"])]
    signs = shared.groupby(["noise_var", "n_train"])["mean"].agg(
        lambda gain: abs(np.sign(gain).sum())
    )
    alike = signs == len(SETTINGS)
    known = {"same_sign": f"{alike.sum()} of {len(alike)}"}
    known["other_sign"] = "; ".join(
        f"noise {v:g} eV², {n} molecules" for v, n in alike.index[~alike]
    )
    known["other_sign"] = known["other_sign"] or "nowhere"
    errors = changed[changed["quantity"] != GAIN]
    for change, rows in errors.groupby("change"):
        up, down = (rows["low"] > 0).sum(), (rows["high"] < 0).sum()
        known[f"{change}_up"], known[f"{change}_down"] = (f"{k} of {len(rows)}" for k in (up, down))
    return known


def _of_noise(runs, p):
    """`noise.facts` of the two B3LYP settings, each name with its setting in front."""
    known = {}
    for name, between in ((NARROW, p.noises_between or []), (BROAD, [])):
        noises = [p.noise_low, *between, p.noise_high]
        of_setting = tables.select(runs, setting=name)
        study = noise.study(
            of_setting[of_setting["strategy"].isin([A, D])], noises, p.validation_seeds
        )
        evidence = noise.evidence(study)
        of_page = noise.facts(study, evidence, noise.rows(study, evidence))
        known |= {f"{SHORT[name]}_{key}": fact for key, fact in of_page.items()}
    return known


def _of_four(runs, p):
    """Verdicts and reasons of C2 and C3, by the rules of the page of four strategies."""
    four = four_strategies(runs, p)
    rows = comparison.rows(four, comparison.evidence(four))
    return {"ranking": comparison.facts(four, rows)["ranking"]} | page.verdict_facts(rows[1:])


def _of_search(runs, p):
    """What E saves, as a share of the most possible, and the rate of C11 under B3LYP."""
    known, of_bound = {}, {}
    for name, target in ((NARROW, PAPERS_TARGET), (PAPER, above(p.threshold_paper))):
        of_search = tables.select(runs, setting=name, noise_var=p.noise_high)
        of_search = of_search[of_search["strategy"].isin([A, E])]
        dataset = SETTINGS[name]["dataset"]
        share = tables.share_in_range(RunConfig(dataset, E, target=target))
        saved = tables.search_savings(of_search, share)
        of_page = targeted_search.facts(of_search, saved)
        last = tables.select(saved, n_train=of_page["n_end"])
        of_bound[name] = 100 * last["savings"] / last["bound"]
        known |= {f"{SHORT[name]}_{key}": of_page[key] for key in ("saved", "of_bound")}
        if name == NARROW:
            evidence = targeted_search.evidence(of_search, saved, dataset)
            row = claims.row("C11", evidence, "")
            known |= page.verdict_facts([row])
            rates = tables.curve(tables.select(of_search, strategy=E), "tpr_heldout")["mean"]
            known["tpr_heldout"] = " → ".join(rates.map("{:.3f}".format))
    difference = welch(*of_bound.values())
    known["of_bound_change"] = "{difference:+.1f} ({low:+.1f} to {high:+.1f})".format_map(
        difference
    )
    return known
