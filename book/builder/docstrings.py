"""A Sphinx extension: the docstrings of alutils as reStructuredText, for the API page.

They are written to be read where they stand: sections as of numpydoc, and ``name : what it is``,
more than one in a line where they are short. The types are in the signatures.
"""

import re

SECTION = re.compile(r"-{3,}\s*")
NAMES = r"[A-Za-z_]\w*(?:, [A-Za-z_]\w*)*"
ENTRY = re.compile(rf"({NAMES}) : (.*)")
NEXT = re.compile(rf";\s+(?={NAMES} : )")
# How Sphinx writes a signature of several lines: definitions of no term, which no reader expects.
SIGNATURE = re.compile(r"<dl>\s*((?:<dd>.*?</dd>\s*)+)</dl>", re.DOTALL)


def as_rst(lines):
    """The lines of a docstring, its sections as fields, its entries as definitions."""
    parts, title = [(None, [])], None
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if SECTION.fullmatch(line):
            continue
        if SECTION.fullmatch(following) and line.strip():
            parts.append((line.strip().replace("`", ""), []))
        else:
            parts[-1][1].append(line)
    made = []
    for title, body in parts:
        body = definitions(body, named=title in ("Raises", "Parameters"))
        if title is None:
            made += body
        else:
            made += [f":{title}:", *indented(body), ""]
    return made


def definitions(lines, named=False):
    """Lines of one indentation with all that is below them; entries become definitions.

    named : a line with others below it is a name, as of an error in a section Raises
    """
    made, k = [], 0
    while k < len(lines):
        below = k + 1
        while below < len(lines) and (not lines[below].strip() or lines[below][0] == " "):
            below += 1
        head, inner = lines[k], dedented(lines[k + 1 : below])
        has_inner = any(line.strip() for line in inner)
        entries = [ENTRY.fullmatch(part) for part in NEXT.split(head)]
        if all(entries):
            for entry in entries[:-1]:
                made += [*definition(entry[1], [entry[2]])]
            made += definition(entries[-1][1], definitions_below(entries[-1][2], inner))
        elif named and has_inner:
            made += definition(head.strip(), definitions(inner))
        elif any(ENTRY.fullmatch(line) for line in inner):
            made += [plain(head), "", *definitions(inner), ""]
        else:
            made += [plain(line) for line in lines[k:below]]
        k = below
    return made


def definitions_below(text, inner):
    """What an entry says: its own line goes on below, up to entries of its own."""
    own = next((k for k, line in enumerate(inner) if ENTRY.fullmatch(line)), len(inner))
    return [plain(text), *map(plain, inner[:own]), "", *definitions(inner[own:])]


def definition(names, body):
    terms = ", ".join(f"``{name}``" for name in names.split(", "))
    return ["", terms, *indented(body), ""]


def indented(lines):
    return [f"    {line}" if line.strip() else "" for line in lines]


def dedented(lines):
    depth = min((len(one) - len(one.lstrip()) for one in lines if one.strip()), default=0)
    return [line[depth:] for line in lines]


def plain(line):
    """A line whose bars and final underscores are no markup; what is in backticks stays."""
    parts = re.split(r"(`+[^`]*`+)", line)
    parts[::2] = [
        re.sub(r"(?<=\w)_(?!\w)", r"\\_", one.replace("|", "\u2223")) for one in parts[::2]
    ]
    return "".join(parts)


def process(app, what, name, obj, options, lines):
    lines[:] = [f".. rubric:: {name}", ""] * (what == "module") + as_rst(lines)


def readable(app, what, name, obj, options, signature, returned):
    """The signature without what is no Python: a field that a function fills by default."""
    return signature and signature.replace("<factory>", "..."), returned


def skip(app, what, name, obj, skipped, options):
    """True for what a class has from elsewhere, and fields of a named tuple, which it describes."""
    of_a_tuple = type(obj).__name__ == "_tuplegetter"
    elsewhere = getattr(obj, "__module__", "alutils").partition(".")[0] != "alutils"
    return True if of_a_tuple or elsewhere else None


def in_lines(body):
    """HTML with the parameters of long signatures as lines, in place of definitions of nothing."""

    def lines(found):
        each = found[1].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")
        return f'<span class="sig-lines">{each}</span>'

    return SIGNATURE.sub(lines, body)


def with_lines(app, pagename, templatename, context, doctree):
    if "body" in context:
        context["body"] = in_lines(context["body"])


def setup(app):
    app.connect("html-page-context", with_lines)
    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-process-signature", readable)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
