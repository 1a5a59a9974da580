"""Is a mutant wrong at all? It is run beside the original, and what they return and do is compared."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
from layer_cases import layer_cases
from mutant_cases import Case, function_cases

from chainrule import layers


def cases_of(function: str, module: ModuleType, seed: int = 0) -> list[Case]:
    """The cases of `linear_backward`, or of `Linear.backward`."""
    if function.endswith("_backward"):
        return function_cases(function.removesuffix("_backward"), module, seed)
    return layer_cases(function.split(".")[0], module, seed)


def harmed_case(function: str, original: ModuleType, mutant: ModuleType) -> tuple[int, str] | None:
    """The first case on which the mutant does not do what the original does, and how it shows.

    Each case is run at two points, one after the other (a stale cache shows at the second), then all cases in
    turn (a stale shape shows when another comes). None: no difference anywhere.
    """
    for number in range(len(cases_of(function, original))):
        for seed in (1, 2):
            good, bad = (cases_of(function, module, seed)[number] for module in (original, mutant))
            shown = _difference(good, bad, seed)
            if shown:
                return number, shown if seed == 1 else f"second call: {shown}"
    for good, bad in zip(cases_of(function, original), cases_of(function, mutant), strict=True):
        shown = _difference(good, bad)
        if shown:
            return 0, f"after a batch of another size: {shown}"
    return None


def _difference(good: Case, bad: Case, seed: int = 0) -> str:
    expected, _ = _gradients(good, seed)
    try:
        got, changed = _gradients(bad, seed)
    except Exception as error:  # a mutant may fail in any way
        return f"raises {type(error).__name__}"
    if changed:
        return f"changes {changed} in place"
    if len(expected) != len(got):
        return f"returns {len(got)} gradients instead of {len(expected)}"
    for e, g in zip(expected, got, strict=True):
        if (e is None) != (g is None):
            return "a gradient is missing"
        if e is None:
            continue
        if np.shape(e) != np.shape(g):
            return f"shape {np.shape(g)} instead of {np.shape(e)}"
        scale = max(float(np.abs(e).max(initial=0)), float(np.abs(g).max(initial=0)))
        if not np.allclose(e, g, rtol=1e-6, atol=1e-7 * scale):
            return "other numbers"
    return ""


def _gradients(case: Case, seed: int) -> tuple[list[Any], str]:
    """What backward returns and adds to parameters, and what it changed in place."""
    pair = isinstance(case.subject, tuple)
    forward, backward = case.subject if pair else (case.subject.forward, case.subject.backward)
    with layers.randomness(seed):
        result = forward(*case.inputs, **case.kwargs)
    y, cache = result[0], result[-1]
    g = _random_like(y, np.random.default_rng(9))
    watched = {"the upstream": _flat(g), "the inputs": list(case.inputs), "the cache": _arrays(cache)}
    before = copy.deepcopy(watched)
    if not pair:
        case.subject.zero_grad()
    returned = _flat(backward(g, cache))
    if not pair:
        returned += [p.grad for p in case.subject.parameters()]
    return returned, next((name for name in watched if not _same(watched[name], before[name])), "")


def _random_like(y: Any, rng: np.random.Generator) -> Any:
    """An upstream with the structure of what forward returned."""
    if isinstance(y, tuple):
        return tuple(_random_like(part, rng) for part in y)
    return np.asarray(rng.normal(size=np.shape(y)))


def _flat(gradients: Any) -> list[Any]:
    """All arrays (and Nones) of a nested tuple, in order."""
    return [g for part in gradients for g in _flat(part)] if isinstance(gradients, tuple) else [gradients]


def _arrays(cache: Any) -> list[Any]:
    if isinstance(cache, np.ndarray):
        return [cache]
    return [a for part in cache for a in _arrays(part)] if isinstance(cache, tuple | list) else []


def _same(now: Sequence[Any], before: Sequence[Any]) -> bool:
    pairs = zip(now, before, strict=True)
    return all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in pairs if isinstance(a, np.ndarray)
    )
