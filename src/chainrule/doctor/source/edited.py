"""Backward with an edited function in the place of the original: which gradients are right then?"""

from __future__ import annotations

import ast
import types
from typing import Any

import numpy as np

from ..case import Case
from ..effort import spend_on_editing
from .compiling import compiled, without_ornaments
from .reach import holders, instead, reached
from .read import source_tree


def editable(function: types.FunctionType) -> ast.FunctionDef | None:
    """A function's syntax tree, to be edited; None where there is no source, or where an edit may never end:
    in a while loop.
    """
    tree = source_tree(function)
    if tree is None or any(isinstance(node, ast.While) for node in ast.walk(tree)):
        return None
    without_ornaments(tree)
    return tree


class Edited:
    """One function of a subject's backward, and the syntax tree that is edited and runs instead."""

    def __init__(self, case: Case, function: types.FunctionType, tree: ast.FunctionDef) -> None:
        self.case, self.function, self.tree = case, function, tree
        subject = case.probe.subject
        called = reached(subject.backward_function, subject.owner, abroad=True)
        self.places = holders(function, subject.owner, called, subject.backward_function)

    def healed(self) -> list[str]:
        """Which wrong gradients the tree, as it is now, makes right; nothing that was right may be wrong."""
        case, gradients = self.case, self._gradients()
        if gradients is None:
            return []
        healed = [name for name in case.doubtful if case.explains(name, gradients.get(name, np.nan))]
        if healed and any(
            not isinstance(gradients.get(n), np.ndarray) or not case.same(gradients[n], case.a(n))
            for n in case.right
        ):
            return []
        return healed

    def again(self, healed: list[str]) -> bool:
        """Whether they are right for another gradient from above, too."""
        case = self.case
        if case.probe.subject.is_loss:
            return True
        rng = np.random.default_rng([23, 8_191])
        g = {n: rng.normal(size=v.shape) for n, v in case.probe.upstream.items()}
        gradients = self._gradients(g)
        if gradients is None:
            return False
        return all(
            case.same(gradients[n], case.numeric.gradient(n, g))
            for n in healed
            if case.numeric.smooth(n).all()
        )

    def _gradients(self, upstream: Any = None) -> dict[str, Any] | None:
        """The gradients with the edited function in all the places of the original."""
        spend_on_editing(self.function.__code__)
        new = compiled(self.function, self.tree)
        if new is None:
            return None
        subject = self.case.probe.subject
        try:
            with instead(subject, "backward_function", self.function, new, self.places):
                return self.case.again(upstream=upstream)
        except Exception:
            return None
