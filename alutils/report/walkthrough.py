"""The page "Bring your own": three files such as people have, and the commands that a reader types.

Known labels answer the queries, as a measurement would.
"""

from __future__ import annotations

import io
import re
import shlex
import tempfile
import textwrap
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from alutils.__main__ import commands
from alutils.campaign import campaign
from alutils.campaign.folder import FAILED
from alutils.report import own_files
from alutils.report.own_files import CSV, POOLS, SDF, XYZ
from alutils.report.style import (
    POOL_COLOURS,
    POOL_MARKERS,
    STRATEGY_COLOURS,
    new_figure,
    styled,
)
from alutils.storage.command_line import PROGRAM
from alutils.storage.extras import imports_of

with imports_of("plots", "drawing figures"):
    from matplotlib.lines import Line2D

WIDTH = 78  # characters that a page shows of a printed line
OF_THE_MACHINE = "fits here:"  # begins a line that is another one elsewhere
FOLDERS = {XYZ: "amino", SDF: "conjugated", CSV: "ionisation"}  # of the campaigns
INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class Desk:
    """A folder with files and campaigns.

    labels : as of `alutils.report.own_files.write`
    """

    folder: Path
    labels: dict

    def run(self, words, n_lines=None):
        """Print a command line, and what the command says in the folder, without a shell.

        n_lines : of what it says, the rest is left out
        """
        said = io.StringIO()
        with chdir(self.folder), redirect_stdout(said), redirect_stderr(said):
            commands.main(shlex.split(words), PROGRAM, standalone_mode=False)
        lines = said.getvalue().splitlines()[:n_lines]
        kept = [line for line in lines if not line.startswith(OF_THE_MACHINE)]
        look = {"subsequent_indent": "  ", "break_on_hyphens": False}
        shown = [_shown(f"$ {PROGRAM} {words}"), *(textwrap.fill(a, WIDTH, **look) for a in kept)]
        print("\n".join(shown))

    def batch(self, name):
        """The newest batch.csv of a campaign, predictions to two digits behind the point."""
        rows = self._rows(name)
        shown = {key: rows[key].astype(float).map("{:.2f}".format) for key in ("mu", "sigma")}
        return rows.assign(**shown)

    def _rows(self, name):
        return pd.read_csv(self._newest(name), dtype=str, keep_default_na=False)

    def _newest(self, name):
        return sorted(self.folder.glob(f"{name}/batch-*/batch.csv"))[-1]

    def fill(self, name, factor=1.0):
        """Write the known labels, times a factor, into the newest batch.csv of a campaign.

        Returns
        -------
        its path, in the folder
        """
        path, rows = self._newest(name), self._rows(name)
        known = [self.labels[one] for one in rows["id"]]
        rows["label"] = [FAILED if y is None else f"{factor * y:.6g}" for y in known]
        rows.to_csv(path, index=False)
        return path.relative_to(self.folder).as_posix()

    def go_on(self, name, n_labels):
        """Ask, fill in and tell until a campaign has so many labels."""
        while len(self.state(name).labels) < n_labels:
            self.run(f"ask {name}", 1)
            self.run(f"tell {name} {self.fill(name)}", 1)

    def state(self, name):
        """Of a campaign, an `alutils.campaign.folder.State`."""
        return campaign.read(self.folder / name)


def _shown(words):
    """A command line as a page shows it, broken before options only."""
    whole = (part.replace(" ", "\0") for part in re.split(r" (?=--)", words))
    lines = textwrap.wrap(" ".join(whole), WIDTH - 2, break_on_hyphens=False)
    return " \\\n    ".join(lines).replace("\0", " ")


def set_up(n_molecules, seed=0):
    """A `Desk` with the three files, in a temporary folder; arguments as of `own_files.write`."""
    folder = Path(tempfile.mkdtemp())
    return Desk(folder, own_files.write(folder, n_molecules, seed))


