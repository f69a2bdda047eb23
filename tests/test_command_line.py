"""The commands of a campaign as a reader types them: what they say, and their exit status."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import fields

import ase.io
import click
import pytest
from click.shell_completion import ShellComplete

from alutils.__main__ import commands
from alutils.acquisition.strategies import SHIPPED
from alutils.analysis import probes
from alutils.campaign.campaign import Settings
from alutils.data.datasets import load
from alutils.data.geometry import UNITS
from alutils.descriptors import DESCRIPTORS
from alutils.runs import schedulers


@pytest.fixture
def alutils(tmp_path):
    """Run ``python -m alutils ...`` in an empty folder: (exit status, what it said)."""
    frames = list(load("organics").molecules[:80])
    for number, atoms in enumerate(frames):
        atoms.info = {"id": f"m{number}"}
    ase.io.write(tmp_path / "pool.extxyz", frames, format="extxyz")

    def run(*words):
        command = [sys.executable, "-m", "alutils", *map(str, words)]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )
        return done.returncode, done.stdout + done.stderr

    run.folder = tmp_path
    return run


def test_start_ask_tell_and_what_is_refused(alutils):
    begin = ("start", "mine", "pool.extxyz", "--threshold", "-10.4")
    begin += ("--n-init", 10, "--n-const", 10)
    assert alutils(*begin)[1].startswith("80 molecules, 0 labels")
    status, said = alutils(*begin)
    assert status == 2 and "already holds a campaign" in said and "Traceback" not in said
    status, said = alutils("ask", "mine")
    assert status == 0 and "10 molecules wait for a label" in said
    assert said.splitlines()[-1] == "next: python -m alutils tell mine mine/batch-000/batch.csv"
    status, said = alutils("tell", "mine", "mine/batch-000/batch.csv")
    assert status == 2 and "no label; write a number" in said
    with open(alutils.folder / "mine/batch-000/batch.csv", newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    y = load("organics").y
    rows = "".join(f"{one},{y[int(one[1:])]}\n" for one in ids[:9]) + f"{ids[9]},failed\n"
    (alutils.folder / "results.csv").write_text("id,label\n" + rows)
    status, said = alutils("tell", "mine", "results.csv")
    assert status == 0 and said.startswith("10 new, 10 labels") and "0 are waited for" in said
    status, said = alutils("advise", "mine", "--n-max", 60)
    lines = said.splitlines()
    assert status == 0 and "most_probable: " in said and lines[-2][:4] == "use "
    assert lines[-1] == "to go on so: python -m alutils advise mine --n-max 60 --take"
    status, said = alutils("advise", "mine", "--n-max", 600)
    assert (
        status == 2
        and "n_max=600 must lie between 10, one more than there are labels, and 80, the pool"
        in said
    )
    status, said = alutils("ask", "mine")
    assert status == 0 and "batch-001" in said


def test_start_goes_on_without_bad_molecules_and_lists_them(alutils):
    ring = "C 0 0 0.67\nC 0 0 -0.67\n"
    text = (alutils.folder / "pool.extxyz").read_text() + f"2\nid=bare\n{ring}1\nid=x\nXq 0 0 0\n"
    (alutils.folder / "mixed.xyz").write_text(text)
    begin = ("start", "mine", "mixed.xyz", "--strategy", "random", "--n-init", 10)
    status, said = alutils(*begin)
    assert status == 2 and "2 of 82 molecules cannot be taken" in said and "Traceback" not in said
    status, said = alutils(*begin, "--property", "gap")
    assert status == 2 and "no property 'gap', found none" in said
    status, said = alutils(*begin, "--skip-bad")
    assert status == 0 and said.startswith("80 molecules, 0 labels, 2 left out: skipped.csv")
    with open(alutils.folder / "mine/skipped.csv", newline="") as file:
        assert [row["place"] for row in csv.DictReader(file)] == ["frame 80", "frame 81"]


def test_a_killed_live_search_goes_on(alutils):
    pytest.importorskip("tblite")
    words = ("--threshold", "-10.6", "--n-init", 12, "--n-const", 12, "--strategy", "most_probable")
    for name in ("whole", "killed"):
        assert alutils("start", name, "pool.extxyz", *words)[0] == 0
    assert alutils("live", "whole", "--find", 20)[0] == 0
    command = [sys.executable, "-m", "alutils", "live", "killed", "--find", "20"]
    for seconds in (4, 6):
        process = subprocess.Popen(command, cwd=alutils.folder, start_new_session=True)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
    status, said = alutils("live", "killed", "--find", 20)
    assert status == 0, said
    folders = [alutils.folder / name for name in ("whole", "killed")]
    batches = [
        [path.read_text() for path in sorted(folder.glob("batch-*.json"))] for folder in folders
    ]
    labels = [(folder / "labels.csv").read_text() for folder in folders]
    assert batches[0] == batches[1] and labels[0] == labels[1]


def test_help_names_the_settings_that_a_campaign_has_by_default(alutils):
    said = " ".join(alutils("start", "--help")[1].split())
    for field in fields(Settings):
        if field.name not in ("scheme", "property", "unit") and field.default is not None:
            option = re.search(f"--{field.name.replace('_', '-')} .*?\\((.*?)\\)", said)
            assert option and option[1] == str(field.default), field.name


def test_help_comes_without_the_science():
    """Numerical libraries take seconds to load, which nobody should wait for to see a mistake."""
    code = "import sys, alutils.__main__ as m; m.commands(['ask', '--help'], standalone_mode=False)"
    code += "; sys.exit('numpy' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=300).returncode
        == 0
    )


@pytest.mark.parametrize(
    "words", [("query",), ("ask",), ("ask", "a", "b"), ("study", "fields"), ()]
)
def test_mistyped_words_have_status_2(alutils, words):
    status, said = alutils(*words)
    assert status == 2 and "Usage: python -m alutils" in said and "Traceback" not in said


def test_bad_pools_and_names_end_in_one_line(alutils):
    for words, message in (
        (("start", "x", "absent.xyz", "--threshold", "-9"), "no such file or folder"),
        (("start", "x", "pool.extxyz"), "needs a target"),
        (("start", "x", "pool.extxyz", "--strategy", "randm"), "did you mean 'random'?"),
        (("ask", "x"), "holds no campaign"),
        (("probe", "organcs"), "pool='organcs' has no sweep: choose from organics, "),
    ):
        status, said = alutils(*words)
        assert status == 2 and message in said and len(said.strip().splitlines()) == 1, said


def completed(*words, incomplete=""):
    """What the shell offers after these words."""
    shell = ShellComplete(commands, {}, "alutils", "_ALUTILS_COMPLETE")
    return [item.value for item in shell.get_completions(list(words), incomplete)]


def test_names_are_completed():
    assert completed(incomplete="ch") == ["check", "checksums"]
    assert completed("start", incomplete="--thre") == ["--threshold"]
    assert completed("start", "--strategy") == list(SHIPPED)
    assert completed("start", "--strategy", incomplete="most_") == [
        "most_uncertain",
        "most_probable",
    ]
    assert completed("simulate", "--descriptor") == list(DESCRIPTORS)
    assert completed("start", "--length-unit") == list(UNITS)
    assert set(completed("probe")) == set(probes.STUDIED)
    for name in completed("record", "plan.yml", "--scheduler"):
        schedulers.check(name)
    (file,) = ShellComplete(commands, {}, "alutils", "_ALUTILS_COMPLETE").get_completions(
        ["check"], ""
    )
    assert file.type == "file"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_console_script_gives_a_shell_its_completion(shell, tmp_path):
    """And asked by the shell, it answers without the seconds that numerical modules take."""
    script = tmp_path / "alutils"
    script.write_text("import sys\nfrom alutils.__main__ import main\nsys.exit(main())\n")

    def ask(**env):
        done = subprocess.run(
            [sys.executable, script],
            env=os.environ | env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "_ALUTILS_COMPLETE" in ask(_ALUTILS_COMPLETE=f"{shell}_source")
    words = {"COMP_WORDS": "alutils start --strategy rand", "COMP_CWORD": "3"}
    if shell == "fish":
        words["COMP_CWORD"] = "rand"
    assert "random" in ask(_ALUTILS_COMPLETE=f"{shell}_complete", **words)


def test_every_option_is_described_and_the_overview_fits_a_narrow_terminal():
    for name, one in commands.commands.items():
        context = click.Context(one, info_name=name, terminal_width=80)
        assert max(map(len, one.get_help(context).splitlines())) <= 80, name
        assert one.help and all(
            len(parameter.help or "") > 9
            for parameter in one.params
            if isinstance(parameter, click.Option)
        ), name
    said = commands.get_help(click.Context(commands, info_name="alutils", terminal_width=80))
    assert max(map(len, said.splitlines())) <= 80 and "..." not in said.partition("Commands:")[2]
    for name in ("check FILE", "start FOLDER FILE", "simulate FILE", "verify"):
        assert name in said
