"""The one door for grids: the same records through each, whatever dies on the way."""

import json
import multiprocessing
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from alutils.acquisition.batching import batch_sizes
from alutils.loop import RunConfig
from alutils.runs import long_runs, records, schedulers, store
from alutils.storage import files, waiting
from alutils.storage.locations import cache_dir

SIZES = {"n_init": 20, "n_const": 20, "n_max": 160, "n_test": 100, "n_restarts": 0}
N_ROWS = 1 + len(batch_sizes("constant", SIZES["n_init"], SIZES["n_const"], SIZES["n_max"]))
CONFIGS = [
    RunConfig("organics", strategy, "constant", seed=seed, **SIZES)
    for seed in (0, 1)
    for strategy in ("random", "property_search")
]
NOBODY = "dask:tcp://127.0.0.1:9"  # no scheduler listens there
LOCAL = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}


@pytest.fixture(params=["processes:2", "dask:2"])
def door(request):
    """A door with workers of its own."""
    if request.param.startswith("dask"):
        pytest.importorskip("distributed")
    return request.param


def comparable(record):
    """A record without what time and machine decide."""
    left_out = ("seal", "wall_s", "peak_memory_gib", "created")
    rows = [{k: v for k, v in row.items() if k not in records.TIMINGS} for row in record["rows"]]
    return {k: v for k, v in record.items() if k not in left_out} | {"rows": rows}


def made(folder):
    """File name -> comparable content of each record in a folder."""
    paths = sorted(folder.glob("*.json"))
    whole = [store.read(path) for path in paths]
    assert all(record["complete"] and record["seal"] == files.seal(record) for record in whole)
    return {path.name: comparable(record) for path, record in zip(paths, whole, strict=True)}


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """What `made` says after a serial run of the grid."""
    folder = tmp_path_factory.mktemp("serial")
    with threadpool_limits(1):
        assert [config for config, _ in records.make(CONFIGS, folder)] == CONFIGS
    return made(folder)


