"""Tables of descriptors: what is one of them, what is refused; units change nothing."""

import numpy as np
import pytest

from alutils.data.columns import is_of_columns, read_columns
from alutils.data.datasets import load
from alutils.descriptors import features

TABLE = "id,mass,logP,note,gap\na,100,1.5,x,2\nb,200,2.5,y,4\nc,400,0.5,z,3\nd,300,,q,1\n"


@pytest.fixture
def write(tmp_path):
    def written(text, name="mine.csv"):
        path = tmp_path / name
        path.write_text(text, "utf8")
        return path

    return written


def test_numbers_are_descriptors_and_text_is_not(write):
    made = read_columns(write(TABLE), "gap", skip_bad=True)
    assert made["info"]["columns"] == ("mass", "logP") and made["y"].tolist() == [2, 4, 3]
    np.testing.assert_allclose(made["X"].mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(made["X"].std(axis=0), 1)
    (left_out,) = made["info"]["skipped"]
    assert left_out == ("line 5", "d", "no value in the column 'logP'")


def test_a_unit_and_a_separator_change_nothing(write):
    rows = np.random.default_rng(0).standard_normal((20, 3)).round(3)
    first = "\n".join(["a,b,gap", *(f"{a},{b},{y}" for a, b, y in rows)])
    other = "\n".join(
        ["a;b;gap", *(f"{1000 * a:.0f};{b};{y}".replace(".", ",") for a, b, y in rows)]
    )
    one, two = (read_columns(write(text), "gap") for text in (first, other))
    np.testing.assert_allclose(one["X"], two["X"], atol=1e-12)
    assert np.array_equal(one["y"], two["y"])


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (TABLE, True),
        (TABLE.replace("note", "smiles"), False),
        (TABLE.replace("gap", "homo"), False),  # no such label
        ("id,gap\na,1\n", False),
        ("gap,word\n1,x\n", False),
        ("", False),
    ],
)
def test_what_is_a_table_of_columns(write, text, is_one):
    assert is_of_columns(write(text), "gap") == is_one


def test_other_kinds_of_files_are_none(write, tmp_path):
    assert not is_of_columns(write(TABLE, "mine.smi"), "gap")
    assert not is_of_columns(tmp_path / "nowhere.csv", "gap")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("400,0.5", "x,0.5"), r"line 4 \('c'\): 'x' in the column 'mass' is not a finite number"),
        (("400,0.5", "inf,0.5"), "'inf' in the column 'mass' is not a finite number"),
        (("z,3", "z,"), r"line 4 \('c'\): no label 'gap'; add it"),
        (("z,3", "z,high"), "label 'high' is not a finite number"),
        (("c,400", "a,400"), "line 2 has the identifier 'a' too"),
        (("z,3", "z,3,4"), "1 cells too many|cells too many for the header"),
    ],
)
def test_rows_that_cannot_be_taken_are_named(write, change, said):
    with pytest.raises(ValueError, match=said):
        read_columns(write(TABLE.replace("d,300,,q,1\n", "").replace(*change)), "gap")


def test_what_tells_nothing_apart_is_refused(write):
    with pytest.raises(ValueError, match=r"mine\.csv: all molecules have the same numbers"):
        read_columns(write("a,gap\n1,2\n1,3\n"), "gap")


def test_it_is_a_data_set_like_any_other(write):
    rng = np.random.default_rng(1)
    lines = (f"{a},{b},{a + b}" for a, b in rng.standard_normal((30, 2)))
    dataset = load(write("\n".join(["a,b,gap", *lines])), "gap", unit="V")
    assert features(dataset).shape == (30, 2) and dataset.info["columns"] == ("a", "b")
    assert dataset.info["label"] == "gap" and dataset.info["unit"] == "V"
