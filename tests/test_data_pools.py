"""The embedded pools: what they hold, that they can be rebuilt, and that the labels are theirs."""

import functools
import json
import zipfile

import numpy as np
import pytest
from ase.data import chemical_symbols
from scipy.stats import gaussian_kde
from threadpoolctl import threadpool_limits

POOLS = ("organics", "aminoacids", "optoelectronics")
ARRAYS = {
    "Z": np.uint8,
    "R": np.float32,
    "N": np.uint16,
    "homo": np.float64,
    "charge": np.int8,
    "seed_index": np.int32,
}
IONS = ("Ca", "Ba", "Sr", "Cd", "Pb", "Hg")
OE_ELEMENTS = set("H Li B C N O F Si P S Cl As Se Br Te I".split())
BETWEEN_MODES = -11.5  # eV, in the gap between bare amino acids and those with a dication


class Pool:
    """The arrays of one file, with the molecules' boundaries."""

    def __init__(self, path):
        self.path = path
        with np.load(path, allow_pickle=False) as arrays:
            self.__dict__.update({key: arrays[key] for key in arrays.files})
        self.meta = json.loads(self.meta.item())
        self.ends = np.cumsum(self.N.astype(int))

    def molecule(self, row):
        """(numbers, positions, charge) of one row."""
        atoms = slice(self.ends[row] - self.N[row], self.ends[row])
        return self.Z[atoms], self.R[atoms], int(self.charge[row])

    def elements(self):
        return {chemical_symbols[z] for z in np.unique(self.Z)}


@pytest.fixture(scope="module")
def pools(root):
    """Function from a pool's name to its arrays."""
    return functools.cache(lambda name: Pool(root / "alutils" / "data" / "pools" / f"{name}.npz"))


@pytest.fixture(params=POOLS)
def pool(request, pools):
    """Each pool in turn."""
    return pools(request.param)


@pytest.fixture(scope="module")
def build():
    """The module that makes the pools; one thread, because tblite's own threads get in the way."""
    pytest.importorskip("rdkit")
    pytest.importorskip("tblite")
    from alutils.data.pools import build

    with threadpool_limits(1):
        yield build


def modes(values):
    """Peaks of the density of `values` at least a tenth as high as the highest."""
    grid = np.linspace(values.min() - 1, values.max() + 1, 400)
    density = gaussian_kde(values, bw_method=0.25)(grid)
    inner = density[1:-1]
    peak = (inner > density[:-2]) & (inner > density[2:]) & (inner > 0.1 * density.max())
    return grid[1:-1][peak]


def test_file_is_small_and_holds_no_pickle(pool):
    assert pool.path.stat().st_size <= 5_000_000
    with zipfile.ZipFile(pool.path) as file:
        assert {name.removesuffix(".npy") for name in file.namelist()} == {
            *ARRAYS,
            "smiles",
            "meta",
        }
        for name in file.namelist():
            with file.open(name) as member:
                np.lib.format.read_magic(member)
                assert np.lib.format.read_array_header_1_0(member)[2].hasobject is False


def test_arrays_fit_together(pool):
    for name, dtype in ARRAYS.items():
        assert getattr(pool, name).dtype == dtype, name
    assert pool.smiles.dtype.kind == "S"
    n = len(pool.homo)
    assert 5_500 <= n <= 6_500
    assert len(pool.N) == len(pool.smiles) == len(pool.charge) == len(pool.seed_index) == n
    assert len(pool.Z) == len(pool.R) == pool.ends[-1]
    assert pool.R.shape[1] == 3
    assert np.isfinite(pool.R).all()
    assert np.isfinite(pool.homo).all()


def test_meta_accounts_for_every_candidate(pool):
    meta = pool.meta
    assert meta["name"] == pool.path.stem
    assert meta["size"] == len(pool.homo)
    assert meta["candidates"] == meta["size"] + sum(meta["dropped"].values())
    assert meta["candidates"] == pool.seed_index[-1] + 1
    assert (np.diff(pool.seed_index) > 0).all()
    assert "GFN2-xTB" in meta["level_of_theory"]
    assert {"rdkit", "tblite", "numpy"} <= set(meta["versions"])
    assert meta["dropped"]["gap"] > 0


