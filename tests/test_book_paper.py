"""The paper on one data set: its runs, pages that fit into the book, errors before computing."""

import re
from collections import Counter
from dataclasses import replace

import made_up
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from alutils.data import datasets
from alutils.data.reading import Reading
from alutils.loop import RunConfig
from alutils.runs import long_runs, store
from alutils.storage import files
from book.builder import freshness, pages, paper, paper_runs, render
from book.builder.pages import ROOT, PageError

SMALL = ["n_test=200", "n_init=50", "n_const=50", "n_max=200", "grid_n_max=100"]
A, B, C, D, E = (
    "random",
    "most_uncertain",
    "cluster_centres",
    "uncertain_cluster_centres",
    "property_search",
)


@pytest.fixture(scope="module")
def added():
    return paper.pages_of("aa", "aa", paper.read_sizes([]), [0, 1, 2])


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    """The runs of a data set of AA's size, without a record and without a download."""
    path = tmp_path_factory.mktemp("data") / "aa-sized.npz"
    n, bond = 44004, [[0, 0, 0], [0, 0, 0.74]]
    of_atoms = {"Z": np.ones(2 * n, int), "R": np.tile(bond, (n, 1)), "N": np.full(n, 2)}
    np.savez(path, homo=np.linspace(-14, -5, n), **of_atoms)
    of_file = paper.pages_of("aa", str(path), paper.read_sizes([]), [0, 1, 2])
    made = paper_runs.all_configs(of_file)
    assert {config.prior for config in made} == {"data"}  # as any file of a reader's own
    return [replace(config, dataset="aa", prior="paper", reading=None) for config in made]


@pytest.fixture(scope="module")
def small():
    return paper.pages_of("aminoacids", "aminoacids", paper.read_sizes(SMALL), [0, 1])


@pytest.fixture(scope="module")
def small_configs(small):
    return paper_runs.all_configs(small)


# Sizes and seeds


def test_sizes_are_the_papers_unless_named():
    paper_sizes = {"n_test": 10000, "n_init": 1000, "n_const": 1000, "n_max": 16000}
    assert paper.read_sizes([]) == {**paper_sizes, "grid_n_max": 8000}
    sizes = paper.read_sizes(["n_max=4000", "n_test=500"])
    assert sizes == {**paper_sizes, "n_test": 500, "n_max": 4000, "grid_n_max": 2000}
    assert paper.read_sizes(SMALL)["grid_n_max"] == 100


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["n_tests=5"], "SIZES: 'n_tests=5' is not a size: write SIZES=.n_test=200 n_init=20"),
        (["200"], "'200' is not a size"),
        (["n_test=0"], "'n_test=0' is not a size"),
        (["n_test=1e3"], "'n_test=1e3' is not a size"),
        (["n_test=-1"], "'n_test=-1' is not a size"),
        (["n_max=1000"], r"1000 \(n_init\), 500 \(grid_n_max.* must rise"),
        (["grid_n_max=17000"], r"17000 \(grid_n_max.* 16000 \(n_max\) must rise"),
    ],
)
def test_bad_sizes_are_refused(words, message):
    with pytest.raises(PageError, match=message):
        paper.read_sizes(words)


@pytest.mark.parametrize("words", [[], ["0", "0"], ["-1"], ["one"], ["0,1"]])
def test_bad_seeds_are_refused(words):
    with pytest.raises(PageError, match=r"SEEDS: .* write SEEDS='0 1 2'"):
        paper.read_seeds(words)


def test_a_pool_that_is_too_small_is_refused_before_anything_is_made(monkeypatch, tmp_path):
    monkeypatch.setattr(paper, "ROOT", tmp_path)
    message = 'aminoacids has 6000 molecules, .* need 26000: .* SIZES="(.*)"'
    with pytest.raises(PageError, match=message) as error:
        paper.main("aminoacids")
    assert not list(tmp_path.iterdir())
    fitting = paper.read_sizes(re.search(message, str(error.value))[1].split())
    assert paper.check_pool("aminoacids", fitting) == datasets.load("aminoacids").sha256


def test_labels_alone_are_refused(tmp_path):
    (tmp_path / "labels.txt").write_text("-5\n-6\n")
    with pytest.raises(PageError, match="has labels alone"):
        paper.check_pool(str(tmp_path / "labels.txt"), paper.read_sizes([]))


# Runs


def test_the_runs_are_the_papers(configs):
    common = {"dataset": "aa", "n_test": 10000, "n_init": 1000, "n_const": 1000, "n_max": 16000}
    expected = set()
    for seed in (0, 1, 2):
        run = {**common, "seed": seed}
        expected |= {RunConfig(strategy=s, noise_var=1e-10, **run) for s in (A, B, C, D)}
        expected |= {RunConfig(strategy=s, noise_var=0.05, **run) for s in (A, D, E)}
        for n_const in (2000, 4000, 8000):
            constant = {**run, "n_const": n_const, "scheme": "constant"}
            expected.add(RunConfig(strategy=D, noise_var=1e-10, **constant))
    grid = [config for config in configs if config.seed >= 100]
    assert set(configs) - set(grid) == expected
    assert Counter(config.seed for config in grid) == {100: 10, 101: 10, 102: 10}
    assert {(config.strategy, config.n_max, config.scheme) for config in grid} == {(A, 8000, "pow")}
    assert {1e-10, 0.05, 1.0} < {config.noise_var for config in grid}
    assert len(set(configs)) == len(configs) == 60


def test_early_seeds_come_first(configs):
    seeds = [config.seed for config in configs]
    assert seeds == sorted(seeds)


