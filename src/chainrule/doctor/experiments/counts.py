"""Which count is a factor: the batch, the steps, the features, their products, their ratios, 2?

Two counts may be equal, and a ratio of two may be any number: a count is believed if it fits at other sizes.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..calling import positional
from ..case import Case, close
from ..source.adjoints import Intermediates
from ..source.read import source_tree
from ..structure import is_array
from .elsewhere import AXES, resized

SLOW = 0.02  # seconds of a forward
CONSTANT = "constant of forward"
Counts = dict[str, float]  # what is counted: how many
Counting = Callable[[Case], Counts]
Reading = Callable[[Counts], Iterator[tuple[str, Callable[[Counts], float]]]]


def ratio(a: np.ndarray, n: np.ndarray) -> float | None:
    """The constant c with n = c a, None if there is none."""
    if a.shape != n.shape or not np.any(a) or not np.all(np.isfinite(a)):
        return None
    c = float(np.vdot(a, n) / np.vdot(a, a))
    return c if c != 0 and close(c * a, n, tolerance=1e-5) else None


def count_of(case: Case, name: str, c: float) -> str:
    """The count, or ratio of counts, that a factor is; "" if it is none. name: whose gradient that is."""
    return _fitting(case, name, c, counts, _readings) or _fitting(
        case, name, c, inner_counts, _plain_readings
    )


def _fitting(case: Case, name: str, c: float, count: Counting, readings: Reading) -> str:
    """Lengths of what forward computes on the way are many: one of them is believed only if the factor
    really follows it to other sizes.
    """
    here = count(case)
    fits = [(what, of) for what, of in readings(here) if _is(c, of(here))]
    if not fits:
        return ""
    others = list(_elsewhere(case, name, count)) if name in case.probe.names else []
    if count is inner_counts and not any(abs(d - c) > 1e-3 * c for _, d in others):
        return ""
    lasting = [what for what, of in fits if all(_is(d, of(found)) for found, d in others)]
    return lasting[0] if lasting else ""


def _is(c: float, value: float) -> bool:
    return abs(c - value) < 1e-4 * value


def _elsewhere(case: Case, name: str, count: Counting) -> Iterator[tuple[Counts, float]]:
    """The factor at other sizes, with the counts there."""
    if "factors" not in case.kept:
        case.kept["factors"] = {}
    factors: dict[tuple[str, Counting], list[tuple[Counts, float]]] = case.kept["factors"]
    if (name, count) not in factors:
        known = factors[name, count] = []
        for axis in range(AXES if case.probe.seconds < SLOW else 1):
            with resized(case, axis) as other:
                if other is not None and name in other.wrong:
                    c = ratio(other.a(name), other.n(name))
                    known += [(count(other), abs(c))] if c is not None else []
    yield from factors[name, count]


def inner_counts(case: Case) -> Counts:
    """The lengths of the arrays that forward computes on the way, and products of neighboring ones."""
    found: Counts = {}
    inner = Intermediates(case)
    for key in sorted(inner.order, key=lambda k: len(inner.site(k).text)):  # self.z before f(self.x, ...)
        site, shape = inner.site(key), inner.values[key].shape
        for first, last in itertools.combinations(range(len(shape) + 1), 2):
            n = float(np.prod(shape[first:last]))
            axes = " * ".join(map(str, range(first, last)))
            if n > 1:
                found.setdefault(f"{site.text} axis {axes}", n)
    return found


def counts(case: Case) -> Counts:
    """All lengths, products of lengths, numbers of nonzero entries, and the constants that forward has."""
    found: Counts = {"2": 2.0}
    inputs = zip(case.probe.subject.input_names, case.probe.inputs, strict=True)
    for where, value in [*inputs, *case.outputs.items()]:
        axes = {f"{where or 'output'} axis {i}": n for i, n in enumerate(np.shape(value)) if n > 1}
        for size in range(1, min(4, len(axes)) + 1):
            for group in itertools.combinations(axes.items(), size):
                product = float(np.prod([n for _, n in group]))
                found.setdefault(" * ".join(label for label, _ in group), product)
        if is_array(value) and (value.dtype.kind in "biu" or set(np.unique(value)) <= {0.0, 1.0}):
            ones = float(np.count_nonzero(value))
            if ones > 1:
                found[f"nonzero entries of {where}"] = ones
                found[f"zero entries of {where}"] = float(value.size - ones) or 2.0
            valid = int(np.count_nonzero(value >= 0))  # -1, -100: labels to ignore
            if 1 < valid < value.size:
                found[f"entries of {where} that are not negative"] = float(valid)
    return found | {f"{v:g}, a {CONSTANT}": v for v in constants(case)}


def constants(case: Case) -> list[float]:
    """Numbers in the text of forward, or among its defaults, other than 0, 1 and tiny ones."""
    function = case.probe.subject.forward_function
    tree = source_tree(function)
    nodes: list[Any] = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)] if tree else []
    nodes += [p.default for p in positional(function)]
    found = [abs(float(v)) for v in nodes if type(v) in (int, float)]
    return list(dict.fromkeys(v for v in found if 1e-3 < v < 1e3 and v not in (1.0, 2.0)))


def _plain_readings(found: Counts) -> Iterator[tuple[str, Callable[[Counts], float]]]:
    """A count or its inverse."""
    for label, n in found.items():
        yield f"{n:.0f} ({label})", lambda c, label=label: c.get(label, np.nan)  # type: ignore[misc]
        yield f"1 / {n:.0f} ({label})", lambda c, label=label: 1 / c.get(label, np.nan)  # type: ignore[misc]


def _readings(found: Counts) -> Iterator[tuple[str, Callable[[Counts], float]]]:
    """What a factor may be, the simple first: a count, its inverse, its square, a ratio of two."""

    def times(label: str, power: int) -> Callable[[Counts], float]:
        return lambda c: c.get(label, np.nan) ** power

    def over(label: str, other: str) -> Callable[[Counts], float]:
        return lambda c: c.get(label, np.nan) / c.get(other, np.nan)

    for label, n in found.items():
        shown = label if label == "2" or "," in label else f"{n:.0f} ({label})"
        yield shown, times(label, 1)
        yield f"1 / {shown}", times(label, -1)
    for label, n in found.items():
        yield f"{n:g} ({label}) squared", times(label, 2)
        yield f"1 / {n:g} ({label}) squared", times(label, -2)
    lengths = [item for item in found.items() if CONSTANT not in item[0]]
    for (label, n), (other, m) in itertools.permutations(lengths, 2):
        yield f"{n:g} ({label}) / {m:g} ({other})", over(label, other)
