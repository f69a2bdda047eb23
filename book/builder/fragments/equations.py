"""The code behind each equation, the test that proves it, and what the test says now.

`run` executes the tests of book/equations.yml, once for the same code and tests; `table` is the
fragment that the methods page includes.
"""

import ast
import json
import os
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import yaml

from book.builder import programs
from book.builder.fragments.markdown import table as markdown_table
from book.builder.freshness import file_digest
from book.builder.pages import ROOT

LONGEST_S = 1800
RESULTS = Path("_build", "proofs.json")
INPUTS = ("alutils/**/*.py", "alutils/data/pools/*.npz", "tests/*.py", "book/equations.yml")


def read_equations(root=ROOT):
    """The entries of book/equations.yml: what, code, test."""
    return yaml.safe_load((root / "book/equations.yml").read_text("utf8"))


def lines_of(place, root=ROOT):
    """First and last line of path.py::name or ::Class.method, decorators included."""
    path, _, name = place.partition("::")
    body = ast.parse((root / path).read_text("utf8")).body
    for part in name.split("."):
        node = [n for n in body if part in defined(n)][-1]  # overloads come first
        body = getattr(node, "body", [])
    decorators = [d.lineno for d in getattr(node, "decorator_list", [])]
    return min([node.lineno, *decorators]), node.end_lineno


def defined(node):
    """Names that a top-level statement defines."""
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {getattr(node, "name", None)}


def run(root=ROOT):
    """Test -> {"cases", "failed", "seconds"}, from the last run if nothing has changed since."""
    made_from = file_digest((p for pattern in INPUTS for p in root.glob(pattern)), root)
    path = root / RESULTS
    if path.exists():
        kept = json.loads(path.read_text("utf8"))
        if kept["made_from"] == made_from:
            return kept["results"]
    tests = list(dict.fromkeys(entry["test"] for entry in read_equations(root)))
    print(f"{len(tests)} tests behind the equations: started", flush=True)
    report = root / "_build" / "proofs.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    command += [f"--junitxml={report}", *tests]
    what = "the tests of the equations"
    done = programs.run(what, command, LONGEST_S, cwd=root, env=env, capture_output=True, text=True)
    if not report.exists():
        raise SystemExit(f"book.builder: {what} did not run:\n{done.stdout}{done.stderr}")
    results = read_report(report, tests)
    path.write_text(json.dumps({"made_from": made_from, "results": results}), "utf8")
    failed = sum(bool(result["failed"]) for result in results.values())
    print(f"{len(tests)} tests behind the equations: {failed} failed", flush=True)
    return results


def read_report(path, tests):
    """Test -> its cases, how many of them did not pass, and their seconds, from JUnit's XML."""
    results = {test: {"cases": 0, "failed": 0, "seconds": 0.0} for test in tests}
    for case in xml.parse(path).iter("testcase"):
        file = case.get("classname").replace(".", "/") + ".py"
        result = results[f"{file}::{case.get('name').split('[')[0]}"]
        result["cases"] += 1
        result["failed"] += any(child.tag != "system-out" for child in case)
        result["seconds"] += float(case.get("time"))
    return results


def verdict(result):
    """What a test says, in words."""
    if not result["cases"]:
        return "**did not run**"
    if result["failed"]:
        return f"**{result['failed']} of {result['cases']} failed**"
    cases = f" ({result['cases']} cases)" if result["cases"] > 1 else ""
    return f"passed{cases}"


def link(place, root=ROOT):
    """The source file behind a name, for a page in book/, shown as name, file and line."""
    path, _, name = place.partition("::")
    return f"{{download}}`{name}, {Path(path).name}:{lines_of(place, root)[0]} <../{path}>`"


def table(results, root=ROOT):
    """Equation, code, test and what the test says, in MyST."""
    lines = [["equation", "code, and below it the test", "the test"]]
    for entry in read_equations(root):
        where = "<br>".join(link(entry[kind], root) for kind in ("code", "test"))
        lines.append([entry["what"], where, verdict(results[entry["test"]])])
    return markdown_table(lines)
