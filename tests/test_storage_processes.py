"""No worker outlives its parent, and Ctrl-C ends in one line with exit status 130."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

PLAN = """
- name: toy
  settings: {dataset: organics, strategy: random, n_max: 3000, n_test: 500}
  seeds: [0, 1]
  runs: [{}]
"""


def heed_ctrl_c():
    """A job in the background of a shell ignores Ctrl-C, and so would all that the tests start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(params=["processes:2"])
def recording(request, tmp_path):
    """``python -m alutils record`` with both workers at work; ended after the test."""
    (tmp_path / "plan.yml").write_text(PLAN)
    command = [sys.executable, "-m", "alutils", "record", "plan.yml", "--folder", "made"]
    command += ["--scheduler", request.param]
    process = subprocess.Popen(
        command, cwd=tmp_path, start_new_session=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c,
    )  # fmt: skip
    until(lambda: len(workers(process)) == 2 and len(list(tmp_path.glob("made/*.json"))) == 2)
    family = workers(process)
    yield process, family
    for one in [psutil.Process(process.pid), *family] if process.poll() is None else family:
        if one.is_running():
            one.kill()
    process.communicate(timeout=60)


def workers(process):
    """The worker processes of a parent, as psutil.Process."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in command_of(child)]


def command_of(process):
    """Its command line; nothing where it has ended since it was listed."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def until(true, longest_s=60):
    """Wait for something that will be true; the test fails if it does not come."""
    deadline = time.monotonic() + longest_s
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def gone(family):
    return all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in family)


@pytest.mark.parametrize("recording", ["processes:2", "dask:2"], indirect=True)
@pytest.mark.parametrize("whole_group", [True, False])
def test_ctrl_c_ends_in_one_line(recording, whole_group):
    process, family = recording
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    stated = [line for line in said.splitlines() if line.strip() and "run/s" not in line]
    assert stated == ["stopped: the same command goes on from the last finished iteration"]
    until(lambda: gone(family))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_when_their_parent_is_killed(recording, number):
    process, family = recording
    os.kill(process.pid, number)
    process.wait(timeout=60)
    until(lambda: gone(family))


def test_a_killed_worker_is_replaced(recording):
    process, family = recording
    family[0].kill()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0 and "Traceback" not in said
    until(lambda: gone(family))


def test_ctrl_c_during_the_imports_is_quiet(tmp_path):
    """The module is stopped half-way through them, as a fast finger does."""
    (tmp_path / "scipy.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "alutils", "records"],
        env=environment, capture_output=True, text=True, check=False, preexec_fn=heed_ctrl_c,
        timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


FORKS = """
import os, signal, sys, time
from alutils.storage import processes
processes.forks_die_too()
if {at_once}:
    real = signal.signal
    signal.signal = lambda *arguments: os.kill(os.getpid(), signal.SIGINT) or real(*arguments)
if os.fork() == 0:
    print(os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("at_once", [False, True])
def test_what_a_process_forks_ends_with_it(at_once):
    """Also where Ctrl-C comes after the fork and before the child can know that it is one."""
    command = [sys.executable, "-c", FORKS.format(at_once=at_once)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=heed_ctrl_c) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        try:
            child.send_signal(signal.SIGINT)  # left to the parent
            time.sleep(0.5)
            assert not gone([child])
        finally:
            parent.kill()
        until(lambda: gone([child]))
