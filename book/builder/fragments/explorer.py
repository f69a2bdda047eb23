"""The data behind the page "Explorer": the runs of the book's pages, averaged over their seeds.

Only runs that a page of variants.yml used are shown, whatever else lies in the cache. The page is
static, so that the numbers reach it as a script that assigns one global.
"""

import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex, to_rgb

from alutils.acquisition.target import SHARE
from alutils.analysis import plans
from alutils.data.datasets import REGISTRY
from alutils.loop import RunConfig
from alutils.report import tables
from alutils.report.style import STRATEGY_COLOURS, STRATEGY_LABELS, STRATEGY_LETTERS
from alutils.runs.records import file_name, is_stale
from alutils.storage.files import write_text
from book.builder.fragments.page_records import STUDIES, page_records

PREFIX, SUFFIX = "window.ALUTILS_EXPLORER = ", ";\n"
SCRIPT = Path("book", "experiments", "static", "explorer_data.js")
SHAPES = ("upper tail", "lower tail", "window")  # of targets, in the order of the menu
DIGITS = 5  # significant, of every number shown
# Column -> name, unit, and whether its axis is logarithmic at first.
METRICS = {
    "mae_ev": ("error on the test set (MAE)", "eV", True),
    "mae_in_range_ev": ("error on the test molecules in range (MAE)", "eV", True),
    "r2": ("R²", "", False),
    "found_share": ("found share", "", False),
    "tpr": ("true positive rate, test set", "", False),
    "fpr": ("false positive rate, test set", "", False),
    "tpr_heldout": ("true positive rate, held-out set", "", False),
    "fpr_heldout": ("false positive rate, held-out set", "", False),
    "lml": ("log marginal likelihood", "nat", False),
    "length_scale": ("length scale", "descriptor units", True),
    "signal_var": ("signal variance", "eV²", True),
    "fit_s": ("time of a fit", "s", True),
}
DARK_GROUND = "#14181e"  # of the theme
CONTRAST = 4.5  # with it, at least: WCAG 2.1, AA
SETTING = ("study", "pool", "scheme", "noise", "sizes", "target")


def explorer_data(records):
    """What the page needs, from records as they are in their files.

    Parameters
    ----------
    records : list of dict
        Records as of `alutils.runs.records`, each with "study", a key of `STUDIES`, and optionally
        "learned", True where the first batch chose the noise. One that is there twice counts once.

    Returns
    -------
    dict of series (one per strategy and setting), strategies, metrics, choices (of each part of a
    setting, in the order in which they are offered), n_runs, and n_stale, those of other code
    """
    runs, n_stale = {}, 0
    for record in records:
        config = RunConfig(**record["config"])
        place = (record["study"], bool(record.get("learned")), file_name(config))
        n_stale += place not in runs and is_stale(record)
        runs[place] = (setting(config, record["study"], place[1]), config, record["rows"])
    groups, offered = defaultdict(list), {name: {} for name in SETTING}
    for choices, config, rows in runs.values():
        ids = tuple(choice[0] for choice in choices)
        groups[(*ids, config.strategy)].append((config, rows))
        for name, (key, label, rank) in zip(SETTING, choices, strict=True):
            offered[name][key] = (rank, label)
    order = {name: sorted(found, key=found.get) for name, found in offered.items()}
    strategies = [name for name in STRATEGY_LETTERS if any(name == key[-1] for key in groups)]
    ranks = [order[name] for name in SETTING] + [strategies]
    sorted_groups = sorted(
        groups.items(), key=lambda item: [r.index(k) for r, k in zip(ranks, item[0], strict=True)]
    )
    return {
        "series": [series(ids, members) for ids, members in sorted_groups],
        "strategies": [strategy_look(name) for name in strategies],
        "metrics": [
            {"id": name, "label": label, "unit": unit, "log": log}
            for name, (label, unit, log) in METRICS.items()
        ],
        "choices": {
            name: [{"id": key, "label": offered[name][key][1]} for key in order[name]]
            for name in SETTING
        },
        "n_runs": len(runs),
        "n_stale": n_stale,
    }


