"""Another variable of the same shape; another time step."""

from __future__ import annotations

import ast
import re

from ...naming import UPSTREAMS
from .pool import Pool
from .syntax import Family, expr


def names(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """Another variable of the same shape: a stale or exchanged one."""
    if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) or not isinstance(node.ctx, ast.Load):
        return
    text = ast.unparse(node)
    shape = pool.shapes.get(text)
    derivative = _of_a_derivative(statement)
    bent = derivative and text in _in_derivatives(statement)
    if shape is not None:
        for other in pool.arrays:
            alike = (other in pool.gradients) == (text in pool.gradients)
            if other != text and alike and pool.shapes.get(other) == shape:
                code = "activation-derivative-misplaced" if derivative else "gradient-mismatch"
                if other in pool.upstream and text in pool.upstream:
                    code = "unchained-upstream"
                if isinstance(node, ast.Subscript) and not bent and _beside(text, other):
                    continue  # below, under its own name
                yield code, f"{other} instead of {text}", expr(other, node)


def shifts(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """Another time step: c[t - 1] instead of c[t]."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return
    text = ast.unparse(node)
    bent = _of_a_derivative(statement) and text in _in_derivatives(statement)
    code = "hidden-gradient-dropped" if UPSTREAMS.match(_name_of(node)) else "time-step-misaligned"
    code = "activation-derivative-misplaced" if bent else code
    base = ast.unparse(node.value)
    for index in ast.walk(node.slice):
        if isinstance(index, ast.Name):
            for shift in (" - 1", " + 1"):
                new = re.sub(rf"\b{index.id}\b(?! [-+] 1)", index.id + shift, ast.unparse(node.slice))
                yield code, f"`{base}[{new}]` instead of `{text}`", expr(f"{base}[{new}]", node)
            plain = re.sub(rf"\b{index.id} [-+] 1\b", index.id, ast.unparse(node.slice))
            yield code, f"`{base}[{plain}]` instead of `{text}`", expr(f"{base}[{plain}]", node)


def lists(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """The same element of another list: self.zs[-l] instead of self.activations[-l]."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        base, index = ast.unparse(node.value), ast.unparse(node.slice)
        of_a_function = any(
            isinstance(call, ast.Call) and call.args == [node] and isinstance(call.func, ast.Name)
            for call in ast.walk(statement)
        )
        slope = of_a_function or _of_a_derivative(statement)
        code = "activation-derivative-misplaced" if slope else "gradient-mismatch"
        for other in pool.lists if base in pool.lists else ():
            if other != base:
                text = f"{other}[{index}]"
                yield code, f"{text} instead of {base}[{index}]", expr(text, node)


_DERIVATIVE = re.compile(
    r"1(\.0)? ?-|> ?0|\*\* ?2|sech|cosh|prime\(|deriv\w*\(|_?grad(ient)?\("
    r"|\b(d|der|grad)_?(sigmoid|tanh|relu|leaky|gelu|elu|selu|soft|silu|swish|act)\w*\(",
    re.I,
)


def _of_a_derivative(statement: ast.stmt) -> bool:
    return _DERIVATIVE.search(ast.unparse(statement)) is not None


def _in_derivatives(statement: ast.stmt) -> set[str]:
    """What stands in 1 - s, in a square or in a comparison: an activation's derivative is made of it."""
    found = set()
    for part in ast.walk(statement):
        one = isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) and ast.unparse(part.left) in "1.0"
        square = isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow)
        if one or square or isinstance(part, (ast.Compare, ast.Call)):
            found |= {ast.unparse(n) for n in ast.walk(part) if isinstance(n, ast.expr)}
    return found


def _beside(text: str, other: str) -> bool:
    """Whether two elements stand side by side: hs[t], hs[t - 1]."""
    return text != other and len({re.sub(r" [-+] 1(?=[\],])", "", t) for t in (text, other)}) == 1


def _name_of(node: ast.expr) -> str:
    """hs for self.hs[t][0]"""
    while isinstance(node, ast.Subscript):
        node = node.value
    return ast.unparse(node).rpartition(".")[2]
