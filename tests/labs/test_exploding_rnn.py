"""The lab `exploding-rnn`, reduced: the claims of its answer, not its prose."""

import dataclasses
import math

import numpy as np
import pytest

from chainrule.labs import LABS, Watch
from chainrule.labs.exploding_rnn.answer import answer
from chainrule.labs.exploding_rnn.experiment import experiment
from chainrule.labs.exploding_rnn.findings import Findings
from chainrule.labs.exploding_rnn.network import build, variants
from chainrule.labs.exploding_rnn.options import Options
from chainrule.labs.exploding_rnn.task import ANSWERS, draw

TINY = Options(length=12, steps=40, hidden="16,24,24", embedding=8, large=2.5, small=0.3)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return experiment(TINY, 0, Watch())


def test_the_stack_is_the_one_that_the_question_is_about():
    model = build(Options(), variants(Options())[0], 0)
    sizes = [(layer.input_size, layer.hidden_size) for layer in model.layers]
    assert sizes == [(32, 64), (64, 128), (128, 128)]
    assert model(np.zeros((2, 5), np.int64)).shape == (2, ANSWERS)


def test_only_the_first_symbol_tells_the_answer():
    ids, answers = draw(np.random.default_rng(0), 200, 7)
    assert (ids[:, 0] == answers).all()
    assert set(answers) == set(range(ANSWERS))
    assert ids[:, 1:].min() == ANSWERS


def test_the_recurrent_weights_have_the_radius_that_was_asked_for(findings):
    radii = {run.variant.begins_like: run.radius for run in findings.ways_to_begin}
    assert radii["large"] == pytest.approx(2.5, rel=1e-4)
    assert radii["small"] == pytest.approx(0.3, rel=1e-4)
    assert radii["orthogonal"] == pytest.approx(1, rel=1e-4)


def test_one_explodes_one_vanishes_and_the_cures_lie_between(findings):
    rates = {run.variant.begins_like: run.rate for run in findings.ways_to_begin}
    assert rates["small"] < 0.4 < rates["gru"]
    assert rates["large"] > 1.1
    assert all(0.6 < rates[name] < 1.1 for name in ("orthogonal", "lstm", "gru"))
    assert findings.named("small").left < 1e-4
    assert findings.named("large").left > 10


def test_it_is_the_states_gradient_of_the_lowest_layer(findings):
    for run in findings.runs:
        assert (run.bottom.path, run.bottom.of) == ("layers.0", "state")
        assert len(run.bottom.norms) == TINY.length


def test_clipping_changes_nothing_before_training(findings):
    assert findings.named("large").before == findings.named("large", clipped=False).before
    assert findings.named("large").loss[0] == findings.named("large", clipped=False).loss[0]


def test_a_gradient_that_is_never_too_long_is_never_clipped(findings):
    plain, clipped = findings.named("small", clipped=False), findings.named("small")
    assert clipped.share_clipped(TINY.clip) == 0
    assert plain.loss == clipped.loss


def test_orthogonal_weights_learn_what_vanishing_ones_do_not(findings):
    assert findings.named("orthogonal").learned
    assert not findings.named("small").learned


def test_the_answer_says_what_was_found(findings):
    text = answer(findings)
    assert findings.named("small").before.sentence in text
    assert "Clipping is no cure for vanishing" in text
    for run in findings.runs:
        assert f"{run.accuracy:.0%}" in text


def test_the_answer_follows_the_findings(findings):
    """Were everything learned by everybody, there would be no failure to explain."""
    easy = dataclasses.replace(
        findings, runs=[dataclasses.replace(run, accuracy=1.0) for run in findings.runs]
    )
    text = answer(easy)
    assert "no cure" not in text
    assert "This explosion did no harm" in text
    assert "Did not" not in text
    hopeless = dataclasses.replace(
        findings, runs=[dataclasses.replace(run, accuracy=0.2) for run in findings.runs]
    )
    assert "Clipping was not enough" in answer(hopeless)
    assert "which is not learned" in answer(hopeless)


def test_numbers_that_overflow_are_a_finding(tmp_path):
    tiny = dataclasses.replace(TINY, steps=5, lr=1e38, length=4, hidden="6,7,8")
    found = experiment(tiny, 0, Watch())
    run = found.named("large", clipped=False)
    assert not math.isfinite(run.loss[-1])
    assert len(run.loss) < 5
    answer(found)
    LABS["exploding-rnn"].picture(found, tmp_path / "picture.png")


def test_the_picture_is_written(findings, tmp_path):
    LABS["exploding-rnn"].picture(findings, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("wrong", [{"length": 2}, {"hidden": "8,x"}, {"lr": math.nan}, {"clip": 0.0}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
