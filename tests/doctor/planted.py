"""Our own library with a line of it changed: a copy under another name, as if somebody had written it."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import chainrule

HOME = Path(chainrule.__file__).parent
FLOORS = ("functions", "layers", "models")
_numbers = itertools.count()


@contextmanager
def planted(folder: Path, file: str, *changes: tuple[str, str]) -> Iterator[ModuleType]:
    """A package with functions, layers and models, in whose `file` each (right, wrong) is exchanged."""
    name = f"planted_{next(_numbers)}"
    for floor in FLOORS:
        (folder / name / floor).mkdir(parents=True)
        for path in (HOME / floor).glob("*.py"):
            source = path.read_text(encoding="utf-8")
            for right, wrong in changes if path == HOME / f"{file}.py" else ():
                assert source.count(right) == 1, f"{source.count(right)} times in {file}: {right}"
                source = source.replace(right, wrong)
            for other in FLOORS:
                source = source.replace(f"chainrule.{other}", f"{name}.{other}")
            (folder / name / floor / path.name).write_text(source, encoding="utf-8")
    (folder / name / "__init__.py").write_text("", encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        importlib.import_module(f"{name}.models")
        library = sys.modules[name]
        library.layers.manual_seed(0)
        yield library
    finally:
        sys.path.remove(str(folder))
        for module in [m for m in sys.modules if m.partition(".")[0] == name]:
            del sys.modules[module]
