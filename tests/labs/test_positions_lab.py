"""The lab `positions`, reduced: the claims of its answer, not its prose."""

import dataclasses

import numpy as np
import pytest

from chainrule.data.batches import IGNORED
from chainrule.labs import LABS, Watch
from chainrule.labs.positions.answer import answer
from chainrule.labs.positions.experiment import exchange, experiment
from chainrule.labs.positions.findings import Findings
from chainrule.labs.positions.network import WAYS, build
from chainrule.labs.positions.options import Options
from chainrule.labs.positions.task import commonest, draw
from chainrule.layers.new import default_dtype

TINY = Options(length=6, back=1, longer=2, steps=100, symbols=5, d_model=16, lr=0.01)
CAUSAL = next(way for way in WAYS if way.key == "causal")


@pytest.fixture(scope="module")
def findings() -> Findings:
    return experiment(TINY, 0, Watch())


def test_what_stood_some_places_before():
    ids, answers = draw(np.random.default_rng(0), 4, 7, Options(back=3))
    assert (answers[:, :3] == IGNORED).all()
    np.testing.assert_array_equal(answers[:, 3:], ids[:, :4])
    ids, answers = draw(np.random.default_rng(0), 4, 7, Options(task="reverse"))
    np.testing.assert_array_equal(answers, ids[:, ::-1])


def test_the_commonest_of_the_others():
    ids = np.array([[1, 2, 2, 0, 2]])
    answers = np.array([[IGNORED, 1, 2, 2, 0]])
    # of all others, 2, but where two are as common as each other, the smaller one
    assert commonest(ids, answers, 3, is_causal=False) == 0.5
    # of those before: 1; then 1 and 2, so 1; then 2; then 2
    assert commonest(ids, answers, 3, is_causal=True) == 0.5


def test_without_positions_outputs_are_shuffled_with_their_inputs(findings):
    assert findings.run("none").shuffled < 1e-12
    assert findings.run("none").exchanged < 1e-12
    for run in findings.runs:
        if run.way.key != "none":
            assert run.shuffled > 1e-3


@pytest.mark.parametrize(("layers", "moves"), [(1, False), (2, True)])
def test_a_causal_mask_is_an_order_from_the_second_layer_on(layers, moves):
    with default_dtype("float64"):
        model = build(dataclasses.replace(TINY, layers=layers), CAUSAL, 0)
    ids = np.random.default_rng(0).integers(0, 5, (7, 6))
    assert (exchange(model, ids) > 1e-5) == moves


def test_with_positions_it_is_learned_without_it_is_counted(findings):
    none = findings.run("none")
    assert none.lesson.accuracy[-1] < none.guess + 0.1
    assert findings.run("sinusoidal").lesson.learned
    assert findings.run("rotary").lesson.learned


def test_beyond_the_trained_length(findings):
    sinusoidal, moved = findings.run("sinusoidal"), findings.run("moved")
    assert sinusoidal.between(0, 6) > findings.beyond(sinusoidal) + 0.2
    assert findings.beyond(moved) > findings.beyond(sinusoidal)
    assert len(sinusoidal.by_position) == 12
    assert np.isnan(sinusoidal.by_position).tolist() == [True] + 11 * [False]


def test_the_answer_says_what_was_found(findings):
    text = answer(findings)
    for run in findings.runs:
        assert f"{run.lesson.accuracy[-1]:.0%}" in text
    assert "the same, but for rounding" in text
    assert "the next layer can read that" in text


def test_the_answer_follows_the_findings(findings):
    alike = [
        dataclasses.replace(findings.run("rotary"), way=run.way, by_position=np.full(12, 0.99))
        for run in findings.runs
    ]
    text = answer(dataclasses.replace(findings, runs=alike))
    assert "but for rounding" not in text
    assert "as they began" not in text
    assert "count" not in text.split("**With positions")[0].split("**Without positions")[1]
    nothing = [dataclasses.replace(findings.run("none"), way=run.way) for run in findings.runs]
    text = answer(dataclasses.replace(findings, runs=nothing))
    assert "nobody has learned within it" in text
    assert "still sees a set" in text
    assert "learned nothing about order" in text


@pytest.mark.parametrize("longer", [1, 2])
def test_the_picture_is_written(findings, tmp_path, longer):
    found = dataclasses.replace(findings, options=dataclasses.replace(TINY, longer=longer))
    LABS["positions"].picture(found, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    answer(found)


@pytest.mark.parametrize(
    "wrong", [{"task": "sort"}, {"back": 16}, {"length": 2}, {"d_model": 6}, {"longer": 0}]
)
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
