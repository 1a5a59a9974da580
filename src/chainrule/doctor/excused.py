"""Gradients that differ from the numerical ones for a reason that is no fault; points at which nothing can be
compared.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import numpy as np

from .calling import positional
from .objects import stored_attributes
from .source.read import source_tree
from .structure import is_array, leaves

if TYPE_CHECKING:
    from .case import Case

PADDING = re.compile(r"^_*(pad|padding)(_?(idx|id|index|token|token_?id|row|value))?$", re.I)
POINTS = 6
NOTHING = 1e-9


def not_finite(case: Case) -> str:
    """What is said where forward gives NaN or infinity because it was handed some; "" where it does not."""
    if case.run is None or all(np.all(np.isfinite(v)) for v in case.outputs.values()):
        return ""
    probe = case.probe
    given = [
        leaf
        for name, value in zip(probe.subject.input_names, probe.subject.inputs, strict=True)
        for leaf in leaves(value, name)
    ]
    given += [(p.name, np.asarray(p.place.get())) for p in probe.subject.parameters]
    for name, value in given:
        bad = int(np.sum(~np.isfinite(value)))
        if bad:
            what = "NaN" if np.any(np.isnan(value)) else "infinity"
            return (
                f"{name} holds {what} ({bad} of {np.size(value)} numbers), and so does what comes out: "
                "nothing can be compared; hand in finite numbers"
            )
    return ""


def only_padding(case: Case, name: str) -> bool:
    """An embedding's padding row gets no gradient, by convention (`padding_idx`)."""
    a = case.a(name)
    if a.ndim != 2:
        return False
    for row in _padding_rows(case):
        if -len(a) <= row < len(a) and not np.any(a[row]):
            n = case.n(name).copy()
            n[row] = 0
            if case.same(a, n):
                return True
    return False


def _padding_rows(case: Case) -> set[int]:
    """By a name such as padding_idx; or, where rows are looked up by ids, as the row that backward sets to 0
    or leaves out: `self.dW[0] = 0`, `ids != 0`.
    """
    subject = case.probe.subject
    known = dict(getattr(subject.forward_function, "__globals__", {}))
    known |= {p.name: p.default for p in positional(subject.forward_function)}
    if subject.owner is not None:
        known |= dict(vars(type(subject.owner))) | stored_attributes(subject.owner)
    known |= {**dict(zip(subject.input_names, case.probe.inputs, strict=True)), **subject.kwargs}
    rows = {int(v) for k, v in known.items() if PADDING.match(k) and isinstance(v, (int, np.integer))}
    looked_up = any(is_array(v) and v.dtype.kind in "iu" for v in case.probe.inputs)
    tree = source_tree(subject.backward_function) if looked_up else None
    for node in ast.walk(tree) if tree is not None else ():
        found: list[ast.expr] = []
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            index = node.targets[0].slice
            if isinstance(node.value, ast.Constant) and node.value.value == 0:
                found = [index.elts[0] if isinstance(index, ast.Tuple) and index.elts else index]
        elif isinstance(node, ast.Compare):
            found = node.comparators
        rows |= {n.value for n in found if isinstance(n, ast.Constant) and type(n.value) is int}
    return rows


def in_steps(case: Case, name: str) -> bool:
    """Whether the outputs are constant but for jumps, wherever one looks: rounding, a sign, a threshold. The
    derivative is 0 almost everywhere, and what backward passes on instead is a matter of choice.
    """
    if case.a(name).size == 0 or not np.any(case.a(name)):
        return False
    if any(abs(slope) > NOTHING and not kink for _, slope, kink in case.slopes(name)):
        return False  # one direction tells more cheaply than all elements
    if np.abs(case.n(name)).max() > NOTHING:
        return False
    value = case.probe.value(name)
    rng = np.random.default_rng([41, 8_191])
    size = float(np.abs(value).mean()) or 1.0
    base = case.outputs
    jumps = False
    for _ in range(POINTS):
        point = value + size * rng.normal(size=value.shape)
        way = 1e-7 * size * rng.normal(size=value.shape)
        here, near = case.probe.outputs({name: point}), case.probe.outputs({name: point + way})
        moved = max(float(np.abs(near[n] - here[n]).max(initial=0)) for n in base)
        if 0 < moved < 1e-3 * max(float(np.abs(v).max(initial=0)) for v in here.values()):
            return False  # a slope
        jumps = jumps or any(not np.array_equal(here[n], base[n]) for n in base)
    return jumps


def straight_through(case: Case, names: list[str]) -> str:
    """What is said of such gradients."""
    arrives = [np.asarray(v, dtype=float) for v in case.probe.upstream.values()]
    passed = any(
        g.shape == case.a(n).shape and np.all((case.a(n) == g) | (case.a(n) == 0))
        for n in names
        for g in arrives
    )
    how = "passes on what arrives, a straight-through estimator" if passed else "puts another there"
    return (
        f"{', '.join(names)}: forward moves in steps, its derivative is 0 almost everywhere; backward "
        f"{how}, which no numerical gradient can check"
    )


__all__ = ["in_steps", "not_finite", "only_padding", "straight_through"]
