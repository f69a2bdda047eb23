"""How the labels of a data set are distributed, and how a part of a pool lies in it.

Pages that show labels read a `LabelSummary`, made from the data set where it is at hand and read
from `book/records/homo_<name>.json` where it is not, so that both give the same numbers.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from alutils.analysis.statistics import NOT_SUPPORTED, SUPPORTED, UNDECIDED
from alutils.data.datasets import REGISTRY, load
from alutils.storage import usage_log
from alutils.storage.locations import data_dir, records_dir

BIN = 0.01  # eV: the paper's -8.5, -5.55 and -5.2 eV are edges, so shares above them are exact
NEAR = 0.25  # eV: about the error of a model
PROMINENCE = 0.05  # of the highest maximum
AGREED = 0.95  # share of the resamples that decides on a number of modes
STEPS = 10  # points per kernel width, in the densities of an overlap
SHARES = np.arange(1, 100) / 100


@dataclass(frozen=True)
class LabelSummary:
    """Counts of n labels in the bins ``(first_edge + k, first_edge + k + 1] * BIN``, in eV.

    info : title, level of theory, licence, citation; data_sha256 : content of the data set
    tops : for each of `SHARES` that of `acquisition.target.highest` (eV), and the number of
        labels strictly above it
    """

    name: str
    info: dict
    n: int
    data_sha256: str
    first_edge: int
    counts: list
    tops: list

    @property
    def edges(self):
        """(len(counts) + 1,) eV, each the float nearest to its two decimals."""
        return np.round((self.first_edge + np.arange(len(self.counts) + 1)) * BIN, 2)

    def share_above(self, energy):
        """Exact share of the labels strictly above a multiple of 0.01 eV."""
        return sum(self.counts[max(round(energy / BIN) - self.first_edge, 0) :]) / self.n

    def target(self, threshold=None, target_share=0.30):
        """Threshold (eV), by default that of the highest `target_share`, and the share above it.

        Raises
        ------
        ValueError
            For a threshold that is no multiple of 0.01 eV or leaves no or all labels in range.
        """
        if threshold is None:
            threshold, n_above = self.tops[round(100 * target_share) - 1]
            return threshold, n_above / self.n
        share = self.share_above(threshold)
        if abs(threshold / BIN - round(threshold / BIN)) > 1e-6 or share in (0, 1):
            raise ValueError(
                f"{self.name}: threshold={threshold} eV leaves {share:.0%} of the labels in range: "
                f"give a multiple of {BIN} between {self.edges[0]:.2f} and {self.edges[-1]:.2f} eV"
            )
        return threshold, share

    def density(self, bandwidth_factor=1.0):
        """Gaussian kernel density: positions (eV), density (1/eV) and the bandwidth (eV).

        Silverman's rule, 0.9 min(std, IQR / 1.34) n^(-1/5), times `bandwidth_factor` (B. W.
        Silverman, Density Estimation, Chapman & Hall 1986, Eq. 3.31).
        """
        centres, cumulative = self.edges[1:] - BIN / 2, np.cumsum(self.counts) / self.n
        quartiles = centres[np.searchsorted(cumulative, [0.25, 0.75])]
        std = np.sqrt(np.cov(centres, fweights=self.counts))
        spread = min(std, (quartiles[1] - quartiles[0]) / 1.34) or BIN
        bandwidth = bandwidth_factor * 0.9 * spread * self.n**-0.2
        margin = int(np.ceil(4 * bandwidth / BIN))
        counts = np.pad(np.asarray(self.counts, float), margin)
        density = gaussian_filter1d(counts, bandwidth / BIN, mode="constant") / (self.n * BIN)
        return centres[0] + BIN * (np.arange(len(counts)) - margin), density, bandwidth

    def modes(self, bandwidth_factor=1.0):
        """Positions (eV) of the maxima of `density` whose prominence is 5 % of the highest."""
        positions, density, _ = self.density(bandwidth_factor)
        return positions[find_peaks(density, prominence=PROMINENCE * density.max())[0]]

    def mode_counts(self, n_resamples, rng):
        """Number of modes -> share of the bootstrap resamples (n labels each) that have it."""
        draws = rng.multinomial(self.n, np.divide(self.counts, self.n), size=n_resamples)
        found = Counter(len(replace(self, counts=counts).modes()) for counts in draws)
        return {n_modes: found[n_modes] / n_resamples for n_modes in sorted(found)}


def modes_verdict(agreement):
    """Verdict on a number of modes: 95 % of the resamples agree, or deny, or it is undecided."""
    if 1 - AGREED < agreement < AGREED:
        return UNDECIDED
    return SUPPORTED if agreement >= AGREED else NOT_SUPPORTED


def overlap(values, part):
    """Area that two densities share: 1 if they are equal, 0 if they have nothing in common.

    Parameters
    ----------
    values, part : (n,), (m,) one coordinate of the pool and of a part of it

    Returns
    -------
    float, grid, density of values, density of part. Both have Gaussian kernels of one width,
    Scott's for the pool, so that a difference between the curves is none of their smoothing.
    """
    width = (np.std(values) or 1.0) * len(values) ** -0.2
    edges = np.arange(np.min(values) - 4 * width, np.max(values) + 4 * width, width / STEPS)
    densities = [
        gaussian_filter1d(np.histogram(v, edges, density=True)[0], STEPS, mode="constant")
        for v in (values, part)
    ]
    area = np.minimum(*densities).sum() * width / STEPS
    return float(area), edges[:-1] + width / STEPS / 2, *densities


def label_summary(dataset):
    """Summary of the labels of a MoleculeDataset."""
    first, last = np.floor(dataset.y.min() / BIN) - 1, np.ceil(dataset.y.max() / BIN) + 1
    edges = np.round(np.arange(first, last + 1) * BIN, 2)
    # Bins are open below: what lies above an edge is strictly above it.
    index = np.searchsorted(edges, dataset.y, side="left") - 1
    thresholds = np.quantile(dataset.y, 1 - SHARES)
    return LabelSummary(
        name=dataset.name,
        info=dict(dataset.info),
        n=len(dataset),
        data_sha256=dataset.sha256,
        first_edge=int(first),
        counts=np.bincount(index, minlength=len(edges) - 1).tolist(),
        tops=[[float(t), int((dataset.y > t).sum())] for t in thresholds],
    )


def load_or_summarise(name):
    """Summary of a data set, and True if it comes from the tracked record.

    Raises
    ------
    ValueError
        As `alutils.data.datasets.load`, for a set that is neither at hand nor recorded.
    """
    entry, folder = REGISTRY.get(name, {}), data_dir()
    local = entry.get("kind") in ("local", "labels")
    absent = local and not (folder and (folder / entry["file"]).is_file())
    path = records_dir() / f"homo_{name}.json"
    if absent and path.is_file():
        summary = LabelSummary(**json.loads(path.read_text(encoding="utf-8")))
        usage_log.note(dataset=name, sha256=summary.data_sha256)
        usage_log.note(record=path.name, file=path.name, stale=False)
        return summary, True
    return label_summary(load(name)), False


def write_record(dataset, folder=None):
    """Write the tracked summary of a data set; returns its path."""
    path = (records_dir() if folder is None else folder) / f"homo_{dataset.name}.json"
    text = json.dumps(asdict(label_summary(dataset)), separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")
    return path
