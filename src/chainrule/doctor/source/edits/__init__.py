"""Small edits of a backward: each undoes one kind of mistake, and carries the code of that mistake.

An edit is a syntax tree of the whole function with one node exchanged. None of them is a guess about this
program: all are tried, and only one that makes every gradient right is ever reported.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

from .factors import any_derivative, carried, derivatives, factors, products, roots, terms
from .names import lists, names, shifts
from .numbers import constants, places
from .parts import never_read, orders, unread
from .pool import Pool
from .statements import assignments, drops, limits, signs
from .steps import steps
from .sums import axes, flips, windows
from .syntax import Family
from .transposes import transposes

Proposing = Callable[[ast.AST, ast.stmt, Pool], Family]
# the simplest first, and those first of which there are few
FEW: tuple[Proposing, ...] = (
    unread, orders, assignments, signs, constants, transposes, axes, windows, carried,
    limits, shifts, roots, derivatives, lists,
)  # fmt: skip
MANY: tuple[Proposing, ...] = (
    names, any_derivative, products, steps, flips, factors, terms, places, drops,
)  # fmt: skip


@dataclass
class Edit:
    """One edit. It is applied until the next one is asked for."""

    code: str
    what: str
    edited: ast.stmt  # the original statement
    line: int
    family: Proposing
    exchange: Exchange

    @property
    def kind(self) -> tuple[str, str]:
        return self.code, self.what

    @property
    def how(self) -> str:
        """In a sentence: with a transpose, without the factor 2, divided by n."""
        return in_words(self.what)

    @property
    def before(self) -> str:
        with self.exchange.holding(self.exchange.old):
            return ast.unparse(self.edited)

    @property
    def after(self) -> str:
        whole = self.exchange.new if self.exchange.old is self.edited else self.edited
        with self.exchange.holding(self.exchange.new):
            return ast.unparse(whole)


def in_words(what: str) -> str:
    return what if what.startswith(("with", "divided", "times")) else f"with {what}"


class Exchange(NamedTuple):
    """A node of a syntax tree, and the one that may stand in its place."""

    owner: ast.AST
    field: str
    place: int | None  # in the field, where that is a list
    old: ast.AST
    new: ast.AST

    @contextmanager
    def holding(self, node: ast.AST) -> Iterator[None]:
        """Inside the block, the old or the new one stands there."""
        before = getattr(self.owner, self.field)
        before = before if self.place is None else before[self.place]
        self._put(node)
        try:
            yield
        finally:
            self._put(before)

    def _put(self, node: ast.AST) -> None:
        if self.place is None:
            setattr(self.owner, self.field, node)
        else:
            getattr(self.owner, self.field)[self.place] = node


def edits(
    function: ast.FunctionDef,
    pool: Pool,
    lines: list[int] | None = None,
    families: tuple[Proposing, ...] = FEW + MANY,
) -> Iterator[Edit]:
    """All edits, the simplest first; `lines` restricts them to some statements, in this order."""
    pool = replace(pool, unread=never_read(function))
    for family in families:
        for target, statement in list(_sites(function, lines)):
            for code, what, new in _parsable(family(target, statement, pool)):
                yield from _applied(function, target, statement, family, code, what, new)


def _parsable(proposals: Family) -> Family:
    """A family's proposals up to one that is no Python: odd code makes odd texts."""
    try:
        yield from proposals
    except SyntaxError:
        return


def _sites(function: ast.FunctionDef, lines: list[int] | None) -> Iterator[tuple[ast.AST, ast.stmt]]:
    """Every node of every simple statement, with its statement."""
    simple = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)
    statements = [s for s in ast.walk(function) if isinstance(s, simple)]
    if lines is not None:
        statements = sorted((s for s in statements if s.lineno in lines), key=lambda s: lines.index(s.lineno))
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, (ast.expr, ast.stmt)) and not _is_hint(node, statement):
                yield node, statement


def _is_hint(node: ast.AST, statement: ast.stmt) -> bool:
    return isinstance(statement, ast.AnnAssign) and any(node is n for n in ast.walk(statement.annotation))


def _applied(
    function: ast.FunctionDef,
    target: ast.AST,
    statement: ast.stmt,
    family: Proposing,
    code: str,
    what: str,
    new: ast.AST | None,
) -> Iterator[Edit]:
    """The function with `target` exchanged for `new`, for as long as the consumer looks at it."""
    holder = None if new is None else _holder(function, statement, target)
    if holder is None:
        return
    exchange = Exchange(*holder, target, new)  # type: ignore[arg-type]
    with exchange.holding(exchange.new):
        yield Edit(code, what, statement, getattr(target, "lineno", 0), family, exchange)


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


__all__ = ["Edit", "Pool", "edits"]
