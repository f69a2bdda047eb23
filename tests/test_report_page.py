"""What a notebook glues for its prose."""

import myst_nb

from alutils.report import page


def test_every_fact_is_glued_and_none_is_shown(monkeypatch):
    glued = {}

    def glue(name, value, display=True):
        glued[name] = (value, display)

    monkeypatch.setattr(myst_nb, "glue", glue)
    page.glue_all({"n_end": 400, "letter": "D"})
    assert glued == {"n_end": (400, False), "letter": ("D", False)}


def test_verdict_and_reason_are_facts():
    rows = [{"claim": "C6a", "ours": "-", "verdict": "supported", "why": "the interval excludes 0"}]
    facts = {"C6a_verdict": "supported", "C6a_why": "the interval excludes 0"}
    assert page.verdict_facts(rows) == facts
