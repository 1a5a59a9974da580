"""Small edits of a backward: each undoes one kind of mistake, and carries the code of that mistake.

An edit is a syntax tree of the whole function with one node exchanged. None of them is a guess about this
program: all are tried, and only one that makes every gradient right is ever reported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .factors import factors, terms
from .names import names
from .parts import never_read, orders, unread
from .pool import Pool
from .statements import assignments, constants, drops, signs
from .steps import steps
from .sums import axes, flips, windows
from .syntax import Family
from .transposes import transposes


@dataclass
class Edit:
    """One edit while it is applied: `tree` is the edited function until the next edit is asked for."""

    code: str
    what: str
    tree: ast.FunctionDef
    statement: ast.stmt  # as it stands now
    before: str
    line: int

    @property
    def after(self) -> str:
        return ast.unparse(self.statement)


def edits(function: ast.FunctionDef, pool: Pool, lines: set[int] | None = None) -> Iterator[Edit]:
    """All edits, the simplest first; `lines` restricts them to some statements."""
    pool = replace(pool, unread=never_read(function))
    for family in (
        unread,
        orders,
        assignments,
        signs,
        transposes,
        axes,
        windows,
        names,
        steps,
        flips,
        factors,
        terms,
        constants,
        drops,
    ):
        for target, statement in list(_sites(function, lines)):
            for code, what, new in _parsable(family(target, statement, pool)):
                yield from _applied(function, target, statement, code, what, new)


def _parsable(proposals: Family) -> Family:
    """A family's proposals up to one that is no Python: odd code makes odd texts."""
    try:
        yield from proposals
    except SyntaxError:
        return


def _sites(function: ast.FunctionDef, lines: set[int] | None) -> Iterator[tuple[ast.AST, ast.stmt]]:
    """Every node of every simple statement, with its statement."""
    for statement in ast.walk(function):
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)) and (
            lines is None or statement.lineno in lines
        ):
            for node in ast.walk(statement):
                if isinstance(node, (ast.expr, ast.stmt)):
                    yield node, statement


def _applied(
    function: ast.FunctionDef, target: ast.AST, statement: ast.stmt, code: str, what: str, new: ast.AST | None
) -> Iterator[Edit]:
    """The function with `target` exchanged for `new`, for as long as the consumer looks at it."""
    holder = None if new is None else _holder(function, statement, target)
    if holder is None:
        return
    owner, field, index = holder
    before, line = ast.unparse(statement), getattr(target, "lineno", 0)
    _put(owner, field, index, new)
    try:
        yield Edit(code, what, function, new if target is statement else statement, before, line)  # type: ignore[arg-type]
    finally:
        _put(owner, field, index, target)


def _holder(
    function: ast.FunctionDef, statement: ast.stmt, target: ast.AST
) -> tuple[ast.AST, str, int | None] | None:
    """The node, the field and the place in it where a node stands."""
    for owner in ast.walk(function if target is statement else statement):
        for field, value in ast.iter_fields(owner):
            if value is target:
                return owner, field, None
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if item is target:
                        return owner, field, index
    return None


def _put(owner: ast.AST, field: str, index: int | None, node: ast.AST | None) -> None:
    if index is None:
        setattr(owner, field, node)
    else:
        getattr(owner, field)[index] = node


__all__ = ["Edit", "Pool", "edits"]