def test_readme_states_the_counts_of_the_files(pools, root):
    text = (root / "alutils" / "data" / "pools" / "README.md").read_text()
    for name, pool in zip(POOLS, map(pools, POOLS), strict=True):
        meta = pool.meta
        atoms = f"{pool.N.min()} / {pool.N.mean():.1f} / {pool.N.max()}"
        assert f"| {name} | {meta['size']} | {meta['candidates']} | {atoms} |" in text
        for reason, count in meta["dropped"].items():
            assert f"| {name} | {reason} | {count} |" in text


def test_order_is_not_that_of_the_labels(pool):
    ranks = np.argsort(np.argsort(pool.homo))
    assert abs(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1]) < 0.1


def test_electrons_are_paired(pool):
    starts = pool.ends - pool.N
    electrons = np.add.reduceat(pool.Z.astype(int), starts) - pool.charge
    assert (electrons % 2 == 0).all()


def test_positions_lie_on_the_grid_and_no_atoms_coincide(pool):
    steps = pool.R.astype(float) / pool.meta["grid_angstrom"]
    assert np.abs(steps - np.round(steps)).max() < 0.05
    for row in range(0, len(pool.homo), 7):
        positions = pool.molecule(row)[1].astype(float)
        distance = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
        assert distance[np.triu_indices(len(positions), 1)].min() > 0.65


def test_smiles_name_the_atoms_and_the_charge(pool, build):
    from rdkit import Chem

    for row in range(0, len(pool.homo), 11):
        mol = Chem.AddHs(Chem.MolFromSmiles(pool.smiles[row].decode()))
        numbers, _, charge = pool.molecule(row)
        assert sorted(atom.GetAtomicNum() for atom in mol.GetAtoms()) == sorted(numbers.tolist())
        assert Chem.GetFormalCharge(mol) == charge


@pytest.mark.parametrize("name", ["organics", "optoelectronics"])
def test_constitutions_are_unique(pools, build, name):
    from rdkit import Chem

    plain = {
        Chem.MolToSmiles(Chem.MolFromSmiles(smiles.decode()), isomericSmiles=False)
        for smiles in pools(name).smiles
    }
    assert len(plain) == len(pools(name).homo)


def test_organics_are_small_and_unimodal(pools):
    organics = pools("organics")
    assert organics.elements() == {"H", "C", "N", "O", "F"}
    heavy = np.add.reduceat((organics.Z > 1).astype(int), organics.ends - organics.N)
    assert heavy.max() == 9
    assert np.mean(heavy == 9) > 0.7
    assert (organics.charge == 0).all()
    assert len(modes(organics.homo)) == 1


def test_aminoacids_are_redundant_and_bimodal(pools):
    acids = pools("aminoacids")
    assert acids.elements() == {"H", "C", "N", "O", "S", *IONS}
    with_ion = np.array([smiles.endswith(b"+2]") for smiles in acids.smiles])
    assert len(np.unique(acids.smiles)) < len(acids.homo) / 4
    assert set(np.unique(acids.charge)) == {0, 1, 2}
    assert (acids.charge[with_ion] == 2).all()
    upper = np.mean(acids.homo > BETWEEN_MODES)
    assert 0.30 < upper < 0.45
    assert np.mean(np.abs(acids.homo - BETWEEN_MODES) < 0.5) < 0.01
    assert acids.homo[with_ion].max() < BETWEEN_MODES
    assert len(modes(acids.homo)) == 2
    assert np.quantile(acids.homo, 0.7) > BETWEEN_MODES


def test_every_residue_and_cation_is_there(pools, build):
    from rdkit import Chem

    from alutils.data.pools import aminoacids

    smiles = pools("aminoacids").smiles
    names = set(smiles.tolist())
    for residue, states in aminoacids.SIDE_CHAINS.items():
        for backbone in ("neutral", "capped"):
            text = aminoacids.compound(residue, states[0], backbone)
            assert Chem.CanonSmiles(text).encode() in names, (residue, backbone)
    for ion in IONS:
        assert np.mean([name.endswith(f"[{ion}+2]".encode()) for name in smiles]) > 0.03


def test_cations_have_two_donors(pools):
    acids = pools("aminoacids")
    for row in np.flatnonzero(acids.charge == 2)[::9]:
        numbers, positions, _ = acids.molecule(row)
        donors = positions[:-1][np.isin(numbers[:-1], (7, 8, 16))]
        distance = np.sort(np.linalg.norm(donors - positions[-1], axis=1))
        assert 1.8 < distance[0] < 3.3
        assert distance[1] < 3.4


