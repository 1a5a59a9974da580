"""Code that differentiates itself: forward's operations leave closures, or nodes of a graph, that hand their
gradients on (`self.grad += other.data * out.grad`). A value that is used twice needs the `+=`.

The steps back are no functions that backward calls by name, so they are looked for where operations are: in
the classes of the user's file, and in functions inside of functions.
"""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterator
from contextlib import ExitStack

from ..case import Case
from ..projects import is_foreign_module
from ..report import Finding
from ..source.compiling import compiled, without_ornaments
from ..source.reach import Called, exchanged, plain, reached
from ..source.read import source_tree

_GRADIENT = re.compile(r"^_*(d(?!ata|im|type)|g|grad|delta|up|err|adj|bar)|grad$|_bar$", re.I)


def engine(case: Case) -> Iterator[Finding]:
    """Is everything right with `+=` for `=` in the steps of one operation, or of all?"""
    found = list(_operations(case)) if case.doubtful else []
    for group in [[f] for f in found] + ([found] if len(found) > 1 else []):
        with ExitStack() as edited:
            for _, new, _, held in group:
                edited.enter_context(exchanged(held, new))
            gradients = case.again()
        healed = case.repaired(gradients)
        if not healed or any(not case.same((gradients or {})[n], case.a(n)) for n in case.right):
            continue
        function, _, statements, _ = group[0]
        lines = ", ".join(str(s.lineno) for s in statements)
        first = ast.unparse(statements[0])
        yield case.finding(
            "branch-overwritten",
            healed,
            verified=len(healed) == len(case.doubtful),
            place=(function.__code__.co_filename, statements[0].lineno),
            evidence={"operations": [f.__name__ for f, *_ in group]},
            fix=f"- {first}\n+ {first.replace(' = ', ' += ', 1)}",
            detail=f"a value that several operations use gets a gradient from each; with += instead of = in "
            f"line{'s' if len(statements) > 1 else ''} {lines} of {function.__name__}, the gradient of "
            f"{', '.join(healed[:6])} is right",
        )
        return


Operation = tuple[types.FunctionType, types.FunctionType, list[ast.Assign], list[Called]]


def _operations(case: Case) -> Iterator[Operation]:
    """Functions in which a gradient is handed on by `=`: themselves, with `+=`, these statements, and where
    they are held.
    """
    for function, places in _candidates(case).values():
        tree = source_tree(function)
        if tree is None:
            continue
        without_ornaments(tree)
        scopes = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        bodies = {id(s) for scope in scopes if scope is not tree for s in ast.walk(scope)}
        me = tree.args.args[0].arg if tree.args.args else ""
        statements = [
            n
            for n in ast.walk(tree)
            if isinstance(n, ast.Assign) and _hands_on(n, "" if id(n) in bodies else me)
        ]
        if not statements:
            continue
        new = compiled(function, _Adding(statements).visit(tree))
        if new is not None:
            yield function, new, statements, places


def _hands_on(statement: ast.Assign, me: str) -> bool:
    """other.grad = something; of a method, not self.grad, which is its own affair."""
    target = statement.targets[0]
    return (
        len(statement.targets) == 1
        and isinstance(target, ast.Attribute)
        and bool(_GRADIENT.search(target.attr))
        and not (isinstance(target.value, ast.Name) and target.value.id == me)
        and any(isinstance(n, (ast.Name, ast.Attribute)) for n in ast.walk(statement.value))
        and ast.unparse(target) not in ast.unparse(statement.value)
        and not re.search(r"zeros", ast.unparse(statement.value))
    )


class _Adding(ast.NodeTransformer):
    def __init__(self, statements: list[ast.Assign]) -> None:
        self.statements = statements

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if not any(node is s for s in self.statements):
            return node
        target = node.targets[0]
        assert isinstance(target, ast.Attribute)
        return ast.copy_location(ast.AugAssign(target, ast.Add(), node.value), node)


def _candidates(case: Case) -> dict[int, tuple[types.FunctionType, list[Called]]]:
    """The methods of the user's other classes, and functions with functions inside of them."""
    subject = case.probe.subject
    own = type(subject.owner).__mro__ if subject.owner is not None else ()
    found: dict[int, tuple[types.FunctionType, list[Called]]] = {}
    roots = [
        f
        for root in (subject.forward_function, subject.backward_function)
        for f in reached(root, subject.owner, abroad=True)
    ]
    scopes = list({id(f.__globals__): f.__globals__ for f in roots}.values())
    for scope in scopes:
        for name, value in list(scope.items()):
            if isinstance(value, type) and value not in own and is_foreign_module(value.__module__):
                held = [(value, n, v) for n, v in list(vars(value).items()) if n != "__init__"]
            elif isinstance(value, types.FunctionType) and _has_inner(value):
                held = [(scope, name, value)]  # type: ignore[list-item]
            else:
                continue
            for holder, key, what in held:
                function = plain(what)
                if function is not None:
                    places = found.setdefault(id(function), (function, []))[1]
                    places.append(Called(function, holder, key, what))
    return found


def _has_inner(function: types.FunctionType) -> bool:
    return any(isinstance(c, types.CodeType) for c in function.__code__.co_consts)


__all__ = ["engine"]
