"""Frames as everyday programs write them: what their comment lines say, and what is no frame."""

import gzip

import numpy as np
import pytest
from ase.units import Hartree
from hypothesis import given
from hypothesis import strategies as st

from alutils.data.structures import read_structures
from alutils.data.xyz import properties_of

WATER = "O 0 0 0.119\nH 0 0.763 -0.477\nH 0 -0.763 -0.477\n"


def frame(comment, atoms=WATER):
    return f"{len(atoms.splitlines())}\n{comment}\n{atoms}"


@pytest.fixture
def read(tmp_path):
    def run(text, property_key=None, name="mine.xyz", **reading):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_structures(tmp_path / name, property_key, **reading)

    return run


@pytest.mark.parametrize(
    ("comment", "known"),
    [
        ("", {}),
        ("some words", {}),
        (" energy: -5.07 gnorm: 0.0004 xtb: 6.6.1 (8d0f1dd)", {"energy": "-5.07"}),
        ("        -42.14759", {"energy": "-42.14759"}),
        (" -42.14759 !CONF1", {"energy": "-42.14759"}),
        ("Coordinates from ORCA-job dimer E -152.71", {"energy": "-152.71"}),
        ("Energy = -40.51 Ha", {"Energy": "-40.51"}),
        (" i = 3, time = 1.500, E = -17.16", {"i": "3", "time": "1.500", "E": "-17.16"}),
        ("code = AB C | q = -1 | formula = H2 O", {"code": "AB C", "q": "-1", "formula": "H2 O"}),
        ('id="10 11" gap=7.5 pbc="F F F"', {"id": "10 11", "gap": "7.5"}),
        (r'name="a \"b\"" n=1_2', {"name": 'a "b"', "n": "1_2"}),
        ("id=1,2 homo=-9", {"id": "1,2", "homo": "-9"}),
        ("-9.5 7.25", {"value_1": "-9.5", "value_2": "7.25"}),
    ],
)
def test_what_a_comment_line_says(comment, known):
    found = properties_of(comment)
    assert {key: found.get(key) for key in known} == known
    assert known or not found


def test_the_line_of_qm9_has_names_and_its_energies_are_in_ev():
    comment = "gdb 7\t" + "\t".join(str(0.5 + k) for k in range(15))
    found = properties_of(comment)
    assert found["id"] == "gdb 7" and found["alpha"] == "4.5"
    assert float(found["homo"]) == pytest.approx(5.5 * Hartree)


IDENTIFIERS = ["1_2", "007", "1e5", "T", "nan", "1,2", "[1]", "2D", "None"]


@pytest.mark.parametrize("one", IDENTIFIERS)
def test_identifiers_are_kept_as_text(one, read):
    assert read(frame(f"id={one}")).ids == (one,)
    assert read(frame(f'id="{one} {one}"')).ids == (f"{one} {one}",)


PLAIN = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12)


@given(PLAIN.filter(str.strip))
def test_any_identifier_in_quotes_comes_back(tmp_path_factory, one):
    path = tmp_path_factory.mktemp("xyz") / "a.xyz"
    quoted = one.replace("\\", "\\\\").replace('"', '\\"')
    path.write_text(frame(f'id="{quoted}"'), encoding="utf-8")
    assert read_structures(path).ids == (one,)


def test_atoms_by_number_isotope_label_and_exponent(read):
    atoms = "8 0 0 0.119\nD 0 7.63*^-1 -0.477\nh1 0 -7.63D-01 -0.477 0.25 extra\n"
    found = read(frame("", atoms))
    assert found.molecules.numbers.tolist() == [8, 1, 1]
    assert found.molecules.positions[1].tolist() == [0, 0.763, -0.477]
    assert read(frame("", "CL 0 0 0\nH 0 0 1.27\n")).molecules.numbers.tolist() == [17, 1]
    for symbol in ("CA", "X", "Xx", "0", "119", "Q", "²"):
        with pytest.raises(ValueError, match=r"line 3: .* is no element"):
            read(frame("", f"{symbol} 0 0 0\nH 0 0 1.27\n"))


