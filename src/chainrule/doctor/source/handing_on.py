"""Two gradients that are right under their own names, and exchanged where they are handed on:

return dx, dbeta, dgamma    dict(W=dU, U=dW)    self.dW, self.dU = grads
"""

from __future__ import annotations

import ast

from ..case import Case
from ..naming import belongs
from .adjoints import BackwardTrace, Moment
from .compiling import without_ornaments
from .edited import Edited
from .reach import reached
from .read import source_tree

Place = tuple[str, int]  # file, line


def handing_on(case: Case, exchanged: dict[str, str]) -> tuple[Place, str] | None:
    """The last statement that reads both of two such variables, and both lines: with their names exchanged in
    it, the gradients must be right. exchanged: of what a gradient that is given is the gradient, by name.
    """
    trace = BackwardTrace(case)
    if not trace.available:
        return None
    with trace.running():
        moments = trace.record()
    subject = case.probe.subject
    for p, q in exchanged.items():
        own, other = _right(case, moments, p), _right(case, moments, q)
        if own is None or other is None or own.site.function != other.site.function:
            continue
        for function in reached(subject.backward_function, subject.owner, abroad=True):
            code, tree = function.__code__, source_tree(function)
            if tree is None or (code.co_filename, code.co_name) != (own.site.file, own.site.function):
                continue
            without_ornaments(tree)
            names = own.site.name, other.site.name
            statement = _last_reading(tree, set(names))
            if statement is None:
                continue
            before = ast.unparse(statement)
            _Exchanged(*names).visit(statement)
            if {p, q} & set(case.doubtful) <= set(Edited(case, function, tree).healed()):
                return (code.co_filename, statement.lineno), f"- {before}\n+ {ast.unparse(statement)}"
    return None


def _right(case: Case, moments: list[Moment], name: str) -> Moment | None:
    """The last time that a variable which is called like this gradient has its numbers."""
    shape = case.n(name).shape
    fitting = [m for m in moments if m.value.shape == shape and belongs(m.site.name, name)]
    return next((m for m in reversed(fitting) if case.same(m.value, case.n(name))), None)


def _last_reading(tree: ast.FunctionDef, names: set[str]) -> ast.stmt | None:
    found = [
        s
        for s in ast.walk(tree)
        if isinstance(s, (ast.Assign, ast.Return, ast.Expr))
        and names <= {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    ]
    return max(found, key=lambda s: s.lineno, default=None)


class _Exchanged(ast.NodeTransformer):
    def __init__(self, one: str, other: str) -> None:
        self.names = {one: other, other: one}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load):
            node.id = self.names.get(node.id, node.id)
        return node


__all__ = ["handing_on"]
