"""The page on the distributions of HOMO levels: what each data set has, and the verdict on C13."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alutils.analysis import statistics
from alutils.analysis.label_distributions import (
    NEAR,
    LabelSummary,
    load_or_summarise,
    modes_verdict,
)
from alutils.report.tables import Table

THRESHOLD, SHARE, MODES = "threshold (eV)", "share above it", "modes"
PAPER = Table(  # its Fig. 9
    {"AA": [-8.5, "30.4%", 2], "QM9": [-5.55, "30.6%", 1], "OE": [-5.2, "30.3%", 1]},
    index=[THRESHOLD, SHARE, MODES],
)
# The paper's own labels, of all its molecules, or of all but a few.
OWN_LABELS = {"aa_labels": "AA", "aa": "AA", "oe": "OE", "qm9": "QM9", "qm9_pbe": "QM9"}
STANDS_FOR = OWN_LABELS | {
    "aminoacids": "AA",
    "qm9_b3lyp": "QM9",
    "organics": "QM9",
    "oe62_gw5000": "OE",
    "optoelectronics": "OE",
}
BECAUSE = {
    statistics.SUPPORTED: "at least 95 % of the resamples have the paper's number of modes",
    statistics.NOT_SUPPORTED: "at most 5 % of the resamples have the paper's number of modes",
    statistics.UNDECIDED: "the resamples disagree on the number of modes",
}
N_PAPER = {"qm9_pbe": 133_814}  # labels of the paper, where some are missing here
N_BINOMIAL = 2000  # draws behind the interval of a share


@dataclass(frozen=True)
class Distribution:
    """The labels of one data set beside a target, and what the bootstrap says of them.

    summary : of the labels;  from_record : True if read from the tracked record
    threshold : of the target, eV;  share : of the labels strictly above it
    interval : (low, high) of the share, 95 %;  near : share of the labels within `NEAR` eV
    mode_counts : number of modes -> share of the `n_resamples` resamples that have it
    """

    summary: LabelSummary
    from_record: bool
    threshold: float
    share: float
    interval: tuple
    near: float
    mode_counts: dict
    n_resamples: int

    @property
    def name(self):
        return self.summary.name

    def modes_text(self):
        """Number and places of the modes, such as "2, at -9.5, -8.0 eV"."""
        modes = self.summary.modes()
        return f"{len(modes)}, at {', '.join(f'{mode:.1f}' for mode in modes)} eV"

    def resamples_text(self):
        """How many of the resamples have how many modes."""
        return ", ".join(f"{k} in {part:.1%}" for k, part in self.mode_counts.items())


def examine(datasets, thresholds, n_resamples, seed):
    """A `Distribution` of each data set.

    Parameters
    ----------
    datasets : their names, or paths of files
    thresholds : eV, one for each; None: the paper's where the labels are its own, else that of the
        highest 30 %
    n_resamples : of the bootstrap;  seed : of its random numbers

    Raises
    ------
    ValueError
        For another number of thresholds than of data sets, and for what `LabelSummary.target` and
        `load_or_summarise` refuse.
    """
    papers = [PAPER[OWN_LABELS[n]][THRESHOLD] if n in OWN_LABELS else None for n in datasets]
    given = thresholds or papers
    if len(given) != len(datasets):
        raise ValueError(f"{len(given)} thresholds for {len(datasets)} data sets: give one each")
    loaded = [load_or_summarise(name) for name in datasets]
    # All thresholds are checked before the first bootstrap.
    targets = [s.target(threshold) for (s, _), threshold in zip(loaded, given, strict=True)]
    rng = np.random.default_rng(seed)
    found = []
    for (s, from_record), (threshold, share) in zip(loaded, targets, strict=True):
        draws = rng.binomial(s.n, share, N_BINOMIAL) / s.n
        low, high = np.quantile(draws, [0.025, 0.975])
        near = s.share_above(threshold - NEAR) - s.share_above(threshold + NEAR)
        counts = s.mode_counts(n_resamples, rng)
        values = (threshold, share, (low, high), near, counts, n_resamples)
        found.append(Distribution(s, from_record, *values))
    return found


def data_table(sets):
    """What the labels are and where they were read, a column for each `Distribution`."""
    return Table(
        {
            one.name: {
                "molecules": one.summary.n,
                "label": one.summary.info.get("label", "HOMO"),
                "stands for": STANDS_FOR.get(one.name) or _said_to_be(one.summary),
                "read from": "tracked summary" if one.from_record else "labels",
            }
            for one in sets
        }
    )


def _said_to_be(summary):
    """What a data set that is none of the paper's says that it stands for."""
    return summary.info.get("stands_for", "itself").partition(":")[0]