def test_columns_are_those_that_properties_names(read):
    atoms = "0.1 8 0 0 0.119\n0.2 1 0 0.763 -0.477\n0.2 1 0 -0.763 -0.477\n"
    found = read(frame("Properties=q:R:1:Z:I:1:pos:R:3", atoms))
    assert found.molecules.numbers.tolist() == [8, 1, 1]
    assert found.molecules.positions[1].tolist() == [0, 0.763, -0.477]
    with pytest.raises(ValueError, match="no species and pos in Properties, found q"):
        read(frame("Properties=q:R:4", atoms))


def test_blank_lines_between_frames_and_the_tail_of_qm9(read):
    gdb = "gdb 1 " + " ".join(["0.5"] * 15)
    text = f"\n{frame('homo=-9')}\n\n{frame(gdb)}1341.3\t1562.6\nO\tO\nInChI=1S\tInChI=1S\n"
    found = read(text + frame("homo=-8") + "\n\n")
    assert found.ids == ("0", "gdb 1", "2") and found.y[[0, 2]].tolist() == [-9, -8]


def test_one_bad_frame_is_named_and_the_others_are_read(read):
    text = frame("id=a") + "4\nid=b\n" + WATER + frame("id=c") + frame("id=d", "Xq 0 0 0\n")
    with pytest.raises(ValueError, match=r"(?s)2 of 4 .*frame 1: .*line 6: .*frame 3 \('d'\): "):
        read(text)
    found = read(text, skip_bad=True)
    assert found.ids == ("a", "c") and [place for place, _, _ in found.skipped] == [
        "frame 1",
        "frame 3",
    ]


def test_a_key_names_the_identifier_and_the_charge_is_read(read):
    text = frame("code = AB | q = 1") + frame("code = CD | q = -2.0")
    found = read(text, id_key="code")
    assert found.ids == ("AB", "CD") and found.charges.tolist() == [1, -2]
    with pytest.raises(ValueError, match="no identifier 'cod', found code, q; name another with"):
        read(text, id_key="cod")
    with pytest.raises(ValueError, match="frame 1: no identifier 'code', found q"):
        read(frame("code=A") + frame("q=1"), id_key="code")


def test_conformers_of_one_name_are_numbered_and_identifiers_are_their_own(read):
    assert read(frame("name=w") * 2 + frame("name=w_1")).ids == ("w_2", "w_3", "w_1")
    with pytest.raises(ValueError, match=r"frame 1 \('w'\): frame 0 has the identifier 'w' too"):
        read(frame("id=w") * 2)


def test_a_label_is_found_missing_or_mistyped_but_never_overlooked(read):
    text = frame("gap=7.5 homo=-9 note=x") + frame("gap=NaN homo=-8")
    assert read(text).y.tolist() == [-9, -8]
    found = read(text, "Gap")
    assert found.y[0] == 7.5 and np.isnan(found.y[1]) and found.properties == ("gap", "homo")
    with pytest.raises(ValueError, match=r"no property 'gpa', found gap, homo; name another"):
        read(text, "gpa")
    with pytest.raises(ValueError, match=r"frame 0: label 'x' is not a finite number"):
        read(text, "note")
    assert np.isnan(read(frame("gap=7")).y).all()


def test_packed_and_in_any_case(tmp_path):
    (tmp_path / "A.XYZ.gz").write_bytes(gzip.compress(frame("homo=-9").encode()))
    assert read_structures(tmp_path / "A.XYZ.gz").y.tolist() == [-9]
    (tmp_path / "bomb.xyz.gz").write_bytes(gzip.compress(bytes(80_000_000)))
    with pytest.raises(ValueError, match=r"bomb\.xyz\.gz: it would unpack .*: a bomb"):
        read_structures(tmp_path / "bomb.xyz.gz")


@pytest.mark.parametrize(
    "word", ["a" * 10**6, "a." * 10**5, '"=' * 10**5, "1" * 10**5, "E " * 10**5]
)
def test_a_long_comment_costs_no_time(word, read):
    assert len(read(frame(word))) == 1
