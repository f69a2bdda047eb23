"""What several test modules share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def data_dir():
    """The folder of local data sets; tests that need it are skipped without ALUTILS_DATA."""
    if not os.environ.get("ALUTILS_DATA"):
        pytest.skip("needs local data: ALUTILS_DATA names no folder")
    return Path(os.environ["ALUTILS_DATA"])
