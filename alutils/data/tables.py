"""Tables of SMILES: .csv and .tsv with any of the usual headers and separators, and .smi."""

from __future__ import annotations

import csv
import io
import re

from alutils.data.records import Record, each, listed, named, number_of
from alutils.data.toolkit import chem, why_not

SEPARATORS = (",", ";", "\t", "|")
LISTS = (".smi", ".smiles", ".ism", ".can")
IDENTIFIERS = ("id", "identifier", "name", "title")
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")


def _too_many(cells, names):
    return (
        f"{len(cells)} cells too many for the header {','.join(names)[:200]}; a decimal comma? "
        "write -9.5, or quote the text"
    )


def read_smiles(text, suffix, reading):
    """The molecules of a table: a `Record`, still without geometry, or a `Bad` for each.

    Returns
    -------
    records, and the names of the columns that are neither SMILES nor identifier

    Raises
    ------
    ValueError : no table, or none with a column of SMILES.
    """
    separator, head = _header(text)
    if suffix in LISTS and not any(_is_smiles_header(cell) for cell in head):
        return _from_list(text)
    rows, names = _rows(text, separator)
    smiles = _smiles_column(names, reading.smiles_key)
    key, own = _id_column(names, smiles, reading.id_key)
    known_of, others = _cells_of(rows, names, (smiles, key), separator)

    def make(place, one, row):
        return _record(place, one, row[smiles], known_of(row), own)

    places = _placed(rows, key)
    return list(each(places, make)), others


def read_rows(text, reading):
    """The rows of a table without SMILES: a `Record` without molecule, or a `Bad`, for each.

    Returns
    -------
    records, and the names of the columns but that of the identifier; ValueError : no table.
    """
    separator, _ = _header(text)
    rows, names = _rows(text, separator)
    key, own = _id_column(names, None, reading.id_key)
    known_of, others = _cells_of(rows, names, (key,), separator)

    def make(place, one, row):
        return Record(place, one, known=known_of(row), own_id=own)

    return list(each(_placed(rows, key), make)), others


def has_smiles(text):
    """True if a column of the table is called as one of SMILES is."""
    return any(_is_smiles_header(cell) for cell in _header(text)[1])


def _cells_of(rows, names, taken, separator):
    """A function of a row that gives its other cells by name, and the names of these columns."""
    others = [name for name in names if name and name not in taken]
    decimal = (
        () if separator == "," else {name for name in others if _has_decimal_commas(rows, name)}
    )

    def known_of(row):
        if None in row:
            raise ValueError(_too_many(row[None], names))
        known = {name: row[name] or "" for name in others}
        return known | {name: known[name].replace(",", ".") for name in decimal}

    return known_of, others


def _placed(rows, key):
    for number, (line, row) in enumerate(rows):
        one = (row[key] or "").strip() if key is not None else ""
        yield f"line {line}", one or str(number), row


def _record(place, one, smiles, known, own):
    """A record of a SMILES that RDKit can read; ValueError says what is wrong with it."""
    Chem = chem()
    smiles = (smiles or "").strip()
    if len(parts := smiles.split(None, 1)) > 1 and not parts[1].startswith("|"):
        raise ValueError(f"{smiles[:200]!r} has white space in it; one SMILES, no name")
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or not mol.GetNumAtoms():
        parsed = Chem.MolFromSmiles(smiles, sanitize=False)
        why = f" ({why_not(parsed)})" if parsed is not None and parsed.GetNumAtoms() else ""
        raise ValueError(f"{smiles[:200]!r} is no SMILES that RDKit can read{why}")
    if not all(atom.GetAtomicNum() for atom in mol.GetAtoms()):
        raise ValueError(f"{smiles[:200]!r} has a wildcard *: give a whole molecule")
    charge = int(Chem.GetFormalCharge(mol))
    return Record(place, one, charge=charge, known=known, smiles=smiles, own_id=own)


