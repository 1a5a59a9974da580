"""The parts of a concatenation in another order; a variable that is computed and never read."""

from __future__ import annotations

import ast
import itertools
import re

from ...naming import CELLS
from .pool import Pool
from .statements import is_value
from .syntax import Family, at, expr

_JOINS = re.compile(r"(^|\.)(concatenate|concat|hstack|vstack|stack|block|c_|r_)$")


def orders(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """np.concatenate([di, df, dg, do]): the gates in another order."""
    if not isinstance(node, (ast.Call, ast.Subscript)):
        return
    called, first = (
        (node.func, node.args[0] if node.args else None)
        if isinstance(node, ast.Call)
        else (node.value, node.slice)
    )
    if not _JOINS.search(ast.unparse(called)) or not isinstance(first, (ast.List, ast.Tuple)):
        return
    parts = first.elts
    if not 2 <= len(parts) <= 4:
        return
    code = "gate-order-permuted" if len(parts) > 2 else "gradients-swapped"
    for order in itertools.permutations(range(len(parts))):
        if order == tuple(range(len(parts))):
            continue
        exchanged = at(type(first)([parts[i] for i in order], ast.Load()), first)
        new: ast.AST
        if isinstance(node, ast.Call):
            new = ast.Call(node.func, [exchanged, *node.args[1:]], node.keywords)  # type: ignore[list-item]
        else:
            new = ast.Subscript(node.value, exchanged, node.ctx)  # type: ignore[arg-type]
        yield code, f"the order {', '.join(ast.unparse(parts[i]) for i in order)}", at(new, node)


def unread(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """Where something is computed that nobody reads, it may have been meant to be added here."""
    if not pool.unread or not is_value(node, statement):
        return
    text = ast.unparse(node)
    for name in pool.unread:
        if name in {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}:
            continue
        code = "branch-overwritten"
        if re.search(r"next|carry|prev|last|_n$|_?h$|state", name):
            bare = re.sub(r"^_*(grad_?|d_?)", "", name)
            code = (
                "cell-gradient-dropped"
                if CELLS.search(bare) or bare[:1] == "c"
                else "hidden-gradient-dropped"
            )
        yield code, f"+ {name}", expr(f"({text}) + {name}", node)


def never_read(function: ast.FunctionDef) -> list[str]:
    """The variables that a function assigns and never reads; one that is only added up is not read either."""
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
    read = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    inner = {id(s) for t in ast.walk(function) if isinstance(t, ast.For) for s in ast.walk(t.target)}
    stored = [n.id for n in names if isinstance(n.ctx, ast.Store) and id(n) not in inner and n.id != "_"]
    unpacked = {
        part.id
        for s in ast.walk(function)
        if isinstance(s, ast.Assign)
        for t in s.targets
        if isinstance(t, (ast.Tuple, ast.List))
        for part in ast.walk(t)
        if isinstance(part, ast.Name)
    }
    return [n for n in dict.fromkeys(stored) if n not in read and n not in unpacked][:4]
