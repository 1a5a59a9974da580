"""Section B: what must be done to the wrong gradient to make it right?

Every hypothesis here predicts the numerical gradient n from the returned one a (scaled, transposed, summed,
exchanged with another, ...). Only a prediction that comes true is reported.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..case import Case, close
from ..report import Finding
from ..source.handing_on import handing_on
from .counts import ratio
from .deliberate import clipped, weight_decay
from .index_collapsed import index_collapsed
from .one_output import of_one_output
from .order import axes_of, places
from .scales import scaled


def algebra(case: Case) -> Iterator[Finding]:
    """All of them, for every wrong gradient."""
    yield from swapped(case)
    yield from scaled(case)
    for name in case.doubtful:
        yield from of_one_output(case, name)
        yield from axes_exchanged(case, name)
        yield from summed_wrongly(case, name)
        yield from index_collapsed(case, name)
        yield from blocks_permuted(case, name)
        yield from weight_decay(case, name)
    yield from clipped(case)


def swapped(case: Case) -> Iterator[Finding]:
    """a of p is n of q."""
    found = []
    for p, q in itertools.product(case.doubtful, [n for n in case.probe.names if n not in case.absent]):
        if (
            p == q
            or case.a(p).shape != case.probe.value(q).shape
            or (len(case.doubtful) == 1 and case.a(p).size < 3)
            or ratio(case.a(p), case.n(p)) is not None
        ):
            continue
        a, n = case.a(p), case.n(q)
        if case.same(a, n) and not case.same(n, case.n(p) if case.n(p).shape == n.shape else n + 1):
            found.append((p, q))
    if found:
        names = list(dict.fromkeys(itertools.chain(*found)))
        at = handing_on(case, dict(found)) if names[0] in case.probe.names else None
        more: dict[str, Any] = {"fix": at[1]} if at is not None else {}
        both = any(q in case.doubtful for _, q in found)  # else one copies another, which is right
        yield case.finding(
            "gradients-swapped",
            names,
            verified=both or set(case.doubtful) <= set(names),
            place=at[0] if at is not None else None,
            evidence={"is the gradient of": dict(found)},
            detail="; ".join(
                f"what is given as the gradient of {p} is the gradient of {q}" for p, q in found
            ),
            **more,
        )


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
    shape, strides = axes_of(places(a, n))
    if shape and not any(blocks_permuted(case, name)):  # of four gates, exchanging two in the middle is both
        yield case.finding(
            "reshape-for-transpose",
            [name],
            verified=True,
            evidence={"same sorted values": True, "axes": shape, "their steps in the gradient": strides},
            detail=f"it holds the right numbers in the wrong order: as {shape}, axes have to be exchanged "
            "before the reshape",
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
    if _broadcasts(a, n) and ratio(a, n) is None:  # (n constant there, too: then it is a matter of counts)
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
    a = case.a(name)
    if a.shape != case.probe.value(name).shape:
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


__all__ = ["Any", "algebra"]
