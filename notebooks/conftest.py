"""nbval waits five seconds for a cell's output: too few on a machine that is busy."""


def pytest_collection_modifyitems(items):
    for item in items:
        item.output_timeout = 120
