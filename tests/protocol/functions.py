"""`check_function`: everything that the protocol promises of a pair of functions, tried on one set of arrays.

Each promise is a function below whose name begins with `promise_`; its docstring is the promise. What fails
raises an AssertionError that begins with the promise's name: "relu_backward, promise 'linear in the
upstream': ...".
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .comparing import compare_along, compare_with_slopes
from .memory import ORDERS
from .numerical import STEP, TOLERANCE
from .pair import Pair
from .refusing import Refusing
from .trees import (
    difference,
    is_array,
    is_float,
    is_named,
    leaves,
    map_arrays,
    map_tree,
    picture,
    to_float32,
)
from .upstream import draw_upstream, weighted_sum


def check_function(
    forward: Callable[..., Any],
    backward: Callable[[Any, Any], Any],
    arrays: Sequence[Any],
    *,
    kwargs: dict[str, Any] | None = None,
    differentiable: Sequence[int] | None = None,
    allow_zero: dict[int, str] | None = None,
    other: Sequence[Any] | None = None,
    outputs: int = 1,
    kinks: float = 0.05,
    step: float = STEP,
    tolerance: float = TOLERANCE,
    float32_tolerance: float = 1e-3,
    skip: dict[str, str] | None = None,
    seed: int = 0,
) -> None:
    """Raises AssertionError unless the pair keeps every promise of the protocol for these arrays.

    arrays: forward's array arguments in order, float64; None for an absent one; ids, masks and keys as
        integers or booleans; a tuple where forward takes a tuple, such as a state (h, c).
    kwargs: forward's other arguments. Arrays among them are taken along, but have no gradient.
    differentiable: positions of the arguments that have a gradient; default: all that are floating point.
    allow_zero: {position: reason} for arguments whose true gradient is 0 here; without it such a check fails
        as vacuous.
    other: a second set of arrays, to find state between two calls; default: the same ones in reversed order.
    outputs: how many of forward's results y has; the last result is the cache, those between (a loss's count)
        are left alone. With outputs=1, y itself may be a structure, and backward gets a dy of the same
        structure.
    kinks: the share of elements that may sit on a kink, where nothing is compared (one element always may).
    skip: {promise: reason}, such as {"float32": "..."}; the names are those of the promise_ functions.
    """
    rng = np.random.default_rng(seed)
    pair = Pair(
        forward, backward, kwargs or {}, outputs, _positions(arrays, differentiable), allow_zero or {}
    )
    pair.kinks, pair.step, pair.tolerance, pair.float32_tolerance = kinks, step, tolerance, float32_tolerance
    arrays = tuple(map_arrays(lambda a: np.array(a, order="C"), tree) for tree in arrays)
    _check_inputs(pair, arrays)
    other = tuple(other) if other is not None else _reversed(arrays, pair.differentiable)

    promises = {
        name.removeprefix("promise_"): f for name, f in globals().items() if name.startswith("promise_")
    }
    if unknown := [name for name in skip or {} if name.replace(" ", "_") not in promises]:
        raise ValueError(f"no promise is called {unknown}: {', '.join(promises)}")
    skipped = {name.replace(" ", "_") for name in skip or {}}
    for name, promise in promises.items():
        if name in skipped:
            continue
        pair.promise = name.replace("_", " ")
        own = copy.deepcopy(arrays)  # what one promise finds changed must not mislead the next
        promise(pair, own, rng, other) if name == "no_state_between_calls" else promise(pair, own, rng)


# ------------------------------------------------------------ the promises, from the simplest to the sharpest


def promise_the_cache_has_names(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """The cache is a NamedTuple, a dataclass or an object of its own class, not an anonymous tuple."""
    _, cache = pair.run(arrays)
    if not is_named(cache):
        pair.fail(f"the cache is a plain {type(cache).__name__}: make it a NamedTuple")


def promise_finite_and_repeatable(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """The same arguments give the same, finite, numbers again."""
    y, again = pair.run(arrays)[0], pair.run(arrays)[0]
    pair.require_same(again, y, "a second forward of the same arrays gives another result")
    if not all(np.isfinite(leaf).all() for leaf in leaves(y) if is_float(leaf)):
        pair.fail("the output is not finite: nothing can be measured here")
    if not any(is_float(leaf) for leaf in leaves(y)):
        pair.fail("the output holds no floating point array, so that nothing can be differentiated")


def promise_one_gradient_per_argument(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """One entry per array argument, in its shape and dtype; None for what has no gradient or is absent."""
    for cast in (lambda tree: tree, to_float32):
        given = cast(arrays)
        y, cache = pair.run(given, cast(pair.kwargs))
        gradients = pair.gradients(draw_upstream(y, rng), cache, len(given))
        for i, (argument, gradient) in enumerate(zip(given, gradients, strict=True)):
            expected = [
                leaf if i in pair.differentiable and is_float(leaf) else None for leaf in leaves(argument)
            ]
            if not any(leaf is not None for leaf in expected):
                if any(leaf is not None for leaf in leaves(gradient)):
                    pair.fail(f"argument {i} has no gradient: expected None, got {type(gradient).__name__}")
                continue
            got = leaves(gradient)
            if len(got) != len(expected):
                pair.fail(f"the gradient of argument {i} has {len(got)} parts instead of {len(expected)}")
            for a, g in zip(expected, got, strict=True):
                if (a is None) != (g is None):
                    pair.fail(
                        f"the gradient of argument {i} is {type(g).__name__}, expected {type(a).__name__}"
                    )
                if a is not None and (not is_array(g) or g.shape != a.shape):
                    pair.fail(
                        f"the gradient of argument {i} has shape {getattr(g, 'shape', None)}, not {a.shape}"
                    )
                if a is not None and g.dtype != a.dtype:
                    pair.fail(f"the gradient of argument {i} is {g.dtype}, but the argument is {a.dtype}")


def promise_nothing_is_changed(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """forward changes no input; backward changes neither the inputs, nor its cache, nor dy."""
    before = picture((arrays, pair.kwargs))
    y, cache = pair.run(arrays)
    pair.require_same((arrays, pair.kwargs), before, "forward changed one of its arguments")
    dy = draw_upstream(y, rng)
    cache_before, dy_before, y_before = picture(cache), picture(dy), picture(y)
    pair.gradients(dy, cache, len(arrays))
    for now, then, name in (
        (dy, dy_before, "dy"),
        (cache, cache_before, "its cache"),
        (y, y_before, "forward's output"),
    ):
        if where := difference(then, picture(now)):
            pair.fail(f"backward changed {name} (at {where})")
    if where := difference(before, picture((arrays, pair.kwargs))):
        pair.fail(f"backward changed an input (at {where})")


def promise_backward_repeats(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """Called twice on one cache, backward gives the same answer, and the first one stays what it was."""
    y, cache = pair.run(arrays)
    dy = draw_upstream(y, rng)
    first = pair.gradients(dy, cache, len(arrays))
    kept = picture(first)
    if difference(kept, picture(pair.gradients(dy, cache, len(arrays)))):
        pair.fail("a second backward on one cache gives another answer")
    pair.gradients(draw_upstream(y, rng), cache, len(arrays))
    if difference(kept, picture(first)):
        pair.fail("a second backward overwrote the answer of the first (a reused buffer?)")


def promise_no_state_between_calls(
    pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator, other: tuple[Any, ...]
) -> None:
    """Two forwards, then both backwards: each answers for its own inputs."""
    dy, other_dy = pair.upstream(arrays, rng), pair.upstream(other, rng)
    expected, other_expected = pair.both(arrays, dy), pair.both(other, other_dy)
    y, cache = pair.run(arrays)
    y_kept = picture(y)
    other_y, other_cache = pair.run(other)
    got = (y, pair.gradients(dy, cache, len(arrays)))
    other_got = (other_y, pair.gradients(other_dy, other_cache, len(arrays)))
    if difference(y_kept, picture(y)):
        pair.fail("a second forward overwrote the output of the first")
    pair.require_same(got, expected, "after a second forward, the first call's backward gives another answer")
    pair.require_same(other_got, other_expected, "a call's answer depends on the call before it")


def promise_linear_in_the_upstream(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """backward(a g + b h) = a backward(g) + b backward(h), backward(-g) = -backward(g), backward(0) = 0."""
    y, cache = pair.run(arrays)
    g, h = draw_upstream(y, rng), draw_upstream(y, rng)
    mixed = _map(lambda p, q: np.asarray(0.7 * p - 1.3 * q), g, h)
    of_g, of_h = (pair.gradients(d, cache, len(arrays)) for d in (g, h))
    expected = _map(lambda p, q: 0.7 * p - 1.3 * q, of_g, of_h)
    pair.require_close(
        pair.gradients(mixed, cache, len(arrays)), expected, 1e-9, "backward(0.7 g - 1.3 h) is another"
    )
    negated = pair.gradients(_map(lambda p: np.asarray(-p), g), cache, len(arrays))
    pair.require_close(negated, _map(lambda p: -p, of_g), 1e-12, "backward(-g) is not -backward(g)")
    nothing = pair.gradients(_map(np.zeros_like, g), cache, len(arrays))
    if any(np.any(leaf) for leaf in leaves(nothing) if is_array(leaf)):
        pair.fail("backward(0) is not 0")


def promise_None_stands_for_zero(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """Where y has several parts, None in place of one part's upstream means that nothing came from there."""
    y, cache = pair.run(arrays)
    dy = draw_upstream(y, rng)
    parts = [i for i, leaf in enumerate(leaves(dy)) if leaf is not None]
    for i in parts if len(parts) > 1 else ():
        zeroed, absent = (
            pair.gradients(_replace(dy, i, new), cache, len(arrays))
            for new in (np.zeros_like(leaves(dy)[i]), None)
        )
        pair.require_close(absent, zeroed, 1e-12, f"None for part {i} of dy is not the same as zeros")


