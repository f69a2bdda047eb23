"""The page on compounds: tables, figures and numbers say what their frames do."""

import numpy as np
import pandas as pd
import pytest
from made_up import SEEDS, SIZES, A, D, E, runs, scattered

from alutils.analysis import compounds, statistics
from alutils.data.datasets import load
from alutils.report import compounds as report
from alutils.report import style
from alutils.report.homo_distributions import PAPER, THRESHOLD

POOL = "aminoacids"
GREEDY, DRAWN = "most_probable", compounds.BY_CHARGE


def searches():
    """Made-up found shares, no two of them alike."""
    rng = np.random.default_rng(6)
    slopes = {A: 0.3, E: 0.8, GREEDY: 0.85, DRAWN: 0.75}
    rows = [
        (name, seed, n, slope * n / 1000 + 0.01 * rng.random(), n / (n + 300) + 0.1 * rng.random())
        for name, slope in slopes.items()
        for seed in SEEDS
        for n in SIZES
    ]
    columns = ["strategy", "seed", "n_train", "found_share", "compound_share"]
    return pd.DataFrame(rows, columns=columns)


FOUND = searches()


def kinds():
    """Made-up runs of A and D for the three kinds of test set, each harder than the one before."""
    harder = {"molecules": 1.0, "compounds": 1.5, "ligands": 2.0}
    made = {what: scattered(runs((A, D))) for what in harder}
    for what, factor in harder.items():
        made[what]["mae_ev"] *= factor
    return made


KINDS = kinds()


def test_the_table_of_the_pool_counts_conformers_and_compounds():
    table, pool = report.pool_table(POOL), load(POOL)
    assert list(table.index) == ["0", "+1", "+2", "all"]
    assert table["conformers"]["all"] == len(pool) == table["conformers"][:3].sum()
    for charge, row in zip((0, 1, 2), table.index, strict=False):
        of = pool.charges == charge
        assert table["compounds"][row] == len(set(np.array(pool.smiles)[of]))
        assert table["mean HOMO (eV)"][row] == f"{pool.y[of].mean():.2f}"
    assert table["in range"]["all"] == "30.0%"
    weights = table["conformers"][:3] * table["in range"][:3].str.rstrip("%").astype(float)
    assert weights.sum() / len(pool) == pytest.approx(30, abs=0.1)


def test_facts_of_the_pool_are_those_of_its_table():
    facts, table = report.pool_facts(POOL), report.pool_table(POOL)
    assert facts["n_molecules"] == 6000 and facts["n_compounds"] == table["compounds"]["all"]
    assert facts["charge"] == 0 and facts["n_of_charge"] == table["conformers"]["0"]
    assert facts["charge_in_range"] == table["in range"]["0"]
    assert facts["n_compounds_in_range"] == table["compounds"]["0"]
    assert facts["within_std"] == table["std within compounds (eV)"]["all"] + " eV"


def test_the_table_of_searches_has_interval_and_mean():
    table = report.search_table(FOUND)
    assert list(table.columns) == [
        f"{what}, {n} labels" for n in SIZES[-2:] for what in ("molecules", "compounds")
    ]
    assert list(table.index) == [
        *(style.STRATEGY_LABELS[name] for name in (A, E, GREEDY)),
        "at random, by charge",
    ]
    rows = FOUND[(FOUND["strategy"] == E) & (FOUND["n_train"] == 400)]
    mean, low, high, _ = statistics.interval(rows["compound_share"])
    cell = table["compounds, 400 labels"][style.STRATEGY_LABELS[E]]
    assert cell == f"{100 * mean:.1f} % ({100 * low:.0f} to {100 * high:.0f})"


def test_facts_of_the_searches():
    facts, end = report.search_facts(FOUND), SIZES[-1]
    assert (facts["n_early"], facts["n_end"], facts["n_seeds"]) == (400, end, len(SEEDS))
    shares = FOUND.set_index(["strategy", "n_train"])["compound_share"]
    for short, name in {"A": A, "E": E, "L": GREEDY, "charge": DRAWN}.items():
        assert facts[f"{short}_compounds_early"] == f"{shares[name, 400].mean():.1%}"
        assert facts[f"{short}_compounds_end"] == f"{shares[name, end].mean():.1%}"
    molecules = FOUND.set_index(["strategy", "n_train"])["found_share"]
    assert facts["E_found_end"] == f"{molecules[E, end].mean():.1%}"
    saved = [float(facts[f"{short}_saved"].rstrip("%")) for short in ("charge", "E", "L")]
    assert saved == sorted(saved) and 0 < saved[0] < saved[2] < 100
    assert facts["bound"] == f"{0.7 * (1 - SIZES[0] / end):.1%}"
    less = shares[E, 400].to_numpy() - shares[A, 400].to_numpy()
    assert facts["E_less_A"].startswith(f"{100 * statistics.interval(less).low:+.1f} to ")


