"""The runner: pages reused only while fresh, labels suffixed, bad input refused; on a tiny book."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from alutils.runs import store
from alutils.storage.locations import records_dir
from book.builder import execute, freshness, pages, postprocess, programs, render
from book.builder.fragments import claims
from book.builder.pages import Page, PageError

TITLE = "# Anything\n\n(sec-rows)=\n## Rows of {glue:text}`dataset`\n\nSee {ref}`rows <sec-rows>`."
PARAMETERS = 'dataset = "organics"  # pool\nn_points = 3  # points\nseeds = [0, 1]'
CODE = """import matplotlib.pyplot as plt
from alutils.acquisition import strategies
from alutils.report import claims
from alutils.storage import usage_log
from myst_nb import glue
usage_log.note(dataset=dataset, sha256="0")
if dataset == "organics":
    for name in ("one", "untracked"):
        usage_log.note(record=f"{name}.json", file=f"{name}.json", stale=False)
glue("value", n_points / 7, display=False)
glue("dataset", dataset, display=False)
row = {"claim": "C1", "ours": f"{n_points} | many", "verdict": "supported", "why": "counted"}
claims.publish([row])"""
FIGURE = 'figure, axes = plt.subplots(figsize=(2, 1))\nshown = glue("fig_line", figure)'
PROSE = """```{glue:figure} fig_line
---
name: fig-line
alt: >-
  A line for {glue:text}`dataset`
  up to {glue:text}`value:.2f` eV.
---
A line up to {glue:text}`value:.2f` eV.
```
{numref}`fig-line`, [the figure](#fig-line), {eq}`eq-ours`, {eq}`eq-elsewhere`, `fig-line`.

$$ a = b $$ (eq-ours)

```bash
.venv/bin/papermill notebooks/01_tiny.ipynb out.ipynb \\
  -p n_points 9
.venv/bin/papermill notebooks/01_tiny.ipynb out.ipynb -p n_points 10
```"""
VARIANTS = """variants: {organics: Organics, qm9: QM9}
pages:
  - notebook: 01_tiny
    variant: organics
    title: "Tiny: organics"
    parameters: {dataset: organics, n_points: 5, seeds: [3, 4]}
  - {notebook: 01_tiny, variant: qm9, title: "Tiny: QM9", parameters: {dataset: qm9_b3lyp}}
"""
TOC = """format: jb-book
root: book/index
chapters:
- file: book/experiments/01_tiny
"""
CLAIMS = """- {id: C1, claim: First, paper: "1", figure: 4a, shown_in: fig-line,
   test: "tests/test_tiny.py::test_one"}
- {id: C2, claim: Second, paper: "2", untestable: no labels}
"""
EQUATIONS = '- {what: "ours {eq}`eq-elsewhere`", code: "alutils/ours.py::x", test: "%s"}\n'
PROVED = "tests/test_tiny.py::test_one"
CONFIG = {
    "title": "Tiny",
    "only_build_toc_files": True,
    "execute": {"execute_notebooks": "off"},
    "parse": {"myst_enable_extensions": ["attrs_inline", "colon_fence", "dollarmath"]},
    "sphinx": {"local_extensions": {"book.builder.sphinx_ext": str(pages.ROOT)}},
}
INDEX = """# Tiny
{glue:text}`experiments/01_tiny.ipynb::value-organics:.3f` in {numref}`fig-line-organics`,
{eq}`eq-elsewhere`.

$$ c = d $$ (eq-elsewhere)

```{include} experiments/claims_table.md
```

```{include} experiments/proofs_table.md
```
"""


def tiny_notebook():
    return new_notebook(
        cells=[
            new_markdown_cell(TITLE),
            new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
            new_code_cell(CODE),
            new_code_cell(FIGURE, metadata={"tags": ["remove-output"]}),
            new_markdown_cell(PROSE),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A tiny repository whose two pages are executed."""
    root = tmp_path_factory.mktemp("repo")
    shutil.copytree(
        pages.ROOT / "alutils", root / "alutils", ignore=shutil.ignore_patterns("*.npz", "__pyc*")
    )
    for name, text in {
        "alutils/ours.py": "x = 1\n",
        "alutils/data/pools/organics.npz": "pool",
        "book/records/one.json": "{}",
        "book/records/two.json": "{}",
        "book/records/named.json": "{}",
        "alutils/data/pools/aminoacids.npz": "pool",
        "book/builder/postprocess.py": "builder",
        "book/variants.yml": VARIANTS,
        "book/claims.yml": CLAIMS,
        "book/index.md": INDEX,
        "book/equations.yml": EQUATIONS % PROVED,
        "tests/test_tiny.py": "def test_one():\n    assert True\n",
        "requirements.lock": "numpy==2\n",
        "_config.yml": yaml.safe_dump(CONFIG),
        "_toc.yml": TOC,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "notebooks").mkdir()
    nbformat.write(tiny_notebook(), root / "notebooks/01_tiny.ipynb")
    assert execute.main(root=root) == 0
    return root


@pytest.fixture
def repo(built, tmp_path):
    """A copy of it to change."""
    return shutil.copytree(built, tmp_path / "repo")


@pytest.fixture
def page(built):
    """The first executed page, read."""
    return nbformat.read(built / "book/experiments/01_tiny-organics.ipynb", as_version=4)


def executed(cells, variant="organics", **parameters):
    """A finished page of these cells, without a kernel."""
    tagged = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    notebook = new_notebook(cells=[new_markdown_cell("# Title"), tagged, *cells])
    postprocess.make_page(notebook, Page("01_tiny", variant, "Given", parameters))
    return notebook


def glue_output(name, text):
    """What glue(name, ..., display=False) leaves in a cell."""
    prefix = "application/papermill.record/"
    return new_output(
        "display_data",
        data={f"{prefix}text/plain": text},
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
    )


def sources(notebook, kind="markdown"):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == kind)


