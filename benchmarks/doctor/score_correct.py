"""Correct code: the subjects of correct/, and all layers and functions of chainrule. No finding is right."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

from layer_cases import LAYERS, layer_cases
from mutant_cases import FUNCTIONS, Case, function_cases
from outcome import Outcome, ask
from specimens import CORRECT, examine, load
from workers import run

from chainrule.doctor.check import check

_SUBJECTS: list[tuple[str, Callable[[], Any]]] = []


def score(jobs: int, only: str = "") -> Iterator[Outcome]:
    _SUBJECTS[:] = [subject for subject in subjects() if only in subject[0]]
    yield from run(examined, range(len(_SUBJECTS)), jobs, "correct code", [name for name, _ in _SUBJECTS])


def examined(number: int) -> Outcome:
    name, call = _SUBJECTS[number]
    return ask(name, call)


def subjects() -> Iterator[tuple[str, Callable[[], Any]]]:
    """(name, a call that has it checked)"""
    for path in sorted(CORRECT.glob("*.py")):
        module = load(path)
        for name in sorted(vars(module)):
            if name.startswith("case_"):
                yield f"{path.stem}: {name.removeprefix('case_')}", _found_in(getattr(module, name))
    for name in FUNCTIONS:
        module = importlib.import_module(f"chainrule.functions.{name}")
        for number in range(len(FUNCTIONS[name])):
            yield f"chainrule.functions.{name}, {number}", _ours(function_cases, name, number, module)
    for kind in LAYERS:
        for number in range(len(LAYERS[kind])):
            yield f"chainrule.layers.{kind}, {number}", _ours(layer_cases, kind, number)


def _found_in(make: Callable[[], dict[str, Any]]) -> Callable[[], Any]:
    return lambda: examine(make())


def _ours(make: Callable[..., list[Case]], name: str, number: int, *rest: Any) -> Callable[[], Any]:
    def call() -> Any:
        case = make(name, *rest)[number]
        return check(case.subject, *case.inputs, **case.kwargs)

    return call
