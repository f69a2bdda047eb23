"""Frames of .xyz and .extxyz files, with what their comment lines say, as everyday programs write.

A frame is the number of atoms, a comment line, and a line per atom: symbol or atomic number, x, y,
z; other columns are found by ``Properties=`` in the comment. Blank lines between frames are left
out, and so are the three lines that QM9's own files have behind the atoms. Cell and periodic
boundaries are dropped: these are molecules.
"""

from __future__ import annotations

import re

import numpy as np
from ase.units import Hartree

from alutils.data.records import (
    NUMBER,
    Record,
    charge_in,
    each,
    listed,
    named,
    number_of,
    symbol_in,
)

MOST_COLUMNS = 9999
VALUE = r"\"(?:\\.|[^\"\\])*\"|'[^']*'|\{[^{}]*\}|\[[^\[\]]*\]|\S+"
# Keys begin where no other word does: a long word is then looked through once.
PAIR = re.compile(rf"(?<![\w.()/*-])([^\W\d][\w.()/*-]*)\s*=\s*({VALUE})")
COLON = re.compile(r"(?<!\w)([^\W\d]\w*):\s+(\S+)")  # xtb: energy: -5.07 gnorm: 0.0004
ENERGY = re.compile(rf"\b(?:E|energy)[\s:]+({NUMBER.pattern})(?:\s|$)", re.IGNORECASE)  # ORCA
GDB = re.compile(r"gdb\s+\d+(\s+\S+){15}")
GDB_NAMES = (
    *("A", "B", "C", "mu", "alpha", "homo", "lumo", "gap", "r2", "zpve"),
    *("U0", "U", "H", "G", "Cv"),
)
GDB_HARTREE = frozenset({"homo", "lumo", "gap", "zpve", "U0", "U", "H", "G"})
GDB_TAIL = 3  # lines behind the atoms: frequencies, SMILES, InChI
CHARGES = ("charge", "total_charge", "net_charge", "q")
NOT_PROPERTIES = frozenset({"Properties", "Lattice", "pbc"})
UNPLACED = "each frame is the number of atoms, a comment line, and one line per atom"


def read_frames(text, reading):
    """The frames of a text: a `Record` or a `Bad` for each.

    Raises
    ------
    ValueError : an identifier's key that no frame has.
    """
    frames = list(_frames(text))
    known = [{} if isinstance(frame, str) else properties_of(frame[0]) for frame in frames]
    id_key = reading.id_key
    if id_key is not None and frames:
        names = list(dict.fromkeys(name for one in known for name in one))
        id_key = named(id_key, names, "identifier", "id_key (--id-key)")

    def make(place, one, pair):
        frame, known = pair
        if isinstance(frame, str):
            raise ValueError(frame)
        if id_key is not None and id_key not in known:
            raise ValueError(f"no identifier {id_key!r}, found {listed(known)}")
        Z, R = _atoms(*frame)
        own = id_key is not None or _id_name(known) == "id"
        return Record(place, one, Z, R * reading.factor, _charge(known), known, own_id=own)

    def things():
        for number, pair in enumerate(zip(frames, known, strict=True)):
            name = id_key if id_key is not None else _id_name(pair[1], folded=False)
            yield f"frame {number}", pair[1].get(name, str(number)), pair

    return list(each(things(), make))


def _frames(text):
    """(comment, lines of atoms, number of the first) of each frame, or why it cannot be read.

    Behind what is no frame, the next place where one can begin is looked for.
    """
    lines = text.split("\n")
    at = 0
    while True:
        while at < len(lines) and not lines[at].strip():
            at += 1
        if at == len(lines):
            return
        wrong = _wrong(lines, at)
        if not wrong:
            n_atoms = int(lines[at])
            end = at + 2 + n_atoms
            yield lines[at + 1], lines[at + 2 : end], at + 3
            at = end
            if GDB.fullmatch(lines[end - n_atoms - 1].strip()):
                at = _behind_gdb(lines, end)
            continue
        yield f"not a readable .xyz (line {at + 1}: {wrong}); {UNPLACED}"
        at += 1
        while at < len(lines) and (not lines[at].strip().isdigit() or _wrong(lines, at)):
            at += 1


def _behind_gdb(lines, at):
    """Where the next frame begins: the lines of QM9 behind the atoms are left out."""
    for _ in range(GDB_TAIL):
        if at < len(lines) and (not lines[at].strip().isdigit() or _wrong(lines, at)):
            at += 1
    return at