def test_title_command_and_parameters_are_the_pages_own(page):
    assert page.cells[0].source.startswith("# Tiny: organics\n")
    assert page.cells[1].source == (
        'dataset = "organics"  # pool\nn_points = 5  # points\nseeds = [3, 4]'
    )
    assert "injected-parameters" not in json.dumps(page)
    assert (
        ".venv/bin/papermill notebooks/01_tiny.ipynb out.ipynb \\\n  -p dataset organics \\\n"
        "  -p n_points 5 \\\n  -y 'seeds: [3, 4]'\n.venv/bin/papermill "
    ) in sources(page)


def test_labels_and_their_uses_carry_the_variant_and_others_do_not(page):
    prose = sources(page)
    for suffixed in (
        "(sec-rows-organics)=",
        "{ref}`rows <sec-rows-organics>`",
        "name: fig-line-organics",
        "{numref}`fig-line-organics`",
        "[the figure](#fig-line-organics)",
        "$$ a = b $$ (eq-ours-organics)",
        "{eq}`eq-ours-organics`",
    ):
        assert suffixed in prose
    assert "{eq}`eq-elsewhere`" in prose
    assert "{eq}`eq-elsewhere`, `fig-line`." in prose


def test_glue_fills_headings_and_alt_text_and_leaves_prose_to_sphinx(page):
    prose = sources(page)
    assert "## Rows of organics" in prose
    assert "  A line for organics\n  up to 0.71 eV.\n---" in prose
    assert "A line up to {glue:text}`value:.2f` eV." in prose


def test_nothing_volatile_is_kept(page):
    assert set(page.metadata) == {"alutils", "kernelspec", "language_info"}
    assert "version" not in page.metadata.language_info
    ids = [f"cell-{i:02d}" for i in range(5)]
    assert [cell.id for cell in page.cells] == [*ids, "provenance"]
    assert not {"papermill", "execution"} & {k for cell in page.cells for k in cell.metadata}


def test_the_parts_of_a_stream_are_joined():
    def stream(text, name="stdout"):
        return nbformat.v4.new_output("stream", name=name, text=text)

    shown = nbformat.v4.new_output("display_data", data={"text/plain": "a"})
    outputs = [stream("1\n"), stream("!", "stderr"), stream("2\n"), shown, stream("3\n")]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=outputs)])
    assert postprocess.strip(notebook) == "!"
    assert [out.get("text") for out in notebook.cells[0].outputs] == ["1\n2\n", None, "3\n"]


def test_fresh_pages_are_reused(repo, capsys):
    paths = sorted((repo / "book/experiments").glob("*.ipynb"))
    before = [path.stat().st_mtime_ns for path in paths]
    assert execute.main(root=repo) == 0
    assert [path.stat().st_mtime_ns for path in paths] == before
    assert "2 pages: 0 executed" in capsys.readouterr().out
    assert [p.name for p in freshness.verify(repo)] == ["01_tiny-organics", "01_tiny-qm9"]


