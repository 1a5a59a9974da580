"""Section C, and some of B and D, by experiments on the whole layer: the Jacobian's structure, an upstream
changed on purpose, weights exchanged between forward and backward, another stride or padding.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ..case import Case, close
from ..numeric import flat
from ..probe import Arrays
from ..report import Finding
from ..source.read import source_tree
from .local import DERIVATIVES, explain
from .repeated_ids import repeated_ids
from .scales import function_text
from .step import Step

LIMIT = 1_500_000


def structure(case: Case) -> Iterator[Finding]:
    """All of them."""
    repeated = list(repeated_ids(case))
    yield from repeated
    if repeated:
        return
    yield from jacobians(case)
    yield from selections(case)
    yield from upstream_corrected(case)
    yield from norm_scales(case)
    yield from weights_exchanged(case)
    yield from geometry(case)


def step_of(case: Case, name: str) -> Step | None:
    """The step from one input or parameter to the output."""
    value = case.probe.value(name)
    if value.size * sum(map(np.size, case.outputs.values())) > LIMIT or case.a(name).shape != value.shape:
        return None
    j = case.numeric.jacobian(name)
    outputs = list(case.outputs.values())
    y = outputs[0] if len(outputs) == 1 else flat(case.outputs)
    parameter = case.probe.is_parameter(name)
    several = len(outputs) > 1
    return Step(name, j, case.upstream, case.a(name), value, y, parameter, whole_numbers(case), several)


def whole_numbers(case: Case) -> list[np.ndarray]:
    """The inputs that may be ids."""
    return [v for v in case.probe.inputs if isinstance(v, np.ndarray) and np.issubdtype(v.dtype, np.integer)]


def jacobians(case: Case) -> Iterator[Finding]:
    """The structure of each Jacobian; a window that is the only one for x is so for the weights, too."""
    found = list(_jacobians(case))
    if any(f.code == "first-window-only" for f in found):
        for finding in found:
            if (
                finding.code in ("broadcast-not-summed", "last-step-only")
                and finding.evidence.get("kept") == "first"
            ):
                finding.rename("first-window-only")
    if any(f.code == "overlap-overwritten" for f in found) and _stores_by_index(case):
        for finding in found:
            if finding.code == "overlap-overwritten":
                finding.rename("duplicate-index-lost")
    yield from found


def _stores_by_index(case: Case) -> bool:
    """Whether backward writes into places that an array of indices gives, and never into slices."""
    tree = source_tree(case.probe.subject.backward_function)
    stores = (
        [n for n in ast.walk(tree) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)]
        if tree
        else []
    )
    arrays = [s for s in stores if not (isinstance(s.slice, ast.Constant) and isinstance(s.slice.value, str))]
    sliced = any(isinstance(n, ast.Slice) and (n.lower or n.upper) for s in arrays for n in ast.walk(s.slice))
    looped = any(isinstance(n, (ast.For, ast.While)) for n in ast.walk(tree)) if tree else False
    return bool(arrays) and not sliced and not looped and not speaks_of_windows(case)


def speaks_of_windows(case: Case) -> bool:
    """Whether forward's own words are those of a convolution or a pooling."""
    words = r"stride|pad|kernel|window|im2col|col2im|conv|pool|fold"
    return bool(re.search(words, function_text(case), re.I))


def _jacobians(case: Case) -> Iterator[Finding]:
    for name in case.wrong:
        step = step_of(case, name)
        if step is None or not case.numeric.smooth(name).all():
            continue
        for code, evidence, proof in explain(step):
            if code == "statistics-treated-constant" and not normalizes(case, name):
                continue
            yield case.finding(code, [name], verified=True, evidence=evidence, detail=f"{name}: {proof}")


def normalizes(case: Case, name: str) -> bool:
    """Whether the output ignores the scale of its input (a norm), at least nearly."""
    value = case.probe.value(name)
    y = flat(case.probe.outputs())
    scaled = flat(case.probe.outputs({name: 1.5 * value}))
    return bool(np.abs(scaled - y).max() < 0.02 * np.abs(y).max())


def upstream_corrected(case: Case) -> Iterator[Finding]:
    """Is everything right once g is multiplied with a derivative of the activation in front of the output?"""
    if case.probe.subject.is_loss or not case.wrong:
        return
    y = case.outputs
    candidates: list[tuple[str, str, Callable[[np.ndarray], np.ndarray]]] = []
    for right, f in DERIVATIVES.items():
        if right in ("1", "a", "1 - tanh(a)"):
            continue
        candidates.append(("activation-derivative-missing", right, f))
    for wrong, f in DERIVATIVES.items():
        for right, h in DERIVATIVES.items():
            if wrong != right and wrong not in ("1", "a > 0") and right not in ("1", "a", "1 - tanh(a)"):
                candidates.append(
                    ("activation-derivative-misplaced", f"{right} instead of {wrong}", _quotient(h, f))
                )
    for code, what, factor in candidates:
        with np.errstate(all="ignore"):
            g: Arrays = {n: case.probe.upstream[n] * factor(y[n]) for n in y}
        if not all(np.all(np.isfinite(v)) for v in g.values()):
            continue
        healed = case.repaired(case.again(upstream=g, rate=1e-7))
        if healed and (len(healed) == len(case.wrong)):
            yield case.finding(
                code,
                healed,
                verified=True,
                evidence={"factor": what, "a": "the output"},
                detail=f"with the gradient from above multiplied by {what}, where a is the output, "
                "backward is right",
            )
            return