def _from_list(text):
    """The molecules of lines with a SMILES, and behind white space what it is called.

    Where tabs separate, numbers or words behind the name are value_1, value_2...
    """

    def make(place, one, cells):
        known = {f"value_{k}": cell.strip() for k, cell in enumerate(cells[2:], 1)}
        return _record(place, one, cells[0], known, False)

    def things():
        lines = ((k, line.strip()) for k, line in enumerate(text.split("\n"), 1))
        lines = ((k, line) for k, line in lines if line and not line.startswith("#"))
        for number, (k, line) in enumerate(lines):
            cells = line.split("\t") if "\t" in line else line.split(None, 1)
            name = cells[1].strip() if len(cells) > 1 else ""
            yield f"line {k}", name or str(number), cells

    found = list(each(things(), make))
    return found, sorted({name for one in found for name in getattr(one, "known", ())})


def _header(text):
    """The separator and the cells of the first line.

    It is the one that sets a usual header of SMILES apart, or of those the one most often there;
    a spreadsheet may have named it in a line of its own, sep=;
    """
    first, _, rest = text.lstrip("\n").partition("\n")
    if match := re.fullmatch(r'"?sep=(.)"?\s*', first):
        return match[1], _cells(rest.lstrip("\n").partition("\n")[0], match[1])
    for separator in (*SEPARATORS, " "):
        cells = _cells(first, separator)
        if len(cells) > 1 and any(_is_smiles_header(cell) for cell in cells):
            return separator, cells
    separator = max(SEPARATORS, key=first.count)
    return separator, _cells(first, separator)


def _cells(line, separator):
    """The cells of one line of a table."""
    reader = csv.reader([line], delimiter=separator, skipinitialspace=separator == " ")
    try:
        return next(reader, [])
    except csv.Error:
        return []


def _rows(text, separator):
    """(number of the line, dict) of each row that is not blank, and the names of the columns."""
    lines = io.StringIO(text, newline="")
    skipped = 0
    for line in iter(lines.readline, ""):
        if line.strip() and not re.match(r'"?sep=.', line):
            lines.seek(lines.tell() - len(line))
            break
        skipped += 1
    space = separator == " "
    reader = csv.DictReader(lines, strict=True, delimiter=separator, skipinitialspace=space)
    rows = []
    try:
        names = [name.strip() for name in reader.fieldnames or []]
        reader.fieldnames = names
        for row in reader:
            inside = sum(cell.count("\n") for cell in row.values() if isinstance(cell, str))
            rows.append((skipped + reader.line_num - inside, row))
    except csv.Error as error:
        line = skipped + reader.line_num
        raise ValueError(f"not a readable CSV (line {line}: {error})") from None
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise ValueError(f"a column is there twice: {listed(twice)}")
    return rows, names


def _plain(name):
    return re.sub(r"[\W_]+", "", name.casefold())


def _is_smiles_header(name):
    alone = not any(separator in name for separator in SEPARATORS)
    return alone and (_plain(name) in ("smi", "smile") or "smiles" in _plain(name))


def _smiles_column(names, key):
    """The column of the SMILES; ValueError where none is, or nothing says which."""
    option = "smiles_key (--smiles-key)"
    if key is not None:
        return named(key, names, "column", option)
    for candidates in (
        [name for name in names if name == "smiles"],
        [name for name in names if _plain(name) == "smiles"],
        [name for name in names if _is_smiles_header(name)],
    ):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise ValueError(f"several columns of SMILES, {listed(candidates)}; name one: {option}")
    found = listed(name for name in names if name) if names else "no row"
    raise ValueError(f"no column 'smiles', found {found}; name it in the header, or with {option}")


def _id_column(names, smiles, key):
    """The column of the identifiers, or None, and whether they must all differ."""
    if key is not None:
        return named(key, names, "identifier", "id_key (--id-key)"), True
    folded = {name.casefold(): name for name in reversed(names) if name != smiles}
    for usual in IDENTIFIERS:
        if usual in folded:
            return folded[usual], usual in ("id", "identifier")
    return None, False


def _has_decimal_commas(rows, name):
    """True if the column has numbers with a decimal comma, and none with a point."""
    cells = [(row.get(name) or "").strip() for _, row in rows]
    return any(DECIMAL_COMMA.fullmatch(cell) for cell in cells) and not any(
        "." in cell and _is_number(cell) for cell in cells
    )


def _is_number(cell):
    try:
        number_of(cell)
    except ValueError:
        return False
    return True
