"""The bundles of runs: which pages each serves, and where a variant of a pool is found."""

from alutils.analysis import pool_variants
from alutils.loop import RunConfig
from alutils.runs import store
from book.builder import pool_runs


def test_each_bundle_serves_its_own_data_sets():
    served = {
        name: [bundle for bundle, serves in pool_runs.BUNDLES.items() if serves(name)]
        for name in ("organics", "aa_heaviest", "qm9_heaviest_molecules", "qm9_pbe", "my_heaviest")
    }
    assert served == {
        "organics": ["pools"],
        "aa_heaviest": ["heaviest"],
        "qm9_heaviest_molecules": ["heaviest"],
        "qm9_pbe": [],
        "my_heaviest": [],
    }


def test_a_variant_is_made_once_and_keeps_its_record_s_name(monkeypatch, tmp_path):
    made = []

    def write(name, folder):
        made.append(name)
        for variant in pool_variants.VARIANTS[name][1]:
            (folder / f"{name}_{variant}").mkdir()

    monkeypatch.setattr(pool_variants, "write", write)
    whole = RunConfig("aa_heaviest", "random")
    parts = [RunConfig(f"aa_heaviest_{name}", "random") for name in ("thinned", "sampled")]
    placed = pool_runs.placed([whole, *parts], tmp_path)
    assert made == ["aa_heaviest"] and placed[0] == whole
    assert placed[1].dataset == str(tmp_path / "aa_heaviest_thinned")
    assert [store.file_name(c) for c in placed] == [store.file_name(c) for c in [whole, *parts]]
