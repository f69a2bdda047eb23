"""What a notebook hands to the prose of its page: facts by name, for ``{glue:text}`name```."""

from __future__ import annotations


def glue_all(facts):
    """Glue each fact under its name, and show nothing.

    facts : name -> str, int or float (NumPy's own would be quoted as "np.float64(...)")
    """
    import myst_nb  # slow to import, and of no use without a page

    for name, value in facts.items():
        myst_nb.glue(name, value, display=False)


def verdict_facts(rows):
    """Verdict and reason of each row of a claim, as the facts "C1_verdict" and "C1_why".

    rows : list of dict, of `claims.row` or `claims.untestable`
    """
    return {f"{row['claim']}_{key}": row[key] for row in rows for key in ("verdict", "why")}
