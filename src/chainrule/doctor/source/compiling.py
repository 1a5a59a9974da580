"""From a changed syntax tree back to a function."""

from __future__ import annotations

import ast
import types


def without_ornaments(tree: ast.FunctionDef) -> None:
    """Without decorators, annotations and defaults: those are taken from the original."""
    tree.decorator_list, tree.returns = [], None
    tree.args.defaults, tree.args.kw_defaults = [], [None] * len(tree.args.kwonlyargs)
    for argument in [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs]:
        argument.annotation = None


def compiled(function: types.FunctionType, tree: ast.FunctionDef) -> types.FunctionType | None:
    """A function of the same module, defaults and closure."""
    node = tree
    free = function.__code__.co_freevars
    body: list[ast.stmt] = [node]
    if free:
        outer = ast.parse(f"def __outer__({', '.join(free)}):\n    pass\n").body[0]
        assert isinstance(outer, ast.FunctionDef)
        outer.body = [node]
        body = [outer]
    module = ast.Module(body, [])
    if free:
        ast.fix_missing_locations(module)
    try:
        code: types.CodeType | None = compile(module, function.__code__.co_filename, "exec")
    except (SyntaxError, ValueError, TypeError):
        return None
    for name in ("__outer__", function.__name__) if free else (function.__name__,):
        code = next(
            (
                c
                for c in (code.co_consts if code else ())
                if isinstance(c, types.CodeType) and c.co_name == name
            ),
            None,
        )
    if code is None or code.co_freevars != free:
        return None
    new = types.FunctionType(
        code, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    new.__kwdefaults__ = function.__kwdefaults__
    return new
