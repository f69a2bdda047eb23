"""Renew the lock, and show what that changes: packages, golden values, records, notebooks.

make lock             takes up what pyproject.toml adds or drops; all other pins stay
make lock UPGRADE=1   the newest release of everything that pyproject.toml allows
make lock-effect      in an environment of its own, .venv-lock, what gives the tracked results

python tests/stress/lock.py write [--upgrade] | effect     `git checkout requirements.lock` undoes
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LOCK = "requirements.lock"
LONGEST_S = 3600
HEAD = '# Written by "make lock" from pyproject.toml; every package, all extras, any platform.\n'
COMPILE = ("-q", "--universal", "--python-version", "3.11", "--all-extras", "--no-header")
COMPILE += ("--no-annotate", "--no-emit-index-url")
# What is compared with something tracked, and how
CHECKS = {
    "golden values": ["tests/test_golden.py"],
    "numbers of the notebooks": ["tests/test_notebooks_numbers.py"],
    "notebooks' outputs": ["--nbval", "notebooks", "--nbval-cell-timeout", "300"],
}


def pins(text):
    """Name -> [(version, marker)] of a lock's text; several where platforms or Pythons differ."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            one = Requirement(line)
            version = str(one.specifier).removeprefix("==")
            found.setdefault(one.name, []).append((version, str(one.marker or "")))
    return found


def changes(old, new):
    """(name, before, after) of what differs between two locks' texts."""
    old, new = pins(old), pins(new)
    rows = []
    for name in sorted(old.keys() | new.keys()):
        before, after = (", ".join(v for v, _ in lock.get(name, [])) or "-" for lock in (old, new))
        if before != after:
            rows.append((name, before, after))
        elif old[name] != new[name]:
            rows.append((name, before, f"{after}, on other platforms or Pythons"))
    return rows


def told(rows):
    """The lines that say what changed."""
    lines = [f"  {name:28} {before:>20} -> {after}" for name, before, after in rows]
    return "\n".join([f"{len(rows)} packages differ:", *lines] if rows else ["no package differs"])


def write(upgrade, root=ROOT):
    """Write the lock anew and print what differs from the one before."""
    path = root / LOCK
    old = path.read_text("utf8")
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "-o", LOCK, *COMPILE]
    try:
        command += ["--upgrade"] if upgrade else []
        subprocess.run(command, cwd=root, check=True, timeout=LONGEST_S)
        new = HEAD + path.read_text("utf8")
    except (OSError, subprocess.CalledProcessError):
        path.write_text(old, "utf8")
        raise
    path.write_text(new, "utf8")
    print(told(changes(old, new)))
    print("make lock-effect shows what that changes; git checkout requirements.lock takes it back")


def asked(command, root):
    """A command that was run to its end, with what it said."""
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, timeout=LONGEST_S
    )


def outcome(report):
    """How many of pytest's cases passed, and the files whose cases did not, of a JUnit report."""
    cases = list(ElementTree.parse(report).iter("testcase"))
    bad = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
    files = sorted({case.get("classname").split("/")[-1] for case in bad})
    return len(cases) - len(bad), len(cases), files


def effect(root=ROOT):
    """Run what is compared with tracked values here; a table; 1 if anything differs."""
    head = ["git", "show", f"HEAD:{LOCK}"]
    old = asked(head, root).stdout
    print(told(changes(old, (root / LOCK).read_text("utf8"))), "(against the last commit)")
    print(f"\n{'Python ' + sys.version.split()[0]:28} {'as tracked':>12}  differs")
    differs = False
    for what, words in CHECKS.items():
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.xml")
            command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadscope"]
            command += [f"--junitxml={report}", *words]
            said = asked(command, root)
            if not report.exists():
                sys.exit(f"{what}: pytest did not run\n{said.stdout}{said.stderr}")
            passed, n, files = outcome(report)
        print(f"{what:28} {f'{passed} of {n}':>12}  {', '.join(files) or '-'}", flush=True)
        differs |= passed < n
    command = [sys.executable, "-m", "alutils", "verify", "--n", "3", "--bundle", "pools"]
    done = asked(command, root)
    print(f"{'records, replayed':28} {'yes' if not done.returncode else 'no':>12}  -")
    print((done.stdout + done.stderr).strip())
    return int(differs or done.returncode != 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("write", "effect"))
    parser.add_argument("--upgrade", action="store_true")
    given = parser.parse_args()
    sys.exit(effect() if given.what == "effect" else write(given.upgrade))
