"""One page of several variants: what they share stands once, what differs in tabs."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book.builder import assemble, render
from book.builder.pages import ROOT, Page, PageError, read_pages

NAMES = {"qm9": "QM9", "organics": "Organics"}
PAGES = [Page("02_made_up", variant, f"Made up: {name}") for variant, name in NAMES.items()]
TEXT = """# {title}

The same for all, see {{numref}}`fig-a-{variant}`.

## Numbers

The error is {{glue:text}}`error:.2f` eV.

- a list

```{{glue:figure}} fig_a
---
name: fig-a-{variant}
---
A figure.
```
"""
FOUND = "## What we find\n\nIt is {glue:text}`error:.1f`.\n\n## Run it yourself\n\nLike this."


def glued_output(name, text):
    prefix = "application/papermill.record/"
    stamp = {"scrapbook": {"name": name, "mime_prefix": prefix}}
    return new_output("display_data", data={f"{prefix}text/plain": text}, metadata=stamp)


def executed(variant, error="0.25", shown="same", text=TEXT):
    """What execution leaves of a page, in short."""
    outputs = [glued_output("error", error), new_output("stream", name="stdout", text=shown)]
    parameters = new_code_cell(f'dataset = "{variant}"', metadata={"tags": ["parameters"]})
    cells = [new_markdown_cell(text.format(title=variant, variant=variant)), parameters]
    return new_notebook(cells=[*cells, new_code_cell("f()", outputs=outputs)])


def composed(*notebooks, **options):
    return assemble.compose(PAGES[: len(notebooks)], list(notebooks), NAMES, **options)


def prose(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def test_a_text_falls_into_its_blocks():
    text = TEXT.format(title="T", variant="v")
    found = assemble.blocks(f"(here)=\n{text}\n:::{{div}} a\nb\n\nc\n:::\n\n| a |\n|---|\n| b |")
    starts = ["(here)=", "# T", "The same", "## Num", "The err", "- a", "```{g", ":::", "| a"]
    assert [block[: len(start)] for block, start in zip(found, starts, strict=True)] == starts
    assert found[7] == ":::{div} a\nb\n\nc\n:::"


def test_what_is_shared_stands_once_and_the_rest_in_tabs():
    page = composed(executed("qm9"), executed("organics", "0.75"), title="Made up")
    first, numbers, listed, figure = prose(page)
    assert first == ("# Made up\n\nThe same for all, see {numref}`fig-a-qm9`.\n\n## Numbers"), (
        "a reference to the figure of each is no difference"
    )
    assert numbers == (
        "`````{tab-set}\n:class: pools\n\n"
        "````{tab-item} QM9\n:sync: qm9\n\n(page-02_made_up-qm9)=\n*Made up: QM9*\n\n"
        "The error is {glue:text}`error-qm9:.2f` eV.\n````\n"
        "````{tab-item} Organics\n:sync: organics\n\n(page-02_made_up-organics)=\n"
        "*Made up: Organics*\n\nThe error is {glue:text}`error-organics:.2f` eV.\n````\n`````"
    )
    assert listed == "- a list"
    assert "name: fig-a-qm9" in figure and "{glue:figure} fig_a-organics" in figure
    assert 'dataset = "qm9"' in figure and 'dataset = "organics"' in figure


def test_a_heading_that_differs_becomes_a_line_of_its_tab():
    text = "# {title}\n\n## Error {{glue:text}}`error`\n"
    both = [executed(variant, error, text=text) for variant, error in zip(NAMES, "12", strict=True)]
    _, tabs = prose(composed(*both))
    assert "*Made up: QM9*\n\nError {glue:text}`error-qm9`" in tabs and "## " not in tabs


def test_numbers_that_read_alike_are_no_difference():
    page = composed(executed("qm9", "0.2501"), executed("organics", "0.2502"))
    assert "The error is {glue:text}`error-qm9:.2f` eV." in prose(page)[0]


def test_each_variant_keeps_what_it_glued_under_a_key_of_its_own():
    page = composed(executed("qm9"), executed("organics"))
    (code,) = (cell for cell in page.cells if cell.cell_type == "code")
    stamps = [o.metadata.scrapbook["name"] for o in code.outputs if assemble.is_glued(o)]
    assert stamps == ["error-qm9", "error-organics"]
    assert [o.text for o in code.outputs if o.output_type == "stream"] == ["same"]


def test_outputs_that_differ_stand_in_tabs_below_their_cell():
    page = composed(executed("qm9", shown="one\n"), executed("organics", shown="<b>"))
    assert page.cells[-2].cell_type == "code" and len(page.cells[-2].outputs) == 2
    assert "```text\none\n```" in page.cells[-1].source
    html = new_output("display_data", data={"text/html": "<table>"})
    assert assemble.output_text(new_code_cell(outputs=[html])) == (
        '```{raw} html\n<div class="cell_output"><table></div>\n```'
    )


def test_a_single_variant_is_left_as_it_is_but_for_its_label_and_keys():
    page = composed(executed("qm9"))
    assert prose(page)[0].startswith("(page-02_made_up-qm9)=\n\n# Made up: QM9\n")
    assert "tab-set" not in "".join(prose(page))
    assert [cell.cell_type for cell in page.cells] == ["markdown", "code", "code"]


def test_the_findings_stand_behind_the_introduction_with_their_verdicts():
    notebooks = []
    for variant, error in zip(NAMES, ("0.25", "0.75"), strict=True):
        notebook = executed(variant, error, text="# {title}\n\nIntroduction.")
        notebook.cells += [new_markdown_cell(FOUND)]
        notebooks.append(notebook)
    first, tabs, *_, last = prose(composed(*notebooks, verdicts="| verdicts |"))
    assert first.endswith("Introduction.\n\n## What we find\n\n| verdicts |")
    assert "It is {glue:text}`error-organics:.1f`." in tabs
    assert last == "## Run it yourself\n\nLike this."


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(PageError, match="02_made_up: a cell of prose differs in its blocks"):
        composed(executed("qm9"), executed("organics", text="# {title}"))
    longer = executed("organics")
    longer.cells.append(new_markdown_cell("more"))
    with pytest.raises(PageError, match="02_made_up: its variants have different cells"):
        composed(executed("qm9"), longer)


def test_a_fence_is_longer_than_those_within():
    assert assemble.fence("a}", "````\n````").startswith("`````{a}\n")
    assert assemble.fence("a}", "text ```").startswith("````{a}\n")


def test_the_papers_own_data_stand_first():
    for shared in assemble.documents(read_pages()).values():
        variants = [page.variant for page in shared]
        page = nbformat.read(ROOT / f"{shared[0].document}.ipynb", as_version=4)
        if "qm9" in variants and len(variants) > 1:
            tabs = next(cell.source for cell in page.cells if "tab-set" in cell.source)
            assert "tab-item} QM9\n" in tabs.split(":sync:")[0]


def test_a_notebook_that_the_contents_leave_out_is_refused(tmp_path):
    text = (ROOT / "_toc.yml").read_text("utf8")
    (tmp_path / "_toc.yml").write_text(text.replace("05_targeted_search", "05_gone"))
    with pytest.raises(PageError, match=r"_toc\.yml lists no book/experiments/05_targeted_search"):
        render.refuse_gaps(read_pages(), tmp_path)
