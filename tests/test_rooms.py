"""The rooms of alutils: imports run downwards only, nothing private is borrowed, few entries."""

import ast
import subprocess
import sys

from book.builder.pages import ROOT

# From the ground up; a module may import from its own floor's rooms and from those below.
FLOORS = (
    {"storage", "metrics"},
    {"model"},
    {"acquisition", "data"},
    {"descriptors"},
    {"loop", "streaming"},
    {"runs"},
    {"analysis", "campaign"},
    {"report", "__main__", "__init__"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
PACKAGE = ROOT / "alutils"


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported():
    """(path, module, names) of each import of a part of alutils, wherever it stands."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("alutils"):
                yield path, node.module, [alias.name for alias in node.names]


def test_every_entry_has_its_floor_and_there_are_few():
    entries = {
        p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()
    }
    assert entries == set(FLOOR) and len(entries) <= 14


def test_imports_run_downwards_only():
    back = []
    for path, module, names in imported():
        rooms = [module.split(".")[1]] if "." in module else names
        for room in rooms:
            if FLOOR.get(room, 0) > FLOOR[room_of(path)]:
                back.append(f"{path.relative_to(ROOT)} imports {room}")
    assert not back


def test_no_private_name_is_borrowed():
    private = [
        (path.name, name) for path, _, names in imported() for name in names if name[0] == "_"
    ]
    assert not private


def test_the_loop_is_light():
    """It loads no downloads, processes, runs or figures, and few of our modules."""
    code = (
        "import sys, alutils.loop; print(*[m for m in sys.modules if m.split('.')[0] == 'alutils'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    loaded = done.stdout.split()
    rooms = {name.split(".")[1] for name in loaded if "." in name}
    assert rooms == {"acquisition", "data", "loop", "metrics", "model"}
    assert {name for name in loaded if ".data" in name} == {"alutils.data", "alutils.data.reading"}
    assert len(loaded) <= 17, loaded


def test_modules_and_functions_are_read_in_one_sitting():
    long = []
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "book/builder").rglob("*.py")]:
        text = path.read_text("utf8")
        if len(text.splitlines()) > 300:
            long.append(path.name)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= 60:
                long.append(f"{path.name}: {node.name}")
    assert not long
