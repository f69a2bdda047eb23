"""The studies beyond the paper, as lists of runs: the strategies' field, the target sweep."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from alutils.acquisition.strategies import SHIPPED
from alutils.acquisition.target import SHARE, Target
from alutils.data.datasets import load
from alutils.data.registry import REGISTRY
from alutils.descriptors import features, n_bits
from alutils.loop import RunConfig, split
from alutils.model.noise import most_likely_noise
from alutils.model.scale import scale_of

POOLS = ("organics", "aminoacids", "optoelectronics")
HEAVIEST = ("aa_heaviest", "oe_heaviest", "qm9_heaviest")  # the paper's own, in part
FIELD = {"n_init": 100, "n_const": 100, "n_max": 1600, "n_test": 1000}
SIZES = {pool: {"n_init": 125, "n_const": 125, "n_max": 2000, "n_test": 2000} for pool in HEAVIEST}
QM9_SWEEP = {"n_init": 1000, "n_const": 1000, "n_max": 10_000, "n_test": 10_000}
SWEEP = {"n_init": 100, "n_const": 100, "n_max": 800, "n_test": 1000}
SWEPT = ("property_search", "most_probable")
TABLES = ("redox", "cep", "qm8", "aqsol", "lipo", "enamine", "zinc")  # SMILES and a property
NEW_POOLS = (*HEAVIEST, "oe62_gw5000", *TABLES)  # on which the law of overlap is put to the test
NEW_SWEEP = SWEEP | {"n_test": 200}
# Compared on shifted test sets: A and those that spread a batch over the pool.
SHIFTED = ("random", "most_uncertain", "cluster_centres", "uncertain_cluster_centres", "k_centre")
LEARNED = ("random", "uncertain_cluster_centres", "property_search")  # run with learned noise too

# Quantiles between which a target lies: tails from 1 % to 90 % at both ends, windows between.
SHARES = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
UPPER = tuple((round(1 - share, 3), 1.0) for share in SHARES)
LOWER = tuple((0.0, share) for share in SHARES)
WINDOWS = tuple(
    (round(centre - share / 2, 3), round(centre + share / 2, 3))
    for centre, shares in ((0.5, SHARES), (0.25, (0.03, 0.1, 0.3)), (0.75, (0.03, 0.1, 0.3)))
    for share in shares
)
TARGETS = UPPER + LOWER + WINDOWS
QM9_TARGETS = tuple(
    target
    for target in TARGETS
    if round(target[1] - target[0], 3) in (0.01, 0.1, 0.3, 0.7)
    and (target[0] + target[1]) / 2 not in (0.25, 0.75)
)
NEW_TARGETS = tuple(
    target
    for target in TARGETS
    if round(target[1] - target[0], 3) in (0.03, 0.1, 0.3, 0.7)
    and (target[0] + target[1]) / 2 not in (0.25, 0.75)
)


def field(pools=POOLS, seeds=range(5)):
    """All of alutils' strategies on every pool; some also with the noise learned from batch one."""
    return list(dict.fromkeys(fixed_noise(pools, seeds) + noise_learned(pools, seeds)))


def fixed_noise(pools=POOLS, seeds=range(5), strategies=SHIPPED, noise_var=0.05):
    """Strategies at one noise, eV^2; a share of the labels' variance for a file of one's own."""
    return [
        RunConfig(
            *(pool, strategy),
            noise_var=noise_var,
            seed=seed,
            prior=prior_of(pool),
            **sizes_of(pool),
        )
        for pool, seed, strategy in product(pools, seeds, strategies)
    ]


def field_heaviest(seeds=range(5)):
    """All of alutils' strategies on the paper's own data, at one noise."""
    return fixed_noise(HEAVIEST, seeds)


def sigma(seeds=range(5)):
    """B where the page on sigma looks at it and no other page does."""
    wanted = (("oe_heaviest", 0.05), ("qm9_heaviest", 1e-10), ("qm9_heaviest", 0.05))
    return [
        config
        for pool, noise_var in wanted
        for config in fixed_noise([pool], seeds, ["most_uncertain"], noise_var)
    ]


def noise_learned(pools=POOLS, seeds=range(5), strategies=LEARNED):
    """Strategies at the noise that each run's first batch calls for."""
    return [
        replace(config, noise_var=learned)
        for pool, seed in product(pools, seeds)
        for learned in [learned_noise(*fixed_noise([pool], [seed], ["random"]))]
        for config in fixed_noise([pool], [seed], strategies)
    ]


def learned_noise(config):
    """The most likely noise of the first batch of a run, as of its prior."""
    dataset = load(config.dataset)
    first = split(config, len(dataset)).train_idx
    y, model = dataset.y[first], config.model(n_bits(dataset))
    return most_likely_noise(features(dataset)[first], scale_of(y, config.prior).to_z(y), model)[0]


def sizes_of(pool):
    """Sizes of the runs that compare strategies on a pool: those of `FIELD`, or its own."""
    return SIZES.get(pool, FIELD)


def prior_of(pool):
    """The paper's for levels in eV; the labels of a table or of one's own file are of any kind."""
    return "paper" if REGISTRY.get(pool, {"kind": "table"})["kind"] != "table" else "data"


def sweep(pools=POOLS, seeds=range(3), targets=TARGETS, strategies=SWEPT):
    """Searches for targets of every shape and share."""
    return [
        RunConfig(pool, strategy, seed=seed, target=Target(*ends, SHARE), **SWEEP)
        for pool, seed, strategy, ends in product(pools, seeds, strategies, targets)
    ]


def sweep_new(seeds=range(3), pools=NEW_POOLS, targets=NEW_TARGETS):
    """The same on pools that had no part in making the law; seed by seed, pool by pool.

    Docking scores come in steps of 0.1: between two of them the narrow window holds nothing.
    """
    return [
        RunConfig(
            pool,
            strategy,
            seed=seed,
            target=Target(*ends, SHARE),
            prior=prior_of(pool),
            **NEW_SWEEP,
        )
        for seed, pool, strategy, ends in product(seeds, pools, SWEPT, targets)
        if (pool, ends) != ("enamine", (0.485, 0.515))
    ]


def sweep_qm9(seeds=range(1), targets=QM9_TARGETS):
    """The same by E alone on QM9, to 10 000 labels."""
    return [
        RunConfig(
            "qm9_b3lyp", "property_search", seed=seed, target=Target(*ends, SHARE), **QM9_SWEEP
        )
        for seed, ends in product(seeds, targets)
    ]
