"""The table of the methods page names code and tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
METHODS = (ROOT / "book/methods.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:alutils|tests)/[\w/]+\.py)::([\w.]+)`?", METHODS)))


def definitions(path):
    """Names that a module defines at its top, and Class.method."""
    found = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{m.name}" for m in node.body if isinstance(m, ast.FunctionDef)}
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_named_code_and_tests_exist(path, name):
    assert name in definitions(path)


def test_every_labelled_equation_has_code_and_test():
    labels = set(re.findall(r"\$\$ \((eq-[\w-]+)\)", METHODS))
    rows = [line for line in METHODS.splitlines() if line.startswith("|") and "tests/" in line]
    proved = {label for row in rows for label in re.findall(r"\{eq\}`(eq-[\w-]+)`", row)}
    assert labels and labels == proved