ORGANICS, BOTH = ["01_tiny-organics"], ["01_tiny-organics", "01_tiny-qm9"]


def stale(repo):
    """Names of the pages that are not fresh."""
    now = freshness.snapshot(repo)
    return [p.name for p in pages.read_pages(repo) if not freshness.is_fresh(p, now, repo)]


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("notebooks/01_tiny.ipynb", "n_points / 7", "n_points / 8", BOTH),
        ("notebooks/01_tiny.ipynb", "See {ref}", "Look at {ref}", BOTH),
        ("book/variants.yml", "n_points: 5", "n_points: 6", ORGANICS),
        ("alutils/acquisition/strategies.py", "", "# a comment\n", BOTH),
        ("alutils/acquisition/search.py", "", "# imported by strategies\n", BOTH),
        ("alutils/campaign/campaign.py", "", "# a comment\n", []),
        ("alutils/data/pools/organics.npz", "pool", "other", ORGANICS),
        ("alutils/data/pools/aminoacids.npz", "pool", "other", []),
        ("book/records/one.json", "{}", "[]", ORGANICS),
        ("book/records/two.json", "{}", "[]", []),
        ("book/records/untracked.json", "", "{}", []),
        ("requirements.lock", "2", "3", BOTH),
        ("book/builder/postprocess.py", "builder", "other", BOTH),
        ("book/experiments/01_tiny-organics.ipynb", "many", "few", ORGANICS),
        ("book/experiments/files/01_tiny-organics/new.csv", "", "x", ORGANICS),
    ],
)
def test_a_page_is_stale_after_a_change_of_what_it_was_made_from(repo, name, old, new, expected):
    path = repo / name
    text = path.read_text() if path.exists() else ""
    assert old in text
    path.write_text(text.replace(old, new) if old else text + new)
    assert stale(repo) == expected
    if expected:
        with pytest.raises(PageError, match=f"stale: {', '.join(expected)}"):
            freshness.verify(repo)


def test_what_changed_is_named(repo):
    (repo / "alutils/acquisition/strategies.py").write_text("")
    (repo / "book/records/one.json").unlink()
    organics, qm9 = pages.read_pages(repo)
    now = freshness.snapshot(repo)
    changed = ["alutils/acquisition/strategies.py", "book/records/one.json"]
    assert freshness.changes(organics, now, repo) == changed
    assert freshness.changes(qm9, now, repo) == changed[:1]


def test_a_record_in_a_bundle_counts_for_the_pages_that_read_it_alone():
    page, before = pages.read_pages()[-1], freshness.snapshot()
    bundle = store.bundles(records_dir())[0]
    one, other = list(store.bundle(bundle))[:2]
    used = freshness.made_from(page, [{"record": one, "file": bundle.name}], before)
    assert f"book/records/{one}" in used and f"book/records/{other}" not in used
    assert f"book/records/{bundle.name}" not in before


def test_files_beside_the_code_and_records_that_a_notebook_names_count(repo):
    (repo / "notebooks/01_tiny.ipynb").write_text('open("named.json")')
    before = freshness.snapshot(repo)
    (page, _), notes = pages.read_pages(repo), [{"modules": ["alutils/report/style.py"]}]
    used = freshness.made_from(page, notes, before, repo)
    assert {"alutils/report/alutils.mplstyle", "book/records/named.json"} <= used.keys()
    assert "book/records/one.json" not in used


def test_an_alutils_from_elsewhere_is_refused(repo):
    notes = [{"modules": ["alutils/elsewhere.py"]}]
    with pytest.raises(PageError, match=r"imported alutils/elsewhere\.py, which this checkout"):
        freshness.made_from(pages.read_pages(repo)[0], notes, freshness.snapshot(repo), repo)


def test_a_file_that_is_edited_while_the_page_runs_counts_as_changed(repo, monkeypatch):
    def edit(page, root):
        path = root / "alutils/acquisition/strategies.py"
        path.write_text(path.read_text("utf8") + "# edited\n", "utf8")
        return papermill(page, root)

    papermill = execute.papermill
    (repo / "book/experiments/01_tiny-organics.ipynb").unlink()
    monkeypatch.setattr(execute, "papermill", edit)
    assert execute.main(ORGANICS, repo) == 0
    assert stale(repo) == BOTH


