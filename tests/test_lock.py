"""The lock's renewal: what differs is told, what fails leaves the old lock."""

import subprocess

import lock
import pytest

OLD = """# head
a==1
b==2 ; python_full_version < '3.12'
b==3 ; python_full_version >= '3.12'
c==1
"""


def test_changes_tell_new_gone_and_other_versions_of_each_package():
    new = OLD.replace("a==1", "a==1.1").replace("c==1\n", "").replace("b==3", "b==4") + "d==5\n"
    rows = [("a", "1", "1.1"), ("b", "2, 3", "2, 4"), ("c", "1", "-"), ("d", "-", "5")]
    assert lock.changes(OLD, new) == rows
    assert lock.changes(OLD, OLD) == []
    other = OLD.replace("a==1", "a==1 ; sys_platform == 'linux'")
    assert lock.changes(OLD, other) == [("a", "1", "1, on other platforms or Pythons")]
    assert lock.told(rows).startswith("4 packages differ:\n") and "1 -> 1.1" in lock.told(rows)


def test_a_renewal_that_fails_leaves_the_old_lock(tmp_path, monkeypatch):
    (tmp_path / "requirements.lock").write_text(OLD)

    def half_written(command, cwd, check, timeout):
        (cwd / "requirements.lock").write_text("a==")
        raise subprocess.CalledProcessError(2, command)

    monkeypatch.setattr(lock.subprocess, "run", half_written)
    with pytest.raises(subprocess.CalledProcessError):
        lock.write(upgrade=True, root=tmp_path)
    assert (tmp_path / "requirements.lock").read_text() == OLD


def test_a_report_names_the_notebooks_that_differ(tmp_path):
    """Of a run of pytest itself: one case passes, one fails, one cannot start."""
    (tmp_path / "test_three.py").write_text(
        "import pytest\n@pytest.fixture\ndef broken(): 1/0\n"
        "def test_a(): pass\ndef test_b(): assert 0\ndef test_c(broken): pass\n"
    )
    words = [lock.sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    words += ["--junitxml=report.xml", "."]
    subprocess.run(words, cwd=tmp_path, check=False, timeout=120)
    assert lock.outcome(tmp_path / "report.xml") == (1, 3, ["test_three"])
