"""Active learning of molecular data with exact Gaussian processes.

The way of the data, one import an arrow::

    datasets -> descriptors -> loop (gp, strategies, batching, metrics) -> records -> figures

>>> import alutils
>>> dataset = alutils.data.datasets.load("organics")
>>> config = alutils.loop.RunConfig("organics", "property_search", n_max=200)
>>> frame = alutils.loop.run(config)
"""

import os
import signal
import sys
from importlib.metadata import version

# python -m alutils: Ctrl-C during the imports below is quiet too; nohup's ignoring stays.
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))

from alutils import descriptors, loop, metrics
from alutils.acquisition import batching, strategies
from alutils.data import datasets
from alutils.model import gp
from alutils.runs import provenance, records

__all__ = [
    "batching",
    "datasets",
    "descriptors",
    "gp",
    "loop",
    "metrics",
    "provenance",
    "records",
    "strategies",
]
__version__ = version("alutils")
