"""n = c a: which constant is it? A sign, a count, a keep probability, the root of an axis."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

import numpy as np

from ..calling import positional, source_tree
from ..case import Case, close
from ..errors import SubjectError
from ..report import Finding


def ratio(a: np.ndarray, n: np.ndarray) -> float | None:
    """The constant c with n = c a, None if there is none."""
    if a.shape != n.shape or not np.any(a) or not np.all(np.isfinite(a)):
        return None
    c = float(np.vdot(a, n) / np.vdot(a, a))
    return c if c != 0 and close(c * a, n, tolerance=1e-5) else None


def scaled(case: Case) -> Iterator[Finding]:
    """n = c a."""
    factors: dict[str, float] = {}
    for name in case.wrong:
        smooth = case.numeric.smooth(name)
        c = ratio(np.where(smooth, case.a(name), 0), np.where(smooth, case.n(name), 0))
        if c is not None:
            factors[name] = c
    for c in dict.fromkeys(round(v, 4) for v in factors.values()):
        names = [n for n, v in factors.items() if abs(v - c) <= 1e-3 * abs(c)]
        yield _named_factor(case, names, factors[names[0]])


def _named_factor(case: Case, names: list[str], c: float) -> Finding:
    if abs(c + 1) < 1e-4:
        return case.finding(
            "sign-flipped",
            names,
            verified=True,
            evidence={"n / a": c},
            detail="the numerical gradient is -1 times the returned one",
        )
    _, what = count_of(case, abs(c))
    evidence = {"n / a": c, "that is": what}
    code = "mean-sum-mismatch"
    if c > 0 and scales_scores(case, c):
        code, what = "attention-scale-missing", f"the root of {max(c, 1 / c) ** 2:.0f}"
    elif what and c > 1 and _was_repeated(case, names, round(c)):
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


def count_of(case: Case, c: float) -> tuple[float, str]:
    """Which count, or ratio of counts, a factor is: batch, time, features, their products, 2."""
    lengths: dict[float, str] = {2.0: "2"}
    for where, value in [
        *zip(case.probe.subject.input_names, case.probe.inputs, strict=True),
        *case.outputs.items(),
    ]:
        shape = np.shape(value)
        axes = {f"{where or 'output'} axis {i}": n for i, n in enumerate(shape) if n > 1}
        for size in range(1, min(4, len(axes)) + 1):
            for group in itertools.combinations(axes.items(), size):
                product = float(np.prod([n for _, n in group]))
                lengths.setdefault(product, " * ".join(f"{n} ({label})" for label, n in group))
        if isinstance(value, np.ndarray) and (
            value.dtype == bool
            or np.issubdtype(value.dtype, np.integer)
            or set(np.unique(value)) <= {0.0, 1.0}
        ):
            ones = float(np.count_nonzero(value))
            if ones > 1:
                lengths.setdefault(ones, f"{ones:.0f} (nonzero entries of {where})")
                lengths.setdefault(
                    float(value.size - ones) or 2.0, f"{value.size - ones:.0f} (zero entries of {where})"
                )
            valid = int(np.count_nonzero(value >= 0))  # -1, -100: labels to ignore
            if 1 < valid < value.size:
                lengths.setdefault(float(valid), f"{valid} (entries of {where} that are not negative)")
    lengths |= {n * n: f"({what}) squared" for n, what in list(lengths.items()) if n * n not in lengths}
    for n, what in lengths.items():
        if abs(c - n) < 1e-4 * n:
            return n, what
        if abs(c * n - 1) < 1e-4:
            return n, f"1 / {what}"
    for (n, what), (m, other) in itertools.permutations(lengths.items(), 2):
        if abs(c * m - n) < 1e-4 * n:
            return n / m, f"{what} / {other}"
    return c, ""


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
            or count not in lengths
            or count in shape
            or len(shape) < 2
            or not set(batch) & set(shape)
        ):
            return False
    return True


def scales_scores(case: Case, c: float) -> bool:
    """c is the root of an axis length, the code has a softmax, and some gradients are not off by c."""
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
    return fits and (_drops(case) or _has_dropped(case))


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
