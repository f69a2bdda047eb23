"""The set-up: three lists of packages that agree, commands that exist, no file that must not."""

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from book.builder.pages import ROOT
from book.builder.postprocess import MACHINE_PATH

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
LOCK_LINES = [
    line
    for line in (ROOT / "requirements.lock").read_text("utf8").splitlines()
    if line and not line.startswith("#")
]
DIRECT = [
    Requirement(text)
    for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for text in group
]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text("utf8"))
LARGEST = 5_000_000
# Commands and options that macOS does not have, or has otherwise
GNU_ONLY = r"\bsed -i\b|\breadlink -f\b|\bsha256sum\b|\bdate -d\b|\bgrep -P\b|\bnproc\b|\bcp -a\b"


def lock():
    """Name -> pinned versions; several where platforms or Pythons differ."""
    pins = {}
    for line in LOCK_LINES:
        requirement = Requirement(line)
        (pin,) = requirement.specifier
        pins.setdefault(canonicalize_name(requirement.name), []).append((pin, requirement.marker))
    return pins


def tracked():
    """The files that git tracks."""
    if not (ROOT / ".git").exists():
        pytest.skip("an archive of a release has no git")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=300
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_lock_pins_every_line_and_names_no_address():
    for line in LOCK_LINES:
        assert re.match(r"[\w.-]+==[\w.!+-]+( ; .+)?$", line), line


@pytest.mark.parametrize("requirement", DIRECT, ids=str)
def test_lock_satisfies_pyproject(requirement):
    pins = lock().get(canonicalize_name(requirement.name))
    assert pins, f"{requirement.name} is not in requirements.lock: make lock"
    for pin, _ in pins:
        assert requirement.specifier.contains(pin.version), f"{pin} against {requirement}"


def test_installed_versions_are_those_of_the_lock():
    differ = {}
    for name, pins in lock().items():
        for pin, marker in pins:
            if marker is None or marker.evaluate():
                try:
                    installed = importlib.metadata.version(name)
                except importlib.metadata.PackageNotFoundError:
                    installed = None
                if installed != pin.version:
                    differ[name] = (installed, pin.version)
    assert not differ, f"installed, locked: {differ}; make book brings them together"


@pytest.mark.parametrize(("name", "refused"), [("jupyter-book", "2.0.0"), ("dscribe", "2.1.3")])
def test_traps_stay_pinned(name, refused):
    (requirement,) = [r for r in DIRECT if r.name == name]
    assert not requirement.specifier.contains(refused)


def test_environment_agrees_with_lock_and_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf8"))
    (python,) = [d for d in environment["dependencies"] if str(d).startswith("python")]
    version = re.fullmatch(r"python=(\d\.\d+)", python)[1]  # the form that Binder understands
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)
    matrix = WORKFLOW["jobs"]["test"]["strategy"]["matrix"]
    assert version in matrix["python"]
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    assert pip == ["-r requirements.lock", "-e ."]
    assert environment["name"] == PROJECT["name"]


def make(*words):
    """Run make in the checkout as a newcomer would, outside of the make that runs the tests."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}
    return subprocess.run(
        ["make", *words],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_readme_commands_are_make_targets():
    readme = (ROOT / "README.md").read_text("utf8")
    targets = set(re.findall(r"(?:`|^)(?:\w+=\S+ )*make ([a-z-]+)", readme, re.M))
    assert {"book", "test"} <= targets
    for target in targets:
        assert make("-n", "STAMP=", target).returncode == 0, f"make {target}"


def test_too_old_python_is_told_in_one_line(tmp_path):
    done = make(f"VENV={tmp_path}/venv", "PYTHON=false", f"{tmp_path}/venv/.installed")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("Python 3.11 or newer is needed")


def test_missing_venv_is_told_in_one_line(tmp_path):
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; esac\n')
    python.chmod(0o755)
    done = make(f"VENV={tmp_path}/venv", f"PYTHON={python}", f"{tmp_path}/venv/.installed")
    assert done.returncode != 0
    assert "has no venv module" in done.stderr.splitlines()[0]


def test_missing_data_folder_is_told(tmp_path):
    done = make("-n", "STAMP=", "book", f"ALUTILS_DATA={tmp_path}/nowhere")
    assert done.returncode != 0
    assert "ALUTILS_DATA names no folder" in done.stderr


def test_no_big_file_and_no_backup_is_tracked():
    for path in tracked():
        assert path.stat().st_size <= LARGEST, f"{path.name} is above 5 MB"
        assert not re.search(r"~$|\.(bak|orig|rej|sw[op])$|^\.?#|^\.DS_Store$", path.name), path


def test_no_tracked_text_names_a_path_of_a_machine():
    for path in tracked():
        if path.suffix in {".ipynb", ".md", ".yml", ".toml", ".json", ".cff", ".lock", ".bib"}:
            text = re.sub(r'"image/png": ".*"', "", path.read_text("utf8"))
            found = MACHINE_PATH.search(text)
            assert not found, f"{path.relative_to(ROOT)}: {found[0]}"


def schema(name, path):
    """Check a file against a schema that check-jsonschema brings along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", name, path]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout


def test_the_schemas_refuse_what_is_wrong(tmp_path):
    path = tmp_path / "book.yml"
    text = (ROOT / ".github/workflows/book.yml").read_text("utf8")
    path.write_text(text.replace("timeout-minutes: 90", "timeout-minute: 90"), "utf8")
    with pytest.raises(AssertionError, match="timeout-minute"):
        schema("vendor.github-workflows", path)


def test_make_and_ci_call_nothing_that_macos_lacks():
    for name in ("Makefile", ".ci/run", ".github/workflows/book.yml"):
        assert not re.search(GNU_ONLY, (ROOT / name).read_text("utf8")), name


def test_the_workflow_runs_what_the_readme_says():
    """Its syntax as far as no server is needed: jobs, steps, and make targets that exist."""
    schema("vendor.github-workflows", ".github/workflows/book.yml")
    for name, job in WORKFLOW["jobs"].items():
        assert job["timeout-minutes"] and job["runs-on"], name
        assert set(job.get("needs", "test").split()) <= set(WORKFLOW["jobs"])
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), f"{name}: {step}"
            if "uses" in step:
                assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])
            else:
                target = step["run"].split("#")[0].split()
                assert target[0] == "make" and make("-n", "STAMP=", *target[1:]).returncode == 0
    systems = WORKFLOW["jobs"]["test"]["strategy"]["matrix"]["os"]
    assert {system.partition("-")[0] for system in systems} == {"ubuntu", "macos"}
