"""Taps: copies of the user's functions in which every intermediate passes through our hands.

`scores = q @ k.T` becomes `scores = tap(7, tap(3, q) @ tap(4, k).T)`: the same program, but each named value
and
each single use of it can be read, moved a little, or replaced, at the execution we choose. The user's files
are
not touched; the copies stand in for the originals only inside of the `with` block.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from ..snapshot import is_foreign_module

# these write into their first argument, or into `out=`: a copy in its place would lose what they write
_WRITES = re.compile(
    r"(^|\.)(at|copyto|put|place|putmask|fill_diagonal|put_along_axis|shuffle|fill|sort|resize)$"
)
_NO_TAP = {"shape", "ndim", "dtype", "size", "T", "mT", "real", "flat", "itemsize", "nbytes"}
TAP = "__chainrule_tap__"


@dataclass(eq=False)
class Site:
    """One place in the source where a value is used or comes into being."""

    id: int
    kind: str  # "use" of a name, attribute or element; "call" result; "assign"ed value; "return"
    text: str  # as it stands in the source
    name: str  # of the variable
    line: int
    file: str
    function: str
    statement: str
    parents: tuple[str, ...]  # the kinds of syntax around it, innermost first: "Add", "MatMult", "Call:tanh"
    loop: tuple[int, ...]  # the lines of the loops around it
    carried: bool  # the variable is assigned in that loop, too: it may come from the step before
    other: str = ""  # the other operand, where the site is an operand
    stored: tuple[int, str] | None = None  # a buffer that statements fill piece by piece: the last of them

    @property
    def made_at(self) -> int:
        """The line that makes the value: of a buffer, where it is filled."""
        return self.stored[0] if self.stored else self.line

    @property
    def made_by(self) -> str:
        """The statement that makes the value."""
        return self.stored[1] if self.stored else self.statement


Action = Callable[[Site, int, Any], Any]


class Taps:
    """Taps in a function and in the user's own functions that it calls.

    owner: the object whose methods they are, None for plain functions. `sites` by id; inside of the `with`
    block
    `action(site, execution, value)` sees every floating array and returns what goes on in its place.
    """

    def __init__(self, functions: list[Any], owner: Any = None, backward: bool = False) -> None:
        self.backward = backward
        self.sites: dict[int, Site] = {}
        self.action: Action | None = None
        self.counts: dict[int, int] = {}
        self._replacements: list[tuple[Any, str, Any, Any]] = []  # (holder, name, original, tapped)
        self._before: list[list[tuple[Any, str, Any]]] = []
        self._seen: set[types.CodeType] = set()
        self.tapped: dict[types.CodeType, Any] = {}
        self.owner = owner
        self.stores: dict[str, tuple[int, str]] = {}  # what is filled piece by piece: line, statement
        self.file = ""
        for function in functions:
            self._add(function)

    # ------------------------------------------------------------ what is tapped

    def _add(self, function: Any) -> None:
        function = getattr(inspect.unwrap(function) if callable(function) else function, "__func__", function)
        if not isinstance(function, types.FunctionType) or function.__code__ in self._seen:
            return
        self._seen.add(function.__code__)
        if not is_foreign_module(function.__module__) and not _ours(function.__module__):
            return
        tapped = self._tapped(function)
        if tapped is None:
            return
        self.tapped[function.__code__] = tapped
        self._place(function, tapped)
        for name in function.__code__.co_names:
            called = function.__globals__.get(name)
            if isinstance(called, types.FunctionType) and called.__module__ == function.__module__:
                self._add(called)
            if self.owner is not None:
                method = inspect.getattr_static(type(self.owner), name, None)
                if isinstance(method, staticmethod):
                    method = method.__func__
                if isinstance(method, types.FunctionType) and (self.backward or not _is_backward(name)):
                    self._add(method)

    def _place(self, function: types.FunctionType, tapped: types.FunctionType) -> None:
        if function.__globals__.get(function.__name__) is function:
            self._replacements.append((function.__globals__, function.__name__, function, tapped))
        for kind in type(self.owner).__mro__ if self.owner is not None else ():
            for name, value in list(vars(kind).items()):
                if value is function:
                    self._replacements.append((kind, name, value, tapped))
                elif isinstance(value, staticmethod) and value.__func__ is function:
                    self._replacements.append((kind, name, value, staticmethod(tapped)))

    def _tapped(self, function: types.FunctionType) -> types.FunctionType | None:
        try:
            lines, first = inspect.getsourcelines(function)
            tree = ast.parse(textwrap.dedent("".join(lines)))
        except (OSError, TypeError, SyntaxError):
            return None
        node = tree.body[0]
        if not isinstance(node, ast.FunctionDef) or any(
            not (isinstance(d, ast.Name) and d.id in ("staticmethod",)) for d in node.decorator_list
        ):
            return None
        node.decorator_list = []
        node.args.defaults, node.args.kw_defaults = [], [None] * len(node.args.kwonlyargs)
        node.returns = None
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            argument.annotation = None
        ast.increment_lineno(tree, first - 1)
        rewriter = _Rewriter(self, function)
        rewriter.visit(node)
        for site in rewriter.sites:
            site.stored = rewriter.stores.get(site.text) if site.kind == "use" else None
        self.stores = {**rewriter.stores, **self.stores}  # those of the function itself come first
        self.file = self.file or function.__code__.co_filename
        ast.fix_missing_locations(tree)
        free = function.__code__.co_freevars
        if free:
            outer = ast.parse(f"def __outer__({', '.join(free)}):\n    pass\n")
            outer.body[0].body = [node]  # type: ignore[attr-defined]
            ast.fix_missing_locations(outer)
            tree = outer
        try:
            code = _code_named(compile(tree, function.__code__.co_filename, "exec"), function.__name__)
        except (SyntaxError, ValueError):
            return None
        if code is None or code.co_freevars != free:
            return None
        setattr(builtins, TAP, _tap)  # found from any module, and no name of the user's is taken
        new = types.FunctionType(
            code, function.__globals__, function.__name__, function.__defaults__, function.__closure__
        )
        new.__kwdefaults__ = function.__kwdefaults__
        return new

    # ------------------------------------------------------------ running

    def __enter__(self) -> Self:
        _CURRENT.append(self)
        before = []
        for holder, name, _, tapped in self._replacements:
            before.append((holder, name, vars(holder)[name] if isinstance(holder, type) else holder[name]))
            _put(holder, name, tapped)
        self._before.append(before)  # other taps may be in the same functions
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        for holder, name, before in self._before.pop():
            _put(holder, name, before)
        _CURRENT.pop()


def _put(holder: Any, name: str, function: Any) -> None:
    if isinstance(holder, dict):
        holder[name] = function
    else:
        type.__setattr__(holder, name, function)


_CURRENT: list[Taps] = []
_focus: frozenset[int] | None = None


@contextlib.contextmanager
def focused(sites: Iterable[int]) -> Iterator[None]:
    """Inside the block only these sites are seen; all others cost next to nothing."""
    global _focus
    before, _focus = _focus, frozenset(sites)
    try:
        yield
    finally:
        _focus = before


def _tap(key: int, value: Any) -> Any:
    if (_focus is not None and key not in _focus) or not _CURRENT:
        return value
    kind = type(value)
    if kind is not np.ndarray and kind is not float and kind is not np.float64:
        return value
    if kind is np.ndarray and value.dtype != np.float64:
        return value
    taps = next((t for t in reversed(_CURRENT) if key in t.sites), None)
    if taps is None or taps.action is None:
        return value
    execution = taps.counts.get(key, 0)
    taps.counts[key] = execution + 1
    return taps.action(taps.sites[key], execution, value)


_COUNTER = [0]


def _ours(module: str | None) -> bool:
    return (
        bool(module)
        and str(module).startswith("chainrule.")
        and not str(module).startswith("chainrule.doctor")
    )


def _is_backward(name: str) -> bool:
    return "backward" in name.lower() or name.startswith(("d_", "grad", "bwd", "bprop"))


def _code_named(code: types.CodeType, name: str) -> types.CodeType | None:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            if constant.co_name == name:
                return constant
            inner = _code_named(constant, name)
            if inner is not None:
                return inner
    return None


class _Rewriter(ast.NodeTransformer):
    """Puts taps into one function."""

    def __init__(self, taps: Taps, function: types.FunctionType) -> None:
        self.taps, self.function = taps, function
        self.around: list[str] = []
        self.loops: list[tuple[ast.For, set[str]]] = []  # those around here, and what each assigns
        self.statement = ""
        self.other: list[str] = []
        self.sites: list[Site] = []
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
        self.taps.sites[key] = site
        self.sites.append(site)
        call = ast.Call(ast.Name(TAP, ast.Load()), [ast.Constant(key), node], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

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
        self.taps.sites[_COUNTER[0]].text = text
        return call

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        if not isinstance(node.ctx, ast.Load):
            return node
        text, name = ast.unparse(node), _root(node)
        node.value = self.visit(node.value)
        node.slice = self.visit(node.slice)
        call = self._site(node, "use", name)
        self.taps.sites[_COUNTER[0]].text = text
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
        return node

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
        self.taps.sites[_COUNTER[0]].text = text
        return call

    def _argument(self, node: ast.expr) -> Any:
        """np.tanh(x @ W + b): the sum is an intermediate without a name."""
        if not isinstance(node, ast.BinOp):
            return self.visit(node)
        text = ast.unparse(node)
        call = self._site(self.visit(node), "arg", "")
        self.taps.sites[_COUNTER[0]].text = text
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
            self.taps.sites[_COUNTER[0]].text = target
            self.taps.sites[_COUNTER[0]].other = text
        elif len(node.targets) == 1:
            self._unpacked(node.targets[0], node.value, texts)
        return node

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
                site = self.taps.sites[_COUNTER[0]]
                site.other, site.text = texts[i], ast.unparse(part)
                value.elts[i] = call

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        text = ast.unparse(node.value)
        self._stores(node.target)
        node.value = self._site(self.visit(node.value), "augment", _root(node.target))
        self.taps.sites[_COUNTER[0]].text = text
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
        self.taps.sites[_COUNTER[0]].text = text
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
