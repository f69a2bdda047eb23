"""Every notebook: a pair with equal sources, short, explained in words, each figure described."""

import ast
import re
import shlex
from itertools import pairwise
from statistics import median

import jupytext
import nbformat
import pytest

from book.builder import pages, postprocess
from book.builder.pages import ROOT

NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.py"))
MOST_CODE_LINES, LONG_CELL, MOST_PLACES = 60, 6, 4
WIDTH = 78  # characters; a page cuts code off there
WORDS_PER_LINE = 6
COMMAND = re.compile(r"^\.venv/bin/papermill (?:.*\\\n)*.*$", re.M)
PROSE_FILES = [ROOT / "README.md", *sorted((ROOT / "book").glob("*.md"))]


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def notebook(name):
    """The tracked .ipynb."""
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def cells(notebook):
    """Kind, source and tags of each cell: what a pair shares."""
    return [(c.cell_type, c.source, c.metadata.get("tags", [])) for c in notebook.cells]


def sources(notebook, kind):
    return [c.source for c in notebook.cells if c.cell_type == kind]


def lines_of_code(source):
    """Lines that are neither empty nor a comment alone."""
    lines = source.splitlines()
    return [line for line in lines if line.strip() and not line.strip().startswith("#")]


def code_lines(notebook):
    return lines_of_code("\n".join(sources(notebook, "code")))


def places(notebook):
    """Modules of alutils that names are imported from."""
    tree = ast.parse("\n".join(sources(notebook, "code")))
    froms = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {node.module for node in froms if node.module.split(".")[0] == "alutils"}


def printed_lines(notebook):
    """Lines of what the cells print, tables and figures left out."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return "".join(output.get("text", "") for output in outputs).splitlines()


def prose(notebook):
    """The words of the markdown cells, without fenced code and figure options."""
    text = "\n".join(sources(notebook, "markdown"))
    text = re.sub(r"^```(?:bash|python)\n.*?^```$", "", text, flags=re.M | re.S)
    text = re.sub(r"\{[\w:]+\}`[^`]*`", "role", text)
    return re.findall(r"[^\W\d_][\w'-]*", re.sub(r"^```.*$|^---$|^\w+:", "", text, flags=re.M))


def figures(notebook):
    """Glue key -> options and caption of each {glue:figure} block."""
    blocks = re.findall(
        r"^```\{glue:figure\} (\S+)\n---\n(.*?)^---$\n(.*?)^```$",
        "\n\n".join(sources(notebook, "markdown")),
        re.M | re.S,
    )
    return {key: (options, caption.strip()) for key, options, caption in blocks}


def glued_figures(notebook):
    """Glue keys of the images that the notebook shows."""
    return [
        output.metadata.scrapbook.name
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {}) and "scrapbook" in output.metadata
    ]


def check_command(words, where):
    """A Papermill line names a notebook that exists and parameters that it has."""
    source = ROOT / words[1]
    assert source.exists() and source.suffix == ".ipynb", f"{where}: {words[1]}"
    known = pages.parameters(nbformat.read(source, as_version=4))
    for flag, value in pairwise(words):
        if flag in {"-p", "-r"}:
            assert value in known, f"{where}: {words[1]} has no parameter {value}"
        if flag == "-y":
            assert value.partition(":")[0] in known, f"{where}: {value}"


def test_the_experiments_of_the_paper_are_there():
    prefixes = [name[:2] for name in NAMES]
    assert prefixes[:10] == [f"{number:02d}" for number in range(10)]


def test_every_notebook_has_pages_and_every_page_its_parameters():
    listed = pages.read_pages()
    assert {page.notebook for page in listed} == set(NAMES)
    for page in listed:
        source = nbformat.read(ROOT / page.source, as_version=4)
        pages.check_parameters(page, pages.parameters(source))


def test_both_files_of_the_pair_have_equal_sources(name, notebook):
    script = jupytext.read(ROOT / "notebooks" / f"{name}.py")
    assert cells(script) == cells(notebook), f"make notebooks NAMES={name}"


def test_parameters_are_literals(notebook):
    assert pages.parameters(notebook)


def test_code_is_short_and_plain(notebook):
    assert len(code_lines(notebook)) <= MOST_CODE_LINES
    for source in sources(notebook, "code"):
        assert "rcParams" not in source
        for node in ast.walk(ast.parse(source)):
            kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            assert not isinstance(node, kinds), f"defined in a notebook: {ast.unparse(node)}"


def test_cells_are_short_and_imports_few(notebook):
    cells_of_code = [lines_of_code(source) for source in sources(notebook, "code")]
    assert median(map(len, cells_of_code)) <= LONG_CELL
    assert len(places(notebook)) <= MOST_PLACES, places(notebook)


def test_no_line_is_cut_off_at_the_edge_of_a_page(notebook):
    code = "\n".join(sources(notebook, "code")).splitlines()
    assert not [line for line in [*code, *printed_lines(notebook)] if len(line) > WIDTH]


def test_words_outweigh_code(notebook):
    words, lines = len(prose(notebook)), len(code_lines(notebook))
    assert words >= WORDS_PER_LINE * lines, f"{words} words for {lines} lines"


def test_every_figure_has_name_alt_text_and_caption(notebook):
    blocks = figures(notebook)
    assert blocks
    assert sorted(blocks) == sorted(glued_figures(notebook))
    for key, (options, caption) in blocks.items():
        assert re.search(r"^name: fig-[a-z0-9-]+$", options, re.M), key
        alt = options.partition("alt:")[2].replace(">-", "").split()
        assert len(alt) >= 10, f"{key}: alt text says too little"
        assert len(caption.split()) >= 8, f"{key}: caption says too little"


def test_figure_cells_show_their_image_once(notebook):
    for index, cell in enumerate(notebook.cells):
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
            assert "remove-output" in cell.metadata.get("tags", []), f"cell {index}"


def test_outputs_are_there_clean_and_without_paths(notebook):
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), "executed once, from top to bottom"
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            assert output.output_type != "error", f"cell {index}"
            assert output.get("name") != "stderr", f"cell {index}"
    postprocess.refuse_paths(notebook)


def test_nothing_volatile_is_tracked(notebook):
    before = nbformat.writes(notebook)
    assert postprocess.strip(notebook) is None
    assert nbformat.writes(notebook) == before, "make notebooks"


def test_names_are_glued_before_they_are_used(notebook):
    texts = postprocess.glued(notebook)
    for source in sources(notebook, "markdown"):
        postprocess.fill_glue(source, texts)


def test_a_papermill_line_is_there_and_right(name, notebook):
    text = "\n".join(sources(notebook, "markdown"))
    lines = [shlex.split(line.replace("\\\n", " ")) for line in COMMAND.findall(text)]
    assert lines and lines[0][1] == f"notebooks/{name}.ipynb"
    for words in lines:
        check_command(words, name)


@pytest.mark.parametrize("path", PROSE_FILES, ids=lambda path: path.name)
def test_papermill_lines_of_the_prose_are_right(path):
    for line in COMMAND.findall(path.read_text("utf8")):
        words = shlex.split(line.replace("\\\n", " "))
        if words[1] != "--help-notebook":
            check_command(words, path.name)
