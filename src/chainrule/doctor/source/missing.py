"""A gradient that is never filled: which statement is missing? One like that of another parameter,

    self.dbx += da.sum(0)      ->      self.dbh += dc.sum(0)

made of other arrays of the same shapes.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from ..allowance import Allowance
from ..case import Case
from ..naming import belongs
from .edited import Edited, editable
from .edits.syntax import parse
from .mentioned import mentioned
from .reach import reached

SECONDS = 0.6
Shapes = dict[str, tuple[int, ...]]


class Missing(NamedTuple):
    place: tuple[str, int]  # the statement behind which it is missing
    text: str


def missing(case: Case, name: str) -> Missing | None:
    """The statement that, added behind another one, makes the gradient right."""
    subject = case.probe.subject
    shapes, allowance = mentioned(case).shapes, Allowance(SECONDS)
    for function in reached(subject.backward_function, subject.owner, abroad=True):
        tree = editable(function)
        if tree is None:
            continue
        edited = Edited(case, function, tree)
        for body, sibling, stem in _siblings(case, tree):
            for new in _like(case, tree, sibling, stem, name, shapes):
                if allowance.spent():
                    return None
                at = next(i for i, s in enumerate(body) if s is sibling) + 1
                body.insert(at, new)
                healed = edited.healed()
                fine = name in healed and edited.again(healed)
                del body[at]
                if fine:
                    return Missing((function.__code__.co_filename, sibling.lineno), ast.unparse(new))
    return None


def _siblings(
    case: Case, tree: ast.FunctionDef
) -> Iterator[tuple[list[ast.stmt], ast.Assign | ast.AugAssign, str]]:
    """The statements that give another parameter's gradient, with the block in which they stand."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for statement in body:
            if isinstance(statement, (ast.Assign, ast.AugAssign)):
                stem = _identifier(_target(statement))
                if any(belongs(stem, r) or stem == r.rpartition(".")[2] for r in case.right):
                    yield body, statement, stem


def _target(statement: ast.Assign | ast.AugAssign) -> ast.expr:
    return statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0]


def _identifier(target: ast.expr) -> str:
    """dW, of dW, self.dW, grads["dW"]"""
    if isinstance(target, ast.Subscript):
        key = target.slice.value if isinstance(target.slice, ast.Constant) else None
        return key if isinstance(key, str) else ""
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def _like(
    case: Case,
    tree: ast.FunctionDef,
    sibling: ast.Assign | ast.AugAssign,
    stem: str,
    name: str,
    shapes: Shapes,
) -> Iterator[ast.Assign | ast.AugAssign]:
    """Copies of a statement that fill the other gradient: with the same arrays, one other, two others."""
    parameter = next((p for p in case.probe.subject.parameters if p.name == name), None)
    if parameter is not None and parameter.gradient is not None:
        own = [parameter.gradient.name]
    else:
        own = [n for n in {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if belongs(n, name)]
    text = ast.unparse(sibling)
    places = [t for t in _arrays(sibling.value) if t in shapes]
    for stored, count in itertools.product(own, (0, 1, 2)):
        for some in itertools.combinations(places, count):
            others = [[t for t, s in shapes.items() if s == shapes[p] and t != p] for p in some]
            for chosen in itertools.product(*others):
                new: Any = ast.parse(text).body[0]
                _renamed(_target(new), stem, stored)
                new.value = _Other(dict(zip(some, chosen, strict=True))).visit(new.value)
                yield ast.fix_missing_locations(ast.increment_lineno(new, sibling.lineno - 1))


def _arrays(value: ast.expr) -> list[str]:
    nodes = (ast.Name, ast.Attribute, ast.Subscript)
    return list(dict.fromkeys(ast.unparse(n) for n in ast.walk(value) if isinstance(n, nodes)))


def _renamed(target: ast.expr, stem: str, stored: str) -> None:
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        target.slice.value = stored
    elif isinstance(target, ast.Attribute):
        target.attr = stored
    elif isinstance(target, ast.Name):
        target.id = stored


class _Other(ast.NodeTransformer):
    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            other = self.texts.get(ast.unparse(node))
            if other is not None:
                return parse(other)
        return super().generic_visit(node)


__all__ = ["Missing", "missing"]
