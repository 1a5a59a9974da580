"""The twins of layer_norm, dropout, gelu and cross_entropy are their references, up to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from chainrule import functions, kernels
from chainrule.functions.dropout import dropout as reference_dropout
from chainrule.kernels import plain
from kernels.twins import RNG, check_it_steps_aside, check_twin, is_compiled, normal, orders

SHAPES = [(3, 5), (1, 1), (4, 3, 64), (2, 33), (5, 2, 3, 17), (1, 200), (70, 1)]


@pytest.fixture(autouse=True)
def small_work_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "SMALL", 0)


def keys(samples: int) -> np.ndarray:
    return RNG.integers(2**64, size=samples, dtype=np.uint64)


# ------------------------------------------------------------ layer_norm


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape[-1] > 1])
@pytest.mark.parametrize("affine", ["both", "weight", "bias", "neither"])
def test_layer_norm(shape: tuple[int, ...], affine: str) -> None:
    weight, bias = (normal(shape[-1]) if affine in (name, "both") else None for name in ("weight", "bias"))
    check_twin("layer_norm", [3 * normal(*shape) + 2, weight, bias], normal(*shape), 1e-5)
    check_twin("layer_norm", [normal(*shape), weight, bias], normal(*shape), 1e-5, normalized_axes=1, eps=0.1)


def test_layer_norm_of_constant_rows_and_of_large_numbers() -> None:
    check_twin("layer_norm", [np.full((3, 8), 7, np.float32), normal(8), normal(8)], normal(3, 8))
    check_twin("layer_norm", [normal(3, 8) * 1e15], normal(3, 8), 1e-5)


def test_layer_norm_over_several_axes_is_left_to_the_reference() -> None:
    x = normal(4, 3, 5)
    assert not is_compiled(functions.layer_norm(x, normal(3, 5))[1])
    assert not is_compiled(functions.layer_norm(x, normalized_axes=2)[1])
    with pytest.raises(ValueError, match="layer_norm expects a weight of the shape"):
        functions.layer_norm(x, normal(4))


# ------------------------------------------------------------ dropout


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.999, 1.0])
def test_dropout_draws_the_very_mask_of_the_reference(shape: tuple[int, ...], p: float) -> None:
    x, dy, of_sample = normal(*shape), normal(*shape), keys(shape[0])
    y, cache = functions.dropout(x, p, of_sample)
    assert is_compiled(cache)
    expected, its_cache = reference_dropout(x, p, of_sample)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(cache.mask, its_cache.mask)
    np.testing.assert_array_equal(functions.dropout_backward(dy, cache)[0], dy * its_cache.mask)
    check_twin("dropout", [x, p, of_sample], dy)


def test_dropout_leaves_mistakes_to_the_reference() -> None:
    with pytest.raises(ValueError, match="p is the probability"):
        functions.dropout(normal(3, 4), 1.5, keys(3))
    with pytest.raises(ValueError, match="one key per sample"):
        functions.dropout(normal(3, 4), 0.5, keys(4))


# ------------------------------------------------------------ gelu


@pytest.mark.parametrize("shape", [*SHAPES, (9,)])
def test_gelu(shape: tuple[int, ...]) -> None:
    check_twin("gelu", [2 * normal(*shape)], normal(*shape), 1e-6)


def test_gelu_over_the_whole_range() -> None:
    x = np.linspace(-15, 15, 100_001, dtype=np.float32)
    check_twin("gelu", [x], np.ones_like(x), 2e-7)
    y, cache = functions.gelu(np.array([np.nan, np.inf, 0, -0.0, -50, 50], np.float32))
    np.testing.assert_array_equal(y, np.array([np.nan, np.inf, 0, 0, 0, 50], np.float32))
    np.testing.assert_array_equal(cache.gate[1:], np.array([1, 0.5, 0.5, 0, 1], np.float32))


def test_gelu_by_tanh_is_left_to_the_reference() -> None:
    assert not is_compiled(functions.gelu(normal(3, 4), "tanh")[1])


# ------------------------------------------------------------ cross_entropy


def targets(shape: tuple[int, ...], classes: int, ignored: int) -> np.ndarray:
    found = RNG.integers(classes, size=shape)
    found.reshape(-1)[::3] = ignored
    return found


@pytest.mark.parametrize("shape", [(4, 5), (3, 100), (2, 6, 33), (2, 3, 4, 7), (3, 1000)])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
@pytest.mark.parametrize("ignored", [-100, 1])
def test_cross_entropy(shape: tuple[int, ...], smoothing: float, reduction: Any, ignored: int) -> None:
    target = targets(shape[:-1], shape[-1], ignored)
    dloss = normal(*shape[:-1]) if reduction == "none" else np.float32(0.7)
    options = {"label_smoothing": smoothing, "ignore_index": ignored, "reduction": reduction, "axis": -1}
    check_twin("cross_entropy", [3 * normal(*shape), target], dloss, **options)


def test_cross_entropy_of_extreme_logits() -> None:
    logits = np.array([[1e4, 0, -1e4], [-1e4, -1e4, -1e4], [1e30, 0, 1e30], [0, -np.inf, 1]], np.float32)
    check_twin("cross_entropy", [logits, np.array([2, 1, 0, 2])], np.float32(1))
    loss = functions.cross_entropy(logits, np.array([0, 0, 0, 1]), reduction="none")[0]
    assert np.isposinf(loss[3])  # the target itself was ruled out


def test_what_stands_in_ignored_rows_reaches_nothing_and_nan_elsewhere_shows() -> None:
    logits, target = normal(4, 6), np.array([1, -100, 2, 3])
    logits[1] = np.nan
    check_twin("cross_entropy", [logits, target], np.float32(1))
    logits[2, 5] = np.nan
    losses, _, cache = functions.cross_entropy(logits, target, reduction="none")
    assert is_compiled(cache)
    assert np.isnan(losses).tolist() == [False, False, True, False]


def test_the_probabilities_can_be_looked_at() -> None:
    logits = normal(4, 6)
    cache: Any = functions.cross_entropy(logits, np.zeros(4, int))[2]
    np.testing.assert_allclose(cache.probabilities, functions.softmax(logits)[0], rtol=1e-5)


def test_cross_entropy_leaves_to_the_reference_what_it_cannot_do() -> None:
    logits, target = normal(4, 3, 5), targets((4, 5), 3, -100)
    assert not is_compiled(functions.cross_entropy(logits, target)[2])  # classes do not stand last
    weight = np.ones(5, np.float32)
    assert not is_compiled(functions.cross_entropy(normal(4, 5), np.zeros(4, int), weight)[2])
    with pytest.raises(IndexError, match="target 5 at row 1 is no class"):
        functions.cross_entropy(normal(2, 5), np.array([0, 5]))
    with pytest.raises(IndexError, match="target -1 at row 0 is no class"):
        functions.cross_entropy(normal(2, 5), np.array([-1, 0]))
    with pytest.raises(TypeError, match="class numbers"):
        functions.cross_entropy(normal(2, 5), np.zeros(2))
    with pytest.raises(ValueError, match="a mean over nothing"):
        functions.cross_entropy(normal(2, 5), np.full(2, -100), reduction="mean")


# ------------------------------------------------------------ all of them

CALLS: dict[str, list[Any]] = {
    "layer_norm": [normal(6, 4, 8), normal(8), normal(8)],
    "dropout": [normal(6, 4, 8), 0.3, keys(6)],
    "gelu": [normal(6, 4, 8)],
    "cross_entropy": [normal(6, 8), targets((6,), 8, -100)],
}


@pytest.mark.parametrize("name", CALLS)
def test_any_memory_order(name: str) -> None:
    x, *others = CALLS[name]
    for x_ordered in orders(x):
        for dy in [np.float32(2)] if name == "cross_entropy" else orders(normal(*x.shape)):
            check_twin(name, [x_ordered, *others], dy, 1e-5)


@pytest.mark.parametrize("name", CALLS)
def test_it_steps_aside(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert name in kernels.available()
    check_it_steps_aside(name, CALLS[name])
    monkeypatch.setattr(plain, "SMALL", 2**14)
    assert not is_compiled(getattr(functions, name)(*CALLS[name])[-1])
    monkeypatch.setattr(plain, "SMALL", 0)
    monkeypatch.setattr(plain, "compiler_is_installed", lambda: False)
    assert not is_compiled(getattr(functions, name)(*CALLS[name])[-1])
