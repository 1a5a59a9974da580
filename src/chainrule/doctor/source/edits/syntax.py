"""Syntax trees from text, in the place of others."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Family = Iterator[tuple[str, str, ast.AST]]


def parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def at(new: ast.AST, old: ast.AST) -> ast.AST:
    for node in ast.walk(new):
        if isinstance(node, (ast.expr, ast.stmt)):
            ast.copy_location(node, old)
    return ast.fix_missing_locations(new)


def expr(text: str, old: ast.AST) -> ast.AST:
    return at(parse(text), old)
