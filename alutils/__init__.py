"""Active learning of molecular data with exact Gaussian processes.

The way of the data, one import an arrow::

    datasets -> descriptors -> loop (gp, strategies, batching, metrics) -> records -> figures

>>> import alutils
>>> dataset = alutils.datasets.load("organics")
>>> config = alutils.loop.RunConfig("organics", "property_search", n_max=200)
>>> frame = alutils.loop.run(config)
"""

from importlib.metadata import version

from . import (
    batching,
    datasets,
    descriptors,
    gp,
    loop,
    metrics,
    paths,
    provenance,
    records,
    strategies,
    verdicts,
)

__all__ = [
    "batching",
    "datasets",
    "descriptors",
    "gp",
    "loop",
    "metrics",
    "paths",
    "provenance",
    "records",
    "strategies",
    "verdicts",
]
__version__ = version("alutils")
