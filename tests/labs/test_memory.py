"""The lab `memory`, reduced: the claims of its answer, not its prose."""

import dataclasses

import numpy as np
import pytest

from chainrule.labs import LABS, Watch
from chainrule.labs.memory.answer import answer
from chainrule.labs.memory.cells import CELLS, build
from chainrule.labs.memory.experiment import ENOUGH, experiment, when_tested
from chainrule.labs.memory.findings import SOLVED, Findings
from chainrule.labs.memory.options import Options
from chainrule.labs.memory.task import BASELINE, draw

TINY = Options(lengths="6,9", hidden=12, steps=200, lr_gated=0.02)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return experiment(TINY, 0, Watch())


def test_two_numbers_are_marked_one_in_each_half():
    x, sums = draw(np.random.default_rng(0), 300, 9)
    assert x.dtype == sums.dtype == np.float32
    marks = x[..., 1]
    assert (marks[:, :4].sum(1) == 1).all()
    assert (marks[:, 4:].sum(1) == 1).all()
    np.testing.assert_allclose(sums[:, 0], (x[..., 0] * marks).sum(1))


def test_the_error_of_always_saying_1():
    _, sums = draw(np.random.default_rng(0), 100_000, 4)
    assert np.square(sums - 1).mean() == pytest.approx(BASELINE, rel=0.02)


def test_an_irnn_begins_with_the_identity_and_small_inputs():
    (irnn,) = (cell for cell in CELLS if cell.name == "IRNN")
    weights = dict(build(Options(), irnn, 0).layers[0].named_parameters())
    np.testing.assert_array_equal(weights["weight_hh_l0"].data, np.eye(64))
    assert weights["weight_ih_l0"].data.std() == pytest.approx(0.001, rel=0.2)
    assert not weights["bias_ih_l0"].data.any()


def test_every_cell_is_tested_as_often(findings):
    assert [(run.time, run.cell.name) for run in findings.runs] == [
        (time, cell.name) for time in (6, 9) for cell in CELLS
    ]
    for run in findings.runs:
        assert run.steps[0] == 0
        solved = all(error < SOLVED for error in run.errors[-ENOUGH:])
        assert (run.steps[-1] == TINY.steps) or solved
        assert run.steps[1:] == when_tested(TINY.steps)[: len(run.steps) - 1]
        assert len(run.errors) == len(run.steps)
    assert when_tested(120)[:2] == [2, 4]
    assert when_tested(7) == [1, 2, 3, 4, 5, 6, 7]


def test_a_gated_cell_learns_to_add(findings):
    gru = next(run for run in findings.of(6) if run.cell.name == "GRU")
    assert gru.errors[-1] < 0.3 * BASELINE
    assert gru.errors[0] > 0.5 * BASELINE


def test_the_irnn_keeps_its_gradient_in_the_beginning(findings):
    rates = {run.cell.name: run.before.rate for run in findings.of(9)}
    assert 0.9 < rates["IRNN"] < 1.1
    assert rates["RNN"] < 0.8


def test_solved_means_solved_from_there_on(findings):
    run = dataclasses.replace(findings.runs[0], steps=[0, 1, 2, 3, 4], errors=[1, 0.001, 1, 0.001, 0.002])
    assert run.solved_at == 3
    assert dataclasses.replace(run, errors=[1, 0.001, 1, 0.001, np.nan]).solved_at is None


def test_the_answer_follows_the_findings(findings):
    text = answer(findings)
    for run in findings.runs:
        assert f"{run.errors[-1]:.4f}" in text
    lost = [dataclasses.replace(run, errors=[0.17] * len(run.steps)) for run in findings.runs]
    assert "over 6 steps nobody" in answer(dataclasses.replace(findings, runs=lost))
    assert "No better than guessing" in answer(dataclasses.replace(findings, runs=lost))
    solved = [dataclasses.replace(run, errors=[0.001] * len(run.steps)) for run in findings.runs]
    assert "over 6 steps RNN, IRNN, LSTM, GRU" in answer(dataclasses.replace(findings, runs=solved))
    assert "guessing" not in answer(dataclasses.replace(findings, runs=solved))


def test_the_picture_is_written(findings, tmp_path):
    LABS["memory"].picture(findings, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("wrong", [{"lengths": "1"}, {"lengths": "50;150"}, {"steps": 0}, {"clip": -1.0}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