def test_local_data_count_only_for_pages_that_name_them(repo, tmp_path, monkeypatch):
    monkeypatch.delenv("ALUTILS_DATA", raising=False)
    organics, qm9 = pages.read_pages(repo)
    keys = [freshness.key(page, repo) for page in (organics, qm9)]
    (tmp_path / "data").mkdir()
    (tmp_path / "data/qm9_b3lyp.npz").write_text("molecules")
    monkeypatch.setenv("ALUTILS_DATA", str(tmp_path / "data"))
    assert freshness.key(organics, repo) == keys[0]
    assert freshness.key(qm9, repo) != keys[1]


def test_pages_that_are_listed_no_more_go(repo):
    extra = repo / "book/experiments/01_tiny-gone.ipynb"
    extra.write_text("{}")
    with pytest.raises(PageError, match=r"not in variants\.yml: 01_tiny-gone"):
        freshness.verify(repo)
    execute.main(root=repo)
    assert not extra.exists()


def test_two_builds_in_one_checkout_do_not_disturb_each_other(repo, capsys):
    with programs.alone(repo):
        for build in (partial(execute.main, root=repo), partial(render.main, repo)):
            with pytest.raises(PageError, match="another build is at work in this folder: wait"):
                build()
    (repo / pages.read_pages(repo)[0].path).unlink()
    assert execute.main(root=repo) == 0
    assert "01_tiny-organics: started (1 of 1)" in capsys.readouterr().out


def test_a_failing_page_is_named_with_its_error_and_the_others_go_on(repo, capsys):
    notebook = tiny_notebook()
    notebook.cells[2].source = 'if dataset == "organics":\n    raise ValueError("no such pool")\n'
    notebook.cells[2].source += CODE
    nbformat.write(notebook, repo / "notebooks/01_tiny.ipynb")
    assert execute.main(root=repo) == 1
    said = capsys.readouterr().out
    assert re.search(r"01_tiny-organics: FAILED after \d+ s: In \[\d\].*ValueError: no such", said)
    assert re.search(r"01_tiny-qm9: done in \d+ s", said)
    with pytest.raises(PageError, match="stale: 01_tiny-organics"):
        freshness.verify(repo)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nois": 3}, "unknown parameter 'nois'.*dataset, n_points, seeds"),
        ({"n_points": "1e-10"}, "parameter n_points: '1e-10' is not a number.*1.0e-10"),
        ({"seeds": "[1, 2]"}, "parameter seeds: '\\[1, 2\\]' is not list"),
    ],
)
def test_bad_parameters_are_refused(values, message):
    known = pages.parameters(tiny_notebook())
    with pytest.raises(PageError, match=message):
        pages.check_parameters(Page("01_tiny", "organics", "T", values), known)


@pytest.mark.parametrize("source", ["n = 2 * 3", "import os", "a = b = 1", "a, b = 1, 2"])
def test_parameters_cell_holds_literals_only(source):
    notebook = new_notebook(cells=[new_code_cell(source, metadata={"tags": ["parameters"]})])
    with pytest.raises(PageError, match="only `name = literal`"):
        pages.parameters(notebook)


def test_parameters_of_several_lines_are_replaced_whole():
    cell = new_code_cell("a = [\n    1,\n]  # é\nb = 2", metadata={"tags": ["parameters"]})
    notebook = new_notebook(cells=[cell])
    pages.show_parameters(notebook, {"a": [3], "b": None}, pages.parameters(notebook))
    assert cell.source == "a = [3]  # é\nb = None"


def test_a_long_list_of_seeds_fits_the_page():
    seeds = list(range(100, 140))
    cell = new_code_cell("seeds = [1]  # of runs", metadata={"tags": ["parameters"]})
    notebook = new_notebook(cells=[cell])
    pages.show_parameters(notebook, {"seeds": seeds}, pages.parameters(notebook))
    assert max(map(len, cell.source.splitlines())) <= 78
    assert pages.parameters(notebook)["seeds"][0] == seeds


@pytest.mark.parametrize("folder", ["home/someone", "Users/someone", "tmp", "work/main"])
def test_paths_of_a_machine_are_refused(folder):
    path = f"/{folder}/file.npz"
    for cell in (
        new_code_cell("x", outputs=[new_output("stream", text=f"read {path}")]),
        new_code_cell(f"load('{path}')"),
        new_code_cell("x", outputs=[new_output("display_data", data={"text/html": path})]),
    ):
        with pytest.raises(PageError, match="cell 2: a path of this machine"):
            executed([cell])


