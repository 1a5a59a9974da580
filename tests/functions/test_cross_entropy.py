"""Cross-entropy: all its options against slopes and against PyTorch, extreme logits, and what it refuses."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from protocol import check_function, compare_function, integers, normal, torch_or_skip, uniform

from chainrule.functions import cross_entropy, cross_entropy_backward

COMBINATIONS = list(itertools.product(["sum", "mean", "none"], [0.0, 0.2], [False, True], [-100, 1]))


def example(with_weight: bool, ignore_index: int, *rest: int) -> list[Any]:
    """(logits, target, weight) for 7 samples and 4 classes; every third target is ignored."""
    target = integers(4, 7, *rest)
    target[::3] = ignore_index
    return [3 * normal(7, 4, *rest), target, uniform(0.3, 2, 4) if with_weight else None]


@pytest.mark.parametrize(("reduction", "smoothing", "with_weight", "ignore_index"), COMBINATIONS)
def test_the_protocol_holds_in_every_combination(
    reduction: str, smoothing: float, with_weight: bool, ignore_index: int
) -> None:
    options = {"reduction": reduction, "label_smoothing": smoothing, "ignore_index": ignore_index}
    arrays = example(with_weight, ignore_index)
    check_function(cross_entropy, cross_entropy_backward, arrays, kwargs=options, differentiable=[0])


@pytest.mark.parametrize("rest", [(), (3,), (2, 3)], ids=["samples", "sequences", "images"])
@pytest.mark.parametrize(("reduction", "smoothing", "with_weight", "ignore_index"), COMBINATIONS)
def test_pytorch_agrees_in_every_combination(
    reduction: str, smoothing: float, with_weight: bool, ignore_index: int, rest: tuple[int, ...]
) -> None:
    theirs = torch_or_skip().nn.functional.cross_entropy
    options = {"reduction": reduction, "label_smoothing": smoothing, "ignore_index": ignore_index}
    arrays = example(with_weight, ignore_index, *rest)
    compare_function(
        cross_entropy, cross_entropy_backward, theirs, arrays, kwargs=options, differentiable=[0]
    )


@pytest.mark.parametrize(("axis", "shape"), [(-1, (2, 3, 4)), (0, (4, 2, 3)), (2, (2, 3, 4))])
def test_the_classes_may_stand_on_any_axis(axis: int, shape: tuple[int, ...]) -> None:
    """(batch, time, classes), as a sequence model gives them, without a transpose."""
    logits, target, dloss = normal(*shape), integers(4, 2, 3), normal(2, 3)
    options: dict[str, Any] = {"axis": axis, "reduction": "none", "label_smoothing": 0.1}
    check_function(cross_entropy, cross_entropy_backward, [logits, target, None], kwargs=options)
    losses, count, cache = cross_entropy(logits, target, **options)
    moved_losses, moved_count, moved_cache = cross_entropy(
        np.moveaxis(logits, axis, 1), target, **options | {"axis": 1}
    )
    np.testing.assert_allclose(losses, moved_losses, rtol=1e-12)
    assert count == moved_count == 6
    dlogits = cross_entropy_backward(dloss, cache)[0]
    moved = cross_entropy_backward(dloss, moved_cache)[0]
    np.testing.assert_allclose(np.moveaxis(dlogits, axis, 1), moved, rtol=1e-12)


# ---------------------------------------------------------------- what the numbers mean


def test_to_know_nothing_costs_the_logarithm_of_the_number_of_classes() -> None:
    loss, count, _ = cross_entropy(np.zeros((6, 10)), integers(10, 6))
    assert loss / count == pytest.approx(math.log(10))


def test_the_gradient_is_what_was_said_minus_what_is_true() -> None:
    logits = normal(3, 4)
    _, _, cache = cross_entropy(logits, np.array([2, 0, 3]))
    dlogits, dtarget, dweight = cross_entropy_backward(np.asarray(1.0), cache)
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(dlogits, p - np.eye(4)[[2, 0, 3]], rtol=1e-12)
    assert dtarget is None
    assert dweight is None


def test_the_loss_is_a_sum_so_that_the_parts_of_a_batch_add_up() -> None:
    logits, target, weight = example(True, -100)
    whole, count, _ = cross_entropy(logits, target, weight)
    parts = [cross_entropy(logits[cut], target[cut], weight) for cut in (slice(0, 2), slice(2, 7))]
    assert sum(float(loss) for loss, _, _ in parts) == pytest.approx(float(whole))
    assert sum(n for _, n, _ in parts) == pytest.approx(count)


def test_the_count_is_the_weight_of_the_targets_that_are_not_ignored() -> None:
    target = np.array([0, 2, -100, 2, 1])
    assert cross_entropy(normal(5, 3), target)[1] == 4
    assert cross_entropy(normal(5, 3), target, np.array([0.5, 1.0, 3.0]))[1] == 7.5


def test_mean_is_sum_divided_by_count_and_none_adds_up_to_the_sum() -> None:
    arrays = example(True, -100, 2)
    total, count, _ = cross_entropy(*arrays)
    assert float(cross_entropy(*arrays, reduction="mean")[0]) == pytest.approx(float(total) / count)
    losses = cross_entropy(*arrays, reduction="none")[0]
    assert losses.shape == (7, 2)
    assert float(losses.sum()) == pytest.approx(float(total))
    assert not losses[::3].any()  # ignored


def test_what_is_ignored_gets_no_gradient() -> None:
    arrays = example(False, -100)
    _, _, cache = cross_entropy(*arrays, label_smoothing=0.3)
    dlogits = cross_entropy_backward(np.asarray(1.0), cache)[0]
    assert not dlogits[::3].any()
    assert dlogits[1::3].all()


def test_smoothing_also_punishes_to_be_too_sure() -> None:
    """Without it, a larger margin is always better; with it, there is a best margin."""
    margins = np.array([1.0, 3.0, 9.0, 27.0])
    logits = np.stack([margins, 0 * margins, 0 * margins], axis=1)
    sure = cross_entropy(logits, np.zeros(4, dtype=int), reduction="none")[0]
    smooth = cross_entropy(logits, np.zeros(4, dtype=int), label_smoothing=0.1, reduction="none")[0]
    assert (np.diff(sure) < 0).all()
    assert smooth.argmin() == 1


# ---------------------------------------------------------------- extreme logits


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_extreme_logits_stay_finite(dtype: str, smoothing: float) -> None:
    """exp(1e4) is infinite; the maximum is subtracted first, and a logarithm of 0 never taken."""
    logits = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0], [1e4, 1e4, 1e4]], dtype=dtype)
    losses, _, cache = cross_entropy(logits, np.array([0, 0, 2]), label_smoothing=smoothing, reduction="none")
    dlogits = cross_entropy_backward(np.ones(3, dtype=dtype), cache)[0]
    assert np.isfinite(losses).all()
    assert np.isfinite(dlogits).all()
    if not smoothing:
        np.testing.assert_allclose(losses, [0, 2e4, math.log(3)], rtol=1e-6)
        np.testing.assert_allclose(dlogits[1], [-1, 1, 0], atol=1e-6)


def test_a_constant_added_to_all_logits_changes_nothing() -> None:
    logits, target = normal(5, 3), integers(3, 5)
    np.testing.assert_allclose(
        cross_entropy(logits + 1e3, target)[0], cross_entropy(logits, target)[0], rtol=1e-12
    )


# ---------------------------------------------------------------- wrong input is met at the border, by name


LOGITS, TARGET = np.zeros((5, 3)), np.array([0, 1, 2, 0, 1])


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (ValueError, {"logits": np.zeros(3)}, r"expects logits \(batch, classes, ...\), got logits \(3,\)"),
        (ValueError, {"axis": 2}, r"axis 2 does not exist in logits \(5, 3\)"),
        (ValueError, {"axis": -3}, r"axis -3 does not exist in logits \(5, 3\)"),
        (
            ValueError,
            {"target": np.array([0, 1, 2])},
            r"one target per row of logits, \(5,\), got \(3,\): logits \(5, 3\) with 3 classes on axis 1",
        ),
        (ValueError, {"target": np.eye(3, dtype=int)[[0, 1, 2, 0, 1]]}, r"one target per row .*got \(5, 3\)"),
        (TypeError, {"target": TARGET.astype(float)}, r"class numbers \(integers\) as targets, got float64"),
        (TypeError, {"target": TARGET > 0}, r"class numbers \(integers\) as targets, got bool"),
        (ValueError, {"logits": np.zeros((0, 3)), "target": np.zeros(0, dtype=int)}, "the batch is empty"),
        (ValueError, {"weight": np.ones(4)}, r"expects one weight per class, \(3,\), got \(4,\)"),
        (ValueError, {"label_smoothing": 1.5}, "label_smoothing must be from 0 to 1, got 1.5"),
        (ValueError, {"reduction": "average"}, "cross_entropy: reduction must be .*'mean'.*, got 'average'"),
        (
            IndexError,
            {"target": np.array([0, 1, 3, 0, 7])},
            r"target 3 at row 2 is no class: there are 3, 0 to 2 \(and -100 is ignored\)",
        ),
        (IndexError, {"target": np.array([0, 1, 2, -1, 7])}, "target -1 at row 3 is no class"),
        (
            IndexError,
            {"target": np.array([0, -100, 2, 0, 1]), "ignore_index": 0},
            "target -100 at row 1 .*0 is ignored",
        ),
        (
            ValueError,
            {"target": np.full(5, -100), "reduction": "mean"},
            "every target is -100 .ignored.: a mean over nothing",
        ),
    ],
)
def test_what_does_not_fit_is_said(kind: type[Exception], arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(kind, match=message):
        cross_entropy(**{"logits": LOGITS, "target": TARGET, **arguments})


def test_unsigned_class_numbers_are_class_numbers() -> None:
    logits = normal(5, 3)
    assert cross_entropy(logits, TARGET.astype(np.uint8))[0] == cross_entropy(logits, TARGET)[0]


def test_an_ignored_row_may_hold_anything_and_a_class_may_be_ruled_out() -> None:
    """A masked class (logit -∞) that is no target; a row of NaN whose target is ignored; as in PyTorch."""
    logits = np.array([[1.0, 2.0, -np.inf], [np.nan, np.nan, np.nan]])
    loss, count, cache = cross_entropy(logits, np.array([0, -100]))
    assert count == 1
    np.testing.assert_allclose(loss, np.log(1 + np.e), rtol=1e-12)
    dlogits, _, _ = cross_entropy_backward(np.float64(1), cache)
    p = 1 / (1 + np.e)
    np.testing.assert_allclose(dlogits, [[p - 1, 1 - p, 0], [0, 0, 0]], atol=1e-12)


def test_a_wholly_ignored_part_of_a_batch_adds_nothing() -> None:
    loss, count, cache = cross_entropy(normal(3, 4), np.full(3, -100))
    assert (loss, count) == (0, 0)
    assert not cross_entropy_backward(np.float64(1), cache)[0].any()
