"""What `ask` says of a campaign's end, and where it stops by a rule."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from made_up import known_searches

from alutils.acquisition.target import above, highest
from alutils.analysis import stop_rules, stopping
from alutils.campaign import commands
from alutils.campaign.campaign import Settings, ask, read, start, take
from alutils.campaign.outlook import outlook, progress_of, refuse
from alutils.data.datasets import load
from alutils.data.structures import Structures
from alutils.report import stopping as report
from alutils.storage.command_line import commands as program

SETTINGS = Settings("most_probable", n_init=20, n_const=20, noise_var=0.02, target=above(-10.4))
N = 200


@pytest.fixture(scope="module")
def organics():
    return load("organics")


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """Fourteen pools alike, on which every rule can be learned."""
    rows = known_searches([f"pool {k}" for k in range(14)], 4)
    monkeypatch.setattr(stopping, "known", lambda without=None: rows)


@pytest.fixture
def begun(organics, tmp_path):
    """Begin a campaign with other settings, and take so many results: its folder."""

    def begin(n=0, **other):
        ids = tuple(f"mol-{k}" for k in range(N))
        unlabelled = (np.full(N, np.nan), np.zeros(N, int))
        folder = tmp_path / "c"
        start(
            folder,
            Structures("mine", ids, organics.molecules[:N], *unlabelled),
            replace(SETTINGS, **other),
        )
        for _ in range(n):
            answer(organics, folder)
        ask(folder)
        return folder

    return begin


def answer(organics, folder, n=None):
    with open(ask(folder) / "batch.csv", newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)][:n]
    take(folder, [(one, f"{organics.y[int(one[4:])]:.6f}") for one in ids])


def said_by(capsys, *words):
    """(status, text) of a command, in this process."""
    with pytest.raises(SystemExit) as ended:
        program.main([str(word) for word in words])
    printed = capsys.readouterr()
    return ended.value.code or 0, printed.out + printed.err


def test_it_knows_what_was_found_before_the_last_batch(organics, begun):
    state, target = read(begun(2)), organics.y > -10.4
    progress = progress_of(state, state.target)
    first, second, third = (target[batch] for batch in state.batches)
    assert (progress.n_pool, progress.n_labels, progress.n_random) == (N, 40, 20)
    assert (progress.random_hits, progress.last_hits) == (first.sum(), second.sum())
    assert progress.hits == state.n_found == first.sum() + second.sum()
    assert progress.model_picked == pytest.approx(state.expected[1]["next"])
    assert progress.model_left == state.expected[2]["left"] >= progress.model_next
    assert progress.next_size == len(third) and progress.last_size == 20
    look = outlook(state)
    share, least, most = look.share
    assert 0 < least <= share <= most <= 1
    assert 0 <= look.coming.low <= look.coming.left <= look.coming.high <= len(third)


def test_labels_of_the_open_batch_do_not_change_the_outlook(organics, begun):
    folder = begun(2)
    before = outlook(read(folder))
    answer(organics, folder, 7)
    assert outlook(read(folder)) == before


def test_there_is_none_before_a_model_has_chosen(begun):
    assert outlook(read(begun(0))) is None


@pytest.mark.parametrize("other", [{"strategy": "random"}, {"strategy": "random", "target": None}])
def test_there_is_none_for_another_strategy_and_a_rule_is_refused(begun, other, capsys):
    folder = begun(1, **other)
    assert outlook(read(folder)) is None
    with pytest.raises(ValueError, match="rule"):
        refuse(read(folder))
    status, said = said_by(capsys, "ask", folder, "--until", 0.9)
    assert status == 2 and "rule" in said and "wait for a label" not in said
    assert said_by(capsys, "ask", folder)[0] == 0


def test_there_is_none_where_a_batch_kept_no_expectation(begun):
    state = read(begun(2))
    old = replace(state, expected=[None, None, state.expected[2]])
    assert outlook(old) is None and outlook(state) is not None


def test_a_target_by_share_has_an_outlook_too(begun):
    assert outlook(read(begun(1, target=highest(0.2)))).progress.n_labels == 20


def test_it_stops_where_the_share_is_found(begun, monkeypatch):
    look = outlook(read(begun(2)))
    assert look.reason_to_stop() == ""
    monkeypatch.setattr(stopping, "known", lambda without=None: pytest.fail("nothing was asked"))
    many = replace(look.progress, hits=1000)
    assert look._replace(progress=many).reason_to_stop() == ""
    monkeypatch.undo()
    rows = known_searches([f"pool {k}" for k in range(14)], 4)
    monkeypatch.setattr(stopping, "known", lambda without=None: rows)
    few = replace(look.progress, hits=9, random_hits=1, model_left=0.0)
    assert look._replace(progress=few).reason_to_stop(until=0.5) == ""
    whole = replace(look.progress, n_labels=N)
    assert "50% of the target is found" in look._replace(progress=whole).reason_to_stop(until=0.5)


def test_it_stops_where_a_hit_costs_more_than_it_is_worth(begun):
    look = outlook(read(begun(2)))
    cost = look.progress.next_size / look.coming.left
    assert look.reason_to_stop(worth=1.01 * cost) == ""
    assert "one is worth" in look.reason_to_stop(worth=0.99 * cost)
    none = look._replace(coming=look.coming._replace(left=0.0))
    assert "more than" in none.reason_to_stop(worth=100)


def test_ask_says_it_and_ends_with_status_3(organics, begun, capsys):
    folder = begun(0)
    status, said = said_by(capsys, "ask", folder, "--until", 0.9)
    assert status == 0 and "no rule can stop" in said and "hits so far" not in said
    answer(organics, folder)
    status, said = said_by(capsys, "ask", folder)
    assert status == 0 and "hits so far" in said and "next:" in said
    status, said = said_by(capsys, "ask", folder, "--worth", 0.001)
    assert status == 3 and "stop: the next hits cost" in said and "next:" not in said
    status, said = said_by(capsys, "ask", folder, "--worth", 1000)
    assert status == 0 and "stop" not in said


@pytest.mark.parametrize(
    "wrong", [("--until", 0.95), ("--until", 0), ("--worth", 0), ("--worth", -1)]
)
def test_impossible_rules_are_mistyped_words(begun, capsys, wrong):
    status, said = said_by(capsys, "ask", begun(0), *wrong)
    assert status == 2 and "range" in said


def test_the_highest_share_is_the_last_at_which_the_rule_held(monkeypatch):
    assert commands.SHARE.max == stop_rules.MOST
    monkeypatch.undo()
    trials = report.by_share(stop_rules.forecasts(stopping.known()))
    held = report.holding(trials)
    assert held == [share for share in report.SHARES if share <= stop_rules.MOST]


def test_few_hits_have_no_share(begun):
    look = outlook(read(begun(1)))
    few = look._replace(progress=replace(look.progress, hits=3))
    assert "nobody can say" in few.text() and "%" not in few.text()
    many = look._replace(progress=replace(look.progress, hits=30))
    assert "nine times in ten" in many.text()
