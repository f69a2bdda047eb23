"""What the newest releases break: packages that differ from the lock, and the tests that fail.

Run by `make newest`, in an environment made from pyproject.toml alone.

python tests/stress/newest.py [what pytest takes, such as tests/test_model_gp.py]
"""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 3 * 3600
OF_THE_LOCK = "tests/test_setup.py::test_installed_versions_are_those_of_the_lock"


def locked():
    """Name -> version that the lock has for this Python and platform."""
    lines = (ROOT / "requirements.lock").read_text("utf8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    here = [one for one in wanted if one.marker is None or one.marker.evaluate()]
    return {one.name.lower().replace("_", "-"): str(one.specifier)[2:] for one in here}


def installed():
    """Name -> version of what is installed here."""
    found = metadata.distributions()
    return {one.name.lower().replace("_", "-"): one.version for one in found}


def main(tests):
    lock, here = locked(), installed()
    names = (lock | here).keys() - {"alutils", "pip"}
    differ = {name for name in names if lock.get(name) != here.get(name)}
    print(f"Python {sys.version.split()[0]}; {len(differ)} packages differ from the lock:")
    for name in sorted(differ):
        print(f"  {name:28} {lock.get(name, '-'):>16} -> {here.get(name, '-')}")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadscope", "-rf"]
    command += ["--tb=line", "--deselect", OF_THE_LOCK, *tests]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=LONGEST_S).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["tests"]))