def _quotient(
    h: Callable[[np.ndarray], np.ndarray], f: Callable[[np.ndarray], np.ndarray]
) -> Callable[[np.ndarray], np.ndarray]:
    return lambda a: h(a) / f(a)


def norm_scales(case: Case) -> Iterator[Finding]:
    """gamma left out: right for g * gamma. gamma outside of the means:
    right for g * gamma, divided by gamma.
    """
    inputs = list(case.wrong)
    if not inputs or case.probe.subject.is_loss or len(case.outputs) != 1:
        return
    ((out, y),) = case.outputs.items()
    for gamma in case.probe.names:
        value = case.probe.value(gamma)
        if value.size < 2 or (gamma in case.wrong and len(case.wrong) == 1):
            continue
        for shaped in _alignments(value, y.shape):
            g = {out: case.probe.upstream[out] * shaped}
            again = case.again(upstream=g, rate=1e-7)
            if not again:
                continue
            for name in case.wrong:
                if name == gamma or not isinstance(again.get(name), np.ndarray):
                    continue
                if case.explains(name, again[name]):
                    where = "left out of the gradient"
                elif _scales_like(case, name, y) and case.explains(name, again[name] / shaped):
                    where = "put outside of the means"
                else:
                    continue
                if not is_scale(case, gamma, out):
                    continue
                yield case.finding(
                    "norm-scale-dropped",
                    [name],
                    verified=True,
                    evidence={"scale": gamma},
                    detail=f"{gamma} is {where}: with the gradient from above multiplied by {gamma} "
                    f"first, {name}'s gradient is right; "
                    f"with a constant {gamma} the fault cannot be seen",
                )
                return


def _scales_like(case: Case, name: str, y: np.ndarray) -> bool:
    return case.probe.value(name).shape == y.shape


def is_scale(case: Case, name: str, out: str) -> bool:
    """Whether the output is linear in it, element by element."""
    value = case.probe.value(name)
    zero = case.probe.outputs({name: 0 * value})[out]
    once = case.outputs[out]
    twice = case.probe.outputs({name: 2 * value})[out]
    return close(twice - zero, 2 * (once - zero)) and not close(once, zero)


def _alignments(value: np.ndarray, shape: tuple[int, ...]) -> list[np.ndarray]:
    """The ways in which a parameter may stand against the output:
    trailing axes, or one axis of its length.
    """
    found = []
    try:
        if np.broadcast_shapes(value.shape, shape) == shape:
            found.append(value)
    except ValueError:
        pass
    flat_value = value.ravel()
    for axis, n in enumerate(shape):
        if n == flat_value.size and n > 1:
            found.append(flat_value.reshape([-1 if i == axis else 1 for i in range(len(shape))]))
    return found


def weights_exchanged(case: Case) -> Iterator[Finding]:
    """Backward gets another weight than forward had: with which one is it right?"""
    for name in case.probe.names:
        value = case.probe.value(name)
        if value.ndim < 1 or value.size < 2 or not case.wrong:
            continue
        for code, what, change in _exchanges(value):

            def put(_: Any, forward: Any, name: str = name, change: Any = change) -> None:
                case.probe.overwrite(name, change)

            healed = [n for n in case.repaired(case.again(between=put)) if n != name]
            if healed:
                yield case.finding(
                    code,
                    healed,
                    verified=True,
                    evidence={"weight": name, "right with": what},
                    detail=f"with {what} of {name} put in its place between forward and backward, the "
                    f"gradient of {', '.join(healed)} is right",
                )
                break


def _exchanges(value: np.ndarray) -> list[tuple[str, str, Callable[[np.ndarray], np.ndarray]]]:
    found: list[tuple[str, str, Callable[[np.ndarray], np.ndarray]]] = []
    if value.ndim >= 3:
        spatial = [
            axes
            for axes in ((-2, -1), (-1,), (0, 1), (1, 2), (0,), (1,), (2,), (-3, -2, -1))
            if len(axes) < value.ndim
        ]
        for axes in dict.fromkeys(tuple(sorted(a % value.ndim for a in axes)) for axes in spatial):
            found.append(
                ("kernel-not-flipped", f"the kernel flipped along axes {axes}", partial(np.flip, axis=axes))
            )
    if value.ndim == 1:
        found.append(("kernel-not-flipped", "the flipped kernel", lambda w: w[::-1].copy()))
    if value.ndim == 2:
        for axes in ((0, 1), (0,), (1,)):  # one axis: (width, channels) of a depthwise convolution
            found.append(("kernel-not-flipped", "the flipped kernel", partial(np.flip, axis=axes)))
        if value.shape[0] == value.shape[1]:
            found.append(("transpose-missing", "the transpose", lambda w: w.T.copy()))
    return found


def selections(case: Case) -> Iterator[Finding]:
    """Max pooling and its kin."""
    from .selection import selection

    yield from selection(case)


def geometry(case: Case) -> Iterator[Finding]:
    """Right with stride 1, or without padding: then that is what is handled wrongly."""
    from .geometry import misaligned

    yield from misaligned(case)
