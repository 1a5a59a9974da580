"""The lab `depth`, reduced: the claims of its answer, not its prose."""

import dataclasses

import numpy as np
import pytest
from protocol import cast_layer, check_layer, normal

from chainrule.labs import LABS, Watch
from chainrule.labs.depth.answer import answer
from chainrule.labs.depth.experiment import difference, experiment
from chainrule.labs.depth.findings import Findings
from chainrule.labs.depth.network import WithoutResidual, build, ways
from chainrule.labs.depth.options import Options
from chainrule.labs.reversing import draw_reversed
from chainrule.layers import TransformerEncoderLayer, init

TINY = Options(depths="1,5", steps=80, length=3, symbols=4, d_model=16, lr=0.01, warm_up=20)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return experiment(TINY, 0, Watch())


def test_what_is_asked_is_the_sequence_from_its_end():
    ids, answers = draw_reversed(np.random.default_rng(0), 3, 5, 4)
    np.testing.assert_array_equal(answers, np.flip(ids, 1))
    assert set(ids.ravel()) <= set(range(4))


@pytest.mark.parametrize("norm_first", [True, False])
def test_backward_is_right_without_a_residual(norm_first):
    layer = WithoutResidual(6, 2, 10, dropout=0.0, norm_first=norm_first)
    for parameter in layer.parameters():
        init.normal_(parameter)
    check_layer(cast_layer(layer, "float64"), normal(2, 3, 6))


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_the_forgotten_gradient_is_all_that_is_wrong(norm):
    by_key = {way.key: way for way in ways(Options(norm=norm))}
    right, wrong = (build(TINY, by_key[key], 1, 0) for key in (norm, "forgotten"))
    assert type(right.layers[0]) is TransformerEncoderLayer
    x, dy = np.random.default_rng(0).normal(size=(2, 3, 4, 16)).astype(np.float32)
    (y, cache), (same, other_cache) = right.layers[0].forward(x), wrong.layers[0].forward(x)
    np.testing.assert_array_equal(y, same)
    difference = right.layers[0].backward(dy, cache) - wrong.layers[0].backward(dy, other_cache)
    assert np.abs(difference).max() > 0.5
    # what stands above the forgotten sums gets the same gradients
    for layer in (right.layers[0].feed_forward.linear2, wrong.layers[0].feed_forward.linear2):
        assert layer.weight.grad.any()
    np.testing.assert_array_equal(
        right.layers[0].feed_forward.linear2.weight.grad, wrong.layers[0].feed_forward.linear2.weight.grad
    )


def test_only_the_forgotten_gradient_fails_a_gradient_check(findings):
    errors = dict(findings.gradient_error)
    assert errors.pop("forgotten") > 0.5
    assert max(errors.values()) < 1e-4


def test_how_much_positions_differ():
    x = normal(2, 3, 4)
    assert 0.3 < difference(x) < 1
    assert difference(np.repeat(x[:, :1], 3, axis=1)) < 1e-12
    assert difference(x - x.mean(1, keepdims=True)) == pytest.approx(1)


def test_where_the_norm_goes_and_where_it_does_not(findings):
    assert findings.look("forgotten").left < 1e-2 < findings.look("none").left
    assert 0.2 < findings.look("pre").left < 5
    assert findings.look("none").differ[-1] < 1e-3
    assert findings.look("pre").differ[-1] > 0.1
    assert findings.look("forgotten").differ == findings.look("pre").differ
    for look in findings.looks:
        assert len(look.norms) == len(look.differ) == look.depth + 1


def test_a_shallow_network_learns_and_a_deep_one_needs_the_residual(findings):
    assert findings.run("pre", 1, False).lesson.learned
    assert findings.run("pre", 5, False).accuracy > findings.run("none", 5, False).accuracy + 0.15
    assert not findings.run("none", 5, False).lesson.learned


def test_the_answer_says_what_was_found(findings):
    text = answer(findings)
    for run in findings.runs:
        assert f"{run.accuracy:.0%}" in text
    assert "loses rank" in text
    assert "This is where a norm goes" in text


def test_the_answer_follows_the_findings(findings):
    """Were all networks pre-norm's, there would be nothing to explain."""

    def with_pre(found, of):
        return dataclasses.replace(of, norms=found.norms, differ=found.differ)

    looks = [with_pre(findings.look("pre", look.depth), look) for look in findings.looks]
    right = findings.run("pre", 1, False).lesson
    runs = [dataclasses.replace(run, lesson=right) for run in findings.runs]
    text = answer(dataclasses.replace(findings, looks=looks, runs=runs))
    assert "loses rank" not in text
    assert "where a norm goes" not in text
    assert "not learn" not in text.replace("did not learn without it", "")
    assert "made no network learn" in text
    first = [
        dataclasses.replace(run, lesson=dataclasses.replace(right, accuracy=[0.1] * len(right.accuracy)))
        if not run.warm_up
        else run
        for run in runs
    ]
    assert "decided about no residual with 1 layer" in answer(dataclasses.replace(findings, runs=first))


@pytest.mark.parametrize("depths", ["1,5", "5"])
def test_the_picture_is_written(findings, tmp_path, depths):
    found = dataclasses.replace(findings, options=dataclasses.replace(TINY, depths=depths))
    LABS["depth"].picture(found, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    answer(found)


@pytest.mark.parametrize("wrong", [{"depths": "0"}, {"depths": "1;2"}, {"norm": "none"}, {"d_model": 7}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
