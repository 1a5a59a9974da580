"""What the pieces that code takes of an argument say about the whole.

np.split(x, 2, axis=1)      x[:, :d] and x[:, d:]       as many features as two layers of d have
p[:, 0]                                                 one number for each sample
left[b] @ W[k] @ right[b]                               W is a row of matrices
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .facts import Facts


class Pieces:
    """Notes on the facts what each piece says; remembers where slices end."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.ends: set[str] = set()

    def taken(self, axes: list[ast.expr]) -> None:
        """x[axes], without axes that are new."""
        if not axes:
            return
        *before, last = axes
        if isinstance(last, ast.Slice):
            self._half(last)
        if len(before) == 1 and isinstance(before[0], ast.Slice) and ast.unparse(before[0]) == ":":
            number = isinstance(last, ast.Constant) and type(last.value) is int
            self.facts.columns.add(last.value if number else -1)  # type: ignore[attr-defined]

    def _half(self, part: ast.Slice) -> None:
        if part.lower is None and part.upper is not None and not isinstance(part.upper, ast.Constant):
            self.ends.add(ast.unparse(part.upper))
        elif part.upper is None and part.lower is not None and ast.unparse(part.lower) in self.ends:
            self.facts.parts = max(self.facts.parts, 2)

    def handed(self, name: str, more: list[ast.expr]) -> None:
        """np.pad(x, ...), np.transpose(x, ...), np.split(x, ...)"""
        what = more[0] if more else None
        items = what.elts if isinstance(what, (ast.Tuple, ast.List)) else []
        pairs = items and isinstance(items[0], (ast.Tuple, ast.List))
        if items and (name == "transpose" or (name == "pad" and pairs)):
            self.facts.ranks.add(len(items))
        if name in ("split", "hsplit") and isinstance(what, ast.Constant) and type(what.value) is int:
            self.facts.parts = max(self.facts.parts, what.value)

    def beside(self, name: str, given: list[ast.expr], is_it: Callable[[ast.AST], bool]) -> None:
        """A + np.eye(len(A)): it is square. np.isnan(y): something of it may be missing."""
        self.facts.gappy |= name == "isnan" and bool(given) and is_it(given[0])
        if name in ("eye", "identity") and given and isinstance(given[0], ast.Call):
            self.facts.square |= any(is_it(a) for a in given[0].args)

    def multiplied(self, product: ast.BinOp, is_it: Callable[[ast.AST], bool]) -> None:
        """x[k] @ b, a @ x[k]: at least vectors; a @ x[k] @ b: matrices."""
        if not isinstance(product.op, ast.MatMult):
            return
        left, inner = product.left, None
        if isinstance(left, ast.BinOp) and isinstance(left.op, ast.MatMult):
            inner = left.right
        for side in (left, product.right, inner):
            if isinstance(side, ast.Subscript) and isinstance(side.slice, ast.Name) and is_it(side.value):
                self.facts.least = max(self.facts.least, 3 if side is inner else 2)
