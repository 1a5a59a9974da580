"""The statement of an optimizer that goes wrong, read from the source: a bias correction, or the update."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from ..naming import LEARNING_RATES
from ..source.read import source_tree


def line_of(function: Callable[..., Any], words: str) -> int:
    """words: of `families.Match`, what is wrong. 0 where no statement can be told."""
    tree = source_tree(function)
    if tree is None:
        return 0
    if "counter" in words:
        return _last(n for n in _statements(tree) if _counts(n))
    corrections = [n for n in _statements(tree) if any(map(_corrects, ast.walk(n)))]
    uncorrected = words.startswith(("only the first", "the moments are not"))
    if uncorrected or not corrections:
        return _last(n for n in _statements(tree) if _has_root(n))
    return corrections[-1 if "second moment" in words else 0].lineno


def updating_line(function: Callable[..., Any]) -> int:
    """The last statement in which a learning rate stands; 0 where there is none."""
    tree = source_tree(function)
    return 0 if tree is None else _last(n for n in _statements(tree) if any(map(_is_rate, ast.walk(n))))


def _is_rate(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return bool(LEARNING_RATES.match(name))


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Those that hold no others, in the order of their lines."""
    plain = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return)
    yield from sorted((n for n in ast.walk(tree) if isinstance(n, plain)), key=lambda n: n.lineno)


def _last(statements: Iterator[ast.stmt]) -> int:
    return next((n.lineno for n in reversed(list(statements))), 0)


def _counts(node: ast.stmt) -> bool:
    """t += 1, or t = t + 1."""
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.Add) and _is_one(node.value)
    value = node.value if isinstance(node, ast.Assign) else None
    return (
        isinstance(node, ast.Assign)
        and isinstance(value, ast.BinOp)
        and isinstance(value.op, ast.Add)
        and _is_one(value.right)
        and ast.unparse(value.left) == ast.unparse(node.targets[0])
    )


def _corrects(node: ast.AST) -> bool:
    """Something over 1 - beta; something times 1 - beta ** t."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, (ast.Div, ast.Mult)):
        return False
    powers = [n for n in ast.walk(node.right) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Pow)]
    rests = [
        n
        for n in ast.walk(node.right)
        if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Sub) and _is_one(n.left)
    ]
    return bool(rests) and (isinstance(node.op, ast.Div) or any(n.right in powers for n in rests))


def _has_root(node: ast.stmt) -> bool:
    return "sqrt" in ast.unparse(node) or "** 0.5" in ast.unparse(node)


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1
