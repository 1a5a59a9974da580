"""A Python file as a module, whatever state it is in.

The file is run statement by statement. A statement that fails, asks for input, exits or trains for hours does
not keep us from what is defined before and after it.
"""

from __future__ import annotations
import __future__

import ast
import importlib
import inspect
import io
import linecache
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..snapshot import Snapshot
from .limits import AskedForInput, TimeUp, muted, time_limit

IMPORT_SECONDS = 3.0
LARGE = 1e8  # bytes
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_loaded: dict[str, set[str]] = {}  # the names in sys.modules that a file has brought


class NotPython(ValueError):
    """The file cannot be read as Python at all."""


@dataclass
class Loaded:
    """A file's module, its syntax tree, the files it is made of, and in a line each what went wrong."""

    module: ModuleType
    tree: ast.Module
    files: list[Path]
    notes: list[str] = field(default_factory=list)


def load(path: Path, strict: bool = False) -> Loaded:
    """Runs the file, freshly each time; `if __name__ == "__main__"` is not run.

    Raises FileNotFoundError, NotPython for a file that holds no Python, and if strict what the file raises.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    if path.suffix != ".py":
        raise NotPython(f"{path} is no Python file: its name should end in .py")
    path = path.resolve()
    try:
        source = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotPython(f"{path} is no text: {error}") from None
    notes: list[str] = []
    tree = _parsed(source, path, notes)
    package, root = _package_of(path, tree)
    module = _new_module(path, package)
    before = set(sys.modules)
    paths = list(dict.fromkeys([str(path.parent), str(root)]))
    sys.path[:0] = paths
    try:
        with muted():
            _import_package(package)
            _run(tree, module, path, notes, strict)
    finally:
        for entry in paths:
            sys.path.remove(entry)
        _loaded[str(path)] = {module.__name__} | _local(set(sys.modules) - before, path.parent)
    files = [_file_of(sys.modules.get(name)) for name in _loaded[str(path)]]
    return Loaded(module, tree, sorted({path, *(f for f in files if f is not None)}), notes)


def _parsed(source: str, path: Path, notes: list[str]) -> ast.Module:
    """The syntax tree; of a file that is half written, without the blocks that cannot be read."""
    lines = source.splitlines()
    for _ in range(8):
        try:
            tree = ast.parse("\n".join(lines) + "\n", filename=str(path))
            if notes and not tree.body:
                break
            return tree
        except SyntaxError as error:
            at = min(error.lineno or len(lines), len(lines))
            notes.append(f"line {error.lineno}: {error.msg}; the block around it is left out")
            if not lines or not _cut(lines, at):
                break
        except ValueError as error:  # null bytes
            raise NotPython(f"{path} is no Python: {error}") from None
    raise NotPython(f"{path} cannot be read as Python: {notes[0] if notes else 'it is empty'}")


def _cut(lines: list[str], at: int) -> bool:
    """Blanks the block at top level in which line `at` (from 1) stands."""
    starts = [i for i, line in enumerate(lines) if line[:1].strip() and line[:1] not in "#)]}"]
    first = max((i for i in starts if i < at), default=0)
    last = min((i for i in starts if i >= at and i > first), default=len(lines))
    changed = any(lines[first:last])
    lines[first:last] = [""] * (last - first)
    return changed


def _new_module(path: Path, package: str) -> ModuleType:
    for old in _loaded.pop(str(path), set()):
        sys.modules.pop(old, None)
    linecache.cache.pop(str(path), None)
    importlib.invalidate_caches()
    name = f"{package}.{path.stem}" if package else path.stem
    if name in sys.modules:
        name = f"{path.stem}_{abs(hash(str(path)))}"
    module = ModuleType(name)
    module.__file__, module.__package__ = str(path), package
    sys.modules[name] = module
    return module


def _package_of(path: Path, tree: ast.Module) -> tuple[str, Path]:
    """The package of a file with relative imports, and the folder from which it can be imported."""
    level = max((n.level for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)), default=0)
    folder, parts = path.parent, list[str]()
    while level and folder.name.isidentifier() and (len(parts) < level or (folder / "__init__.py").is_file()):
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


def _import_package(package: str) -> None:
    if package:
        try:
            importlib.import_module(package)
        except Exception:  # then the relative import says so, at its line
            return


def _run(tree: ast.Module, module: ModuleType, path: Path, notes: list[str], strict: bool) -> None:
    module.__doc__ = ast.get_docstring(tree)
    flags = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
    failed = False
    left = IMPORT_SECONDS
    for node in tree.body:
        # what comes after a failure was not written to run in its wake: only definitions
        if failed and not isinstance(node, (*_DEFINITIONS, ast.Assign, ast.AnnAssign)):
            continue
        held = _held(module) if isinstance(node, (ast.While, ast.For, ast.Expr)) else {}
        before = Snapshot([held]) if held else None
        start = time.perf_counter()
        try:
            code = compile(ast.Module([node], []), str(path), "exec", flags, dont_inherit=True)
            # a large library may take its time
            limit = 1e6 if isinstance(node, (ast.Import, ast.ImportFrom)) else max(left, 0.1)
            try:
                with time_limit(limit):
                    exec(code, module.__dict__)
            except FileNotFoundError as error:
                if not _stand_in(module, error):
                    raise
                with time_limit(limit):
                    exec(code, module.__dict__)
                notes.append(
                    f"line {node.lineno}: there is no {error.filename}; a short text stands in for it"
                )
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            if strict and not isinstance(error, TimeUp):
                raise
            if before is not None and isinstance(error, TimeUp):
                before.restore()
                vars(module).update(held)
            # a name that is missing after a failure is a consequence of it
            if not (failed and isinstance(error, NameError)):
                notes.append(f"line {line_in(error, str(path)) or node.lineno}: {_said(error)}")
            failed = True
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            left -= time.perf_counter() - start


def _held(module: ModuleType) -> dict[str, Any]:
    """What a module has so far: training that is cut short would leave other weights each time. Nothing where
    it is so much that copies would take long.
    """
    held = {k: v for k, v in vars(module).items() if not k.startswith("__") and not inspect.ismodule(v)}
    size = sum(v.nbytes for v in held.values() if isinstance(v, np.ndarray))
    return held if size < LARGE else {}


TEXT = "the quick brown fox jumps over the lazy dog\n" * 20


def _stand_in(module: ModuleType, error: FileNotFoundError) -> bool:
    """Whether from now on the file finds a short text where it reads one that is not there."""
    if not str(error.filename).endswith(".txt") or "open" in vars(module):
        return False

    def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        missing = isinstance(file, (str, Path)) and not Path(file).exists()
        if missing and set(mode) <= set("rtb"):
            return io.BytesIO(TEXT.encode()) if "b" in mode else io.StringIO(TEXT)
        return open(file, mode, *args, **kwargs)

    module.open = opened  # type: ignore[attr-defined]
    return True


def _said(error: BaseException) -> str:
    if isinstance(error, TimeUp):
        return f"still running after {IMPORT_SECONDS:.0f} seconds, so it was stopped"
    if isinstance(error, AskedForInput):
        return "input() was called"
    if isinstance(error, SystemExit):
        return "sys.exit() was called"
    return f"{type(error).__name__}: {error}".splitlines()[0]


def line_in(error: BaseException, file: str) -> int:
    """The innermost line of a file that an exception went through; 0 if it did not."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _local(names: set[str], folder: Path) -> set[str]:
    """Those of the newly imported modules that are the user's own: they lie beside the file."""
    own = set()
    for name in names:
        file = _file_of(sys.modules.get(name))
        if file is not None and file.is_relative_to(folder) and "site-packages" not in file.parts:
            own.add(name)
    return own


def _file_of(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if isinstance(file, str) else None
