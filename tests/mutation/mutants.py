"""All mutants of all backward functions."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from operators import OPERATORS, PROLOGUES

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "chainrule"


@dataclass(frozen=True)
class Mutant:
    """One changed backward. `identity` stays the same when lines move."""

    file: str  # functions/linear.py
    function: str  # linear_backward, or Linear.backward
    line: int
    change: str  # what was done, and the text before and after
    occurrence: int
    tree: ast.Module

    @property
    def identity(self) -> str:
        return f"{self.file} {self.function}: {self.change}" + (
            f" #{self.occurrence}" if self.occurrence else ""
        )

    @property
    def module(self) -> str:
        return "chainrule." + self.file.removesuffix(".py").replace("/", ".")

    def code(self) -> CodeType:
        """The code object of the changed function."""
        code: CodeType = compile(ast.fix_missing_locations(self.tree), f"<mutant of {self.file}>", "exec")
        for name in self.function.split("."):
            code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
        return code


def all_mutants() -> Iterator[Mutant]:
    """Every mutant of every backward in functions/ and layers/, in the order of the files."""
    for folder in ("functions", "layers"):
        for path in sorted((SOURCE / folder).glob("*.py")):
            yield from _mutants_of(path)


def _mutants_of(path: Path) -> Iterator[Mutant]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    file = path.relative_to(SOURCE).as_posix()
    for name, function in _backwards(tree):
        seen: Counter[str] = Counter()
        for change, line, changed in _changes(tree, function):
            yield Mutant(file, name, line, change, seen[change], changed)
            seen[change] += 1


def _backwards(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.endswith("_backward"):
            yield node.name, node
        if isinstance(node, ast.ClassDef) and node.name not in ("Layer", "Parameterless"):
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name == "backward":
                    yield f"{node.name}.{item.name}", item


def _changes(tree: ast.Module, function: ast.FunctionDef) -> Iterator[tuple[str, int, ast.Module]]:
    # the size that reshape infers may be any negative number: -2 is no other than -1
    inferred = {
        id(argument.operand)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "reshape"
        for argument in call.args
        if isinstance(argument, ast.UnaryOp)
    }
    body = [n for n in function.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    for statement in body:
        for node in ast.walk(statement):
            if id(node) in inferred:
                continue
            for operator in OPERATORS:
                for what, changed in operator(node):
                    before, after = (
                        ast.unparse(node),
                        ast.unparse(ast.fix_missing_locations(copy.deepcopy(changed))),
                    )
                    if before != after:
                        yield (
                            f"{what}: {before} → {after}",
                            getattr(node, "lineno", 0),
                            _replaced(tree, node, changed),
                        )
    dy, cache = [argument.arg for argument in function.args.args if argument.arg != "self"][:2]
    for what, line in PROLOGUES.items():
        added = ast.parse(line.format(dy=dy, cache=cache)).body[0]
        changed_function = copy.copy(function)
        changed_function.body = [added, *function.body]
        yield what, function.lineno, _replaced(tree, function, changed_function)


def _replaced(tree: ast.Module, old: ast.AST, new: ast.AST) -> ast.Module:
    """A copy of the tree with one node exchanged."""

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if getattr(node, "_marked", False):
                return copy.deepcopy(new)
            return self.generic_visit(node)

    old._marked = True  # type: ignore[attr-defined]
    try:
        marked = copy.deepcopy(tree)
    finally:
        del old._marked  # type: ignore[attr-defined]
    changed = Replace().visit(marked)
    assert isinstance(changed, ast.Module)
    return changed
