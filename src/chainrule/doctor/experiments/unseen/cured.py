"""A constant of forward by which it is off by one: with which other one is what should not be seen, and only
that, out of sight?

    np.triu(ones, k=2)    left = pad // 2    keys[: t + 2]
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ...allowance import Allowance
from ...errors import SubjectError
from ...source.compiling import compiled, without_ornaments
from ...source.edits import Pool, edits
from ...source.edits.numbers import constants, places
from ...source.reach import holders, instead, reached
from ...source.read import source_tree
from .scene import Scene
from .spots import Spot

SECONDS = 0.5


def cured(scene: Scene, right: Callable[[], bool]) -> tuple[Spot, str] | None:
    """The constant nearest to what stands there with which `right` is true, and both lines. It is asked with
    the edited forward in the place of the user's; that the code refuses the constant counts as no.
    """
    allowance = Allowance(SECONDS)
    called = reached(scene.face.forward_function, scene.face.owner, abroad=True)
    changes = [change for function in called for change in _changes(function)]
    for change in sorted(changes, key=lambda c: c.by):
        if allowance.spent():
            return None
        where = holders(change.function, scene.face.owner, called, scene.face.forward_function)
        with instead(scene.face, "forward_function", change.function, change.new, where):
            try:
                fine = right()
            except SubjectError:
                fine = False
        if fine:
            return (change.function.__code__.co_filename, change.line), change.diff
    return None


class _Change(NamedTuple):
    by: float  # how far the new constant is from the old one
    line: int
    diff: str
    function: Any
    new: Any


def _changes(function: types.FunctionType) -> Iterator[_Change]:
    tree = source_tree(function)
    if tree is None:
        return
    without_ornaments(tree)
    for edit in edits(tree, Pool([], [], [], {}), families=(constants, places)):
        new = compiled(function, tree)
        if new is not None:
            old, other = (float(ast.literal_eval(ast.unparse(n))) for n in edit.exchange[3:])
            diff = f"- {edit.before}\n+ {edit.after}"
            yield _Change(abs(other - old), edit.line, diff, function, new)


__all__ = ["cured"]