def test_relative_paths_addresses_and_images_pass():
    image = new_output("display_data", data={"image/png": "AAAA/tmp/AAAA"})
    cell = new_code_cell("alutils/tmp/x, https://doi.org/home/work/1", outputs=[image])
    assert executed([cell]).cells[2].outputs == [image]


@pytest.mark.parametrize(
    ("role", "message"),
    [
        ("{glue:text}`absent:.2f`", "cell 3: .*nothing is glued as 'absent'"),
        ("{glue:text}`scalar:.2f`", "cell 3: .*np.float64.* cannot be formatted"),
    ],
)
def test_glue_that_sphinx_could_not_show_is_refused(role, message):
    cell = new_code_cell("x", outputs=[glue_output("scalar", "np.float64(0.5)")])
    with pytest.raises(PageError, match=message):
        executed([cell, new_markdown_cell(f"It is {role}.")])


def test_claims_table_joins_claims_and_verdicts(built):
    rows = claims.verdict_rows(pages.read_pages(built), built)
    read = claims.read_claims(rows, built)
    first, second = claims.claims_table(read, rows).split("(claim-c2)=\n")
    assert first.startswith(
        "(claim-c1)=\n**C1 (the paper's Fig. 4a).** First\n\n*The paper says:* 1\n\n"
        '<details class="claim-verdicts">\n<summary>'
        '<span class="verdict verdict-yes">2 supported</span>'
        "</summary>\n\n:::{div} claims-table\n| Page | Ours |"
    )
    lines = [line for line in first.splitlines() if line.startswith("| {ref}")]
    assert lines[0] == (
        "| {ref}`Tiny: organics <page-01_tiny-organics>`<br>"
        "{numref}`fig-line-organics`, {download}`test <../tests/test_tiny.py>`"
        " | 5 \\| many | [supported]{.verdict .verdict-yes} | counted |"
    )
    assert lines[1].startswith("| {ref}`Tiny: QM9 ")
    assert "| - | - | [cannot be tested here]{.verdict .verdict-none} | no labels |" in second
    summary = claims.claims_summary(read, rows, {"organics": "Organics", "qm9": "QM9"})
    assert summary.splitlines()[1] == "| Claim | Organics | QM9 | All |"
    assert "{ref}`supported <page-01_tiny-qm9>`" in summary


def test_claims_and_verdicts_that_do_not_fit_are_refused(built, repo):
    rows = claims.verdict_rows(pages.read_pages(built), built)
    (repo / "book/claims.yml").write_text("- {id: C3, claim: Third, paper: '3'}")
    with pytest.raises(PageError, match=r"C1: not in book/claims\.yml"):
        claims.read_claims(rows, repo)
    (repo / "book/claims.yml").write_text(CLAIMS.replace(", untestable: no labels", ""))
    with pytest.raises(PageError, match="C2 has neither verdict nor"):
        claims.read_claims(rows, repo)


def test_another_kernel_of_the_same_name_is_not_used(repo, tmp_path, monkeypatch):
    """The page says which Python made it: that of the builder, not one found on JUPYTER_PATH."""
    kernel = tmp_path / "kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    argv = ["/bin/false", "{connection_file}"]
    kernel.write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    (repo / "book/experiments/01_tiny-organics.ipynb").unlink()
    assert execute.main(["01_tiny-organics"], repo) == 0


def test_a_profile_of_ipython_takes_no_part(repo, tmp_path, monkeypatch):
    """Names that it brings are no parameters, and figures keep their format."""
    startup = tmp_path / "profile_default/startup/00.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("from math import *\nraise SystemExit\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    page = repo / "book/experiments/01_tiny-organics.ipynb"
    page.unlink()
    assert execute.main(["01_tiny-organics"], repo) == 0 and page.exists()


