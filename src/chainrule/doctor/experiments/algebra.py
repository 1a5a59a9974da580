"""Section B: what must be done to the wrong gradient to make it right?

Every hypothesis here predicts the numerical gradient n from the returned one a (scaled, transposed, summed,
exchanged with another, ...). Only a prediction that comes true is reported.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..calling import positional, source_tree
from ..case import Case, close
from ..probe import SubjectError
from ..report import Finding


def algebra(case: Case) -> Iterator[Finding]:
    """All of them, for every wrong gradient."""
    yield from swapped(case)
    yield from scaled(case)
    for name in case.doubtful:
        yield from axes_exchanged(case, name)
        yield from summed_wrongly(case, name)
        yield from index_collapsed(case, name)
        yield from blocks_permuted(case, name)
        yield from weight_decay(case, name)
        yield from clipped(case, name)


def swapped(case: Case) -> Iterator[Finding]:
    """a of p is n of q."""
    found = []
    for p, q in itertools.product(case.doubtful, [n for n in case.probe.names if n not in case.absent]):
        if (
            p == q
            or (len(case.doubtful) == 1 and case.a(p).size < 3)
            or ratio(case.a(p), case.n(p)) is not None
        ):
            continue
        a, n = case.a(p), case.n(q)
        if (
            a.shape == n.shape
            and case.same(a, n)
            and not case.same(n, case.n(p) if case.n(p).shape == n.shape else n + 1)
        ) or (a.shape != case.n(p).shape and a.shape == n.shape and case.same(a, n)):
            found.append((p, q))
    if found:
        names = list(dict.fromkeys(itertools.chain(*found)))
        yield case.finding(
            "gradients-swapped",
            names,
            verified=True,
            evidence={"is the gradient of": dict(found)},
            detail="; ".join(
                f"what is given as the gradient of {p} is the gradient of {q}" for p, q in found
            ),
        )


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
    square = max(c, 1 / c) ** 2
    values = [case.probe.value(n) for n in case.probe.names] + list(case.outputs.values())
    lengths = {n for v in values for n in v.shape if n > 1}
    lengths |= {n // k for n in lengths for k in range(2, 9) if n % k == 0 and n > k}  # features per head
    if not any(abs(square - n) < 1e-4 * n for n in lengths):
        return False
    text = function_text(case)
    return bool(re.search(r"softmax|exp\(", text)) and bool(re.search(r"sqrt|\*\* ?-?\(?0?\.5|scale", text))


def function_text(case: Case) -> str:
    """The source of forward and of the functions that it calls."""
    from ..source.repair import reached

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


def axes_exchanged(case: Case, name: str) -> Iterator[Finding]:
    """n is a with its axes exchanged; or a is n exchanged and forced into shape by a reshape."""
    a, n = case.a(name), case.n(name)
    if a.size != n.size or (n.ndim < 2 and a.ndim < 2):
        return
    for order in itertools.permutations(range(a.ndim)):
        if order == tuple(range(a.ndim)):
            continue
        if a.transpose(order).shape == n.shape and case.explains(name, a.transpose(order)):
            yield case.finding(
                "transpose-missing",
                [name],
                verified=True,
                evidence={"n = a.transpose": order, "shapes": [a.shape, n.shape]},
                detail=f"the returned array, transposed by {order}, equals the numerical gradient",
            )
            return
    if not close(np.sort(a.ravel()), np.sort(n.ravel()), tolerance=1e-5):
        return
    if a.shape != n.shape and case.explains(name, a.reshape(n.shape)):
        return
    for order in itertools.permutations(range(n.ndim)):
        if order == tuple(range(n.ndim)):
            continue
        exchanged = n.transpose(order)
        if close(exchanged.reshape(-1), a.reshape(-1), tolerance=1e-5):
            yield case.finding(
                "reshape-for-transpose",
                [name],
                verified=True,
                evidence={"same sorted values": True, "axes": order},
                detail="it holds the right numbers in the wrong order: those of the numerical "
                f"gradient with axes {order}, reshaped to {a.shape}",
            )
            return
    for shape in _factorings(n.size, n.shape):
        block = a.reshape(shape)
        for order in itertools.permutations(range(len(shape))):
            if close(block.transpose(order).reshape(-1), n.reshape(-1), tolerance=1e-5):
                yield case.finding(
                    "reshape-for-transpose",
                    [name],
                    verified=True,
                    evidence={"same sorted values": True},
                    detail=f"reshaped to {shape}, with axes {order}, it equals the numerical gradient: "
                    "a reshape stands where a transpose was meant",
                )
                return


def _factorings(size: int, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Other shapes with the same number of elements: permuted axes, and pairs."""
    found = {p for p in itertools.permutations(shape) if p != shape}
    found |= {(d, size // d) for d in range(2, size) if size % d == 0}
    return sorted(found)[:40]


def summed_wrongly(case: Case, name: str) -> Iterator[Finding]:
    """A sum over axes is missing, superfluous, or a mean."""
    a, n = case.a(name), case.n(name)
    axes = [c for r in range(1, a.ndim + 1) for c in itertools.combinations(range(a.ndim), r)]
    if a.shape != n.shape and a.size > n.size:
        for axis in axes:
            s = a.sum(axis)
            if s.size == n.size and case.explains(name, s.reshape(n.shape)):
                is_bias = case.probe.is_parameter(name) or a.ndim > n.ndim
                yield case.finding(
                    "bias-axes-wrong" if is_bias else "broadcast-not-summed",
                    [name],
                    verified=True,
                    evidence={"shapes": [a.shape, n.shape], "missing sum over axes": axis},
                    detail=f"the returned gradient has shape {a.shape}, {name} has {n.shape}; summed "
                    f"over axis {axis} it equals the numerical gradient",
                )
                return
    if a.size == n.size and a.shape != n.shape and case.explains(name, a.reshape(n.shape)):
        yield case.finding(
            "gradient-shape-wrong",
            [name],
            verified=True,
            evidence={"shapes": [a.shape, n.shape]},
            detail=f"the numbers are right, the shape is {a.shape} instead of {n.shape}: reshape",
        )
        return
    # summed too much: a is constant along axes where n is not, and equals n's sum there
    if _broadcasts(a, n):
        for axis in [c for r in range(1, n.ndim + 1) for c in itertools.combinations(range(n.ndim), r)]:
            s = n.sum(axis, keepdims=True)
            if n.ndim and s.size < n.size and close(np.broadcast_to(s, n.shape), _to(a, n), tolerance=1e-5):
                weight = case.probe.is_parameter(name) and n.ndim >= 2 and min(n.shape) > 1 and len(axis) == 1
                code = "weight-index-collapsed" if weight else "bias-axes-wrong"
                yield case.finding(
                    code,
                    [name],
                    verified=True,
                    evidence={"summed also over axes": axis, "shapes": [a.shape, n.shape]},
                    detail=f"it is the numerical gradient summed over axis {axis} as well: every entry "
                    "along it is the same",
                )
                return


def _broadcasts(a: np.ndarray, n: np.ndarray) -> bool:
    """Whether a can be repeated to the shape of n."""
    try:
        return np.broadcast_shapes(a.shape, n.shape) == n.shape
    except ValueError:
        return False


def _to(a: np.ndarray, n: np.ndarray) -> np.ndarray:
    return np.broadcast_to(a, n.shape)


def blocks_permuted(case: Case, name: str) -> Iterator[Finding]:
    """n is a with 2, 3 or 4 equal blocks along one axis in another order: stacked gates."""
    a, n = case.a(name), case.n(name)
    if a.shape != n.shape:
        return
    for axis in range(a.ndim):
        for count in (4, 3, 2):
            if a.shape[axis] % count or a.shape[axis] < 2 * count:
                continue
            parts = np.split(a, count, axis)
            for order in itertools.permutations(range(count)):
                if order != tuple(range(count)) and case.explains(
                    name, np.concatenate([parts[i] for i in order], axis)
                ):
                    yield case.finding(
                        "gate-order-permuted",
                        [name],
                        verified=True,
                        evidence={"axis": axis, "blocks": count, "order": order},
                        detail=f"with its {count} blocks along axis {axis} taken in the order {order}, "
                        "the gradient is right",
                    )
                    return


def index_collapsed(case: Case, name: str) -> Iterator[Finding]:
    """dW[j] where dW[i, j] is meant: rows (or columns) are copies of
    one row of n, or of the sum of its rows.
    """
    a, n = case.a(name), case.n(name)
    if not case.probe.is_parameter(name) and case.probe.subject.owner is not None:
        return
    if n.ndim < 2 or min(n.shape) == 1:
        return
    for axis in range(n.ndim):
        whole = n.sum(axis)
        if a.shape == whole.shape and close(a, whole, tolerance=1e-5):
            yield _collapsed(
                case,
                name,
                f"it is the sum of the numerical gradient over axis {axis}, with shape {a.shape} "
                f"instead of {n.shape}",
            )
            return
        if a.shape != n.shape:
            continue
        first = a.take([0], axis)
        if not close(np.broadcast_to(first, a.shape), a, tolerance=1e-9):
            continue
        for i in range(n.shape[axis]):
            if close(n.take(i, axis), a.take(0, axis), tolerance=1e-5):
                yield _collapsed(
                    case,
                    name,
                    f"along axis {axis} every entry is a copy of entry {i} of the numerical gradient",
                )
                return
        if close(whole, a.take(0, axis), tolerance=1e-5):
            yield _collapsed(
                case, name, f"along axis {axis} every entry is the sum of the numerical gradient's"
            )
            return


def _collapsed(case: Case, name: str, detail: str) -> Finding:
    return case.finding(
        "weight-index-collapsed",
        [name],
        verified=True,
        evidence={"shapes": [case.a(name).shape, case.n(name).shape]},
        detail=detail,
    )


def weight_decay(case: Case, name: str) -> Iterator[Finding]:
    """a - n is collinear with the parameter (where backward(0) does not show it)."""
    a, n = case.a(name), case.n(name)
    w = case.probe.value(name)
    first = case.probe.subject.input_names[:1]
    pair = (
        case.probe.subject.is_pair
        and not case.probe.subject.is_loss
        and max(map(np.size, case.outputs.values())) > 1
    )
    if a.shape != n.shape or (name in first if pair else not case.probe.is_parameter(name)):
        return
    factor = ratio(w, a - n)
    if factor is not None and w.size > 1:
        yield case.finding(
            "regularization-in-gradient",
            [name],
            verified=True,
            evidence={"factor": factor},
            detail=f"the difference to the numerical gradient is {factor:.4g} * {name}",
        )


def clipped(case: Case, name: str) -> Iterator[Finding]:
    """a = clip(n, -c, c)."""
    a, n = case.a(name), case.n(name)
    limit = float(np.abs(a).max(initial=0))
    if a.shape != n.shape or not 0 < limit < np.abs(n).max(initial=0):
        return
    many = np.count_nonzero(np.isclose(np.abs(a), limit, rtol=1e-9)) > 1
    if many and close(a, np.clip(n, -limit, limit)):
        yield case.finding(
            "clipped-in-backward",
            [name],
            verified=True,
            evidence={"limit": limit},
            detail=f"it is the numerical gradient cut at {limit:.4g}",
        )


__all__ = ["Any", "algebra"]