def progress(desk, name):
    """Labels and hits of a campaign after each batch, beside random sampling.

    Returns
    -------
    frame with n_labels, n_found (molecules), expected, low and high (found by as many molecules
    drawn at random: mean and 95 % interval); attrs has n_pool, n_target, and the target in words
    """
    state = desk.state(name)
    y = np.array([desk.labels[one] for one in state.pool.ids], dtype=float)
    inside = state.target.contains(y)
    brought = sorted(state.labels.keys() - {k for batch in state.batches for k in batch})
    parts = [*([brought] if brought else []), *state.batches]
    n = np.cumsum([len(part) for part in parts])
    n_pool, n_target = len(y), int(inside.sum())
    low, high = (hypergeom.ppf(q, n_pool, n_target, n) for q in INTERVAL)
    frame = pd.DataFrame(
        {
            "n_labels": n,
            "n_found": np.cumsum([inside[part].sum() for part in parts]),
            "expected": n * n_target / n_pool,
            "low": low.astype(int),
            "high": high.astype(int),
        }
    )
    s = state.settings
    frame.attrs = {"n_pool": n_pool, "n_target": n_target}
    frame.attrs["target"] = f"{s.property}, {s.target.text(s.unit)}"
    return frame


def campaigns(desk):
    """File -> frame of `progress`, of the three campaigns of the page."""
    return {name: progress(desk, folder) for name, folder in FOLDERS.items()}


def summary(campaigns):
    """A row for each campaign: its last labels and hits, beside random sampling.

    campaigns : file -> frame of `progress`
    """
    rows = []
    for name, frame in campaigns.items():
        last = frame.iloc[-1]
        by_chance = f"{last['expected']:.0f} ({last['low']:.0f} to {last['high']:.0f})"
        found = f"{last['n_found']:.0f} of {frame.attrs['n_target']}"
        rows.append((name, frame.attrs["target"], int(last["n_labels"]), found, by_chance))
    columns = ["file", "target", "labels", "found", "random sampling (95 %)"]
    return pd.DataFrame(rows, columns=columns).set_index("file")


def facts(campaigns):
    """Numbers of the page: of each campaign _found, _target and _random, molecules in its target.

    campaigns : file -> frame of `progress`

    Returns
    -------
    dict, with the least n_labels of all, and n_pool
    """
    said = {
        "n_labels": min(int(frame["n_labels"].iloc[-1]) for frame in campaigns.values()),
        "n_pool": campaigns[XYZ].attrs["n_pool"],
    }
    for name, frame in campaigns.items():
        said[f"{FOLDERS[name]}_found"] = int(frame["n_found"].iloc[-1])
        said[f"{FOLDERS[name]}_target"] = frame.attrs["n_target"]
        said[f"{FOLDERS[name]}_random"] = float(frame["expected"].iloc[-1])
    return said


@styled
def found_of_three(campaigns):
    """Molecules found against labels, a panel for each campaign, beside random sampling.

    campaigns : file -> frame of `progress`
    """
    fig, axes = new_figure(len(campaigns), 2.2, sharex=True)
    for ax, (name, frame) in zip(axes, campaigns.items(), strict=True):
        n, n_target, pool = frame["n_labels"], frame.attrs["n_target"], POOLS[name]
        ax.fill_between(n, frame["low"], frame["high"], color="0.85", lw=0)
        look = {"marker": POOL_MARKERS[pool], "color": POOL_COLOURS[pool], "ms": 6}
        ax.plot(n, frame["n_found"], "-", label="_campaign", **look)
        grey = STRATEGY_COLOURS["random"]
        ax.plot(n, frame["expected"], color=grey, label="random, expected")
        most = np.minimum(frame["n_found"].iloc[0] + n - n.iloc[0], n_target)
        ax.plot(n, most, ":", color="0.3", label="most possible")
        ax.set_title(f"{name}: {frame.attrs['target']}", loc="left")
        ax.set_ylabel("found\n(molecules)")
        ax.set_ylim(0, 1.1 * n_target)
    axes[-1].set_xlabel("labels (molecules)")
    campaigns_mark = Line2D([], [], color="0.6", marker="o", ms=6, label="campaign")
    handles = [campaigns_mark, *axes[0].get_legend_handles_labels()[0]]
    fig.legend(handles=handles, loc="outside upper left", ncols=3, fontsize="small")
    return fig
