"""Arguments that are objects or functions: layers of layers, activations, losses."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from ..calling import required
from .choices import Choice
from .facts import Facts

_ONE = re.compile(
    r"^(inner|layer|model|net|network|sub_?layer|module|block|body|encoder|decoder|cell|linear|dense|head|embedding|backbone|fn|func|f)$",
    re.I,
)
MANY = re.compile(
    r"(^|_)(layers?|capas|couches|schichten|modules|blocks|stages|nets|networks|sublayers|children|ops|steps)$",
    re.I,
)
_FUNCTION = re.compile(r"activ|^act|func|^fn|nonlin|^f$|^phi|^g$|squash|transfer", re.I)
_DERIVATIVE = re.compile(r"prime|deriv|grad|^d_?(act|f(unc|n)?$)|_d$|der$", re.I)
_LOSS = re.compile(r"loss|criterion|cost|objective", re.I)


@dataclass
class Built:
    """A class that has been started: how, on which input, with which output."""

    name: str
    cls: type
    names: list[str]  # of the constructor's arguments
    arguments: dict[str, Any]  # those that are plain values
    build: Callable[[dict[str, Any]], Any]  # with other plain values
    inputs: tuple[tuple[int, ...], ...] = ()
    output: tuple[int, ...] = ()
    code: str = ""

    @property
    def elementwise(self) -> bool:
        """Whether it keeps any shape and needs no sizes."""
        return self.inputs[:1] == (self.output,) and not any(
            isinstance(v, int) and v > 1 for v in self.arguments.values()
        )

    def sized(self, incoming: int, outgoing: int) -> tuple[Any, dict[str, Any]] | None:
        """Arguments for other sizes, where it has one for the input and one for the output."""
        shape = self.inputs[0] if self.inputs else ()
        numbers = {n: v for n, v in self.arguments.items() if isinstance(v, int) and not isinstance(v, bool)}
        ins = [n for n, v in numbers.items() if v in shape[-1:] or (v in shape[:2] and len(shape) in (2, 4))]
        outs = [
            n
            for n, v in numbers.items()
            if n not in ins[:1] and (v in self.output[-1:] or v in self.output[:2])
        ]
        if not ins or not outs:
            return None
        changed = {**self.arguments, ins[0]: incoming, outs[0]: outgoing}
        return (lambda: self.build(changed)), changed


@dataclass
class Workshop:
    """What the module offers for arguments that are no numbers: classes that run, and functions."""

    module: ModuleType
    built: list[Built] = field(default_factory=list)

    @property
    def layout(self) -> set[str]:
        """How the file's layers want their samples: in columns, one column at a time, or (empty) in rows."""
        firsts = [(b.inputs[0], b.arguments) for b in self.built if b.inputs and len(b.inputs[0]) == 2]
        sized = [
            s for s, arguments in firsts if any(isinstance(v, int) and v == s[0] for v in arguments.values())
        ]
        if not sized or len(sized) < len([1 for _, arguments in firsts if arguments]):
            return set()
        return {"one column"} if all(s[1] == 1 for s in sized) else {"columns"}

    def functions(self) -> list[tuple[str, Callable[..., Any]]]:
        own = [
            (n, f)
            for n, f in vars(self.module).items()
            if inspect.isfunction(f) and f.__module__ == self.module.__name__
        ]
        return [(n, f) for n, f in own if len(required(f)) == 1]

    def choices(self, name: str, facts: Facts) -> list[Choice]:
        """Objects and functions for an argument of this name; none where it takes no such thing."""
        wants_layer = bool(facts.methods & {"forward", "backward", "fprop", "bprop", "forward_pass"})
        found: list[Choice] = []
        bare = name.strip("_")
        if _DERIVATIVE.search(bare):
            found += list(self._functions(True))
        elif facts.called or (_FUNCTION.search(bare) and not facts.strings):
            found += list(self._functions(False))
        if _FUNCTION.search(bare) and (wants_layer or not found):
            found += self._objects(lambda b: 0.0 if b.elementwise else 4.0)
            found += self._types()
        if _LOSS.search(bare):
            found += self._objects(
                lambda b: 0.0 if _LOSS.search(b.name) or "entropy" in b.name.lower() else 5.0
            )
        if MANY.search(bare):
            found += self._lists()
        elif wants_layer or _ONE.match(bare):
            found += self._lists(single=True)
            found += self._objects(lambda b: 1.0 if bare.lower() in b.name.lower() else 2.0)
        if facts.iterated and not found:
            found += [_later(c, 2.0) for c in self._lists()]
        return found

    def _functions(self, derivative: bool) -> list[Choice]:
        named = [(n, f) for n, f in self.functions() if bool(_DERIVATIVE.search(n)) == derivative]
        if not named:  # the file has none: any will do
            named = [("lambda x: 1 - np.tanh(x) ** 2", _tanh_slope)] if derivative else [("np.tanh", np.tanh)]
        return [Choice(_always(f), n, 0.3 * i - 2, n) for i, (n, f) in enumerate(named)]

    def _types(self) -> list[Choice]:
        return [
            Choice(_always(b.cls), b.name, 3.0 + i, b.name) for i, b in enumerate(self.built) if b.elementwise
        ]

    def _objects(self, cost: Callable[[Built], float]) -> list[Choice]:
        return [
            Choice(_build(b), f"{b.code}", cost(b) + 0.3 * i - 2, b.code) for i, b in enumerate(self.built)
        ]

    def _lists(self, single: bool = False) -> list[Choice]:
        """[layer, activation, layer] of sizes that fit; single: one layer whose output is shaped as its
        input.
        """
        rigid = [b for b in self.built if not b.elementwise and len(b.inputs) == 1]
        smooth = [b for b in self.built if b.elementwise]
        found: list[Choice] = []
        for i, b in enumerate(rigid):
            if single:
                square = b.sized(6, 6)
                if square:
                    found.append(Choice(square[0], _call(b, square[1]), 0.3 * i - 2.5, _call(b, square[1])))
                continue
            first, second = b.sized(5, 6), b.sized(6, 3)
            middle = smooth[:1]
            if first and second:
                parts = [
                    (first[0], _call(b, first[1])),
                    *((_build(s), s.code) for s in middle),
                    (second[0], _call(b, second[1])),
                ]
                found.append(_list(parts, 0.3 * i - 2))
                found.append(_list(parts[:2], 0.3 * i - 1))
            elif b.inputs[0] == b.output:
                found.append(
                    _list(
                        [(_build(b), b.code), *((_build(s), s.code) for s in middle), (_build(b), b.code)],
                        0.3 * i - 1.5,
                    )
                )
            found.append(_list([(_build(b), b.code)], 0.3 * i))
        if smooth and not rigid and not single:
            found.append(_list([(_build(s), s.code) for s in smooth[:2]], 0.0))
        return found


def _tanh_slope(x: Any) -> Any:
    return 1 - np.tanh(x) ** 2


def _call(b: Built, arguments: dict[str, Any]) -> str:
    return f"{b.name}({', '.join(repr(arguments[n]) if n in arguments else '...' for n in b.names)})"


def _list(parts: list[tuple[Callable[[], Any], str]], cost: float) -> Choice:
    code = f"[{', '.join(said for _, said in parts)}]"
    return Choice(lambda: [make() for make, _ in parts], code, cost, code)


def _build(b: Built) -> Callable[[], Any]:
    return lambda: b.build(b.arguments)


def _always(value: Any) -> Callable[[], Any]:
    return lambda: value


def _later(choice: Choice, cost: float) -> Choice:
    return Choice(choice.make, choice.said, choice.cost + cost, choice.code, choice.value)