def _wrong(lines, at):
    """Why no frame begins here; None if one does."""
    head = lines[at].strip()
    if not (head.isascii() and head.isdigit() and len(head) < 10 and int(head) > 0):
        return f"{head[:40]!r} is not a number of atoms"
    n_atoms = int(head)
    if at + 2 + n_atoms > len(lines):
        return f"{head} atoms announced, {max(0, len(lines) - at - 2)} lines follow the comment"
    for k in range(at + 2, at + 2 + n_atoms):
        if len(lines[k].split(None, 3)) < 4:
            return (
                f"{head} atoms announced, but line {k + 1}, {lines[k].strip()[:40]!r}, is no atom"
            )
    return None


def _atoms(comment, lines, first):
    """Atomic numbers (k,) and positions (k, 3), as the file has them."""
    symbol, place = _columns(comment)
    numbers, positions = [], []
    for k, line in enumerate(lines, first):
        cells = line.split()
        try:
            if len(cells) < max(symbol + 1, place + 3):
                raise ValueError(f"{len(cells)} columns, fewer than Properties says")
            numbers.append(symbol_in(cells[symbol]))
            position = [number_of(cell) for cell in cells[place : place + 3]]
            if not np.isfinite(position).all():
                raise ValueError(f"position {position} is not finite")
        except ValueError as error:
            raise ValueError(f"not a readable .xyz (line {k}: {error})") from None
        positions.append(position)
    return np.array(numbers, int), np.array(positions, float)


def _columns(comment):
    """Columns of the symbol, or atomic number, and of the first coordinate."""
    match = re.search(rf"\bProperties\s*=\s*({VALUE})", comment)
    if not match:
        return 0, 1
    parts = [part.strip() for part in match[1].strip("\"'{}").split(":")]
    widths = parts[2::3]
    if not all(w.isascii() and w.isdigit() and len(w) < 6 and int(w) > 0 for w in widths):
        widths = [MOST_COLUMNS + 1]
    if not widths or sum(map(int, widths)) > MOST_COLUMNS:
        raise ValueError(f"not 1 to {MOST_COLUMNS} columns in Properties")
    starts = np.cumsum([0, *map(int, widths)])
    where = dict(zip(parts[::3], (int(k) for k in starts), strict=False))
    symbol = next((where[n] for n in ("species", "symbols", "Z", "numbers") if n in where), None)
    place = next((where[n] for n in ("pos", "positions") if n in where), None)
    if symbol is None or place is None:
        raise ValueError(f"no species and pos in Properties, found {listed(parts[::3])}")
    return symbol, place


def properties_of(comment) -> dict:
    """Name -> value, as the text it is, of what a comment line says.

    ``key=value`` with any quotes, ``key = value | key = value``, ``key: value`` (xtb); the number
    of a line with one alone (CREST), or behind E (ORCA), is the energy; other numbers without
    names are value_1, value_2...; QM9's own line has its names, with energies in eV.
    """
    comment = comment.strip()
    if GDB.fullmatch(comment):
        return _gdb(comment.split())
    parts = comment.split("|")
    if len(parts) > 1 and all("=" in part and part.count('"') % 2 == 0 for part in parts):
        pairs = [part.split("=", 1) for part in parts]
        return {key.strip(): _bare(value.strip()) for key, value in pairs}
    pairs = PAIR.findall(comment)
    if len(pairs) > 1 and all(value[-1] == "," for _, value in pairs[:-1]):
        pairs = [(key, value.rstrip(",")) for key, value in pairs]
    known = {key: _bare(value) for key, value in pairs if key not in NOT_PROPERTIES}
    if pairs:
        return known
    known = dict(COLON.findall(comment))
    if "energy" not in known and (match := ENERGY.search(comment)):
        known["energy"] = match[1]
    cells = comment.split()
    numbers = [cell for cell in cells if NUMBER.fullmatch(cell)]
    if not known and numbers and len(numbers) == len(cells) > 1:
        return {f"value_{k}": cell for k, cell in enumerate(cells, 1)}
    if not known and numbers and numbers[0] == cells[0] and len(numbers) == 1:
        known["energy"] = cells[0]
    return known


def _bare(value):
    """Without the quotes around it."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == "'" else value


def _gdb(cells):
    known = {"id": " ".join(cells[:2])}
    for name, cell in zip(GDB_NAMES, cells[2:], strict=False):
        try:
            value = number_of(cell)
        except ValueError:
            known[name] = cell
        else:
            known[name] = repr(value * Hartree) if name in GDB_HARTREE else cell
    return known


def _id_name(known, folded=True):
    """Which of what a frame says is its identifier: "id" or "name", in any case; None if none is.

    folded : give it in lower case
    """
    for usual in ("id", "name"):
        for key in known:
            if key.casefold() == usual:
                return usual if folded else key
    return None


def _charge(known):
    for key in CHARGES:
        for name in (key, key.capitalize()):
            if name in known and (key != "q" or re.fullmatch(r"[-+]?\d+(\.0*)?", known[name])):
                return charge_in(known[name])
    return 0
