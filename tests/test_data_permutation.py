"""Any order of the records is the same pool: identifiers, labels, charges and geometries."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alutils.data.structures import read_structures

WATER, AMMONIA = (
    ("O 0 0 0", "H .76 0 .5", "H -.76 0 .5"),
    (
        "N 0 0 0",
        "H .94 0 .3",
        "H -.47 .81 .3",
        "H -.47 -.81 .3",
    ),
)
N = 8


def xyz(k, label):
    atoms = WATER if k % 2 else AMMONIA
    charge = f" charge={k % 3 - 1}"
    known = "" if np.isnan(label) else f" gap={label!r}"
    return f'{len(atoms)}\nid="m {k}"{charge}{known}\n' + "\n".join(atoms) + "\n"


def sdf(k, label):
    atoms = WATER if k % 2 else AMMONIA
    rows = []
    for line in atoms:
        symbol, *at = line.split()
        place = "".join(f"{float(value):10.4f}" for value in at)
        rows.append(f"{place} {symbol:<3} 0  0  0  0  0  0  0  0  0  0  0  0")
    bonds = [f"  1{k:3d}  1  0" for k in range(2, len(atoms) + 1)]
    counts = f"{len(rows):3d}{len(bonds):3d}  0  0  0  0  0  0  0  0999 V2000"
    known = "" if np.isnan(label) else f"> <gap>\n{label!r}\n\n"
    return "\n".join([f"m {k}", "", "", counts, *rows, *bonds, "M  END", known]) + "$$$$\n"


def csv_row(k, label):
    return f"m {k},{'C' * (k + 1)}O,{'' if np.isnan(label) else repr(label)}\n"


KINDS = {
    "pool.xyz": ("", xyz),
    "pool.sdf": ("", sdf),
    "pool.csv.gz": ("id,Smiles,gap\n", csv_row),
}


def described(path):
    """Identifier -> all that the pool says of a molecule."""
    pool = read_structures(path, "gap")
    shaped = path.suffix != ".gz"
    return {
        one: (
            pool.y[k],
            pool.charges[k],
            pool.molecules[k].positions.tolist() if shaped else pool.smiles[k],
        )
        for k, one in enumerate(pool.ids)
    }


@pytest.mark.parametrize("name", KINDS)
@given(
    order=st.permutations(range(N)),
    labels=st.lists(st.floats(-1e3, 1e3) | st.just(np.nan), min_size=N, max_size=N).filter(
        lambda labels: not np.isnan(labels).all()
    ),
)
@settings(max_examples=15, deadline=None, derandomize=True)
def test_any_order_of_the_records_is_the_same_pool(name, order, labels, tmp_path_factory):
    head, make = KINDS[name]
    folder = tmp_path_factory.mktemp("order")

    def written(which, order):
        text = head + "".join(make(k, labels[k]) for k in order)
        path = folder / f"{which}{name}"
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return described(path)

    before, after = written("a", range(N)), written("b", order)
    assert list(after) == [f"m {k}" for k in order]
    for one, known in before.items():
        assert np.array_equal(known[0], after[one][0], equal_nan=True)
        assert known[1:] == after[one][1:]
