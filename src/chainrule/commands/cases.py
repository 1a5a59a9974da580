"""What is to be looked at in a Python file: functions named check_... or trace_... say it.

    def trace_attention():
        rng = np.random.default_rng(0)
        return Attention(8, 4, rng), rng.normal(size=(2, 5, 8))

They return (subject, *inputs), or a dict {"subject": ..., "inputs": (...)} in which more may stand: "target",
"loss", "learning_rate".
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Found:
    """One thing to look at. `options` are what else its function said."""

    name: str
    subject: Any
    inputs: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)


def cases_in(path: Path, prefixes: tuple[str, ...]) -> list[Found]:
    """Runs the file and its functions of these prefixes, in the order in which they stand there.

    Without such functions, what the doctor finds by itself in the file. Raises FileNotFoundError, what the
    file raises, and ValueError if a function returns something else, or if there is nothing to look at.
    """
    module = run_file(path)
    found = [
        _case(name, function)
        for name, function in vars(module).items()
        if name.startswith(prefixes) and callable(function) and function.__module__ == module.__name__
    ]
    found = found or discovered(path)
    if not found:
        raise ValueError(
            f"nothing in {path} says what to run. Add a function that does:\n\n"
            f"    def {prefixes[0]}example():\n"
            "        return MyLayer(3, 4), np.random.default_rng(0).normal(size=(5, 3))\n\n"
            'It returns (subject, *inputs), or {"subject": ..., "inputs": (...), "target": ..., "loss": '
            "...}; the subject is an object with forward and backward, or a pair of functions."
        )
    return found


def discovered(path: Path) -> list[Found]:
    """What the doctor recognizes in a file that says nothing itself."""
    if find_spec("chainrule.doctor.discovery") is None:
        return []
    discover = import_module("chainrule.doctor.discovery").discover
    return [Found(case.name, case.subject, tuple(case.inputs)) for case in discover(path)]


def run_file(path: Path) -> ModuleType:
    """The file as a module, under its own name; what stands beside it can be imported. A training loop that
    does not end is stopped, and said.
    """
    from chainrule.doctor.discovery.loading import load

    try:
        loaded = load(path, strict=True)
    except BaseException:
        sys.modules.pop(path.stem, None)
        raise
    for note in loaded.notes:
        print(f"{path.name}, {note}", file=sys.stderr)
    return loaded.module


def _case(name: str, function: Callable[[], Any]) -> Found:
    said = function()
    short = name.partition("_")[2]
    if isinstance(said, dict) and "subject" in said:
        options = dict(said)
        subject, inputs = options.pop("subject"), options.pop("inputs", ())
        return Found(short, subject, inputs if isinstance(inputs, tuple) else (inputs,), options)
    if isinstance(said, tuple | list) and len(said) >= 2:
        return Found(short, said[0], tuple(said[1:]))
    raise ValueError(
        f'{name}() must return (subject, *inputs) or {{"subject": ..., "inputs": (...)}}, '
        f"got {type(said).__name__}"
    )
