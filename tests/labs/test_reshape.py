"""The lab `reshape`, reduced: the claims of its answer, not its prose."""

import dataclasses

import numpy as np
import pytest
from protocol import check_layer, normal

from chainrule.labs import LABS, Watch
from chainrule.labs.reshape.answer import answer
from chainrule.labs.reshape.experiment import experiment, follow
from chainrule.labs.reshape.findings import Findings
from chainrule.labs.reshape.network import WAYS, build, to_rows
from chainrule.labs.reshape.options import Options


@pytest.fixture(scope="module")
def findings() -> Findings:
    return experiment(Options(hidden=16, epochs=3), 0, Watch())


def test_rows_of_columns():
    columns = np.array([[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(to_rows(columns, "transpose"), [[1, 4], [2, 5], [3, 6]])
    np.testing.assert_array_equal(to_rows(columns, "reshape"), [[1, 2], [3, 4], [5, 6]])


@pytest.mark.parametrize("how", WAYS)
def test_backward_is_right_for_the_right_network_and_for_the_wrong_one(how):
    check_layer(build(3, 4, how, 0, "float64"), normal(2, 3, 3))


def test_whose_numbers_a_row_is_given():
    example = follow(Options(batch=3, units=2), 0)
    np.testing.assert_array_equal(example.share("transpose"), np.eye(3))
    np.testing.assert_array_equal(example.share("reshape"), [[0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    assert example.own("reshape") == pytest.approx(1 / 3)
    for how in WAYS:
        for (row, unit), owner in np.ndenumerate(example.owner[how]):
            assert example.rows[how][row, unit] in example.columns[:, owner]


def test_one_sample_alone_hides_it():
    example = follow(Options(batch=1, units=3), 0)
    np.testing.assert_array_equal(example.rows["reshape"], example.rows["transpose"])
    assert example.own("reshape") == 1


def test_gradients_cross_from_sample_to_sample(findings):
    right, wrong = (findings.runs[how].influence for how in WAYS)
    assert (right[~np.eye(len(right), dtype=bool)] == 0).all()
    assert (np.diag(right) > 0).all()
    assert (wrong > 0).all()  # everybody moves everybody
    assert findings.runs["transpose"].leaks == 0
    assert findings.runs["reshape"].leaks > 0.1


def test_no_gradient_check_tells(findings):
    assert all(run.gradient_error < 1e-6 for run in findings.runs.values())


def test_only_the_transposed_network_learns(findings):
    right, wrong = (findings.runs[how] for how in WAYS)
    assert right.accuracy[-1] > 0.6
    assert wrong.accuracy[-1] < 0.25
    assert right.changed == 0
    assert wrong.changed > 0.3
    assert right.alone == right.accuracy[-1]


def test_the_answer_says_what_was_found(findings):
    text = answer(findings)
    for run in findings.runs.values():
        assert f"{run.accuracy[-1]:.1%}" in text
    for value in findings.example.columns.ravel():
        assert str(value) in text
    assert "row of A: A's 50%, B's 50%" in text
    assert "depends on other samples' inputs" in text


def test_the_answer_claims_no_leak_where_there_is_none(findings):
    harmless = dataclasses.replace(
        findings,
        example=follow(Options(batch=1), 0),
        runs=dict.fromkeys(WAYS, findings.runs["transpose"]),
    )
    assert "nobody notices" in answer(harmless)
    assert "depends on other samples' inputs" not in answer(harmless)


@pytest.mark.parametrize("sizes", [(3, 2), (1, 4), (8, 6)])
def test_the_picture_is_written(findings, tmp_path, sizes):
    batch, units = sizes
    found = dataclasses.replace(findings, example=follow(Options(batch=batch, units=units), 0))
    LABS["reshape"].picture(found, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("wrong", [{"batch": 9}, {"units": 7}, {"lr": 0.0}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Options(**wrong)