def test_colours_are_those_of_the_strategies_and_no_other():
    fig = report.search_figure(FOUND)
    for ax, column in zip(fig.axes, ("found_share", "compound_share"), strict=True):
        lines = {line.get_label(): line for line in ax.get_lines()}
        for name in (A, E, GREEDY):
            line = lines[style.STRATEGY_LABELS[name]]
            assert line.get_color() == style.STRATEGY_COLOURS[name]
            rows = FOUND[FOUND["strategy"] == name].groupby("n_train")[column].mean()
            assert line.get_ydata() == pytest.approx(100 * rows.to_numpy())
        drawn = lines["at random, by charge"]
        assert drawn.get_color() not in style.STRATEGY_COLOURS.values()


def test_three_kinds_of_test_set_are_told_apart():
    fig = report.left_out_figure(KINDS)
    lines = {line.get_label(): line for line in fig.axes[0].get_lines()}
    for kind, label in (("molecules", "A, molecules"), ("ligands", "A, whole ligands")):
        rows = KINDS[kind].query("strategy == @A").groupby("n_train")["mae_ev"].mean()
        assert lines[label].get_ydata() == pytest.approx(rows.to_numpy())
    of_a = [line for label, line in lines.items() if label.startswith("A,")]
    assert {line.get_color() for line in of_a} == {style.STRATEGY_COLOURS[A]}
    assert len({line.get_linestyle() for line in of_a}) == len(KINDS)
    assert len({str(line.get_markerfacecolor()) for line in of_a}) == len(KINDS)


def test_table_and_facts_of_the_test_sets_agree():
    table, end = report.left_out_table(KINDS), SIZES[-1]
    facts = report.left_out_facts(KINDS, pd.Series([0.9, 0.7]))
    assert facts["relatives"] == "80.0%" and facts["molecules_times"] == "1.0"
    for kind, made in KINDS.items():
        last = made[made["n_train"] == end].pivot(index="seed", columns="strategy", values="mae_ev")
        row = table.loc[f"{kind}, {end} labels"]
        assert facts[f"{kind}_A"] == f"{last[A].mean():.3f} eV" == row["MAE of A (eV)"] + " eV"
        low, high = statistics.interval((last[D] - last[A]) / last[A].mean())[1:3]
        assert facts[f"{kind}_DA"] == row["D minus A (95 %)"]
        assert facts[f"{kind}_DA"] == f"{100 * low:+.1f} to {100 * high:+.1f} %"
        assert facts[f"{kind}_n"] == row["splits"] == len(SEEDS)


@pytest.mark.parametrize(
    ("factor", "verdicts"),
    [(0.8, ("supported", "not supported")), (1.2, ("not supported", "not supported")),
     (1.001, ("not supported", "supported"))],
)  # fmt: skip
def test_verdicts_on_d_follow_its_error(factor, verdicts):
    made = runs((A, D))
    errors = made.loc[made["strategy"] == A, "mae_ev"].to_numpy()
    made.loc[made["strategy"] == D, "mae_ev"] = factor * errors
    same = {"molecules": made, "compounds": made, "ligands": made}
    facts = report.left_out_facts(same, pd.Series([0.5]))
    assert (facts["compounds_better"], facts["compounds_alike"]) == verdicts
    assert facts["survive"] == "molecules, compounds, ligands"


def test_a_chance_among_three_does_not_stand():
    made = runs((A, D))
    of_d = made["strategy"] == D
    base = made.loc[made["strategy"] == A, "mae_ev"].to_numpy().reshape(len(SEEDS), -1)
    just = base - np.array([[0.01], [0.02], [0.035]])  # p about .05 / 2
    made.loc[of_d, "mae_ev"] = just.ravel()
    facts = report.left_out_facts({"molecules": made, "compounds": runs((A, D))}, pd.Series([0.5]))
    assert (
        facts["molecules_better"] in ("supported", "undecided") and facts["survive"] == "compounds"
    )


def test_recall_is_the_model_beside_the_table():
    recalled = pd.DataFrame(
        {"seed": SEEDS, "sibling_share": [0.9, 0.95, 1.0], "table_ev": [0.1, 0.12, 0.14],
         "model_ev": [0.2, 0.21, 0.25], "alone_ev": [0.5, 0.6, 0.7]}
    )  # fmt: skip
    facts = report.recall_facts(recalled)
    assert facts["siblings"] == "95.0%" and facts["table_ev"] == "0.120 eV"
    low = statistics.interval([0.1, 0.09, 0.11]).low
    assert facts["model_less_table"].startswith(f"{low:.3f} to ")


def test_what_the_labels_of_aa_say():
    facts = report.aa_facts()
    assert facts["aa_n"] == 44_004 and facts["aa_share"] == PAPER["AA"]["share above it"]
    gap = float(facts["aa_gap"].split()[0])
    assert gap > float(PAPER["AA"][THRESHOLD]), "so that all above the gap are in range"
    above, share = (float(facts[key].rstrip("%")) for key in ("aa_above", "aa_share"))
    assert float(facts["aa_of_target"].rstrip("%")) == pytest.approx(100 * above / share, abs=0.3)
    bound = (1 - share / 100) * (1 - 1 / 16)
    assert float(facts["aa_saved"].rstrip("%")) == pytest.approx(100 * bound, abs=0.06)
