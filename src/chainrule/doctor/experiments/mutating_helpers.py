"""A function that backward calls changes what it is handed, and its caller needs that once more:

def relu_backward(dout, mask):
    dz = dout
    dz[~mask] = 0                   # dout is the same array
    return dz
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Iterator
from typing import Any

from ..case import Case
from ..report import Finding
from ..source.reach import exchanged, holders, reached
from ..source.read import source_tree
from ..structure import copied


def mutating_helpers(case: Case) -> Iterator[Finding]:
    """Each that writes into arrays is handed copies: is backward right then?"""
    subject = case.probe.subject
    root = inspect.unwrap(getattr(subject.backward_function, "__func__", subject.backward_function))
    called = reached(subject.backward_function, subject.owner, abroad=True)
    for helper in called if case.wrong else ():
        line = _writes_at(helper) if helper is not root else 0
        if not line:
            continue
        places = holders(helper, subject.owner, called, subject.backward_function)
        with exchanged(places, _on_copies(helper)):
            healed = case.repaired(case.again())
        if healed:
            name = helper.__name__
            yield case.finding(
                "mutates-upstream",
                healed,
                verified=True,
                place=(helper.__code__.co_filename, line),
                evidence={"right on copies": healed},
                detail=f"{name} changes in place what it is handed, and its caller uses that again; handed "
                f"copies, {', '.join(healed)} is right",
            )
            return


def _on_copies(helper: types.FunctionType) -> Any:
    def on_copies(*values: Any, **more: Any) -> Any:
        return helper(*map(copied, values), **{name: copied(value) for name, value in more.items()})

    return on_copies


def _writes_at(function: types.FunctionType) -> int:
    """The first line that writes into an argument, or into another name of it; 0 where there is none."""
    tree = source_tree(function)
    if tree is None:
        return 0
    names = {a.arg for a in tree.args.args} - {"self"}
    statements = [n for n in ast.walk(tree) if isinstance(n, (ast.Assign, ast.AugAssign))]
    for node in sorted(statements, key=lambda n: n.lineno):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in names:
            names |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            inside = target.value if isinstance(target, ast.Subscript) else target
            written = isinstance(target, ast.Subscript) or isinstance(node, ast.AugAssign)
            if written and isinstance(inside, ast.Name) and inside.id in names:
                return node.lineno
    return 0
