"""n = c a: which constant is it? A sign, a count, a keep probability, the root of an axis."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..calling import positional
from ..case import Case
from ..errors import SubjectError
from ..objects import stored_attributes
from ..report import Finding
from ..source.adjoints import Intermediates
from ..source.read import source_tree
from ..structure import is_array
from .counts import count_of, ratio

WEIGHTS = re.compile(r"^_*(w|b|weights?|bias|kernels?|gamma|beta|theta)_?[a-z]{0,3}\d*$", re.I)


def scaled(case: Case) -> Iterator[Finding]:
    """n = c a."""
    factors: dict[str, float] = {}
    for name in case.wrong:
        smooth = case.numeric.smooth(name)
        c = ratio(np.where(smooth, case.a(name), 0), np.where(smooth, case.n(name), 0))
        if c is not None:
            factors[name] = c
    while factors:
        c = next(iter(factors.values()))
        names = [n for n, v in factors.items() if abs(v - c) <= 1e-3 * abs(c)]
        yield _named_factor(case, names, c)
        factors = {n: v for n, v in factors.items() if n not in names}


def _named_factor(case: Case, names: list[str], c: float) -> Finding:
    if abs(c + 1) < 1e-4:
        return case.finding(
            "sign-flipped",
            names,
            verified=True,
            evidence={"n / a": c},
            detail="the numerical gradient is -1 times the returned one",
        )
    what = count_of(case, names[0], abs(c))
    evidence = {"n / a": c, "that is": what}
    code = "mean-sum-mismatch"
    if c > 0 and scales_scores(case, c):
        code, what = "attention-scale-missing", f"the root of {max(c, 1 / c) ** 2:.0f}"
    elif what and c > 1 and (_was_repeated(case, names, round(c)) or _copied(case, names, c)):
        code = "broadcast-not-summed"
    elif _is_keep_probability(case, abs(c)):
        code, what = "dropout-scale-missing", "1 / (1 - p), or its inverse"
    sign = " and the sign is flipped" if c < 0 else ""
    return case.finding(
        code,
        names,
        verified=bool(what),
        evidence=evidence,
        detail=f"the numerical gradient is {c:.6g} times the returned "
        "one" + (f": {what}" if what else "") + sign,
    )


def _was_repeated(case: Case, names: list[str], count: int) -> bool:
    """Whether only inputs are off, by the length of an output axis that they
    do not have: the mean over copies.
    """
    if case.probe.subject.is_loss or len(names) == len(case.probe.names):
        return False
    lengths = {n for y in case.outputs.values() for n in y.shape}
    batch = next(iter(case.outputs.values())).shape[:1]
    for name in names:
        shape = case.probe.value(name).shape
        if (
            case.probe.is_parameter(name)
            or WEIGHTS.match(name)
            or count not in lengths
            or count in shape
            or len(shape) < 2
            or not set(batch) & set(shape)
        ):
            return False
    return True


def _copied(case: Case, names: list[str], c: float) -> bool:
    """Whether forward makes so many copies of each of them (tile, repeat, broadcast_to): some value of it
    consists of just these.
    """
    count = round(c)
    if count < 2 or abs(c - count) > 1e-4 * c:
        return False
    made = list(Intermediates(case).values.values())

    def multiplied(value: np.ndarray) -> bool:
        copies = np.repeat(np.sort(value.ravel()), count)
        return value.size > 1 and any(
            v.size == copies.size and np.array_equal(np.sort(v.ravel()), copies) for v in made
        )

    return all(multiplied(case.probe.value(name)) for name in names)


def scales_scores(case: Case, c: float) -> bool:
    """c is the root of an axis length, the code has a softmax, and some gradients (of the values) are right,
    if there are others than those of query and key.
    """
    if not case.right and len(case.probe.names) > 2:
        return False
    values = [case.probe.value(n) for n in case.probe.names] + list(case.outputs.values())
    lengths = {n for v in values for n in v.shape if n > 1}
    lengths |= {n // k for n in lengths for k in range(2, 9) if n % k == 0 and n > k}  # features per head
    return is_score_scale(c, lengths, function_text(case))


def is_score_scale(c: float, lengths: set[int], text: str) -> bool:
    """c (or 1 / c) is the root of one of the lengths, in code that has a softmax and a scale."""
    square = max(c, 1 / c) ** 2
    if not any(abs(square - n) < 1e-4 * n for n in lengths):
        return False
    return bool(re.search(r"softmax|exp\(", text)) and bool(re.search(r"sqrt|\*\* ?-?\(?0?\.5|scale", text))


def function_text(case: Case) -> str:
    """The source of forward and of the functions that it calls."""
    from ..source.reach import reached

    texts = []
    for function in reached(case.probe.subject.forward_function, case.probe.subject.owner):
        tree = source_tree(function)
        texts.append(ast.unparse(tree) if tree is not None else "")
    return "\n".join(texts)


def _is_keep_probability(case: Case, c: float) -> bool:
    """Whether zeros in the outputs or inner arrays tell of a dropout whose 1 - p (or 1 / (1 - p)) is c."""
    from ..arrays_inside import places

    if case.probe.subject.owner is None:
        function = case.probe.subject.forward_function
        settings = [
            *case.probe.inputs,
            *case.probe.subject.kwargs.values(),
            *(p.default for p in positional(function)),
        ]
        settings += [v for s in settings if isinstance(s, dict) for v in s.values()]
        named = [float(v) for v in settings if isinstance(v, float)]
    else:
        named = [float(p.get()) for p in places(case.probe.subject.owner) if np.ndim(p.get()) == 0]
    named = [*named, *map(float, re.findall(r"\b0?\.\d+", function_text(case)))]
    keeps = {k for p in named if 0 < p < 1 for k in (p, 1 - p)}
    fits = any(abs(c * k - 1) < 1e-4 or abs(c - k) < 1e-4 for k in keeps)
    return fits and (_drops(case) or _has_dropped(case) or _keeps_a_mask(case))


def _keeps_a_mask(case: Case) -> bool:
    """Code that draws, and a mask of zeros and one other number that forward leaves: of weights, say."""
    drawn = r"\brand\(|random\(|random_sample|binomial|bernoulli|uniform|choice|drop|keep"
    if not re.search(drawn, function_text(case), re.I):
        return False
    forward = case.run.forward if case.run is not None else None
    left = _arrays(forward.cache) if forward is not None else []
    owner = case.probe.subject.owner
    left += _arrays(stored_attributes(owner)) if owner is not None else []
    return any(v.size > 3 and np.unique(v).size == 2 and v.min() == 0 for v in left)


def _arrays(cache: Any) -> list[np.ndarray]:
    items = cache.values() if isinstance(cache, dict) else cache
    return [v for v in (items if isinstance(cache, (dict, list, tuple)) else [cache]) if is_array(v)]


def _has_dropped(case: Case) -> bool:
    """Zeros in the output whose inputs are not 0: a mask that is drawn the same way each time."""
    for y in case.outputs.values():
        for name in case.probe.names:
            x = case.probe.value(name)
            if x.shape == y.shape and 0 < np.count_nonzero(y == 0) < y.size and np.all(x[y == 0] != 0):
                slopes = (y / np.where(x == 0, 1, x))[y != 0]
                return bool(np.allclose(slopes, slopes[0]))
    return False


def _drops(case: Case) -> bool:
    """Zeros in forward's output that another random state moves elsewhere."""
    try:
        first, second = case.probe.outputs(), case.probe.outputs(other_draws=True)
    except SubjectError:
        return False
    return any(not np.array_equal(first[n], second[n]) for n in first)
