from __future__ import annotations

import numpy as np
import pytest
from protocol import check_layer, compare_layer, torch_or_skip

from chainrule.layers import BCEWithLogitsLoss, CrossEntropyLoss, MSELoss
from chainrule.layers.losses import Loss

WEIGHT = [0.5, 2.0, 1.0, 3.0]
REDUCTIONS = ["sum", "mean", "none"]


def cases(rng):
    """(kind, options, prediction, target)"""
    logits, classes = rng.normal(size=(5, 4, 3)), rng.integers(0, 4, (5, 3))
    classes[1, 2] = -100
    yes_or_no = rng.uniform(0.1, 0.9, (5, 4))
    return [
        (CrossEntropyLoss, {}, logits, classes),
        (CrossEntropyLoss, {"weight": WEIGHT, "label_smoothing": 0.1}, logits, classes),
        (CrossEntropyLoss, {"ignore_index": 2}, logits, np.abs(classes) % 4),
        (MSELoss, {}, rng.normal(size=(5, 4)), rng.normal(size=(5, 4))),
        (BCEWithLogitsLoss, {}, rng.normal(size=(5, 4)), yes_or_no),
        (BCEWithLogitsLoss, {"weight": WEIGHT, "pos_weight": [3.0, 0.7, 2, 1]}, logits[..., 0], yes_or_no),
    ]


@pytest.mark.parametrize("case", range(6))
def test_protocol(case, rng):
    kind, options, prediction, target = cases(rng)[case]
    check_layer(kind(**options), prediction, target)


@pytest.mark.parametrize("case", range(6))
def test_forward_and_backward_are_pytorchs_sum(case, rng):
    torch = torch_or_skip()
    kind, options, prediction, target = cases(rng)[case]
    theirs = getattr(torch.nn, kind.__name__)(**tensors(options), reduction="sum")
    compare_layer(kind(**options), theirs, prediction, target)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", range(6))
def test_calling_it_gives_what_pytorch_prints(case, reduction, rng):
    torch = torch_or_skip()
    kind, options, prediction, target = cases(rng)[case]
    theirs = getattr(torch.nn, kind.__name__)(**tensors(options), reduction=reduction)
    expected = theirs(torch.tensor(prediction), torch.tensor(target)).numpy()
    np.testing.assert_allclose(kind(**options, reduction=reduction)(prediction, target), expected, rtol=1e-6)


def tensors(options):
    torch = torch_or_skip()
    return {k: torch.tensor(v, dtype=torch.float64) if isinstance(v, list) else v for k, v in options.items()}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("case", range(6))
def test_parts_of_a_batch_add_up_whatever_the_reduction(case, reduction, rng):
    kind, options, prediction, target = cases(rng)[case]
    criterion = kind(**options, reduction=reduction)
    whole, count, cache = criterion.forward(prediction, target)
    parts = [criterion.forward(prediction[rows], target[rows]) for rows in (slice(0, 2), slice(2, 5))]
    assert sum(part[0] for part in parts) == pytest.approx(whole)
    assert sum(part[1] for part in parts) == pytest.approx(count)
    assert kind(**options)(prediction, target) == pytest.approx(whole / count)  # mean by default
    gradients = [criterion.backward(1 / count, part[2])[0] for part in parts]
    dprediction, dtarget = criterion.backward(1 / count, cache)
    np.testing.assert_allclose(np.concatenate(gradients), dprediction)
    assert (dtarget is None) == (kind is CrossEntropyLoss)


def test_classes_last(rng):
    logits, target = rng.normal(size=(5, 3, 4)), rng.integers(0, 4, (5, 3))
    last, first = CrossEntropyLoss(axis=-1), CrossEntropyLoss()
    assert last(logits, target) == pytest.approx(first(logits.swapaxes(1, 2), target))


def test_weights_are_buffers():
    assert list(CrossEntropyLoss(weight=WEIGHT).state_dict()) == ["weight"]
    assert list(BCEWithLogitsLoss(pos_weight=WEIGHT).state_dict()) == ["pos_weight"]
    assert not list(CrossEntropyLoss(weight=WEIGHT).parameters())


def test_float32_stays_float32(rng):
    for kind, options, prediction, target in cases(rng):
        target = target.astype(np.float32) if target.dtype.kind == "f" else target
        criterion = kind(**options)
        loss, count, cache = criterion.forward(prediction.astype(np.float32), target)
        assert loss.dtype == criterion.backward(1 / count, cache)[0].dtype == np.float32


def test_errors():
    for kind in (CrossEntropyLoss, MSELoss, BCEWithLogitsLoss):
        message = f"{kind.__name__}: reduction must be 'sum', 'mean' or 'none', got 'max'"
        with pytest.raises(ValueError, match=message):
            kind(reduction="max")
        assert repr(kind()) == f"{kind.__name__}(reduction='mean')"
    with pytest.raises(TypeError, match=r"Loss has no function: return \(loss, count, cache\)"):
        Loss().forward(np.zeros(2), np.zeros(2))
