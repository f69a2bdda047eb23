"""One browser for all tests of a process: Playwright allows no second."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)


@pytest.fixture(scope="session")
def browser():
    assert CHROMIUM, "Chromium is needed: Debian: apt install chromium"
    with sync_playwright() as playwright:
        # A page that asks the network for anything is seen below; the browser itself must not.
        options = ["--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()