def result_table(sets):
    """Target and modes as text, a column for each `Distribution`."""
    return Table({one.name: _results(one) for one in sets})


def _results(one):
    low, high = one.interval
    half, double = (len(one.summary.modes(factor)) for factor in (0.5, 2.0))
    return {
        THRESHOLD: f"{one.threshold:.2f}",
        SHARE: f"{one.share:.1%}",
        "its interval": f"{low:.1%} to {high:.1%}",
        f"within {NEAR:g} eV of it": f"{one.near:.1%}",
        MODES: one.modes_text(),
        "modes, half and double width": f"{half} and {double}",
        "modes in the resamples": one.resamples_text(),
    }


def findings(sets):
    """Share above the threshold, share near it and modes of each `Distribution`, in words."""
    return ". ".join(
        f"{one.name}: {one.share:.1%} above {one.threshold:.2f} eV, {one.near:.1%} within "
        f"{NEAR:g} eV of it; modes: {one.modes_text()}"
        for one in sets
    )


def verdicts(sets):
    """Rows of C13 for `claims.publish`, of the sets that stand for one of the paper's.

    The share can be tested with the paper's own labels alone; of an embedded pool, whose levels are
    those of another method, only the number of modes is looked at.
    """
    rows = []
    for one in sets:
        if one.name in STANDS_FOR:
            claim = PAPER[STANDS_FOR[one.name]]
            embedded = one.summary.info["kind"] == "embedded"
            parts = [_modes(one, claim[MODES], embedded)]
            if not embedded:
                parts.insert(0, _share(one, claim))
            stem = {"claim": "C13", "pool": f"HOMO levels: {one.name}"}
            rows += [stem | part for part in parts]
    return rows


def verdict_table(rows):
    """The rows of `verdicts` as a table to print; None where there are none."""
    if not rows:
        return None
    return Table(rows, columns=["pool", "ours", "interval", "verdict"]).set_index("pool")


def _share(one, claim):
    """Verdict on the share above the paper's threshold: equal to its last digit, or not."""
    share = one.summary.share_above(claim[THRESHOLD])
    verdict = statistics.UNTESTABLE
    why = f"labels {one.summary.info['label']}, the paper's PBE+vdW"
    if one.name in OWN_LABELS:
        verdict, why = share_verdict(share, one.summary.n, N_PAPER.get(one.name), claim[SHARE])
    return {
        "ours": f"{share:.1%} above {claim[THRESHOLD]} eV",
        "interval": f"{round(share * one.summary.n)} of {one.summary.n}, counted",
        "verdict": verdict,
        "why": why,
    }


def share_verdict(share, n, n_paper, printed):
    """Verdict on a share of n labels, and why; any of the paper's that are missing may count.

    n_paper : labels of the paper, None if these are all;  printed : the paper's share, as text
    """
    missing, why = (n_paper or n) - n, "the paper's own labels"
    if missing:
        why += f", but for {missing}"
    n_above = share * n
    possible = {f"{(n_above + extra) / (n + missing):.1%}" for extra in range(missing + 1)}
    if printed not in possible:
        return statistics.NOT_SUPPORTED, why
    if len(possible) == 1:
        return statistics.SUPPORTED, why
    return statistics.UNDECIDED, f"{why}, which decide the last digit"


def _modes(one, n_modes, embedded):
    """Verdict on the number of modes, by the resamples."""
    verdict = modes_verdict(one.mode_counts.get(n_modes, 0.0))
    return {
        "ours": f"modes: {one.modes_text()}",
        "interval": f"{one.n_resamples} resamples: {one.resamples_text()}",
        "verdict": verdict,
        "why": BECAUSE[verdict] + ("; the shape of a stand-in" if embedded else ""),
    }
