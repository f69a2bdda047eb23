"""nbval waits five seconds for a cell's output: a busy machine needs more."""


def pytest_collection_modifyitems(items):
    for item in items:
        item.output_timeout = 120