def test_the_plan_gives_back_the_runs(configs, tmp_path):
    own = [replace(c, prior="data", reading=Reading("gap", unit="meV")) for c in configs[:2]]
    for runs in (configs, own):
        paper.write_yaml(tmp_path / "records.yml", paper_runs.plan_of(runs))
        assert long_runs.plan(tmp_path / "records.yml") == runs


def test_small_runs_have_no_two_batch_schemes_that_are_one(small, small_configs):
    (page,) = (page for page in small if page.notebook == "03_batch_sensitivity")
    assert page.parameters["constants"] == [100]
    assert len(small_configs) == 2 * (7 + 1) + 30


def test_what_a_notebook_refuses_is_refused_at_once():
    pages = paper.pages_of("aminoacids", "aminoacids", paper.read_sizes(SMALL), [0, 100])
    (grid,) = (page for page in pages if page.notebook == "04_noise_grid")
    with pytest.raises(PageError, match=r"04_noise_grid-paper-aminoacids: .*share \[100\]"):
        paper_runs.configs_of(grid)


def test_a_notebook_is_cut_behind_its_runs_and_before_any_is_computed():
    cells = [*map(new_code_cell, ["", "configs = []", "configs += [1]", "run(configs)"])]
    notebook = new_notebook(cells=[new_markdown_cell("configs = 3"), *cells])
    assert paper_runs.describing_cells(notebook) == notebook.cells[:4]
    notebook.cells = [new_code_cell("print(configs == [])\nif configs:\n    other = configs")]
    assert paper_runs.describing_cells(notebook) == []


def test_recorded_runs_are_not_made_again(small_configs, monkeypatch, tmp_path):
    monkeypatch.setenv("ALUTILS_RECORDS", str(tmp_path / "tracked"))
    for config in small_configs:
        path = tmp_path / "tracked" / store.file_name(config)
        files.write_json(path, made_up.record(config))
    paper_runs.compute(small_configs, "", "serial", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


# Pages


def test_parameters_are_those_of_the_notebooks(added):
    assert [page.notebook for page in added] == list(paper.TITLES)
    for page in added:
        freshness.key(page)
        assert page.variant == "paper-aa" and page.title.endswith(": aa")


def test_the_copy_lists_the_pages_and_changes_no_other(added, tmp_path):
    paper.copy_book(tmp_path)
    paper.add_pages(added, "aa", tmp_path)
    assert freshness.snapshot(tmp_path) == freshness.snapshot()
    assert pages.read_pages(tmp_path) == [*pages.read_pages(), *added]
    assert (tmp_path / "_toc.yml").read_text("utf8") == (ROOT / "_toc.yml").read_text("utf8")
    render.refuse_gaps(pages.read_pages(tmp_path), tmp_path)


def test_the_copy_has_what_the_prose_offers_for_download(tmp_path):
    paper.copy_book(tmp_path)
    prose = "".join(path.read_text("utf8") for path in tmp_path.glob("book/*.md"))
    targets = set(re.findall(r"\{download\}`[^`]*?<?([\w./-]+)>?`", prose))
    assert "../alutils/loop.py" in targets
    for target in (target for target in targets if not target.startswith("experiments/")):
        assert (tmp_path / "book" / target).exists(), target


def test_the_copy_follows_the_book_and_keeps_its_pages(added, tmp_path):
    paper.copy_book(tmp_path)
    gone, page = tmp_path / "book/records/gone.json", tmp_path / added[0].path
    for path in (gone, page, tmp_path / "_build/html/index.html"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    paper.copy_book(tmp_path)
    assert not gone.exists() and page.exists() and (tmp_path / "_build/html/index.html").exists()


def test_pages_of_other_data_go(added, tmp_path):
    page = tmp_path / added[0].path
    page.parent.mkdir(parents=True)
    for checksum, kept in (("one", False), ("one", True), ("two", False)):
        page.write_text("{}")
        paper.drop_outdated(added, checksum, tmp_path)
        assert page.exists() == kept


def test_a_file_gets_a_name_without_its_folder(tmp_path):
    path = tmp_path / "My Pool.npz"
    path.write_text("molecules")
    root = tmp_path / "copy"
    for _ in range(2):
        assert paper.link_data(str(path), root) == "data/My Pool.npz"
        assert (root / "data/My Pool.npz").read_text() == "molecules"
    assert paper.link_data("aa", root) == "aa"
    assert paper.variant_of(str(path)) == "paper-my-pool"


def test_a_file_of_ones_own_goes_through(tmp_path):
    whole = datasets.load("aminoacids")
    few = whole.molecules[:400]
    arrays = {"Z": few.numbers, "R": few.positions, "N": few.counts, "homo": whole.y[:400]}
    path, root = tmp_path / "mine.npz", tmp_path / "copy"
    np.savez(path, **arrays)
    sizes = paper.read_sizes(SMALL)
    paper.check_pool(str(path), sizes)
    paper.copy_book(root)
    pages = paper.pages_of("mine", paper.link_data(str(path), root), sizes, [0])
    configs = paper_runs.all_configs(pages, root)
    assert {config.dataset for config in configs} == {"data/mine.npz"} and len(configs) == 38
    assert {str(store.file_name(config)).split("-")[0] for config in configs} == {"mine"}


def test_records_of_other_data_are_made_again(small_configs, monkeypatch, tmp_path):
    configs = small_configs[:2]
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    for config, checksum in zip(configs, ("this", "other"), strict=True):
        path = tmp_path / "cache/records" / store.file_name(config)
        files.write_json(path, made_up.record(config, checksum))
    done = paper_runs.subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(paper_runs.subprocess, "run", lambda *arguments, **options: done)
    with pytest.raises(PageError, match="the same command goes on"):
        paper_runs.compute(configs, "this", "serial", tmp_path)
    left = [path.name for path in (tmp_path / "cache/records").iterdir()]
    assert left == [store.file_name(configs[0])]
