"""The statement of a wrong forward, where its text tells: what draws, what averages, what reads a weight."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from .exchange import changed, varied
from .moments import Moment, inside
from .names import functions_of, trees
from .scene import Scene

Spot = tuple[str, int]  # file, line

DRAWS = r"rand|binomial|bernoulli|uniform|normal\(|choice|permutation"
AVERAGES = r"\b(mean|var|std|average)\(|\.(mean|var|std)\("


def last_with(scene: Scene, pattern: str) -> Spot | None:
    """The last statement of forward, or of what it calls, whose text matches."""
    found = [s for s in _statements(scene) if re.search(pattern, ast.unparse(s))]
    return (_file(scene), found[-1].lineno) if found else None


def first_reading(scene: Scene, name: str, asking: bool = False) -> Spot | None:
    """The first statement that reads a weight or an input by its name. asking: also `if self.h is None`."""
    own = name.rpartition(".")[2]
    for statement in _statements(scene, ast.If) if asking else _statements(scene):
        value = statement.test if isinstance(statement, ast.If) else getattr(statement, "value", None)
        for node in ast.walk(value) if value is not None else ():
            key = node.value if isinstance(node, ast.Constant) else None
            if own in (getattr(node, "attr", None), getattr(node, "id", None), key):
                return _file(scene), statement.lineno
    return None


def looks_ahead(scene: Scene, index: int, axis: int, early: int, late: int) -> Moment | None:
    """The first value in which an early place of an axis as long as time moves with a late one."""
    within = inside(scene)
    if within is None:
        return None
    value = scene.inputs[index]
    length = value.shape[axis]
    other = varied(value, axis, late, scene.rng)
    if other is None:
        return None
    now = {m.key: m.value for m in within.watch(scene.replaced(index, other))[0]}

    def dirty(moment: Moment) -> bool:
        new = now.get(moment.key)
        if new is None or new.shape != moment.value.shape:
            return False
        moved = changed(moment.value, new)
        axes = [a for a, n in enumerate(moved.shape) if n == length]
        return bool(axes) and all(moved.take(early, a).any() for a in axes)

    return within.first_line(dirty)


def _statements(scene: Scene, *more: type[ast.stmt]) -> Iterator[Any]:
    """Of forward first, then of the functions that it calls in the same file."""
    file = _file(scene)
    for function, tree in zip(functions_of(scene), trees(scene), strict=False):
        if function.__code__.co_filename == file:
            plain = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, *more)
            found: list[Any] = [n for n in ast.walk(tree) if isinstance(n, plain)]
            yield from sorted(found, key=lambda n: n.lineno)


def _file(scene: Scene) -> str:
    function = scene.face.forward_function
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code.co_filename if code is not None else ""
