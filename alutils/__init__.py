"""Active learning of molecular data with exact Gaussian processes.

The way of the data, one import an arrow::

    data -> descriptors -> loop (model, acquisition, metrics) -> runs -> report

>>> import alutils
>>> dataset = alutils.load("organics")
>>> X = alutils.features(dataset)
>>> model = alutils.GaussianProcess(noise_var=0.05, random_state=0).fit(X[:500], dataset.y[:500])
>>> frame = alutils.run(alutils.RunConfig("organics", "property_search", n_max=200))
"""

from importlib import import_module

# Imported when first used: who needs the loop alone does not load the downloads.
_WHERE = {
    "load": "alutils.data.datasets",
    "features": "alutils.descriptors",
    "GaussianProcess": "alutils.model.gp",
    "STRATEGIES": "alutils.acquisition.strategies",
    "RunConfig": "alutils.loop",
    "run": "alutils.loop",
}
__all__ = list(_WHERE)


def __getattr__(name):
    if name == "__version__":
        from importlib.metadata import version  # it takes longer than all else here

        return version("alutils")
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'alutils' has no attribute {name!r}")


def __dir__():
    return [*globals(), "__version__", *__all__]
