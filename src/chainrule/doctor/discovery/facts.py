"""What the code of a function says about one of its arguments.

`B, T, D = x.shape` says that x has three axes, `x[:, t, :]` too, `self.table[ids]` that ids are whole
numbers, `kind == "relu"` that "relu" is a choice, `param["stride"]` that param is a dict. Calls are followed
into the file's own functions, methods and layers.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..naming import UPSTREAMS
from ..source.read import source_tree
from .reading import Reader


@dataclass
class Facts:
    """ranks: how many axes it has (one of them); least: how many at least; symbols: names given to
    its axes; items: names given to its items, where it is unpacked; parts: into how
    many equal ones it is cut.
    """

    ranks: set[int] = field(default_factory=set)
    least: int = 0
    symbols: list[tuple[str, ...]] = field(default_factory=list)
    items: tuple[str, ...] = ()
    ids: bool = False
    strings: list[str] = field(default_factory=list)
    keys: dict[str, Any] = field(default_factory=dict)
    methods: set[str] = field(default_factory=set)
    called: bool = False
    iterated: bool = False
    is_number: bool = False
    parts: int = 1
    square: bool = False
    gappy: bool = False  # it is asked where it is NaN
    columns: set[int] = field(default_factory=set)  # that are asked for one by one: `p[:, 0]`

    def unpacked(self, targets: list[ast.expr]) -> None:
        """`k_h, k_w, _, n_out = kernel`; where it is unpacked several times, each name that is told once."""
        names = tuple(
            "" if isinstance(t, ast.Starred) else ast.unparse(t).rpartition(".")[2] for t in targets
        )
        if not self.items:
            self.items = names
        elif len(names) == len(self.items):
            self.items = tuple(new if old == "_" else old for old, new in zip(self.items, names, strict=True))

    def add(self, other: Facts) -> None:
        self.ranks |= other.ranks
        self.least = max(self.least, other.least)
        self.symbols += [s for s in other.symbols if s not in self.symbols]
        self.items = self.items or other.items
        self.strings += [s for s in other.strings if s not in self.strings]
        self.keys |= other.keys
        self.methods |= other.methods
        self.ids |= other.ids
        self.called |= other.called
        self.iterated |= other.iterated
        self.is_number |= other.is_number
        self.parts = max(self.parts, other.parts)
        self.columns |= other.columns
        self.square |= other.square
        self.gappy |= other.gappy


def facts_of(
    function: Callable[..., Any], name: str, owner: Any = None, later: Sequence[Any] = (), depth: int = 0
) -> Facts:
    """Reads the function, and for what it keeps on the object (or in a cache, by name) the later ones.

    owner: the object whose method it is, or its class.
    """
    facts = Facts()
    tree = source_tree(function)
    if tree is None:
        return facts
    own = next((a.arg for a in tree.args.args[:1] if a.arg in ("self", "this")), "")
    reader = Reader(
        facts, {name}, own, owner, getattr(inspect.unwrap(function), "__globals__", {}), depth, facts_of
    )
    reader.read(tree.body)
    for other in later:
        behind = source_tree(other)
        if behind is not None:
            kept = {a for a in reader.aliases if a.startswith(f"{own}.")} if own else {name}
            kept |= {f"d{name}"}  # a gradient has the shape of what it belongs to
            arguments = {a.arg for a in behind.args.args} - ({own} if own else set())
            body = [s for s in behind.body if not _unpacks(s, arguments, name)]
            Reader(facts, kept - arguments, own, owner, reader.names, depth, facts_of).read(body)
            if not facts.ranks and name == _first(tree, own):
                facts.ranks |= _summed_ranks(behind)
    return facts


def _unpacks(statement: ast.stmt, arguments: set[str], name: str) -> bool:
    """Whether it takes the argument out of a cache, under its own name: `x, w, b = cache`."""
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Name)
        and statement.value.id in arguments
        and isinstance(statement.targets[0], ast.Tuple)
        and name in {ast.unparse(e) for e in statement.targets[0].elts}
    )


def _first(function: ast.FunctionDef, own: str) -> str:
    return next((a.arg for a in function.args.args if a.arg != own), "")


def _summed_ranks(backward: ast.FunctionDef) -> set[int]:
    """How many axes the gradient from above has, and with it the input, by those that it is summed over for a
    bias: dy.sum(axis=(0, 1)) has three, dy.sum((0, 2, 3)) four.
    """
    found = set()
    for node in ast.walk(backward):
        if (
            not isinstance(node, ast.Call)
            or not isinstance(node.func, ast.Attribute)
            or node.func.attr != "sum"
        ):
            continue
        of_numpy = ast.unparse(node.func.value) in ("np", "numpy")
        summed = node.args[0] if of_numpy and node.args else node.func.value
        given = [k.value for k in node.keywords if k.arg == "axis"] or node.args[1 if of_numpy else 0 :]
        if node.func.attr != "sum" or not isinstance(summed, ast.Name) or not given:
            continue
        axes = [a.value for a in ast.walk(given[0]) if isinstance(a, ast.Constant) and type(a.value) is int]
        several = isinstance(given[0], ast.Tuple) and len(axes) > 1 and "-" not in ast.unparse(given[0])
        if several and UPSTREAMS.match(summed.id):
            found.add(max(axes) + (2 if sorted(axes) == list(range(len(axes))) else 1))
    return found