def test_a_checkout_of_a_short_name_is_no_false_alarm(monkeypatch):
    cell = nbformat.v4.new_markdown_cell("{doc}`a page </book/experiments/11_compounds>`")
    monkeypatch.setattr(postprocess, "ROOT", Path("/book"))
    postprocess.refuse_paths(nbformat.v4.new_notebook(cells=[cell]))
    monkeypatch.setattr(postprocess, "ROOT", Path("/book/of/mine"))
    cell.source += " /book/of/mine/notes.txt"
    with pytest.raises(PageError, match="cell 0: a path of this machine"):
        postprocess.refuse_paths(nbformat.v4.new_notebook(cells=[cell]))


@pytest.fixture
def rendered(repo, monkeypatch):
    """Render the tiny book, whose records and pools are not those of these two; the exit status."""
    monkeypatch.setattr(render, "pools_table", lambda: "")
    for module, name in (
        *((render.headline, "write"), (render.your_csv, "write")),
        *((render.live_loop, "write_script"), (render, "write_scripts")),
    ):
        monkeypatch.setattr(module, name, lambda *_: None)
    return partial(render.main, repo)


def test_a_stale_page_carries_a_banner_and_is_not_verified(repo, rendered):
    assert rendered() == 0
    html = repo / "_build/html/book/experiments/01_tiny.html"
    assert "stale-page" not in html.read_text("utf8")
    with open(repo / "alutils/acquisition/strategies.py", "a") as code:
        code.write("# a comment\n")
    assert rendered() == 0
    assert "changed since: alutils/acquisition/strategies.py." in html.read_text("utf8")
    assert "stale-page" not in (repo / "_build/html/book/index.html").read_text("utf8")
    with pytest.raises(PageError, match="stale: 01_tiny-organics"):
        freshness.verify(repo)


def test_the_result_of_a_proof_is_on_the_page(repo, rendered):
    assert rendered() == 0
    html = repo / "_build/html/book/index.html"
    assert "<p>passed</p>" in html.read_text("utf8")
    (repo / "tests/test_tiny.py").write_text("def test_one():\n    assert False\n")
    assert rendered() == 0
    assert "1 of 1 failed" in html.read_text("utf8")


def test_html_is_built_once_and_a_warning_never_gets_lost(repo, rendered, capsys):
    page = repo / "_build/html/book/index.html"
    index = repo / "book/index.md"
    index.write_text(INDEX + "\nBroken: {ref}`nowhere`.\n")
    assert rendered() == 1
    assert rendered() == 1, "Sphinx reports a warning once only"
    index.write_text(INDEX)
    assert rendered() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "_build/html/index.html"
    assert "0.714" in page.read_text("utf8")
    built = page.stat().st_mtime_ns
    assert rendered() == 0
    assert page.stat().st_mtime_ns == built


def test_settings_in_the_home_folder_take_no_part(repo, tmp_path, monkeypatch):
    """Nor need there be one: what a kernel writes beside its page lies in _build."""
    settings = tmp_path / "home/.config/matplotlib/matplotlibrc"
    settings.parent.mkdir(parents=True)
    settings.write_text("figure.subplot.left: 0.9\nfigure.subplot.right: 0.91\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    path = repo / "book/experiments/01_tiny-organics.ipynb"
    as_ever = drawn(path)
    path.unlink()
    assert execute.main(["01_tiny-organics"], repo) == 0
    assert drawn(path) == as_ever


def drawn(path):
    """The pictures of a page, as PNG."""
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    found = [
        output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})
    ]
    assert found
    return found


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="POSIX")
def test_a_page_without_an_end_is_ended_and_told():
    run = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    with pytest.raises(PageError, match=r"no end after 0\.2 s"):
        execute.peak_gib(run, 0.2)
    assert run.returncode < 0


def test_a_program_without_an_end_is_ended_and_told():
    with pytest.raises(PageError, match=r"Sphinx: no end after 0\.2 s"):
        programs.run("Sphinx", [sys.executable, "-c", "import time; time.sleep(300)"], 0.2)


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "free some space, or make BUILD"), (errno.EROFS, "make BUILD=FOLDER works")],
)
def test_a_disk_that_fails_a_page_is_one_line(number, remedy, repo, capsys, monkeypatch):
    def fail(*_):
        raise OSError(number, os.strerror(number), "/somewhere/else/page.ipynb")

    monkeypatch.setattr(execute, "papermill", fail)
    page = pages.read_pages(repo)[0]
    assert not execute.execute(page, {}, repo)
    said = capsys.readouterr().out.splitlines()[-1]
    assert f"{os.strerror(number)} (page.ipynb): {remedy}" in said and "somewhere" not in said
