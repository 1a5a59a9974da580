"""Does a position see the future, where it is not meant to?

Meant it must be: declared, named so, or evident from a flag or a triangular mask that the code uses. Which
axis is time shows in what moves: a position that changes later outputs only is causal, one that changes
earlier ones leaks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ...arrays_inside import places
from ...objects import stored_attributes
from ...report import Finding
from ...source.read import source_tree
from .cured import cured
from .exchange import changed, varied
from .names import functions_of, identifiers, named_time, own_names, says
from .said import finding
from .scene import Scene
from .spots import looks_ahead
from .spread import Reach, Spread

DECLARED = {"causal", "decoder", "autoregressive", "language-model", "language model", "gpt"}
NAMED = (
    r"causal|auto_?regress|\bgpt|_gpt|gpt_|^gpt|language_?model|look_?ahead|subsequent|wave_?net|"
    r"pixel_?cnn|next_token"
)
OTHERWISE = r"bidirect|reverse|prefix|non_?causal|acausal|encoder_only"
FLAGS = re.compile(r"(^|_)(causal|autoregressive|masked|mask_future|causal_mask)$", re.I)


def flag(scene: Scene) -> bool | None:
    """What a flag says, if there is one."""
    kept = stored_attributes(scene.face.owner) if scene.face.owner is not None else {}
    for name, value in (*scene.kwargs.items(), *kept.items()):
        if isinstance(value, (bool, np.bool_)) and FLAGS.search(name):
            return bool(value)
    return None


def meant(scene: Scene, declared: frozenset[str]) -> str:
    """Why this is meant to be causal: "declared", "named", "mask"; "" where nothing says so."""
    if {word.lower() for word in declared} & DECLARED:
        return "declared"
    said = flag(scene)
    names = own_names(scene)
    if said is False or says(names | identifiers(scene), OTHERWISE):
        return ""
    if said or says({n for n in names if not FLAGS.search(n)}, NAMED):
        return "named"
    return "mask" if _triangular_given(scene) or _triangular_code(scene) else ""


def _triangular_given(scene: Scene) -> bool:
    """A triangular mask among the arguments, or kept on the object and read by forward."""
    given = [*scene.inputs, *scene.kwargs.values()]
    owner = scene.face.owner
    if owner is not None:
        used = identifiers(scene)
        given += [p.get() for p in places(owner) if len(p.keys) == 1 and p.name.lower() in used]
        given += [v for n, v in stored_attributes(owner).items() if n.lower() in used]
    return any(_triangle(v) for v in given)


def _triangle(value: Any) -> bool:
    """Whether an array is a square of two values, one on each side of the diagonal."""
    if (
        not isinstance(value, np.ndarray)
        or value.ndim < 2
        or value.shape[-1] != value.shape[-2]
        or value.shape[-1] < 3
    ):
        return False
    square = value.reshape(-1, *value.shape[-2:])[0]
    if len(np.unique(square)) != 2:
        return False
    rows, columns = np.indices(square.shape)
    above, below = square[columns > rows], square[columns < rows]
    return bool(
        np.ptp(above.astype(float)) == 0 and np.ptp(below.astype(float)) == 0 and above[0] != below[0]
    )


def _triangular_code(scene: Scene) -> bool:
    """Whether the code makes a triangle of ones, not under a condition that is off."""
    return any(
        _makes_triangle(tree, scene) for f in functions_of(scene) if (tree := source_tree(f)) is not None
    )


def _makes_triangle(node: ast.AST, scene: Scene) -> bool:
    if isinstance(node, (ast.If, ast.IfExp)):
        known = _truth(node.test, scene)
        body = node.body if isinstance(node.body, list) else [node.body]
        otherwise = node.orelse if isinstance(node.orelse, list) else [node.orelse]
        taken = [*(body if known is True else []), *(otherwise if known is False else [])]
        return any(_makes_triangle(n, scene) for n in taken)
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("tril", "triu"):
        return any(word in ast.unparse(node) for word in ("ones", "full", "bool", "inf"))
    return any(_makes_triangle(child, scene) for child in ast.iter_child_nodes(node))


def _truth(test: ast.expr, scene: Scene) -> bool | None:
    """A condition's value where it is a plain flag; None where it is not known."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        value = _truth(test.operand, scene)
        return None if value is None else not value
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    kept = stored_attributes(scene.face.owner) if scene.face.owner is not None else {}
    value = scene.kwargs.get(name, kept.get(name))
    return bool(value) if isinstance(value, (bool, np.bool_)) else None


