"""Reads a function's statements in their order and notes what they say of one argument."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..calling import positional
from .pieces import Pieces
from .resolving import Resolver

if TYPE_CHECKING:
    from .facts import Facts

# what gives back the same thing
_KEEPS = {"asarray", "array", "astype", "copy", "ascontiguousarray", "asanyarray", "float32", "float64"}


class Reader(Resolver):
    """Walks through statements in their order; forgets a name when something else is bound to it."""

    def __init__(
        self,
        facts: Facts,
        aliases: set[str],
        own: str,
        owner: Any,
        names: dict[str, Any],
        depth: int,
        follow: Callable[..., Facts],
    ) -> None:
        """aliases: what the argument is called. follow: reads another function, into which it is handed."""
        super().__init__(own, owner, names)
        self.facts, self.aliases, self.depth, self.follow = facts, set(aliases), depth, follow
        self.counters: set[str] = set()  # loop variables that count
        self.items: set[str] = set()  # loop variables that run over the argument
        self.pieces = Pieces(facts)

    def read(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.visit(statement)

    def _is(self, node: ast.AST | None) -> bool:
        """Whether an expression is the argument itself."""
        if isinstance(node, (ast.Name, ast.Attribute)):
            return ast.unparse(node) in self.aliases
        if isinstance(node, ast.Subscript):  # an item of a dict
            return isinstance(node.slice, ast.Constant) and ast.unparse(node) in self.aliases
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "where" and any(self._is(a) for a in node.args[1:]):
                return True
            if called in _KEEPS:
                if isinstance(node.func, ast.Attribute) and self._is(node.func.value):
                    return True
                return bool(node.args) and self._is(node.args[0])
        return False

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                self.visit(target)
            if isinstance(target, (ast.Tuple, ast.List)) and self._is_shape(node.value):
                if not any(isinstance(e, ast.Starred) for e in target.elts):
                    names = tuple(e.id if isinstance(e, ast.Name) else "_" for e in target.elts)
                    self.facts.ranks.add(len(names))
                    self.facts.symbols.append(names)
                else:
                    self.facts.least = max(self.facts.least, len(target.elts) - 1)
            if isinstance(target, (ast.Tuple, ast.List)) and self._is(node.value):
                self.facts.unpacked(target.elts)
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            same = [self._is(value) for _, value in pairs]
            for (to, _), is_same in zip(pairs, same, strict=True):
                self._bind(to, is_same)

    def _bind(self, target: ast.expr, same: bool) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._bind(element, False)
        elif isinstance(target, (ast.Name, ast.Attribute)):
            (self.aliases.add if same else self.aliases.discard)(ast.unparse(target))

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        inner = node.iter
        if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") == "enumerate" and inner.args:
            inner = inner.args[0]
        iterated = (
            inner.args if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") == "zip" else [inner]
        )
        targets = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
        for what, target in zip(iterated, targets[-len(iterated) :], strict=False):
            if self._is(what):
                self.facts.iterated = True
                self.items |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
        names = [n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)]
        if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") in ("range", "reversed"):
            self.counters |= set(names)
        layers = self.object_of(inner)
        if isinstance(layers, dict):
            layers = list(layers.values())
        if names and isinstance(layers, (list, tuple)) and layers:
            self.loops[names[-1]] = layers[0]
        self._bind(node.target, False)
        self.read(node.body)

    def _is_shape(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            return self._is(node.value)
        is_function = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "shape"
        return is_function and bool(node.args) and self._is(node.args[0])  # type: ignore[attr-defined]

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if (
            self._is_shape(node.value)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, int)
        ):
            axis = node.slice.value
            self.facts.least = max(self.facts.least, axis + 1 if axis >= 0 else -axis)
        if self._is(node.value):
            key = node.slice
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self.facts.keys.setdefault(key.value, None)
            elif isinstance(key, ast.Tuple):
                there = [e for e in key.elts if not (isinstance(e, ast.Constant) and e.value in (None, ...))]
                there = [e for e in there if ast.unparse(e) not in ("np.newaxis", "newaxis")]
                # x[:, t]: step by step
                self.facts.iterated |= any(
                    isinstance(e, ast.Name) and e.id in self.counters for e in there[1:]
                )
                self.facts.least = max(self.facts.least, len(there))
                self.pieces.taken(there)
            else:
                self.facts.least = max(self.facts.least, 1)
        elif self._indexes(node.slice):
            keys = self.keys_of(node.value)
            self.facts.strings += keys
            self.facts.ids |= not keys
        self.generic_visit(node)

    def _indexes(self, key: ast.expr) -> bool:
        parts = key.elts if isinstance(key, (ast.Tuple, ast.List)) else [key]
        # W[:, [ids[t]]]
        parts = [e for p in parts for e in (p.elts if isinstance(p, ast.List) else [p])]
        inside = [p.value if isinstance(p, ast.Subscript) else p for p in parts]
        return any(self._is(p) or (isinstance(p, ast.Name) and p.id in self.items) for p in inside)

    def visit_Compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        is_key = any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops) and self._is(
            node.comparators[-1]
        )
        if not is_key and any(self._is(s) for s in sides):
            for side in sides:
                for item in side.elts if isinstance(side, (ast.Tuple, ast.List, ast.Set)) else [side]:
                    if isinstance(item, ast.Constant) and isinstance(item.value, str):
                        self.facts.strings.append(item.value)
        for first, second in itertools.pairwise(sides):
            self._rank_test(first, second)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.pieces.multiplied(node, self._is)
        self.generic_visit(node)

    def _rank_test(self, first: ast.expr, second: ast.expr) -> None:
        """`x.ndim == 4`, `len(x.shape) == 4`; in an assertion or a test alike."""
        is_ndim = isinstance(first, ast.Attribute) and first.attr == "ndim" and self._is(first.value)
        is_length = isinstance(first, ast.Call) and getattr(first.func, "id", "") == "len"
        is_length = is_length and bool(first.args) and self._is_shape(first.args[0])  # type: ignore[attr-defined]
        if (is_ndim or is_length) and isinstance(second, ast.Constant) and isinstance(second.value, int):
            self.facts.ranks.add(second.value)

    def visit_Match(self, node: ast.Match) -> None:
        if self._is(node.subject):
            for inner in ast.walk(node):
                if isinstance(inner, ast.MatchValue) and isinstance(inner.value, ast.Constant):
                    self.facts.strings.append(str(inner.value.value))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if self._is(function):
            self.facts.called = True
        if isinstance(function, ast.Attribute) and self._is(function.value):
            self._method(function.attr, node)
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if node.args and self._is(node.args[0]):
            self.pieces.handed(name, node.args[1:])
        self.pieces.beside(name, node.args, self._is)
        if name == "einsum" and node.args and isinstance(node.args[0], ast.Constant):
            self._einsum(str(node.args[0].value), node.args[1:])
        if name == "get" and isinstance(function, ast.Attribute) and node.args and self._is(node.args[0]):
            self.facts.strings += self.keys_of(function.value)
        if name in ("take", "take_along_axis", "at") and len(node.args) > 1 and self._is(node.args[1]):
            self.facts.ids = True
        self._follow(node)
        self.generic_visit(node)

    def _method(self, name: str, node: ast.Call) -> None:
        self.facts.methods.add(name)
        if name == "transpose" and len(node.args) > 1:
            self.facts.ranks.add(len(node.args))
        if name == "swapaxes":
            axes = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, int)]
            self.facts.least = max([self.facts.least, *(a + 1 if a >= 0 else -a for a in axes)])
        if name in ("get", "pop", "setdefault") and node.args and isinstance(node.args[0], ast.Constant):
            default = (
                node.args[1].value if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) else None
            )
            self.facts.keys[str(node.args[0].value)] = default

    def _einsum(self, pattern: str, operands: list[ast.expr]) -> None:
        for letters, operand in zip(pattern.partition("->")[0].split(","), operands, strict=False):
            if self._is(operand) and "." not in letters:
                self.facts.ranks.add(len(letters.strip()))
                self.facts.symbols.append(tuple(letters.strip()))

    def _follow(self, node: ast.Call) -> None:
        """Into a function of the file, a method of the object, or a layer that it holds."""
        places = [i for i, a in enumerate(node.args) if self._is(a)]
        items = [i for i, a in enumerate(node.args) if self._is_item(a)]
        if not (places or items) or self.depth > 4:
            return
        function, owner = self.callee(node.func)
        if function is None:
            return
        names = [p.name for p in positional(function)]
        if owner is not None and names[:1] == ["self"]:
            names = names[1:]
        for place in places:
            if place < len(names):
                self.facts.add(self.follow(function, names[place], owner, (), self.depth + 1))
        for place in items:  # one_hot(inputs[t])
            if place < len(names):
                self.facts.ids |= self.follow(function, names[place], owner, (), self.depth + 1).ids

    def _is_item(self, node: ast.expr) -> bool:
        """One of many: `inputs[t]` in a loop over t, or a loop variable that runs over the argument."""
        if isinstance(node, ast.Subscript) and self._is(node.value):
            return isinstance(node.slice, ast.Name) and node.slice.id in self.counters
        return isinstance(node, ast.Name) and node.id in self.items
