"""No wait of the code, of the builder and of the tests is without a limit."""

import ast
from collections import Counter

import pytest

from book.builder.pages import ROOT

# Calls that wait, and the arguments of which one must be given.
LIMITED = {
    "subprocess.run": {"timeout"},
    "subprocess.call": {"timeout"},
    "subprocess.check_call": {"timeout"},
    "subprocess.check_output": {"timeout"},
    "requests.get": {"timeout"},
    "urllib.request.urlopen": {"timeout"},
    "urlopen": {"timeout"},
    "futures.wait": {"timeout", 1},
    "as_completed": {"timeout", 1},
    "futures.as_completed": {"timeout", 1},
}
LIMITED |= {f".{name}": {"timeout", 0} for name in ("wait", "communicate", "result", "join", "get")}
LIMITED |= {".acquire": {"timeout", 1}}
# Waits for a process of our own: it ends, or the system or the executor tells that it has died.
ALIVE = {
    "alutils/data/pools/build.py: result": "of a WorkerPool",
    "alutils/storage/processes.py: sleep": "of a forked process for the end of its parent",
    "book/builder/paper_runs.py: run": "computes the runs of a whole paper, each with its progress",
    "tests/bench/bench.py: result": "of a WorkerPool, measured",
    "tests/bench/millions.py: result": "of a WorkerPool, measured",
    "tests/bench/smiles.py: wait4": "of a command that is measured",
    "tests/stress/kills.py: sleep": "between kills, of which it makes so many",
    "tests/stress/kills.py: waitpid": "of a victim, which is killed after LONGEST_S",
}


def waits(path):
    """(name of the call, line) of each wait without a limit in a module."""
    tree = ast.parse(path.read_text("utf8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.While) and not _ends(node):
            yield "sleep", node.lineno
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {keyword.arg for keyword in node.keywords} | set(range(len(node.args)))
        limits = LIMITED.get(name) or LIMITED.get(f".{name.rpartition('.')[2]}", {"timeout", 0})
        known = name in LIMITED or ("." in name and f".{name.rpartition('.')[2]}" in LIMITED)
        if known and not given & limits:
            yield name.rpartition(".")[2], node.lineno
        if name in ("os.wait4", "os.waitpid") and "WNOHANG" not in ast.unparse(node.args[1]):
            yield name.rpartition(".")[2], node.lineno


def _ends(loop):
    """False for a loop that sleeps and looks at no clock."""
    text = ast.unparse(loop)
    return "sleep(" not in text or "monotonic()" in text or "range(" in text


def test_every_wait_has_a_limit():
    found = Counter()
    for folder in ("alutils", "book/builder", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            places = {f"{name}: {call}": line for call, line in waits(path)}
            found |= Counter(places)
    assert {place: line for place, line in found.items() if place not in ALIVE} == {}
    assert set(ALIVE) <= set(found), "reasons for waits that are no more"


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("subprocess.run(['make'])", "run"),
        ("subprocess.Popen(['make']).wait()", "wait"),
        ("future.result()", "result"),
        ("queue.get()", "get"),
        ("held.acquire()", "acquire"),
        ("os.wait4(pid, 0)", "wait4"),
        ("while not path.exists():\n    time.sleep(1)", "sleep"),
        ("requests.get(url)", "get"),
        ("futures.wait(running)", "wait"),
    ],
)
def test_a_wait_without_a_limit_is_found(code, call, tmp_path):
    (tmp_path / "a.py").write_text(code)
    assert [name for name, _ in waits(tmp_path / "a.py")] == [call]


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(['make'], timeout=60)",
        "future.result(60)",
        "', '.join(words)",
        "held.acquire(timeout=0)",
        "os.wait4(pid, os.WNOHANG)",
        "while not done() and time.monotonic() < end:\n    time.sleep(1)",
        "requests.get(url, timeout=3)",
        "table.get('a')",
    ],
)
def test_a_wait_with_a_limit_is_none(code, tmp_path):
    (tmp_path / "a.py").write_text(code)
    assert not list(waits(tmp_path / "a.py"))
