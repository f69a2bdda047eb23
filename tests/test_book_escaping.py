"""Text from data files (names, SMILES, values) never becomes HTML of a notebook or a page."""

import nbformat
import pytest

from alutils.data.datasets import MoleculeDataset, load
from alutils.loop import RunConfig
from alutils.report.tables import Table, data_table
from book.builder import pages, paper, postprocess
from book.builder.fragments import claims

SCRIPT = "<script>alert(1)</script>"


def test_a_table_of_a_notebook_escapes_index_columns_and_cells():
    html = Table({SCRIPT: [SCRIPT]}, index=[SCRIPT])._repr_html_()
    assert "<script" not in html and html.count("&lt;script&gt;") == 3


def test_the_table_of_a_data_set_escapes_its_file_name(tmp_path):
    path = tmp_path / "<script>alert(1)<.npz"
    path.write_bytes((pages.ROOT / "alutils/data/pools/organics.npz").read_bytes())
    html = data_table(RunConfig(str(path), "random", prior="data"))._repr_html_()
    assert "<script" not in html and "&lt;script&gt;" in html


def test_smiles_and_names_stay_text():
    pool = load("organics")
    dataset = MoleculeDataset(SCRIPT, pool.y[:1], pool.molecules[:1], smiles=(SCRIPT,))
    html = Table({"smiles": dataset.smiles}, index=[dataset.name])._repr_html_()
    assert "<script" not in html


def test_a_value_in_a_heading_of_a_page_is_escaped():
    text = postprocess.fill_glue("# On {glue:text}`name`\n", {"name": repr(SCRIPT)})
    assert text == "# On &lt;script&gt;alert(1)&lt;/script&gt;\n"


def test_the_title_of_a_page_on_an_own_file_is_plain():
    assert paper.title_of(f"x/{SCRIPT.replace('/', '')}.npz") == "-script-alert-1-script-"
    assert paper.title_of("my.set+1_b-2.npz") == "my.set+1_b-2"


def test_what_a_verdict_says_is_escaped():
    page = pages.Page("05_targeted_search", "organics", "Targeted search")
    row = {
        "page": page,
        "archives": [],
        "verdict": "supported",
        "ours": SCRIPT,
        "why": SCRIPT,
        "interval": SCRIPT,
    }
    read = [{"id": "C1", "claim": "c", "paper": "p", "shown_in": "fig-x", "test": "tests/a.py::b"}]
    text = claims.claims_table(read, {"C1": [row]})
    assert "<script" not in text and text.count("&lt;script&gt;") == 3


@pytest.mark.parametrize("kind", ["code", "markdown"])
def test_no_output_of_a_tracked_notebook_holds_a_script(kind):
    for path in sorted((pages.ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == kind:
                said = cell.source + str(cell.get("outputs", ""))
                assert "<script" not in said, path.name
