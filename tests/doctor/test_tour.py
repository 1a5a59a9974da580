"""Every stop: the symptom is there; the doctor names the faulty twin and is silent on the repaired one."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from chainrule.cli import app
from chainrule.doctor.catalogue import CATALOGUE
from chainrule.doctor.tour import run_tour
from chainrule.doctor.tour.curves import curve, decades, log_bar
from chainrule.doctor.tour.show import number
from chainrule.doctor.tour.sources import code_of, repair_of
from chainrule.doctor.tour.stop import Stop, Symptom
from chainrule.doctor.tour.stops import STOPS
from chainrule.doctor.tour.stops.common import Linear, cross_entropy, softmax, softmax_backward

KERNEL, DENSE, INITIALIZATION, STATE, EARLY, DECODER, RESIDUAL, EXPLOSION = STOPS


def stops() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stop", STOPS, ids=[stop.name for stop in STOPS])


@cache
def symptom_of(number: int) -> Symptom:
    return STOPS[number - 1].train()


# ------------------------------------------------------------ the verdicts


@stops()
def test_the_faulty_twin_is_named(stop: Stop) -> None:
    report = stop.examine(True)
    assert report.findings
    assert report.findings[0].code in stop.codes
    assert report.findings[0].verified


@stops()
def test_the_doctor_is_silent_on_the_repaired_twin(stop: Stop) -> None:
    report = stop.examine(False)
    assert report.ok, report


def test_variants_are_named() -> None:
    shape, index = (variant.examine().findings[0].code for variant in DENSE.variants)
    assert shape in ("gradient-shape-wrong", "weight-shared-across-inputs")
    assert index in ("backward-raises", "weight-shared-across-inputs")
    (norm,) = EARLY.variants
    assert norm.examine().findings[0].code == "updates-weights-early"
    (training,) = RESIDUAL.variants
    assert "gradient-vanishes" in [finding.code for finding in training.examine().findings]


# ------------------------------------------------------------ the symptoms


@stops()
def test_the_repaired_twin_learns_what_the_faulty_one_does_not(stop: Stop) -> None:
    symptom = symptom_of(stop.number)
    assert symptom.repaired.accuracy > 0.9
    assert symptom.repaired.accuracy > symptom.faulty.accuracy + 0.08
    assert np.mean(symptom.repaired.losses[-20:]) < 0.6 * np.mean(symptom.faulty.losses[-20:])


def test_a_shared_kernel_is_color_blind() -> None:
    (parts,) = symptom_of(1).figures
    assert parts.columns[0][0] == "100%"
    assert float(str(parts.columns[0][1]).rstrip("%")) < 65


def test_first_weights_that_are_too_small_give_one_class() -> None:
    answers, spreads = symptom_of(3).figures
    assert sorted(answers.columns[0]) == [0, 0, 0, 400]
    faulty = [float(value) for value in spreads.columns[0]]
    assert faulty[-1] < 1e-4 * faulty[0]


def test_scrambled_samples_are_no_problem_one_at_a_time() -> None:
    (rates,) = symptom_of(4).figures
    together, alone = (float(str(value).rstrip("%")) for value in rates.columns[0])
    assert together < 50
    assert alone > 85


def test_the_gradient_vanishes_with_the_depth() -> None:
    _, arrived = symptom_of(7).figures
    one, two, four = (float(value) for value in arrived.columns[0])
    assert one > 5 * two > 500 * four
    assert all(0.5 < float(value) < 2 for value in arrived.columns[1])


def test_the_gradient_explodes_on_its_way_back() -> None:
    (norms,) = symptom_of(8).figures
    faulty, repaired = ([float(value) for value in column] for column in norms.columns)
    assert faulty[-1] > 1e4 * faulty[0]
    assert repaired[-1] < repaired[0]


# ------------------------------------------------------------ the proofs


@pytest.mark.parametrize("stop", [KERNEL, DENSE], ids=["kernel", "dense"])
def test_an_exchange_that_should_matter_changes_nothing(stop: Stop) -> None:
    (faulty,), (repaired,) = stop.prove().figures.columns
    assert float(faulty) < 1e-12
    assert float(repaired) > 1


def test_one_sample_moves_the_others() -> None:
    faulty, repaired = STATE.prove().figures.columns
    assert all(float(change) > 0.1 for change in faulty)
    assert [float(change) > 0 for change in repaired] == [False, False, True, False]


def test_the_error_is_proportional_to_the_learning_rate() -> None:
    faulty, repaired = ([float(v) for v in column] for column in EARLY.prove().figures.columns)
    assert faulty[1] / faulty[2] == pytest.approx(10, rel=0.3)
    assert faulty[2] / faulty[3] == pytest.approx(10, rel=0.05)
    assert max(repaired) < 1e-7


def test_only_the_last_layer_is_handed_its_own_gradient() -> None:
    faulty, repaired = ([float(v) for v in column] for column in DECODER.prove().figures.columns)
    assert faulty[0] < 1e-6 < 0.1 < min(faulty[1:])
    assert max(repaired) < 1e-6


def test_what_is_missing_is_what_arrives_at_the_addition() -> None:
    faulty, repaired = ([float(v) for v in column] for column in RESIDUAL.prove().figures.columns)
    assert faulty[2] == pytest.approx(faulty[3], rel=1e-6)
    assert repaired[0] == repaired[1]
    assert repaired[2] == 0


def test_each_suspect_is_taken_away() -> None:
    accuracies = [float(str(v).rstrip("%")) for v in INITIALIZATION.prove().figures.columns[0]]
    assert max(accuracies[:3]) < 40 < 90 < accuracies[3]
    growth = [float(v) for v in EXPLOSION.prove().figures.columns[0]]
    assert growth[0] == growth[1] > 1.3
    assert max(growth[2:]) < 1.2


# ------------------------------------------------------------ the page


@pytest.mark.parametrize(("stop", "width"), [(DENSE, 40), (KERNEL, 80), (DENSE, 80), (DENSE, 120)])
def test_a_stop_fits_the_terminal(stop: Stop, width: int) -> None:
    text = printed(stop, width)
    assert stop.title in text
    for part in ("the code", "in training", "the verdict", "the proof", "the repair", "no fault found"):
        assert part in text
    if width >= 80:
        code = {line for diagnosis in CATALOGUE.values() for line in diagnosis.repair.split("\n")}
        lines = [line.rstrip() for line in text.split("\n") if line.strip() not in code]  # is not broken
        assert max(len(line) for line in lines) <= width


def test_without_unicode_the_page_is_plain() -> None:
    text = printed(DENSE, 80, encoding="ascii")
    assert "*" in text
    assert not set("█⠒✓❯") & set(text)


def printed(stop: Stop, width: int, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding, errors="replace") as file:
        run_tour(Console(file=file, width=width), stop.number)
        file.flush()
        return raw.getvalue().decode(encoding)


def test_the_listing_and_what_is_not_there() -> None:
    listed = CliRunner().invoke(app, ["tour", "--list"])
    assert listed.exit_code == 0
    assert all(stop.title in listed.stdout for stop in STOPS)
    with pytest.raises(ValueError, match="there is no stop 9: there are 1 to 8"):
        run_tour(Console(file=io.StringIO()), 9)


def test_q_ends_the_tour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda *_: "q")
    file = io.StringIO()
    run_tour(Console(file=file, force_terminal=True, width=80), DENSE.number)
    assert "in training" in file.getvalue()
    assert "the proof" not in file.getvalue()


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, EOFError])
def test_control_c_and_a_closed_input_end_cleanly(
    interruption: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise interruption

    monkeypatch.setattr("chainrule.doctor.tour.tour.show_stop", interrupted)
    result = CliRunner().invoke(app, ["tour", "2"])
    assert result.exit_code == (130 if interruption is KeyboardInterrupt else 0)
    assert "Traceback" not in result.output


# ------------------------------------------------------------ small parts


@stops()
def test_code_fits_a_terminal_and_the_repair_is_short(stop: Stop) -> None:
    for faulty, repaired in stop.shown:
        assert all(len(line) <= 78 for line in code_of(faulty).split("\n"))
        changed = [line for line in repair_of(faulty, repaired) if line[:1] in "+-"]
        assert 2 <= len(changed) <= 16


def test_curves_and_bars() -> None:
    assert curve([1.0, 0.0], 0, 1, 2, 3, braille=False) == ["**", " *", " *"]
    assert curve([2.0, float("nan"), 0.5], 0, 1, 3, 3, braille=False) == ["*  ", "  *", "   "]
    assert curve([0.0], 0, 1, 1, 1, braille=True) == ["⣀"]
    assert decades([0.5, 20.0]) == (0.1, 100)
    assert log_bar(10, 1, 100, 4, blocks=True) == "██"
    assert log_bar(10, 1, 100, 4, blocks=False) == "##"
    assert log_bar(0, 1, 100, 4, blocks=True) == ""
    assert number(1e-12) == "0"
    assert number(0.01234) == "0.0123"


def test_the_common_parts_are_right() -> None:
    rng = np.random.default_rng(0)
    logits, labels, direction = rng.normal(size=(5, 3)), rng.integers(3, size=5), rng.normal(size=(5, 3))
    h = 1e-6
    up, down = (cross_entropy(logits + s * h * direction, labels)[0] for s in (1, -1))
    assert np.vdot(cross_entropy(logits, labels)[1], direction) == pytest.approx((up - down) / (2 * h))
    dp = rng.normal(size=(5, 3))
    rise = float(np.vdot(softmax(logits + h * direction) - softmax(logits - h * direction), dp))
    assert np.vdot(softmax_backward(dp, softmax(logits)), direction) == pytest.approx(
        rise / (2 * h), rel=1e-5
    )
    linear = Linear(3, 4, rng)
    linear.forward(logits)
    assert linear.backward(np.ones((5, 4))) == pytest.approx(np.ones((5, 4)) @ linear.W.T)
