"""Puts taps into a function: every named value and each single use of it passes through our hands."""

from __future__ import annotations

import ast
import builtins
import re
import types
from typing import Any

from .sites import Site

# these write into their first argument, or into `out=`: a copy in its place would lose what they write
_WRITES = re.compile(
    r"(^|\.)(at|copyto|put|place|putmask|fill_diagonal|put_along_axis|shuffle|fill|sort|resize)$"
)


_OF_ITS_FORM = {"shape", "ndim", "dtype", "size", "itemsize", "nbytes"}
_NO_TAP = {*_OF_ITS_FORM, "T", "mT", "real", "flat"}


TAP = "__chainrule_tap__"


_COUNTER = [0]


class Rewriter(ast.NodeTransformer):
    """Puts taps into one function."""

    def __init__(self, function: types.FunctionType) -> None:
        self.function = function
        self.around: list[str] = []
        self.loops: list[tuple[ast.For, set[str]]] = []  # those around here, and what each assigns
        self.statement = ""
        self.other: list[str] = []
        self.sites: dict[int, Site] = {}
        self.stores: dict[str, tuple[int, str]] = {}  # by the buffer's text: line and statement

    def _site(self, node: ast.expr, kind: str, name: str) -> ast.Call:
        _COUNTER[0] += 1
        key = _COUNTER[0]
        carried = bool(name) and any(name in assigned for _, assigned in self.loops)
        site = Site(
            key,
            kind,
            ast.unparse(node),
            name,
            node.lineno,
            self.function.__code__.co_filename,
            self.function.__name__,
            self.statement,
            tuple(reversed(self.around)),
            tuple(loop.lineno for loop, _ in self.loops),
            carried,
            self.other[-1] if self.other else "",
        )
        self.sites[key] = site
        at = {a: getattr(node, a) for a in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
        return ast.Call(ast.Name(TAP, ast.Load(), **at), [ast.Constant(key, **at), node], [], **at)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.stmt) and not isinstance(
            node, (ast.For, ast.While, ast.If, ast.With, ast.FunctionDef, ast.Try)
        ):
            self.statement = ast.unparse(node)
        return super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.body = [self.visit(s) for s in node.body]
        return node

    def visit_For(self, node: ast.For) -> Any:
        node.iter = self.visit(node.iter)
        self.loops.append((node, _assigned(node)))
        node.body = [self.visit(s) for s in node.body]
        self.loops.pop()
        node.orelse = [self.visit(s) for s in node.orelse]
        return node

    def visit_Name(self, node: ast.Name) -> Any:
        if (
            not isinstance(node.ctx, ast.Load)
            or node.id in self.function.__globals__
            or hasattr(builtins, node.id)
        ):
            return node
        return self._site(node, "use", node.id)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if not isinstance(node.ctx, ast.Load):
            return node
        original = ast.copy_location(ast.Attribute(node.value, node.attr, node.ctx), node)
        if node.attr in _OF_ITS_FORM and isinstance(node.value, ast.Name):
            return node  # whatever numbers stand in it
        if node.attr in _NO_TAP:
            original.value = self.visit(node.value)
            return original
        if isinstance(node.value, ast.Name):
            return (
                node if node.value.id in self.function.__globals__ else self._site(original, "use", node.attr)
            )
        text = ast.unparse(node)
        original.value = self.visit(node.value)
        call = self._site(original, "use", node.attr)
        self.sites[_COUNTER[0]].text = text
        return call

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        if not isinstance(node.ctx, ast.Load):
            return node
        text, name = ast.unparse(node), _root(node)
        node.value = self.visit(node.value)
        node.slice = self.visit(node.slice)
        call = self._site(node, "use", name)
        self.sites[_COUNTER[0]].text = text
        return call

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        operation = type(node.op).__name__
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        self.around.append(operation)
        self.other.append(right)
        node.left = self.visit(node.left)
        self.other[-1] = left
        node.right = self.visit(node.right)
        self.other.pop()
        self.around.pop()
        return self._product(node, f"{left} @ {right}") if operation == "MatMult" and self.around else node

    def _product(self, node: ast.BinOp, text: str) -> ast.Call:
        """q @ k.T * scale: the product is an intermediate without a name."""
        call = self._site(node, "product", "")
        self.sites[_COUNTER[0]].text = text
        return call

    def visit_Call(self, node: ast.Call) -> Any:
        text = ast.unparse(node)
        called = ast.unparse(node.func)
        self.other.append("")
        self.around.append(f"Call:{called}")
        writes = bool(_WRITES.search(called))
        if writes and node.args:
            self._stores(node.args[0])
        if isinstance(node.func, ast.Attribute) and not writes:
            node.func.value = self.visit(node.func.value)
        node.args = [a if writes and i == 0 else self._argument(a) for i, a in enumerate(node.args)]
        node.keywords = [k if k.arg == "out" else self.visit(k) for k in node.keywords]
        self.around.pop()
        self.other.pop()
        call = self._site(node, "call", called.rpartition(".")[2])
        self.sites[_COUNTER[0]].text = text
        return call

    def _argument(self, node: ast.expr) -> Any:
        """np.tanh(x @ W + b): the sum is an intermediate without a name."""
        if not isinstance(node, ast.BinOp):
            return self.visit(node)
        text = ast.unparse(node)
        call = self._site(self.visit(node), "arg", "")
        self.sites[_COUNTER[0]].text = text
        return call

    def _stores(self, target: ast.expr) -> None:
        while isinstance(target, ast.Subscript):
            target = target.value
        self.stores[ast.unparse(target)] = target.lineno, self.statement

    def visit_Assign(self, node: ast.Assign) -> Any:
        text = ast.unparse(node.value)
        texts = [ast.unparse(e) for e in node.value.elts] if isinstance(node.value, ast.Tuple) else []
        for stored in node.targets:
            if isinstance(stored, ast.Subscript):
                self._stores(stored)
        node.value = self.visit(node.value)
        if len(node.targets) == 1 and isinstance(node.targets[0], (ast.Name, ast.Attribute, ast.Subscript)):
            name = _root(node.targets[0])
            target = ast.unparse(node.targets[0])
            node.value = self._site(node.value, "assign", name)
            self.sites[_COUNTER[0]].text = target
            self.sites[_COUNTER[0]].other = text
        elif len(node.targets) == 1:
            self._unpacked(node.targets[0], node.value, texts)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if node.value is None:
            return node
        plain = ast.copy_location(ast.Assign([node.target], node.value), node)
        return self.visit_Assign(ast.fix_missing_locations(plain))

    def _unpacked(self, target: ast.expr, value: ast.expr, texts: list[str]) -> None:
        """dW, db = x.T @ dy, dy.sum(0): two assignments in one statement."""
        if not isinstance(target, ast.Tuple) or not isinstance(value, ast.Tuple):
            return
        if len(target.elts) != len(value.elts) or any(
            isinstance(e, ast.Starred) for e in (*target.elts, *value.elts)
        ):
            return
        for i, (part, made) in enumerate(zip(target.elts, value.elts, strict=True)):
            if isinstance(part, (ast.Name, ast.Attribute, ast.Subscript)):
                call = self._site(made, "assign", _root(part))
                site = self.sites[_COUNTER[0]]
                site.other, site.text = texts[i], ast.unparse(part)
                value.elts[i] = call

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        text = ast.unparse(node.value)
        self._stores(node.target)
        node.value = self._site(self.visit(node.value), "augment", _root(node.target))
        self.sites[_COUNTER[0]].text = text
        return node

    def visit_Return(self, node: ast.Return) -> Any:
        if isinstance(node.value, ast.Tuple):
            node.value.elts = [self._returned(e) for e in node.value.elts]
        elif node.value is not None:
            node.value = self._returned(node.value)
        return node

    def _returned(self, value: ast.expr) -> ast.expr:
        text = ast.unparse(value)
        call = self._site(self.visit(value), "return", text if isinstance(value, ast.Name) else "")
        self.sites[_COUNTER[0]].text = text
        return call

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Any:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        return node

    def visit_Assert(self, node: ast.Assert) -> Any:
        return node

    def visit_Raise(self, node: ast.Raise) -> Any:
        return node


def _root(node: ast.expr) -> str:
    """The variable's name: h for h[t - 1], W for self.W, Wx for self.params["Wx"]."""
    while isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return node.slice.value
        node = node.value
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _assigned(loop: ast.AST) -> set[str]:
    """The variables that a loop's body assigns, also by append."""
    names: set[str] = set()
    for node in ast.walk(loop):
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AugAssign)
            else []
        )
        for target in targets:
            for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
                names.add(_root(part))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            names.add(_root(node.func.value))
    return names
