"""benchmarks/doctor: a small sample of each part, as a user would run it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARK = ROOT / "benchmarks" / "doctor"


def outcomes(tmp_path: Path, *options: str) -> dict[str, Any]:
    """What the command writes as JSON; it must end well."""
    result = tmp_path / "result.json"
    command = [sys.executable, str(BENCHMARK), "--jobs", "1", "--json", str(result), *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    content: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    assert not any(outcome["trouble"] for found in content.values() for outcome in found)
    return content


def test_the_museum_is_named_and_its_twins_are_met_with_silence(tmp_path: Path) -> None:
    faulty, twin = outcomes(tmp_path, "--museum", "--only", "scale/sign_flipped_rbf")["museum"]
    assert faulty["said"][0]["code"] == "sign-flipped"
    assert faulty["placed"]
    assert faulty["on_line"]
    assert twin["said"] == []


def test_mutants_are_written_checked_and_compared(tmp_path: Path) -> None:
    mutants = outcomes(tmp_path, "--mutants", "--only", "layers/identity")["mutants"]
    negated = next(m for m in mutants if "negated" in m["name"])
    assert negated["codes"] == ["sign-flipped"]
    assert negated["said"][0]["code"] == "sign-flipped"
    assert negated["on_line"]


def test_correct_code_is_met_with_silence(tmp_path: Path) -> None:
    for found in outcomes(tmp_path, "--correct", "--only", "sequential")["correct"]:
        assert found["said"] == [], found["name"]


def test_files_by_strangers_are_asked_about_in_both_ways(tmp_path: Path) -> None:
    found = {o["name"]: o for o in outcomes(tmp_path, "--strangers", "--only", "dueling_q")["strangers"]}
    for way in ("Python", "command line"):
        faulty, right = (found[f"dueling_q_network/{f}.py, {way}"] for f in ("faulty", "right"))
        assert faulty["said"][0]["code"] == "branch-overwritten"
        assert faulty["on_line"]
        assert right["said"] == []


def test_a_difference_is_applied_to_its_own_file_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARK)
    from faulty_files import patched

    diff = "--- right.py\n+++ faulty.py\n@@ -2 +2 @@\n-two\n+2\n@@ -3,0 +4 @@\n+four\n@@ -5 +5,0 @@\n-five\n"
    assert patched("one\ntwo\nthree\nfour?\nfive\n", diff) == "one\n2\nthree\nfour\nfour?\n"
    with pytest.raises(ValueError, match="other lines there"):
        patched("one\nzwei\nthree\nfour?\nfive\n", diff)


def test_other_checkers_see_a_wrong_sign_and_name_no_cause(tmp_path: Path) -> None:
    (found,) = outcomes(tmp_path, "--comparison", "--only", "scale/sign_flipped_rbf")["comparison"]
    assert found["faulty"]["plain relative error"].startswith("relative error:")
    assert all(found["faulty"].values())
    assert not any(found["correct"].values())


def test_there_is_a_rule_for_every_mutant_and_every_code_is_in_the_catalogue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from chainrule.doctor.catalogue import CATALOGUE

    monkeypatch.syspath_prepend(ROOT / "tests" / "mutation")
    monkeypatch.syspath_prepend(BENCHMARK)
    from mutant_accepted import RULES, rule_of
    from mutants import all_mutants

    used = {rule_of(mutant) for mutant in all_mutants()}
    assert [rule for rule in RULES if rule not in used] == []
    codes = {code for rule in RULES for code in rule.codes.split()}
    assert codes <= CATALOGUE.keys() - {"gradient-mismatch"}


def test_every_layer_and_function_has_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule import functions, layers

    monkeypatch.syspath_prepend(BENCHMARK)
    from layer_cases import LAYERS
    from mutant_cases import FUNCTIONS

    kinds = {n for n in layers.__all__ if isinstance(getattr(layers, n), type)} - {
        "Buffer",
        "Layer",
        "Parameter",
    }
    assert kinds == LAYERS.keys()
    assert {
        n.removesuffix("_backward") for n in dir(functions) if n.endswith("_backward")
    } == FUNCTIONS.keys()
