"""The lab `scale`, reduced: the claims of its answer, not its prose."""

import dataclasses
import math

import numpy as np
import pytest

from chainrule.labs import LABS, Watch
from chainrule.labs.scale.answer import answer
from chainrule.labs.scale.experiment import SIZES, experiment
from chainrule.labs.scale.findings import Findings
from chainrule.labs.scale.network import build
from chainrule.labs.scale.options import Options
from chainrule.labs.scale.softmax import choose, entropy

TINY = Options(d_k="4,256", steps=75, length=4, symbols=5, d_model=16, lr=0.01, keys=20)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return experiment(TINY, 0, Watch())


def test_scores_spread_as_the_formula_says():
    for d_k in (5, 80):
        assert choose(d_k, 30, None, 0).spread == pytest.approx(1, rel=0.05)
        assert choose(d_k, 30, 1.0, 0).spread == pytest.approx(math.sqrt(d_k), rel=0.05)
        assert choose(d_k, 30, 0.5, 0).expected == pytest.approx(math.sqrt(d_k) / 2)


def test_a_softmax_of_large_scores_has_chosen():
    even, hard = choose(300, 40, None, 0), choose(300, 40, 1.0, 0)
    assert 20 < even.seen < 40
    assert 1 < hard.seen < 2
    assert even.largest < 0.3 < 0.8 < hard.largest
    assert hard.gradient < even.gradient / 10


def test_entropy_counts_the_keys_that_are_looked_at():
    weights = np.array([[0.25, 0.25, 0.25, 0.25], [0.5, 0.5, 0, 0], [1, 0, 0, 0]])
    np.testing.assert_allclose(np.exp(entropy(weights)), [4, 2, 1])


def test_the_two_networks_differ_in_the_scale_alone():
    with_it, without = build(TINY, 256, None, 0), build(TINY, 256, 1.0, 0)
    for (name, parameter), (_, other) in zip(
        with_it.named_parameters(), without.named_parameters(), strict=True
    ):
        np.testing.assert_array_equal(parameter.data, other.data, err_msg=name)
    ids = np.random.default_rng(0).integers(0, 5, (3, 4))
    assert np.abs(with_it(ids) - without(ids)).max() > 0.01


def test_queries_and_keys_of_the_networks_begin_as_the_formula_has_them(findings):
    for run in findings.runs:
        expected = 1 if run.scaled else math.sqrt(run.d_k)
        assert 0.5 * expected < run.spread < 1.5 * expected


def test_at_a_small_d_k_both_learn_and_at_a_large_one_the_scale_decides(findings):
    assert findings.run(4, True).lesson.learned
    assert findings.run(256, True).lesson.learned
    assert findings.run(256, True).lesson.accuracy[-1] > findings.run(256, False).lesson.accuracy[-1] + 0.2
    assert [choice.d_k for choice in findings.choices[True]] == list(SIZES)


def test_the_answer_says_what_was_found(findings):
    text = answer(findings)
    for run in findings.runs:
        assert f"{run.lesson.accuracy[-1]:.0%}" in text
    assert "at d_k 256 it did not learn, and with 1/√d_k it did" in text
    assert "more than half of the weight" in text


def test_the_answer_follows_the_findings(findings):
    """Were scores scaled in both, nothing would differ."""
    runs = [
        dataclasses.replace(findings.run(run.d_k, True), scaled=run.scaled, spread_after=0.1)
        for run in findings.runs
    ]
    choices = dict.fromkeys((True, False), findings.choices[True])
    text = answer(dataclasses.replace(findings, runs=runs, choices=choices))
    assert "at d_k 256 it makes little difference" in text
    assert "more than half of the weight" not in text
    assert "grew in all" not in text
    assert "does not shrink at once" not in text
    other = dataclasses.replace(findings, options=dataclasses.replace(TINY, scale=0.25))
    assert "with × 0.25 instead" in answer(other)
    assert "without the scale" not in answer(other).lower()


def test_the_picture_is_written(findings, tmp_path):
    LABS["scale"].picture(findings, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("wrong", [{"d_k": "0"}, {"keys": 1}, {"optimizer": "lbfgs"}, {"scale": 0.0}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
