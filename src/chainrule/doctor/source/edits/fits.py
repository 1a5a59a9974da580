"""What makes the shapes of one line fit: a transpose, a sum over what was repeated, an added axis."""

from __future__ import annotations

import ast

from .pool import Pool
from .syntax import Family, expr

READINGS = (
    ("a transpose", "({}).T"),
    ("a sum over axis 0", "({}).sum(axis=0)"),
    ("a sum over axis 0", "({}).sum(axis=0, keepdims=True)"),
    ("a sum over the last axis", "({}).sum(axis=-1, keepdims=True)"),
    ("a sum over two axes", "({}).sum(axis=(0, 1))"),
    ("a sum over the axes of batch and image", "({}).sum(axis=(0, 2, 3))"),
    ("an added axis", "({})[:, None]"),
    ("an added axis", "({})[..., None]"),
    ("an added axis", "({})[:, None, :]"),
    ("added axes", "({})[:, None, None]"),
    ("the last two axes exchanged", "({}).swapaxes(-1, -2)"),
)


def fits(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """Every reading of every value in the line."""
    if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp)):
        return
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    text = ast.unparse(node)
    called = {id(n.func) for n in ast.walk(statement) if isinstance(n, ast.Call)}
    if id(node) in called or text in ("np", "numpy", "self"):
        return
    for what, template in READINGS:
        yield "backward-raises", what, expr(template.format(text), node)