def promise_the_gradient_is_the_slope(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """Every number of every gradient is the measured slope of Σ dy·y (five points, float64)."""
    arrays = copy.deepcopy(arrays)
    dy = pair.upstream(arrays, rng)
    _, gradients = pair.both(copy.deepcopy(arrays), dy)

    def objective() -> float:
        return weighted_sum(pair.run(arrays)[0], dy)

    moved: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []  # array, gradient, smooth
    for i in pair.differentiable:
        for array, gradient in zip(leaves(arrays[i]), leaves(gradients[i]), strict=True):
            if not is_float(array):
                continue
            smooth = _compare_elements(
                pair, f"argument {i}", objective, array, gradient, rng, pair.allow_zero.get(i)
            )
            moved.append((array, gradient, smooth))
    for chosen in [[m] for m in moved] * 2 + [moved] * 2:
        _compare_direction(pair, objective, chosen, rng)


def promise_any_memory_order(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """Transposed, channels-last, strided and reversed arrays give the same numbers."""
    dy = pair.upstream(arrays, rng)
    y, gradients = pair.both(arrays, dy)
    for name, reorder in ORDERS.items():
        for who, given, upstream in (
            ("inputs", map_arrays(reorder, arrays), dy),
            ("dy", arrays, map_arrays(reorder, dy)),
            ("inputs and dy", map_arrays(reorder, arrays), map_arrays(reorder, dy)),
        ):
            got_y, got = pair.both(given, upstream)
            pair.require_close(got_y, y, 1e-9, f"{who} in {name} memory order: the output")
            pair.require_close(got, gradients, 1e-9, f"{who} in {name} memory order: the gradients")


def promise_float32(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """float32 inputs give float32 outputs and gradients, close to float64's."""
    dy = pair.upstream(arrays, rng)
    y, gradients = pair.both(arrays, dy)
    small_y, cache = pair.run(to_float32(arrays), to_float32(pair.kwargs))
    small = pair.gradients(to_float32(dy), cache, len(arrays))
    for name, tree in (("the output", small_y), ("a gradient", small)):
        for leaf in leaves(tree):
            if is_float(leaf) and leaf.dtype != np.float32:
                pair.fail(f"float32 inputs, but {name} is {leaf.dtype}: a float64 leaked in")
    pair.require_close(small_y, y, pair.float32_tolerance, "float32 and float64 disagree about the output")
    pair.require_close(
        small, gradients, pair.float32_tolerance, "float32 and float64 disagree about the gradients"
    )


def promise_other_array_libraries(pair: Pair, arrays: tuple[Any, ...], rng: np.random.Generator) -> None:
    """Arrays that refuse to become NumPy arrays go through forward and backward, and stay what they are."""
    dy = pair.upstream(arrays, rng)
    expected_y, expected = pair.both(arrays, dy)
    away = map_arrays(lambda a: Refusing(copy.deepcopy(a)), (arrays, pair.kwargs, dy))
    try:
        y, cache = pair.run(away[0], away[1])
        gradients = pair.gradients(away[2], cache, len(arrays))
    except (TypeError, AttributeError) as error:
        raise AssertionError(
            f"{getattr(pair.forward, '__name__', pair.forward)}, promise {pair.promise!r}: {error}"
        ) from error
    for name, tree in (("the output", y), ("a gradient", gradients), ("the cache", cache)):
        parts = leaves(picture(tree))
        if stray := [
            leaf.shape
            for leaf in parts
            if isinstance(leaf, np.ndarray) and (leaf.ndim or name != "the cache")
        ]:
            pair.fail(
                f"{name} holds NumPy arrays of shapes {stray}, though the inputs were of another library"
            )
    home = map_arrays(lambda a: getattr(a, "value", a), (y, gradients))
    pair.require_close(home, (expected_y, expected), 1e-9, "the numbers differ from NumPy's")


def _compare_elements(
    pair: Pair, label: str, objective: Any, array: Any, gradient: Any, rng: Any, zero_reason: str | None
) -> np.ndarray:
    options = {"kinks": pair.kinks, "step": pair.step, "tolerance": pair.tolerance}
    return compare_with_slopes(pair.fail, label, objective, array, gradient, rng, zero_reason, **options)


def _compare_direction(pair: Pair, objective: Any, moved: Any, rng: Any) -> None:
    compare_along(pair.fail, objective, moved, rng, pair.step, pair.tolerance)


# ---------------------------------------------------------------- small helpers


def _positions(arrays: Sequence[Any], differentiable: Sequence[int] | None) -> tuple[int, ...]:
    if differentiable is not None:
        return tuple(differentiable)
    return tuple(i for i, tree in enumerate(arrays) if any(is_float(leaf) for leaf in leaves(tree)))


def _check_inputs(pair: Pair, arrays: Sequence[Any]) -> None:
    pair.promise = "the inputs are fit for a check"
    if not pair.differentiable:
        pair.fail("no argument has a gradient")
    if wrong := [str(leaf.dtype) for leaf in leaves(arrays) if is_float(leaf) and leaf.dtype != np.float64]:
        pair.fail(f"gradients are measured in float64, got {', '.join(wrong)}")


def _reversed(arrays: Sequence[Any], differentiable: tuple[int, ...]) -> tuple[Any, ...]:
    """The numbers that learn in reversed order; ids, masks and keys with the samples reversed."""
    everything = lambda a: np.ascontiguousarray(np.flip(a)).reshape(a.shape)  # noqa: E731
    samples = lambda a: np.ascontiguousarray(np.flip(a, 0)) if a.ndim else a  # noqa: E731
    return tuple(
        map_arrays(everything if i in differentiable else samples, tree) for i, tree in enumerate(arrays)
    )


def _map(function: Callable[..., Any], *trees: Any) -> Any:
    """function of the arrays that stand at one place of the trees; None stays None."""
    return map_tree(lambda *each: function(*each) if all(map(is_array, each)) else None, *trees)


def _replace(tree: Any, position: int, new: Any) -> Any:
    """The tree with another leaf at one position."""
    counter = iter(range(len(leaves(tree))))
    return map_tree(lambda leaf: new if next(counter) == position else leaf, tree)
