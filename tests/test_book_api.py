"""The page of the library: each name on it has types and says what it takes, and reads well."""

import inspect
import re
from dataclasses import is_dataclass
from importlib import import_module

import pytest

import alutils
from book.builder.docstrings import as_rst, in_lines
from book.builder.pages import ROOT

MODULE = re.compile(r"^\.\. automodule:: (\S+)\n   :members: (.+)$", re.M)
LISTED = MODULE.findall((ROOT / "book/api.md").read_text("utf8"))
NAMES = [(module, name) for module, names in LISTED for name in names.split(", ")]


def public(module, name):
    """(what, a function or method, the docstrings that may say what it takes) of a listed name."""
    thing, above = getattr(import_module(module), name), import_module(module).__doc__
    if not inspect.isclass(thing):
        yield name, inspect.unwrap(thing), [thing.__doc__, above]
        return
    for key, value in vars(thing).items():
        value = getattr(value, "__func__", getattr(value, "fget", getattr(value, "func", value)))
        if (
            inspect.isfunction(value)
            and value.__name__ != "<lambda>"
            and (key == "__init__" or key[0] != "_")
        ):
            if not (key == "__init__" and is_dataclass(thing)):
                yield f"{name}.{key}", value, [value.__doc__, thing.__doc__]


def fields(thing):
    """What makes an object of a dataclass or named tuple."""
    made = is_dataclass(thing) or issubclass(thing, tuple)
    return [p for p in inspect.signature(thing).parameters] if made else []


def says(docs, name):
    return any(re.search(rf"(?<!\w){name}(?!\w)", doc or "") for doc in docs)


def test_the_page_lists_what_alutils_itself_offers():
    assert len(set(NAMES)) == len(NAMES) > 100
    listed = {getattr(import_module(module), name) for module, name in NAMES}
    offered = {getattr(alutils, name) for name in alutils.__all__ if name != "STRATEGIES"}
    assert offered <= listed
    assert {*map(alutils.STRATEGIES.get, alutils.STRATEGIES)} <= listed
    assert set(alutils.__all__) <= set(dir(alutils))


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_types_and_docstring_tell_of_every_parameter(module, name):
    thing = getattr(import_module(module), name)
    assert thing.__doc__, "no docstring"
    if inspect.isclass(thing):
        assert [one for one in fields(thing) if not says([thing.__doc__], one)] == []
    for what, function, docs in public(module, name):
        parameters = inspect.signature(function).parameters
        typed = function.__annotations__.keys() | {"self", "cls"}
        if what != "GaussianProcess.predict":  # its overloads have them
            assert not parameters.keys() - typed and "return" in typed, f"{what} lacks types"
        unsaid = [one for one in parameters if one not in ("self", "cls") and not says(docs, one)]
        assert not unsaid, f"{what} does not say what {unsaid} are"
        assert function.__name__ == "__init__" or function.__doc__, f"{what} has no docstring"


def test_a_docstring_becomes_fields_and_definitions():
    lines = """What it does, |x|, with `name_` and name_.

    dataset, other : of both
    target : a long
        line
    X : (n, d);  y : (n,) labels

    Returns
    -------
    frame, a row each
        first : one

    Raises
    ------
    ValueError
        For nothing.
    OSError : a full disk
    """
    made = as_rst([line[4:] if line[:4] == "    " else line for line in lines.splitlines()])
    text = re.sub(r"\n\s*\n+", "\n", "\n".join(made)).strip()
    assert text == (
        "What it does, ∣x∣, with `name_` and name\\_.\n"
        "``dataset``, ``other``\n    of both\n"
        "``target``\n    a long\n    line\n"
        "``X``\n    (n, d)\n``y``\n    (n,) labels\n"
        ":Returns:\n    frame, a row each\n    ``first``\n        one\n"
        ":Raises:\n    ``ValueError``\n        For nothing.\n    ``OSError``\n        a full disk"
    )


def test_a_long_signature_is_lines_and_no_list_of_definitions():
    of_sphinx = "<dt>f(<dl>\n<dd><em>a</em>,</dd>\n<dd><em>b</em>,</dd>\n</dl>\n)</dt><dd>c</dd>"
    made = in_lines(of_sphinx)
    assert made.count('<span class="sig-line">') == 2 and made.endswith("<dd>c</dd>")
    assert "<dl>" not in made and "<em>b</em>" in made
    simple = "<dl>\n<dt>a</dt>\n<dd>b</dd>\n</dl>"
    assert in_lines(simple) == simple
