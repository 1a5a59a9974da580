"""The lab `one-class`, reduced: the claims of its answer, not its prose."""

import dataclasses
import math

import numpy as np
import pytest

from chainrule.labs import LABS, Watch
from chainrule.labs.one_class.anatomy import dissect
from chainrule.labs.one_class.answer import answer
from chainrule.labs.one_class.experiment import experiment
from chainrule.labs.one_class.findings import Findings
from chainrule.labs.one_class.network import build, ways_to_start
from chainrule.labs.one_class.options import Options

SMALL, LARGE, WITHOUT_AREA, CURE = range(4)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return experiment(Options(depth=5, runs=1, epochs=6), 0, Watch())


def run_of(findings, start):
    return findings.runs[findings.starts[start].name][0]


def test_small_weights_predict_one_class_after_every_epoch(findings):
    run = run_of(findings, SMALL)
    assert run.always_one_class
    assert run.share[1:] == [1.0] * 6
    assert run.predictions.max() == findings.test_images == 450
    assert run.overflow is None


def test_what_is_left_to_learn_is_how_frequent_the_classes_are(findings):
    run = run_of(findings, SMALL)
    assert run.probability_range < 1e-6  # the same answer to every image
    assert abs(run.train_loss[-1] - findings.entropy) < 0.01
    assert np.abs(run.probabilities - findings.prior).max() < 0.03


def test_glorot_weights_learn(findings):
    run = run_of(findings, CURE)
    assert run.learned
    assert run.accuracy[-1] > 0.92
    assert run.share[-1] < 0.2


def test_large_weights_overflow_or_die_but_do_not_learn(findings):
    run = run_of(findings, LARGE)
    assert run.always_one_class
    assert not run.learned
    assert (run.overflow is not None) or run.died_in_training


def test_the_images_get_lost_before_the_first_step(findings):
    assert run_of(findings, SMALL).before.lost_at in (2, 3)
    assert run_of(findings, CURE).before.lost_at is None


@pytest.mark.parametrize("start", [SMALL, LARGE, WITHOUT_AREA, CURE])
def test_theory_predicts_spread_and_gradient_within_a_factor_of_four(findings, start):
    before = run_of(findings, start).before
    for measured, predicted in (
        (before.spread, before.predicted_spread),
        (before.gradient, before.predicted_gradient),
    ):
        assert len(measured) == len(predicted)
        assert all(0.25 < m / p < 4 for m, p in zip(measured, predicted, strict=True))


def test_theory_is_exact_on_average_where_its_assumption_holds():
    """One tanh layer in its linear part: the spread is that of the pixels times std · √fan_in."""
    options = Options(activation="tanh", depth=1, width=200)
    generator = np.random.default_rng(0)
    images, labels = generator.normal(size=(200, 1, 8, 8)).astype(np.float32), np.arange(200) % 10
    anatomy = dissect(build(options, ways_to_start(options)[SMALL], 0), 1.0, images, labels)
    assert anatomy.spread[1] == pytest.approx(anatomy.predicted_spread[1], rel=0.03)
    assert anatomy.spread[2] == pytest.approx(anatomy.predicted_spread[2], rel=0.1)


def test_weights_that_forget_the_area_are_three_times_as_large():
    options = Options(width=64)
    starts = ways_to_start(options)
    std = [float(build(options, starts[i], 0).layers["2"].weight.data.std()) for i in (WITHOUT_AREA, CURE)]
    assert std[0] / std[1] == pytest.approx(3, rel=0.02)


def test_the_answer_says_what_was_found(findings):
    text = answer(findings)
    assert f"{run_of(findings, CURE).accuracy[-1]:.1%}" in text
    assert "was no cure" not in text
    assert "learned in 1 of 1 runs" in text
    assert "Glorot and Bengio" in text


def test_the_answer_does_not_claim_a_cure_that_failed(findings):
    cure = findings.starts[CURE].name
    failed = dataclasses.replace(
        run_of(findings, CURE), accuracy=[0.1] * 7, share=[1.0] * 7, train_loss=[math.log(10)] * 7
    )
    text = answer(dataclasses.replace(findings, runs={**findings.runs, cure: [failed]}))
    assert "no cure here" in text
    assert "0 of 1 networks learned" in text


def test_the_picture_is_written(findings, tmp_path):
    path = tmp_path / "new" / "picture.png"
    LABS["one-class"].picture(findings, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in path.parent.iterdir()] == ["picture.png"]


@pytest.mark.parametrize("wrong", [{"activation": "step"}, {"depth": 0}, {"lr": math.nan}, {"cure": "hope"}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