def in_mid_run(folder, act):
    """Wait until a run is half done, act, and tell its file name."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for path in folder.glob("*.json"):
            record = store.read(path)
            if record["rows"] and not record["complete"]:
                act()
                return path.name
        time.sleep(0.002)


def kill_workers():
    children = multiprocessing.active_children()
    assert children
    for child in children:
        os.kill(child.pid, signal.SIGKILL)


def test_records_are_those_of_a_serial_run_though_workers_are_killed(door, serial, tmp_path):
    tmp_path.joinpath("records").mkdir()
    with ThreadPoolExecutor(1) as watcher:
        killed = watcher.submit(in_mid_run, tmp_path / "records", kill_workers)
        frame = records.run_or_load(CONFIGS, tmp_path / "records", door)
        assert killed.result(60) in serial
    assert made(tmp_path / "records") == serial
    assert frame.groupby(["strategy", "seed"])["iteration"].max().tolist() == [N_ROWS - 1] * 4
    assert frame["strategy"].drop_duplicates().tolist() == ["random", "property_search"]


def test_who_leaves_early_waits_for_nobody():
    """As Ctrl-C does where a result is being written."""
    results = schedulers.each(time.sleep, [0.01, 300, 300], "processes:2")
    assert next(results)[0] == 0.01
    started = time.monotonic()
    results.close()
    assert time.monotonic() - started < 60 and not multiprocessing.active_children()


def test_what_a_task_raises_is_raised_here(door):
    with pytest.raises(ValueError, match="'x'"):
        dict(schedulers.each(int, ["3", "x"], door))


def test_a_task_that_kills_every_worker_ends_in_one_line(door):
    with (
        pytest.importorskip("dask").config.set({"distributed.scheduler.allowed-failures": 0}),
        pytest.raises(BrokenExecutor, match=r"workers died \d times in a row") as error,
    ):
        dict(schedulers.each(os._exit, [1], door))
    assert "\n" not in str(error.value)


def test_every_door_is_an_executor(door):
    for name in ("serial", door):
        with schedulers.executor(name) as executor:
            assert executor.submit(divmod, 7, 2).result(60) == (3, 1)
            assert list(executor.map(abs, [-1, 2])) == [1, 2]


def test_workers_of_dask_keep_the_memory_they_freed(monkeypatch):
    """Dask would set the first; without the second a matrix product takes all cores."""
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    names = ["MALLOC_TRIM_THRESHOLD_", "OPENBLAS_NUM_THREADS"]
    assert dict(schedulers.each(os.getenv, names, "dask:1")) == {names[0]: None, names[1]: "1"}


def test_serial_hands_on_what_is_done_before_it_goes_on(tmp_path):
    paths = [tmp_path / name for name in "ab"]
    done = schedulers.each(Path.touch, paths)
    assert next(done) == (paths[0], None)
    assert paths[0].exists() and not paths[1].exists()


def test_a_record_from_a_machine_without_the_folder_is_written_here(serial, tmp_path, monkeypatch):
    there = records._compute_there
    (tmp_path / "there").mkdir()
    (tmp_path / "there/features").symlink_to(cache_dir() / "features")  # they take a minute to make
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "there"))
    monkeypatch.setattr(records, "_compute_there", lambda _, run: there(tmp_path / "absent", run))
    with threadpool_limits(1):
        dict(records.make(CONFIGS, tmp_path / "here"))
    assert made(tmp_path / "here") == made(tmp_path / "there/records") == serial


@pytest.mark.parametrize("change", [{"numerics_version": 99}, {"data_sha256": "other"}])
def test_a_worker_with_other_numerics_or_data_is_refused(change, tmp_path, monkeypatch):
    whole = records.compute

    def other(config, folder):
        return whole(config, folder) | change

    monkeypatch.setattr(records, "compute", other)
    with pytest.raises(ValueError, match="other data, or another alutils"):
        records.run_or_load(CONFIGS[:1], tmp_path)


def test_what_is_made_goes_through_no_door(tmp_path):
    pytest.importorskip("distributed")
    with threadpool_limits(1):
        dict(records.make(CONFIGS[:1], tmp_path))
    dict(records.make(CONFIGS[:1], tmp_path, NOBODY))


@pytest.mark.parametrize(
    "name", ["", "threads", "serial:2", "processes:0", "processes:x", "dask:0", "dask:absent.json"]
)
def test_unknown_name_is_one_clear_line(name, tmp_path):
    with pytest.raises(ValueError, match="is unknown: write serial, processes") as error:
        records.run_or_load(CONFIGS, tmp_path, name)
    assert f"scheduler={name!r}" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["dask", "dask:2", "dask:tcp://127.0.0.1:8786"])
def test_missing_dask_is_one_clear_line(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)  # as where it is not installed
    with pytest.raises(
        ImportError, match=r"'distributed', .*: pip install \"alutils\[cluster\]\""
    ) as error:
        records.run_or_load(CONFIGS, tmp_path, name)
    assert "\n" not in str(error.value)


def test_the_command_line_takes_a_door(tmp_path, capsys):
    runs = [{"dataset": "organics", "strategy": "random"}]
    plan = [{"name": "few", "settings": {**SIZES, "n_max": 60}, "seeds": [0, 1], "runs": runs}]
    (tmp_path / "plan.yml").write_text(json.dumps(plan))
    command = [sys.executable, "-m", "alutils", "record", "plan.yml", "--folder", "made"]
    command += ["--scheduler", "processes:2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout.count("MAE")) == (0, 2), done.stderr
    long_runs.make(long_runs.plan(tmp_path / "plan.yml"), tmp_path / "made", "serial")
    assert capsys.readouterr().out == "2 of 2 runs are made\n"


# A scheduler of its own, as on a cluster.


@pytest.fixture
def cluster(tmp_path):
    """Start a Dask scheduler and two workers; its process. All are ended after the test."""
    pytest.importorskip("distributed")
    started = []
    file = tmp_path / "scheduler.json"

    def start(module, *words):
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words, "--no-dashboard"]
        command += ["--scheduler-file", str(file)]
        log = open(tmp_path / f"{len(started)}.log", "w")
        started.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
        return started[-1]

    def both(n_workers=2):
        file.unlink(missing_ok=True)
        scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        deadline = time.monotonic() + 60
        while not file.exists():
            started_well = scheduler.poll() is None and time.monotonic() < deadline
            assert started_well, "the scheduler did not start"
            time.sleep(0.05)
        if n_workers:
            words = ("--nworkers", str(n_workers), "--nthreads", "1", "--host", "127.0.0.1")
            start("dask_worker", *words)
        return scheduler

    yield both
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)


def test_after_a_lost_scheduler_the_same_call_goes_on(cluster, serial, tmp_path):
    folder, door = tmp_path / "records", f"dask:{tmp_path}/scheduler.json"
    folder.mkdir()
    scheduler = cluster()
    with ThreadPoolExecutor(1) as watcher:
        killed = watcher.submit(in_mid_run, folder, scheduler.kill)
        with pytest.raises(BrokenExecutor, match="scheduler is lost: what is done is kept") as lost:
            records.run_or_load(CONFIGS, folder, door)
        assert killed.result(60) in serial and "\n" not in str(lost.value)
    cluster()
    assert len(records.run_or_load(CONFIGS, folder, door)) == 4 * N_ROWS
    assert made(folder) == serial


def test_workers_that_never_come_end_in_one_line(cluster, tmp_path, monkeypatch, capfd):
    cluster(n_workers=0)
    monkeypatch.setenv("ALUTILS_WAIT_S", "1")
    monkeypatch.setattr(waiting, "LOOK_S", 0.1)
    with pytest.raises(BrokenExecutor, match=r"no worker .* has come: .*ALUTILS_WAIT_S") as error:
        dict(schedulers.each(abs, [1], f"dask:{tmp_path}/scheduler.json"))
    assert "\n" not in str(error.value)
    assert "has no worker yet; waiting" in capfd.readouterr().err


def test_a_scheduler_that_does_not_answer_is_one_line():
    with (
        pytest.importorskip("dask").config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(BrokenExecutor, match="no Dask scheduler answers") as error,
    ):
        dict(schedulers.each(abs, [1], NOBODY))
    assert "\n" not in str(error.value)


# A SLURM that runs each job at once, on this machine; macOS has no setsid of its own.
SBATCH = f"""#!/bin/sh
cp "$1" job.sh
"{sys.executable}" -c 'import os; os.setsid(); os.execlp("bash", "bash", "job.sh")' >job.log 2>&1 &
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
kill -- "-$1"
"""


def test_the_two_lines_for_slurm_compute_the_grid(serial, tmp_path, monkeypatch):
    jobqueue = pytest.importorskip("dask_jobqueue")
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.getcwd(), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    settings = {"cores": 2, "processes": 2, "memory": "8GB", "python": shlex.quote(sys.executable)}
    settings["worker_extra_args"] = ["--host", "127.0.0.1", "--no-dashboard"]
    with jobqueue.SLURMCluster(**settings, scheduler_options=LOCAL) as cluster:
        cluster.scale(jobs=1)
        frame = records.run_or_load(CONFIGS, tmp_path / "made", f"dask:{cluster.scheduler_address}")
    assert len(frame) == 4 * N_ROWS and made(tmp_path / "made") == serial


def test_the_job_script_of_the_book_is_what_dask_jobqueue_submits(root):
    pytest.importorskip("dask_jobqueue")
    page = (root / "book/rerun.md").read_text("utf8")
    script = re.search(r"```bash\n(#SBATCH.*?)```", page, re.S)[1]
    (line,) = re.findall(r"^cluster = SLURMCluster\(.*?\)$", page, re.M | re.S)
    names = {}
    with pytest.importorskip("dask").config.set({"jobqueue.slurm.scheduler-options": LOCAL}):
        exec(f"from dask_jobqueue import SLURMCluster\n{line}", names)
    with names["cluster"] as cluster:
        stated = cluster.job_script().replace(cluster.scheduler_address, "tcp://HOST:PORT")
    assert stated.partition("\n")[2].split() == script.replace("\\\n", " ").split()
