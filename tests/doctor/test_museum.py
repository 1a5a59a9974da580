"""The museum lists its specimens without running them, and `chainrule museum` shows them."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from chainrule.cli import app
from chainrule.doctor.catalogue import CATALOGUE
from chainrule.doctor.museum import Specimen, diagnose, specimens
from chainrule.doctor.report import Finding

runner = CliRunner()


@pytest.mark.parametrize("specimen", specimens(), ids=lambda s: s.name)
def test_every_specimen_says_what_it_is(specimen: Specimen) -> None:
    assert specimen.title
    assert specimen.symptom
    assert specimen.repair
    assert set(specimen.codes) <= set(CATALOGUE)
    assert specimen.fault_lines()
    assert specimen.faulty_parts()


def test_specimens_of_a_code() -> None:
    found = specimens("sign-flipped")
    assert found
    assert all("sign-flipped" in s.codes for s in found)


def test_a_repair_is_a_short_difference() -> None:
    (specimen,) = [s for s in specimens() if s.name == "sign_flipped_gru"]
    changed = [line for line in specimen.difference() if line[0] in "+-"]
    assert changed == ["-        dz = dh_next * (n - h)", "+        dz = dh_next * (h - n)"]


def test_a_specimen_can_be_diagnosed() -> None:
    (specimen,) = [s for s in specimens() if s.name == "branch_overwritten_actor_critic"]
    assert diagnose(specimen.faulty()).findings[0].code in specimen.codes
    assert diagnose(specimen.correct()).ok


def test_the_list_and_a_visit() -> None:
    everything = runner.invoke(app, ["museum"])
    assert everything.exit_code == 0
    assert "sign-flipped" in everything.stdout
    visit = runner.invoke(app, ["museum", "branch_overwritten_actor_critic"])
    assert visit.exit_code == 0
    for word in ("symptom", "diagnosis", "repair", "no fault found"):
        assert word in visit.stdout


def test_a_code_shows_one_specimen_and_names_the_others() -> None:
    visit = runner.invoke(app, ["museum", "sign-flipped"])
    assert visit.stdout.count("symptom") == 1
    others = [s.name for s in specimens("sign-flipped")][1:]
    assert all(name in visit.stdout for name in others)


def test_an_unknown_code_names_its_neighbors() -> None:
    result = runner.invoke(app, ["museum", "sign-fliped"])
    assert result.exit_code != 0
    assert "sign-flipped" in str(result.exception)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_each_hint_leads_to_a_specimen(code: str) -> None:
    hint = Finding(code).hint
    assert not hint or (hint.endswith(f"chainrule museum {code}") and specimens(code))
