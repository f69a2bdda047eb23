"""Acquisition strategies: which molecules of the held-out set to label next.

A strategy is a pure function ``strategy(view, batch_size, rng)`` that returns `batch_size`
different positions in the held-out set. It fits nothing and writes nothing. To add one, write the
function in a file or a notebook cell of your own and put `@register` above it: figures, letters and
records then know it by its name. The paper's five are here, others in `diversity` (which spread a
batch) and `search`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, partial
from string import ascii_uppercase

import numpy as np

from alutils.acquisition import diversity, search
from alutils.acquisition.target import Range
from alutils.model.gp import GaussianProcess
from alutils.model.kernel import n_bits_of


@dataclass(frozen=True)
class PoolView:
    """All that a strategy may look at when it picks a batch.

    model : fitted GaussianProcess (kernel parameters, factor and X_train_)
    X : (n_heldout, d) descriptors of the held-out set
    target : `acquisition.target.Range` in eV that a search looks for; None without one
    mu, sigma : (n_heldout,) prediction and its standard deviation, eV, computed when first read
    """

    model: GaussianProcess
    X: np.ndarray
    target: Range | None = None

    @property
    def n_bits(self) -> int:
        """How many of the last columns are the bits of a fingerprint."""
        return n_bits_of(self.model)

    @cached_property
    def mu(self) -> np.ndarray:
        """(n_heldout,) prediction, eV."""
        return self.model.predict(self.X)

    @cached_property
    def sigma(self) -> np.ndarray:
        """(n_heldout,) standard deviation of the prediction, eV."""
        mu, sigma = self.model.predict(self.X, return_std=True)
        self.__dict__["mu"] = mu  # sigma costs mu as well: keep it
        return sigma


def in_range(view: PoolView) -> np.ndarray:
    """Positions of the view that are predicted in range. ValueError without a target."""
    if view.target is None:
        raise ValueError("strategy 'property_search' needs a target")
    return np.flatnonzero(view.target.contains(view.mu))


def upper_half(view: PoolView) -> np.ndarray:
    """Positions of the more uncertain half of a view, most uncertain first."""
    return _by_uncertainty(view)[: (len(view.X) + 1) // 2]


def random(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """A: uniformly at random."""
    return rng.permutation(len(view.X))[:batch_size]


def most_uncertain(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """B: the highest sigma."""
    return _by_uncertainty(view)[:batch_size]


def cluster_centres(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """C: the molecules nearest to the centres of `batch_size` clusters."""
    return _centres(view, np.arange(len(view.X)), batch_size, rng)


def uncertain_cluster_centres(
    view: PoolView, batch_size: int, rng: np.random.Generator
) -> np.ndarray:
    """D: as C, within the more uncertain half (or the batch_size most uncertain, if more)."""
    half = upper_half(view)
    if len(half) < batch_size:
        half = _by_uncertainty(view)[:batch_size]
    return _centres(view, np.sort(half), batch_size, rng)


def property_search(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """E: at random among those predicted in range; if they are too few, the rest at random.

    Every molecule draws a random key and the smallest win, so that one molecule more or less in
    range changes one pick and not the whole batch.
    """
    keys = rng.random(len(view.X))
    outside = np.ones(len(view.X), dtype=bool)
    outside[in_range(view)] = False
    return np.lexsort((keys, outside))[:batch_size]


def random_uncertain_half(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """At random within the more uncertain half (or the batch_size most uncertain, if more).

    In the authors' later code.
    """
    ranked = _by_uncertainty(view)
    return rng.permutation(ranked[: max((len(ranked) + 1) // 2, batch_size)])[:batch_size]


def uncertain_of_clusters(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """The most uncertain member of each of `batch_size` clusters of the held-out set.

    In the authors' later code.
    """
    Z = diversity.clustering_points(view.X, np.arange(len(view.X)), n_bits_of(view))
    labels = diversity.k_means(Z, min(batch_size, len(Z)), int(rng.integers(2**31))).labels_
    ranked = _by_uncertainty(view)
    _, first = np.unique(labels[ranked], return_index=True)
    picks = ranked[np.sort(first)]
    rest = np.setdiff1d(np.arange(len(Z)), picks)  # clusters stay empty where X has duplicates
    return np.r_[picks, rng.permutation(rest)][:batch_size]


STRATEGIES = {
    "random": random,
    "most_uncertain": most_uncertain,
    "cluster_centres": cluster_centres,
    "uncertain_cluster_centres": uncertain_cluster_centres,
    "property_search": property_search,
    "posterior_variance": diversity.posterior_variance,
    "k_centre": diversity.k_centre,
    "kernel_kmeans_plus_plus": diversity.kernel_kmeans_plus_plus,
    "optimistic_search": search.optimistic_search,
    "uncertain_in_range": search.uncertain_in_range,
    "largest_cluster": diversity.largest_cluster,
    "most_probable": search.most_probable,
    "expected_improvement": search.expected_improvement,
    "upper_confidence_bound": search.upper_confidence_bound,
    "thompson_samples": search.thompson_samples,
    "random_uncertain_half": random_uncertain_half,
    "uncertain_of_clusters": uncertain_of_clusters,
    "greedy_sampling": diversity.greedy_sampling,
}
PAPER = tuple(STRATEGIES)[:5]
SHIPPED = tuple(STRATEGIES)
LABELS = {}  # how legends call a strategy, as `register` was given it
SEARCHES = (
    "property_search",
    *(n for n, f in STRATEGIES.items() if f.__module__ == search.__name__),
)
# What a strategy chooses from, where that is less than the held-out set.
CANDIDATES = {
    "property_search": in_range,
    "uncertain_cluster_centres": upper_half,
    "random_uncertain_half": upper_half,
    "uncertain_in_range": in_range,
}


class Computed(Mapping):
    """A read-only mapping, made anew by `compute()` whenever it is looked at.

    Strategies may be entered at any time, also after a figure's module was imported.
    """

    def __init__(self, compute):
        self._compute = compute

    def __getitem__(self, key):
        return self._compute()[key]

    def __iter__(self):
        return iter(self._compute())

    def __len__(self):
        return len(self._compute())

    def __repr__(self):
        return repr(self._compute())


def _letters():
    names, more = list(STRATEGIES), [f"{a}{b}" for a in ascii_uppercase for b in ascii_uppercase]
    return dict(zip([*ascii_uppercase, *more], names, strict=False))


# Letter -> name. A to E are the paper's; I and J are those that the authors' code has for these
# two; after Z comes AA.
LETTERS = Computed(_letters)


def letter(name: str) -> str:
    """The letter of a strategy, by the place of its name in `STRATEGIES`; KeyError without one."""
    for sign, other in LETTERS.items():
        if other == name:
            return sign
    raise KeyError(f"{name!r} is no strategy: register it, or choose from {', '.join(STRATEGIES)}")


def register(
    function: Callable | None = None, name: str | None = None, label: str | None = None
) -> Callable:
    """Enter a strategy of your own; use it as a call or as a decorator.

    Parameters
    ----------
    function : callable ``(view, batch_size, rng)``, as at the top of this module
    name : str, by which runs and records know it (default: the function's own). A name that you
        used before is replaced; records of the earlier function are then computed again.
    label : str, how legends call it, without its letter (default: the name)

    Returns
    -------
    function, unchanged: ``RunConfig("organics", register(function))`` works too

    Raises
    ------
    ValueError
        For what is not callable or has no name of its own, and for a name that alutils ships.
    """
    if function is None:
        return partial(register, name=name, label=label)
    if not callable(function):
        raise ValueError(f"a strategy is a function, {function!r} is none")
    name = name or getattr(function, "__name__", "")
    if not name or name == "<lambda>":
        raise ValueError(f"{function!r} has no name of its own: register it with name='...'")
    if name in SHIPPED:
        raise ValueError(f"strategy {name!r} comes with alutils: register yours by another name")
    STRATEGIES[name] = function
    LABELS.pop(name, None)
    if label:
        LABELS[name] = label
    return function


def entered(function):
    """The name of a strategy: itself, or that of a function, which is entered if it was not.

    A function that a module or notebook defines anew takes the place of its former self. Lambdas,
    inner functions and callable objects may share a name and differ: theirs ends with a part of
    their identity. ValueError as by `register` and `fingerprint.identity`, and for an unknown name.
    """
    if not callable(function):
        return _known(function)
    for name, known in STRATEGIES.items():
        if known is function:
            return name
    name = getattr(function, "__name__", type(function).__name__).strip("<>")
    known, place = STRATEGIES.get(name), getattr(function, "__module__", None)
    by_its_name = getattr(function, "__qualname__", None) == name and name not in SHIPPED
    if not by_its_name or (known and getattr(known, "__module__", None) != place):
        from alutils.acquisition.fingerprint import identity  # few runs have such a function

        name = f"{name}_{identity(function, name)[:6]}"
    register(function, name, LABELS.get(name))
    return name


def _known(name):
    if name in STRATEGIES:
        return name
    close = get_close_matches(str(name), STRATEGIES, n=1)
    meant = f"did you mean {close[0]!r}? Known: " if close else "choose one of "
    raise ValueError(f"strategy={name!r} is unknown: {meant}{', '.join(STRATEGIES)}")


def _by_uncertainty(view):
    """Positions by falling sigma; ties, to 1e-9 eV, by position."""
    return np.argsort(-np.round(view.sigma, 9), kind="stable")


def _centres(view, candidates, n_clusters, rng):
    """One molecule per k-means cluster: the member nearest to the centre.

    Clusters that stay empty (duplicates in X) are made up for at random.
    """
    if n_clusters >= len(candidates):
        return candidates[:n_clusters]
    Z = diversity.clustering_points(view.X, candidates, n_bits_of(view))
    kmeans = diversity.k_means(Z, n_clusters, int(rng.integers(2**31)))
    _, picks, _ = diversity.nearest_members(Z, kmeans.labels_, kmeans.cluster_centers_)
    if len(picks) < n_clusters:
        rest = np.setdiff1d(np.arange(len(candidates)), picks)
        picks = np.r_[picks, rng.permutation(rest)[: n_clusters - len(picks)]]
    return candidates[picks]
