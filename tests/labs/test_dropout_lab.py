"""The lab `dropout`, reduced: the claims of its answer, not its prose."""

import dataclasses
import math

import numpy as np
import pytest

from chainrule.labs import LABS, Watch
from chainrule.labs.dropout.answer import answer
from chainrule.labs.dropout.experiment import experiment, with_mistakes
from chainrule.labs.dropout.findings import Findings
from chainrule.labs.dropout.options import Options
from chainrule.labs.dropout.variants import BATCH, EPOCH, NONE, ONCE, SAMPLE, VARIANTS, OneMaskForAll
from chainrule.layers import randomness


@pytest.fixture(scope="module")
def findings() -> Findings:
    return experiment(Options(runs=2, epochs=30, width=128), 0, Watch())


def mask(variant, epoch, step, samples=6, features=200):
    layer = variant.layer(0.5)
    with randomness(0, variant.clock(epoch, step)):
        return layer(np.ones((samples, features)))


def test_when_each_variant_draws_a_new_mask():
    def same_as_in_the_first_step(variant, epoch, step):
        return bool((mask(variant, 1, 1) == mask(variant, epoch, step)).all())

    same = {v.name: [same_as_in_the_first_step(v, *at) for at in ((1, 2), (2, 11))] for v in VARIANTS[1:]}
    assert same == {
        "every sample": [False, False],
        "every batch": [False, False],
        "every epoch": [True, False],
        "once": [True, True],
    }


@pytest.mark.parametrize("variant", [BATCH, EPOCH, ONCE])
def test_the_wrong_variants_give_all_samples_one_mask(variant):
    assert (mask(variant, 1, 1) == mask(variant, 1, 1)[0]).all()


def test_the_right_one_gives_each_sample_its_own():
    assert len(np.unique(mask(SAMPLE, 1, 1), axis=0)) == 6


def test_at_evaluation_nothing_is_dropped():
    x = np.ones((2, 5))
    assert OneMaskForAll(0.5).eval()(x) is x


def test_one_mask_for_the_whole_training_leaves_half_of_the_units_untrained(findings):
    assert findings.final(ONCE, "never_trained").mean() == pytest.approx(0.5, abs=0.06)
    for variant in (NONE, SAMPLE, BATCH, EPOCH):
        assert findings.final(variant, "never_trained").mean() < 0.05


def test_one_mask_for_the_whole_training_fails_at_evaluation_and_not_with_its_mask(findings):
    whole, masked = findings.final(ONCE, "test_accuracy"), findings.final(ONCE, "masked_test_accuracy")
    assert (whole < 0.7).all()
    assert (masked > 0.7).all()
    assert (findings.final(ONCE, "thinned_accuracy") > 0.95).all()  # with its mask, that is
    assert (findings.final(SAMPLE, "test_accuracy") > 0.82).all()


def test_dropout_keeps_the_network_from_learning_mistakes_by_heart(findings):
    assert (findings.final(NONE, "train_accuracy") > 0.97).all()
    assert (findings.final(SAMPLE, "train_accuracy") < findings.final(NONE, "train_accuracy")).all()
    assert findings.difference(SAMPLE, against=NONE)[0] > 0.02


def test_the_mean_over_masks_approaches_evaluation_as_theory_says(findings):
    average = findings.average
    assert average.ratio == pytest.approx(1, abs=0.005)
    for masks, error, once in zip(average.masks, average.error, average.once_error, strict=True):
        assert error == pytest.approx(1 / math.sqrt(masks), rel=0.1)  # √(p / (1 - p) / K) with p = 1/2
        assert once == pytest.approx(1, rel=0.1)


def test_all_variants_begin_alike(findings):
    """Same weights, same images: what differs is the masks."""
    options = Options(runs=2, epochs=1, width=16, images=50)
    again = experiment(options, 3, Watch()), experiment(options, 3, Watch())
    for variant in VARIANTS:
        first, second = (f.runs[variant.name][1] for f in again)
        assert first.test_loss == second.test_loss
        assert (first.moved == second.moved).all()


def test_mistakes_are_as_many_as_asked_for():
    labels = np.arange(200) % 10
    assert (with_mistakes(labels, 0.2, seed=1) != labels).sum() == 40
    assert (with_mistakes(labels, 0.0, seed=1) == labels).all()
    assert set(with_mistakes(labels, 0.9, seed=1)) <= set(range(10))


def test_the_answer_says_what_was_found(findings):
    text = answer(findings)
    for variant in VARIANTS:
        assert f"{findings.final(variant, 'test_accuracy').mean():.1%}" in text
    assert "section 5.1" in text


def test_the_answer_claims_no_difference_that_is_not_there(findings):
    """Were all runs those of one mask per sample, there would be nothing to tell apart."""
    equal = dataclasses.replace(findings, runs={v.name: findings.runs[SAMPLE.name] for v in VARIANTS})
    text = answer(equal)
    assert "Worse" not in text
    assert "It helps" not in text
    assert "these runs cannot tell it from that" in text


def test_the_picture_is_written(findings, tmp_path):
    LABS["dropout"].picture(findings, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("wrong", [{"p": 1.0}, {"wrong": -0.1}, {"images": 5}, {"runs": 1}, {"lr": math.nan}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