def setting(config, study, learned):
    """What the strategies of one plot share: (id, label, rank) for each name of `SETTING`."""
    pow_units = config.n_init == config.n_const
    scheme = "POW" if config.scheme == "pow" else f"constant {config.n_const}"
    if config.scheme == "pow" and not pow_units:
        scheme += f", unit {config.n_const}"
    noise, label = f"{config.noise_var:g}", f"{config.noise_var:g} eV²"
    if learned:
        noise, label = "learned", "the most likely one of the first batch"
    elif config.normalize_y:
        noise, label = f"{noise} var", f"{noise} var(y), labels normalised"
    noise_rank = (learned, config.normalize_y, 0 if learned else config.noise_var)
    sizes = (config.n_init, config.n_max, config.n_test)
    sizes_label = "{} to {}, tested on {}".format(*sizes)
    target, target_rank = target_of(config)
    pools = list(plans.POOLS)
    pool_rank = pools.index(config.dataset) if config.dataset in pools else len(pools)
    pool = config.dataset if config.descriptor is None else f"{config.dataset}-{config.descriptor}"
    broad = "" if config.descriptor is None else f", descriptor {config.descriptor}"
    return (
        (study, STUDIES[study][0], list(STUDIES).index(study)),
        (pool, pool_label(config.dataset) + broad, (pool_rank, pool)),
        (scheme, scheme, (config.scheme != "pow", config.n_const * (not pow_units))),
        (noise, label, noise_rank),
        ("-".join(map(str, sizes)), sizes_label, sizes),
        (target, target, target_rank),
    )


def pool_label(name):
    """Name of a data set and what it is."""
    return f"{name}: {REGISTRY[name]['title']}" if name in REGISTRY else name


def target_of(config):
    """The target of a run as text, and its place among others."""
    target = config.target
    if target is None:
        return "none", (4, 0, 0)
    if target.by == SHARE:
        return str(target), (SHAPES.index(target.shape), target.share, target.low)
    low = -math.inf if target.low is None else target.low
    return str(target), (3, low, 0)


def series(ids, members):
    """One strategy in one setting: mean and spread over its seeds at each training size."""
    configs = [config for config, _ in members]
    frame = pd.concat([pd.DataFrame(rows) for _, rows in members], ignore_index=True)
    collapsed = tables.is_collapsed(frame).groupby(frame["n_train"]).sum()
    groups = frame.astype(dict.fromkeys(METRICS, float)).groupby("n_train")[list(METRICS)]
    mean, std, n = groups.mean(), groups.std(), groups.count()
    values = {
        name: {
            "mean": list(map(rounded, mean[name])),
            "std": list(map(rounded, std[name])),
            "n": n[name].tolist(),
        }
        for name in METRICS
    }
    one = configs[0]
    fixed = {name: getattr(one, name) for name in ("n_init", "n_const", "n_max", "n_test")}
    return {
        **dict(zip((*SETTING, "strategy"), ids, strict=True)),
        **fixed,
        "batches": one.scheme,
        "noise_var": sorted({config.noise_var for config in configs}),
        "normalize_y": one.normalize_y,
        "seeds": sorted(config.seed for config in configs),
        "n_train": collapsed.index.tolist(),
        "collapsed": collapsed.tolist(),
        "values": values,
    }


def rounded(value):
    """A number with `DIGITS` significant digits; None where there is none."""
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None


def strategy_look(name):
    """Letter, label and colours of a strategy, for light and for dark pages."""
    colour = STRATEGY_COLOURS[name]
    return {
        "id": name,
        "letter": STRATEGY_LETTERS[name],
        "label": STRATEGY_LABELS[name],
        "light": colour,
        "dark": "var(--pst-color-text-base)" if name == "random" else on_dark(colour),
    }


def on_dark(colour):
    """The colour, mixed with as little white as gives it contrast with the theme's dark ground."""
    rgb = np.array(to_rgb(colour))
    mixes = (rgb + (1 - rgb) * share for share in np.linspace(0, 1, 41))
    return to_hex(next(mix for mix in mixes if contrast(mix, DARK_GROUND) >= CONTRAST))


def contrast(one, other):
    """Contrast ratio of two colours, WCAG 2.1."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour):
    """Relative luminance of a colour, WCAG 2.1."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def to_script(data):
    """The data as a script for the page."""
    return PREFIX + json.dumps(data, separators=(",", ":"), allow_nan=False) + SUFFIX


def write_script(listed, root):
    """Write the data of the pages to `SCRIPT`, which Sphinx copies to the page's static files."""
    write_text(root / SCRIPT, to_script(explorer_data(page_records(listed, root))))
