"""Three files from a first look to a finished campaign, and public files where they are at hand."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alutils.campaign import campaign
from alutils.data.datasets import load
from alutils.data.structures import read_structures
from alutils.report import own_files, walkthrough

N_MOLECULES, N_MAX = 600, 240  # those of the page
SIZES = "--n-init 100 --n-const 20"
STARTS = {
    own_files.XYZ: "--above -10.2 --unit eV",
    own_files.SDF: "--highest 0.12 --no-labels --property E_HOMO --unit hartree",
    own_files.CSV: "--below 910 --no-labels --property IE_kJ_mol --unit kJ/mol --skip-bad",
}
MARGIN = 1.5  # times what random sampling is expected to find
PUBLIC = Path(os.environ.get("ALUTILS_DATA", "absent")) / "smiles"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    return walkthrough.Desk(folder, own_files.write(folder, N_MOLECULES))


def said_by(desk, capsys, words):
    """What a command prints, on one line."""
    desk.run(words)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("file", STARTS)
def test_a_file_becomes_a_finished_campaign(file, desk, capsys):
    folder = walkthrough.FOLDERS[file]
    begun = said_by(desk, capsys, f"start {folder} {file} {STARTS[file]} {SIZES}")
    assert f"next: python -m alutils ask {folder}" in begun
    if file != own_files.XYZ:  # which brings its probe
        assert "100 molecules wait for a label" in said_by(desk, capsys, f"ask {folder}")
        told = said_by(desk, capsys, f"tell {folder} {desk.fill(folder)}")
        assert "100 new, 100 labels" in told and f"advise {folder} --n-max N" in told
    advised = said_by(desk, capsys, f"advise {folder} --n-max {N_MAX} --take")
    assert re.search(r"most_probable: \d\.\d times the hits of random; saves", advised)
    assert "the campaign goes on with" in advised
    desk.go_on(folder, N_MAX)
    curve = walkthrough.progress(desk, folder)
    assert curve["n_labels"].tolist() == [100, 120, 160, 240]
    assert curve["n_found"].iloc[-1] > MARGIN * curve["expected"].iloc[-1]
    assert curve["n_found"].iloc[-1] > curve["high"].iloc[-1]
    assert curve["n_found"].iloc[-1] == desk.state(folder).n_found
    assert str(desk.folder) not in capsys.readouterr().out


def test_what_a_campaign_takes_is_what_was_filled_in(desk):
    state = desk.state(walkthrough.FOLDERS[own_files.CSV])
    for k, label in state.labels.items():
        known = desk.labels[state.pool.ids[k]]
        assert label is None if known is None else label == pytest.approx(known, rel=1e-5)
    assert (state.settings.property, state.settings.unit) == ("IE_kJ_mol", "kJ/mol")


def test_a_molecule_that_nobody_can_measure_is_told_as_failed(desk, capsys):
    desk.run(f"start all {own_files.CSV} --lowest 0.1 --skip-bad --n-init {N_MOLECULES}")
    desk.run("ask all")
    said = said_by(desk, capsys, f"tell all {desk.fill('all')}")
    assert "every molecule has a result: nothing is left to ask for" in said
    assert list(desk.state("all").labels.values()).count(None) == 1


def test_each_file_has_its_mistake(desk, capsys):
    xyz, sdf, csv = walkthrough.XYZ, walkthrough.SDF, walkthrough.CSV
    said = said_by(desk, capsys, f"start wrong {xyz} --above -10 --property HUMO")
    assert "no property 'HUMO', found homo" in said
    said = said_by(desk, capsys, f"start wrong {csv} --below 910")
    assert "line 4 ('org-x'): 'C1CC(=O' is no SMILES" in said and "--skip-bad" in said
    assert not (desk.folder / "wrong").exists()
    desk.run(f"start unit {sdf} --highest 0.1 --no-labels --n-init 40 --n-const 20")
    desk.run("ask unit")
    desk.run(f"tell unit {desk.fill('unit')}")
    desk.run("ask unit")
    before = desk.state("unit").labels
    said = said_by(desk, capsys, f"tell unit {desk.fill('unit', factor=27.2114)}")
    assert "about 27.21 times too large" in said and "eV in place of hartree" in said
    assert desk.state("unit").labels == before


def test_labels_of_the_file_are_left_aside_where_one_says_so(desk, capsys):
    said = said_by(desk, capsys, f"start known {own_files.SDF} --highest 0.1 --property E_HOMO")
    assert (
        f"{N_MOLECULES} molecules, {N_MOLECULES} labels" in said
        and "nothing is left to ask for" in said
    )
    assert "start --no-labels begins without them" in said
    aside = said_by(
        desk, capsys, f"start aside {own_files.XYZ} --above -10 --no-labels --property logP"
    )
    assert f"{N_MOLECULES} molecules, 0 labels" in aside and "target: logP, above -10" in aside
    assert campaign.read(desk.folder / "aside").settings.property == "logP"


def test_the_files_hold_the_molecules_of_the_pools(desk):
    for name, factor in ((own_files.XYZ, 1.0), (own_files.SDF, 1 / 27.211386)):
        found = read_structures(desk.folder / name, "homo" if factor == 1 else "E_HOMO")
        pool = load(own_files.POOLS[name])
        for k in (0, 1, N_MOLECULES - 1):
            source = int(found.ids[k].partition("-")[2])
            one, other = found.molecules[k], pool.molecules[source]
            assert sorted(one.numbers) == sorted(other.numbers)
            assert found.charges[k] == pool.charges[source]
            own, theirs = (np.sort(a.get_all_distances(), None) for a in (one, other))
            assert own == pytest.approx(theirs, abs=1e-3)
            assert desk.labels[found.ids[k]] == pytest.approx(pool.y[source] * factor)
        assert np.isfinite(found.y).sum() == (100 if factor == 1 else N_MOLECULES)


def test_a_command_line_is_broken_before_options_only(desk, capsys):
    desk.run("check aminoacids.extxyz --property homo --unit eV --id-key id --length-unit angstrom")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= walkthrough.WIDTH
    assert lines[0].endswith(" \\") and lines[1].strip().startswith("--")
    assert not [line for line in lines if line.startswith(walkthrough.OF_THE_MACHINE)]


def test_numbers_and_figure_are_those_of_the_campaigns():
    frame = pd.DataFrame(
        {
            "n_labels": [10, 30],
            "n_found": [2, 9],
            "expected": [1.0, 3.0],
            "low": [0, 1],
            "high": [3, 6],
        }
    )
    frame.attrs = {"n_pool": 100, "n_target": 10, "target": "gap, above 3 eV"}
    campaigns = dict.fromkeys(own_files.POOLS, frame)
    table = walkthrough.summary(campaigns)
    assert table.loc["ionisation.csv"].tolist() == ["gap, above 3 eV", 30, "9 of 10", "3 (1 to 6)"]
    facts = walkthrough.facts(campaigns)
    assert facts["n_labels"] == 30 and facts["conjugated_found"] == 9 and facts["n_pool"] == 100
    figure = walkthrough.found_of_three(campaigns)
    assert figure.axes[0].get_title(loc="left") == "aminoacids.extxyz: gap, above 3 eV"
    assert figure.axes[0].lines[2].get_ydata().tolist() == [2, 10]


@pytest.mark.parametrize("n", [100, 6001])
def test_sizes_that_no_file_has_are_refused(n, tmp_path):
    with pytest.raises(ValueError, match=f"n_molecules={n}"):
        own_files.write(tmp_path, n)


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="ALUTILS_DATA has no pools of SMILES")
@pytest.mark.parametrize(
    ("name", "search"),
    [
        ("photoswitches.csv", ("E isomer pi-pi* wavelength in nm", "--above 450")),
        ("redox_bznsn.csv", ("Ered_V", "--below 1.9")),
    ],
)
def test_a_public_file_as_it_is(name, search, capsys):
    key, target = search
    public = walkthrough.Desk(PUBLIC, {})
    said = said_by(public, capsys, f"check {name} --property '{key}'")
    assert f"{name}: a table of SMILES" in said and f"property {key}: " in said
    sizes = "--seeds 1 --n-init 80 --n-const 40 --n-max 180 --skip-bad"
    said = said_by(public, capsys, f"simulate {name} --property '{key}' {target} {sizes}")
    found = dict(re.findall(r"(\w+): found ([\d.]+)%", said))
    assert float(found["most_probable"]) > 1.3 * float(found["random"])