def test_optoelectronics_are_large_and_the_most_diverse(pools):
    large = pools("optoelectronics")
    assert large.elements() <= OE_ELEMENTS
    assert len(large.elements()) >= 10
    assert large.N.min() >= 20
    assert large.N.max() >= 80
    assert large.N.mean() > 1.4 * pools("organics").N.mean()
    assert len(modes(large.homo)) == 1
    formulas = {
        name: len({tuple(np.bincount(pool.molecule(row)[0], minlength=93)) for row in range(5_500)})
        for name, pool in zip(POOLS, map(pools, POOLS), strict=True)
    }
    assert max(formulas, key=formulas.get) == "optoelectronics"


def test_labels_are_those_of_the_stored_positions(pool, build):
    rows = np.random.default_rng(7).choice(len(pool.homo), size=4, replace=False)
    for row in rows:
        homo, gap = build.frontier(*pool.molecule(row))
        assert homo == pytest.approx(pool.homo[row], abs=1e-3)
        assert gap > pool.meta["min_gap_ev"]
    numbers, positions, charge = pool.molecule(rows[0])
    moved = positions + 0.03 * np.random.default_rng(7).normal(size=positions.shape)
    assert abs(build.frontier(numbers, moved, charge)[0] - pool.homo[rows[0]]) > 1e-3


def test_rows_are_rebuilt_from_seed_and_index(pool, build):
    for name, version in build.versions().items():
        if name in ("rdkit", "tblite") and version != pool.meta["versions"][name]:
            pytest.skip(f"pool made with {name} {pool.meta['versions'][name]}, here {version}")
    rows = np.random.default_rng(11).choice(len(pool.homo), size=2, replace=False)
    for row in rows:
        record = build.candidate(pool.meta["name"], pool.meta["seed"], int(pool.seed_index[row]))
        assert record["smiles"].encode() == pool.smiles[row]
        assert record["Z"] == pool.molecule(row)[0].tolist()
        assert record["homo"] == pytest.approx(pool.homo[row], abs=1e-3)
        np.testing.assert_allclose(build.positions_of(record), pool.molecule(row)[1], atol=5e-3)


def test_file_depends_neither_on_the_processes_nor_on_an_interruption(tmp_path, pools, build):
    made = []
    for jobs in (1, 2):
        out = tmp_path / f"{jobs}.npz"
        meta = build.build("organics", 12, build.SEED, out, jobs=jobs)
        assert meta["candidates"] == 12 + sum(meta["dropped"].values())
        made.append(Pool(out))
    chunk = next((tmp_path / "1.work").glob("0*.json"))
    chunk.unlink()
    build.build("organics", 12, build.SEED, tmp_path / "again.npz", work=tmp_path / "1.work")
    made.append(Pool(tmp_path / "again.npz"))
    for pool in made:
        np.testing.assert_array_equal(pool.seed_index, pools("organics").seed_index[:12])
        np.testing.assert_array_equal(pool.smiles, pools("organics").smiles[:12])
        np.testing.assert_array_equal(pool.R, made[0].R)
        np.testing.assert_array_equal(pool.homo, made[0].homo)
    with pytest.raises(ValueError, match="another seed"):
        build.build("organics", 12, 1, tmp_path / "x.npz", work=tmp_path / "1.work")


def test_filters_drop_what_they_name(build):
    from rdkit import Chem

    from alutils.data.pools import chemistry

    rng = np.random.default_rng(0)
    mol = chemistry.embed(Chem.MolFromSmiles("CCO"), rng)
    positions = mol.GetConformer().GetPositions()
    chemistry.check_connectivity(mol, positions)
    for factor in (1.6, 0.6):  # all bonds broken; atoms that are not bonded come together
        with pytest.raises(chemistry.Dropped, match="connectivity"):
            chemistry.check_connectivity(mol, factor * positions)
    with pytest.raises(chemistry.Dropped, match="closed shell"):
        chemistry.check_closed_shell(Chem.AddHs(Chem.MolFromSmiles("C[CH2]")))
    assert chemistry.frontier([3, 1], [[0, 0, 0], [0, 0, 1.6]], 0)[1] > 1


def test_unknown_pool_is_named(tmp_path, build):
    with pytest.raises(ValueError, match=r"unknown pool 'acids': choose one of organics"):
        build.build("acids", 10, 0, tmp_path / "x.npz")
    with pytest.raises(ValueError, match="1 or more"):
        build.build("organics", 0, 0, tmp_path / "x.npz")
