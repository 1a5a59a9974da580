"""What the tests of the twins share: the twin's numbers are those of the reference, in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import functions
from chainrule.functions.dispatch import backend

RNG = np.random.default_rng(0)
TOLERANCE = 3e-6


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def orders(array: np.ndarray) -> list[np.ndarray]:
    """The same numbers in several memory orders, the last one read-only."""
    gaps = np.repeat(array, 2, axis=-1)[..., ::2]
    swapped = array.swapaxes(0, -1).copy().swapaxes(0, -1)
    frozen = array.copy()
    frozen.flags.writeable = False
    return [array, gaps, swapped, frozen]


def wide(value: Any) -> Any:
    """float32 arrays as float64, all else as it is."""
    is_narrow = isinstance(value, np.ndarray) and value.dtype == np.float32
    return value.astype(np.float64) if is_narrow else value


def run(name: str, arguments: Sequence[Any], options: dict[str, Any], dy: Any) -> tuple[list[Any], Any]:
    """(outputs and gradients, cache), by whatever the dispatch chooses."""
    *outputs, cache = getattr(functions, name)(*arguments, **options)
    return [*outputs, *run_backward(name, dy, cache)], cache


def run_backward(name: str, dy: Any, cache: Any) -> list[Any]:
    gradients = getattr(functions, f"{name}_backward")(dy, cache)
    return list(gradients) if isinstance(gradients, tuple) else [gradients]


def check_twin(
    name: str, arguments: Sequence[Any], dy: Any, tolerance: float = TOLERANCE, **options: Any
) -> Any:
    """Outputs and gradients are the reference's; nothing that came in has changed; backward twice gives the
    same. Returns the cache.
    """
    arrays = [a for a in (*arguments, dy) if isinstance(a, np.ndarray)]
    before = [a.copy() for a in arrays]
    found, cache = run(name, arguments, options, dy)
    assert type(cache).__name__.startswith("Compiled")
    expected, wide_cache = run(name, [wide(a) for a in arguments], options, wide(dy))
    assert not type(wide_cache).__name__.startswith("Compiled")
    for ours, theirs in zip(found, expected, strict=True):
        if theirs is None:
            assert ours is None
            continue
        assert np.shape(ours) == np.shape(theirs)
        assert not isinstance(ours, np.ndarray) or ours.dtype == np.float32
        largest = np.abs(theirs).max(initial=0)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * largest)
    again = run_backward(name, dy, cache)
    for ours, theirs in zip(again, found[-len(again) :], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)
    return cache


def check_it_steps_aside(name: str, arguments: Sequence[Any], **options: Any) -> None:
    """float64, arrays of other kinds, and the reference backend are left to the reference."""

    class Special(np.ndarray):
        pass

    function: Callable[..., Any] = getattr(functions, name)
    x, *others = arguments
    assert is_compiled(function(*arguments, **options)[-1])
    assert not is_compiled(function(*map(wide, arguments), **options)[-1])
    assert not is_compiled(function(x.view(Special), *others, **options)[-1])
    with backend("reference"):
        assert not is_compiled(function(*arguments, **options)[-1])


def is_compiled(cache: Any) -> bool:
    return type(cache).__name__.startswith("Compiled")
