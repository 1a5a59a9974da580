"""What a name in somebody's code stands for: a function of the file, a method, a layer, a dict."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from ..objects import backward_of, forward_of, stored_attributes


class Resolver(ast.NodeVisitor):
    """Looks things up without running anything.

    own: what the code calls the object (`self`); owner: that object, or its class; names: the globals.
    """

    def __init__(self, own: str, owner: Any, names: dict[str, Any]) -> None:
        self.own, self.owner, self.names = own, owner, names
        self.loops: dict[str, Any] = {}  # loop variables that stand for the first layer of a list

    def keys_of(self, node: ast.AST) -> list[str]:
        """The keys of a dict of the file, or of one that is written on the spot."""
        if isinstance(node, ast.Dict):
            return [k.value for k in node.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]
        table = self.names.get(node.id) if isinstance(node, ast.Name) else None
        if (
            isinstance(node, ast.Attribute)
            and isinstance(self.owner, type)
            and ast.unparse(node.value) == self.own
        ):
            table = vars(self.owner).get(node.attr)
        return [k for k in table if isinstance(k, str)] if isinstance(table, dict) else []

    def callee(self, node: ast.expr) -> tuple[Any, Any]:
        if isinstance(node, ast.Name) and node.id not in self.loops:
            function = self.names.get(node.id)
            if isinstance(function, type):
                constructor = vars(function).get("__init__")
                return (constructor, function) if inspect.isfunction(constructor) else (None, None)
            return (function, None) if inspect.isfunction(function) else (None, None)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):  # Huber(0.7)(y, t)
            made = self.names.get(node.func.id)
            method = inspect.getattr_static(made, "__call__", None) if isinstance(made, type) else None
            return (method, made) if inspect.isfunction(method) else (None, None)
        if isinstance(node, ast.Attribute) and self.owner is not None and ast.unparse(node.value) == self.own:
            method = getattr(
                self.owner if isinstance(self.owner, type) else type(self.owner), node.attr, None
            )
            if inspect.isfunction(method):
                return method, self.owner
        layer = self.object_of(node.value) if isinstance(node, ast.Attribute) else None
        if layer is not None and isinstance(node, ast.Attribute):
            method = getattr(type(layer), node.attr, None)
            if inspect.isfunction(method):
                return method, layer
        layer = self.object_of(node)
        name = forward_of(layer) if layer is not None else None
        method = getattr(type(layer), name, None) if name else None
        return (method, layer) if inspect.isfunction(method) and backward_of(layer) else (None, None)

    def object_of(self, node: ast.AST) -> Any:
        """The object that `self.a.b[0]` or a loop variable stands for, if it is there already."""
        if isinstance(node, ast.Name):
            if node.id == self.own:
                return None if isinstance(self.owner, type) else self.owner
            return self.loops.get(node.id)
        if isinstance(node, ast.Attribute):
            holder = self.object_of(node.value)
            return None if holder is None else stored_attributes(holder).get(node.attr)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            holder = self.object_of(node.value)
            key: Any = node.slice.value
            try:
                return holder[key] if isinstance(holder, (list, tuple, dict)) else None
            except (LookupError, TypeError):
                return None
        return None
