"""The museum: faulty code of all kinds beside its repaired twin, for tests, for benchmarks and to learn from.

A specimen is a file. Its docstring says what it is, how the fault shows and how it is repaired; CODES are the
diagnoses that name it, PLACES where it may be found; faulty() and correct() give the arguments of
`chainrule.check`, or of `chainrule.check_training` where they say "training_check".
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..report import Report

SECTIONS = ("contract", "scale", "structure", "time", "forward", "training")
_TWIN = re.compile(r"_?repaired(?![a-z])", re.I)


@dataclass(frozen=True)
class Specimen:
    """One file of the museum. Nothing of it runs before faulty() or correct() is called."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def section(self) -> str:
        return self.path.parent.name

    @cached_property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def _doc(self) -> dict[str, str]:
        text = ast.get_docstring(self.tree) or self.name
        title, _, rest = text.partition("\n\n")
        parts = re.split(r"^(Symptom|Repair):\s*", rest, flags=re.M)
        found = {"title": title, **dict(zip(parts[1::2], parts[2::2], strict=False))}
        return {key: " ".join(value.split()) for key, value in found.items()}

    @property
    def title(self) -> str:
        return self._doc["title"]

    @property
    def symptom(self) -> str:
        return self._doc.get("Symptom", "")

    @property
    def repair(self) -> str:
        return self._doc.get("Repair", "")

    @property
    def codes(self) -> tuple[str, ...]:
        """The diagnoses that name this fault, the first of them the best."""
        return self._constant("CODES")

    @property
    def places(self) -> tuple[str, ...]:
        return self._constant("PLACES")

    @property
    def style(self) -> str:
        """What sets it apart from others of its code: `pair`, `columns`, `rnn`."""
        code = self.codes[0].replace("-", "_")
        return self.name.removeprefix(code).strip("_").replace("_", " ")

    def _constant(self, name: str) -> tuple[str, ...]:
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == name for t in node.targets
            ):
                return tuple(ast.literal_eval(node.value))
        return ()

    @property
    def module(self) -> ModuleType:
        return import_module(f"{__name__}.{self.section}.{self.name}")

    def faulty(self) -> dict[str, Any]:
        """Arguments for `diagnose`, made anew."""
        arguments: dict[str, Any] = self.module.faulty()
        return arguments

    def correct(self) -> dict[str, Any]:
        """The same for the repaired twin."""
        arguments: dict[str, Any] = self.module.correct()
        return arguments

    def fault_lines(self) -> list[int]:
        """The lines (from 1) that are marked as the fault."""
        return [i for i, line in enumerate(self.source.splitlines(), 1) if "# FAULT" in line]

    def faulty_parts(self) -> list[tuple[int, str]]:
        """The classes and functions that hold the fault: their first line and their source."""
        lines, faults = self.source.splitlines(), self.fault_lines()
        places = [
            (first, last) for _, first, last in self._definitions() if any(first <= f <= last for f in faults)
        ]
        # a constant of the module stands alone
        places = places or [(max(fault - 2, 1), fault + 2) for fault in faults]
        return [(first, "\n".join(lines[first - 1 : last])) for first, last in places]

    def difference(self) -> list[str]:
        """The repair as a unified diff, without the names of the twins."""
        lines = self.source.splitlines()
        parts = {name: lines[first - 1 : last] for name, first, last in self._definitions()}
        told: list[str] = []
        for name, repaired in parts.items():
            original = _TWIN.sub("", name)
            before = parts.get(original)
            if original == name or before is None:
                continue
            wrong = [line.replace("  # FAULT", "") for line in before]
            right = [_TWIN.sub("", line) for line in repaired]
            told += list(difflib.unified_diff(wrong, right, original, original, lineterm="", n=2))[2:]
        return told

    def _definitions(self) -> list[tuple[str, int, int]]:
        found = []
        for node in self.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                found.append((node.name, first, node.end_lineno or node.lineno))
        return found


def specimens(code: str | None = None) -> list[Specimen]:
    """All specimens, or those that a code names, in the order of the catalogue's sections."""
    return [s for s in _all() if code is None or code in s.codes]


def _all() -> Iterator[Specimen]:
    here = Path(__file__).parent
    for section in SECTIONS:
        for path in sorted((here / section).glob("*.py")):
            if path.name != "__init__.py":
                yield Specimen(path)


def diagnose(arguments: dict[str, Any], **more: Any) -> Report:
    """The doctor's report on what faulty() or correct() gave. more: further arguments, such as seed."""
    given = {**arguments, **more}
    subject = given.pop("subject")
    if given.pop("training_check", False):
        from ..training import check_training

        watched: Report = check_training(subject, given.pop("x"), given.pop("target"), **given)
        return watched
    from ..check import check

    inputs, kwargs = given.pop("inputs", ()), given.pop("forward_kwargs", {})
    return check(subject, *inputs, **given, **kwargs)
