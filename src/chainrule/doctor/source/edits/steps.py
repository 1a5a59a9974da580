"""A whole sequence, one step earlier or later."""

from __future__ import annotations

import ast

from .pool import Pool
from .syntax import Family, expr

NUMPY = "__import__('numpy')"


def steps(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """The states before each step, where those after it stand, or the other way round. The first (last) of
    them is a state that backward knows, or 0.
    """
    if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
        return
    text = ast.unparse(node)
    shape = pool.shapes.get(text, ())
    for axis in (0, 1) if len(shape) > 2 else ():
        if shape[axis] < 2:
            continue
        all_before = ":, " * axis
        first, last = f"{text}[{all_before}:1]", f"{text}[{all_before}-1:]"
        rest = {"earlier": f"{text}[{all_before}:-1]", "later": f"{text}[{all_before}1:]"}
        states = [s for s in pool.arrays if pool.shapes.get(s) == shape[:axis] + shape[axis + 1 :]]
        ends = [f"{NUMPY}.expand_dims({s}, {axis})" for s in states]
        for way in rest:
            zeros = f"{NUMPY}.zeros_like({first if way == 'earlier' else last})"
            for end in [zeros, *ends]:
                parts = [end, rest[way]] if way == "earlier" else [rest[way], end]
                new = f"{NUMPY}.concatenate([{', '.join(parts)}], {axis})"
                yield "time-step-misaligned", f"{text} one step {way}", expr(new, node)