def causal_leak(scene: Scene, layers: list[Scene], why: str) -> Iterator[Finding]:
    """Exchanges one position after the other and looks at the outputs before it."""
    for index in scene.data():
        order = time_order(scene, index)
        if order is None or order.forward_only or (order.backward_only and why == "mask"):
            continue
        early, late = order.example
        spread = Spread.of_slices(scene, index, order.axis) if layers else None
        length = scene.inputs[index].shape[order.axis]
        culprit = spread.culprit(partial(_looks_ahead, length)) if spread else None
        place = next((s for s in layers if culprit is not None and s.path == culprit.path), scene)
        cure = cured(place, partial(_only_the_past, scene, index, order))
        at = looks_ahead(scene, index, order.axis, early, late) if place is scene and cure is None else None
        found = finding(
            "causal-leak",
            place,
            f"exchanging position {late} of {scene.names[index]} (axis {order.axis}) alone changes the "
            "output at the"
            f" earlier position {early}; it is meant to be causal ({why})",
            {
                "time axis": order.axis,
                "position changed": late,
                "output that moved": early,
                "earlier outputs that move": order.leaks,
            },
            at=at,
            spot=cure[0] if cure is not None else None,
        )
        if cure is not None:
            found.fix = cure[1]
            found.detail += f"; with another constant in line {found.line} it sees just the past"
        yield found
        return


def _only_the_past(scene: Scene, index: int, order: Order) -> bool:
    """Whether all that a position has seen of the past is still seen, and no longer the future."""
    early, late = order.example
    value = varied(scene.inputs[index], order.axis, late, scene.rng)
    if value is None:
        return False
    base, y = scene.first(), scene.first(scene.replaced(index, value))
    if base.shape != scene.y.shape or y.shape != base.shape or changed(base, y).take(early, order.out).any():
        return False
    now = Order(order.axis, order.out, scene.moved(index, order.axis, base))
    past = {(t, s) for t, s in order.links if t >= s}
    return now.forward_only and past <= set(now.links)


class Order:
    """What moves along one pair of axes of input and output."""

    def __init__(self, axis: int, out: int, moved: Reach) -> None:
        self.axis, self.out = axis, out
        self.links: list[tuple[int, int]] = []  # (output position, input position)
        for position, mask in moved.items():
            rest = tuple(a for a in range(mask.ndim) if a != out)
            self.links += [(int(t), position) for t in np.flatnonzero(mask.any(rest))]

    @property
    def leaks(self) -> int:
        return sum(t < s for t, s in self.links)

    @property
    def forward_only(self) -> bool:
        return self.leaks == 0

    @property
    def backward_only(self) -> bool:
        return not any(t > s for t, s in self.links)

    @property
    def one_to_one(self) -> bool:
        return all(t == s for t, s in self.links)

    @property
    def example(self) -> tuple[int, int]:
        return next(((t, s) for t, s in self.links if t < s), (0, 0))


def time_order(scene: Scene, index: int) -> Order | None:
    """The order along the time axis; None where no axis can be taken for time."""
    x, named = scene.inputs[index], named_time(scene, index)
    found: list[Order] = []
    for axis in range(x.ndim):
        if x.shape[axis] < 2:
            continue
        after = scene.following(index, axis)
        if after is None and axis == named:
            after = [b for b, n in enumerate(scene.y.shape) if n == x.shape[axis]]
        for out in after or []:
            if scene.y.shape[out] == x.shape[axis]:
                found.append(Order(axis, out, scene.moved(index, axis)))
    mixing = [o for o in found if o.links and not o.one_to_one]
    if any(o.forward_only for o in mixing):
        return next(o for o in mixing if o.forward_only)
    if any(o.axis == named for o in mixing):
        return next(o for o in mixing if o.axis == named)
    if any(o.axis == named for o in found if o.links):  # time is kept apart, position by position
        return None
    return mixing[0] if len({o.axis for o in mixing}) == 1 else None


def _looks_ahead(length: int, reach: Reach) -> bool:
    """Whether, along every axis as long as time, something before an exchanged position has moved."""
    shape = next(iter(reach.values())).shape if reach else ()
    axes = [a for a, n in enumerate(shape) if n == length]
    return bool(axes) and all(not Order(-1, axis, reach).forward_only for axis in axes)
