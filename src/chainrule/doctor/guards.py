"""The small number in log(p + 1e-7): a guard, and no part of the loss.

Backward is p - y, as if it were not there. Where p is small the numerical gradient sees it all the same, and
a right backward differs from it. So a wrong gradient is looked at once more with all guards made far smaller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from .case import Case
from .objects import forward_of, layers_of, stored_attributes
from .source.reach import reached

LARGEST, SMALLEST = 1e-4, 1e-14
SMALLER = 1e-200
NAMES = re.compile(r"^_*(eps(ilon)?|tiny|small|delta)$", re.I)
MATTERS = 1e-7


class Guards:
    """Inside the block the guards in functions that take logarithms are nearly 0."""

    def __init__(self, functions: Sequence[Callable[..., Any]], owners: list[Any]) -> None:
        self.undo: list[Callable[[], None]] = []
        self.made: list[Callable[[], None]] = []
        seen = set()
        for function in functions:
            plain: Any = function
            code = plain.__code__
            if plain in seen or not any("log" in n for n in code.co_names):
                continue
            seen.add(plain)
            less = tuple(_less(c) for c in code.co_consts)
            if less != code.co_consts:
                self._set(plain, "__code__", code.replace(co_consts=less))
            defaults = plain.__defaults__ or ()
            if any(_less(c) != c for c in defaults):
                self._set(plain, "__defaults__", tuple(_less(c) for c in defaults))
            for name in code.co_names:
                value = plain.__globals__.get(name)
                if NAMES.match(name) and isinstance(value, float) and _less(value) != value:
                    self._global(plain.__globals__, name, value)
        for owner in owners if seen else ():
            for name, value in stored_attributes(owner).items():
                # the noise of a variational autoencoder is called eps, too
                if NAMES.match(name) and isinstance(value, float) and _less(value) != value:
                    self._set(owner, name, _less(value))

    def _set(self, owner: Any, name: str, value: Any) -> None:
        before = getattr(owner, name)
        self.made.append(lambda: setattr(owner, name, value))
        self.undo.append(lambda: setattr(owner, name, before))

    def _global(self, names: dict[str, Any], name: str, value: Any) -> None:
        self.made.append(lambda: names.update({name: _less(value)}))
        self.undo.append(lambda: names.update({name: value}))

    def __bool__(self) -> bool:
        return bool(self.made)

    def __enter__(self) -> Guards:
        for change in self.made:
            change()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()

    def restore(self) -> None:
        for change in self.undo:
            change()
        self.undo = []


def guards_of(case: Case) -> Guards:
    """Those of forward, of the functions that it calls, and of the layers inside."""
    subject = case.probe.subject
    found = [*reached(subject.forward_function, subject.owner, abroad=True)]
    inside = list(layers_of(subject.owner).values()) if subject.owner is not None else []
    for layer in inside:
        found += reached(getattr(layer, str(forward_of(layer))), layer, abroad=True)
    return Guards(found, [*inside, *([subject.owner] if subject.owner is not None else [])])


def matter(before: Case, after: Case) -> bool:
    """Whether the numerical gradients of what was wrong are others without the guards."""
    if set(before.doubtful) != set(after.doubtful):
        return True
    for name in before.wrong:
        for (_, with_, _), (_, without, _) in zip(before.slopes(name), after.slopes(name), strict=True):
            if abs(with_ - without) > MATTERS * (abs(with_) + abs(without)):
                return True
    return False


def _less(value: Any) -> Any:
    if type(value) is not float:
        return value
    if SMALLEST < value <= LARGEST:
        return value * SMALLER
    if SMALLEST < 1 - value <= LARGEST:
        return 1 - (1 - value) * SMALLER
    return value
