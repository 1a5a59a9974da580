"""A mutant as a real file: the module's own source with one function changed, imported from where it lies.

So the doctor sees what a user would have: source that can be read, and line numbers that are right. Comments
inside of the changed function are lost (a syntax tree has none).
"""

from __future__ import annotations

import ast
import difflib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import helpers
from mutants import SOURCE, Mutant

HELPERS = ("ones", "double", "spoil", "stale")


@dataclass(frozen=True)
class Written:
    """A mutant's module, its file, and the lines in it that differ from the original."""

    module: ModuleType
    path: Path
    lines: tuple[int, ...]
    before: str
    after: str


def write(mutant: Mutant, folder: Path) -> Written:
    """Writes the mutant's source below `folder` and imports it as a module of the same package."""
    source, lines, before, after = changed_source(mutant)
    path = folder / Path(mutant.file).name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    name = f"{mutant.module}_mutant_{folder.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    for helper in HELPERS:
        setattr(module, f"_mutation_{helper}", getattr(helpers, helper))
    vars(helpers)["_seen"].clear()  # what a stale cache remembers
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return Written(module, path, lines, before, after)


def changed_source(mutant: Mutant) -> tuple[str, tuple[int, ...], str, str]:
    """The whole file with the mutated function; its changed lines; the first statement before and after."""
    source = (SOURCE / mutant.file).read_text(encoding="utf-8")
    old = _function(ast.parse(source), mutant.function)
    new = _function(ast.fix_missing_locations(mutant.tree), mutant.function)
    new.body.sort(key=lambda node: not _is_text(node))  # the docstring stays in front of an added line
    was, now = ast.unparse(old).splitlines(), ast.unparse(new).splitlines()
    lines = source.splitlines()
    assert old.end_lineno is not None
    indent = " " * old.col_offset
    lines[old.lineno - 1 : old.end_lineno] = [indent + line if line else "" for line in now]
    changes = [
        c for c in difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes() if c[0] != "equal"
    ]
    touched = tuple(old.lineno + n for c in changes for n in range(c[3], max(c[4], c[3] + 1)))
    before = "; ".join(line.strip() for c in changes for line in was[c[1] : c[2]])
    after = "; ".join(line.strip() for c in changes for line in now[c[3] : c[4]])
    return "\n".join(lines) + "\n", touched, before, after


def _function(tree: ast.Module, path: str) -> ast.FunctionDef:
    found: Any = tree
    for name in path.split("."):
        found = next(node for node in found.body if getattr(node, "name", None) == name)
    assert isinstance(found, ast.FunctionDef)
    return found


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
