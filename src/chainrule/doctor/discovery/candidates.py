"""What in a module could be checked: its classes, pairs of functions, instances, and check_ functions."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ..calling import positional, required
from ..objects import BACKWARD_NAMES, FORWARD_NAMES, is_layer, layers_of
from ..training.likeness import is_optimizer
from ..unfinished import is_stub
from .closures import closing_method
from .contexts import contextual_pair, is_contextual
from .data_inside import takes_data
from .factories_in_file import loss_beside, model_built_by, takes_layers
from .loss_classes import loss_parts
from .methods import goes_by, method
from .roles import roles_of
from .ways_back import way_back
from .whole import gives_gradients
from .whole_methods import is_whole

STEP_NAMES = ("step", "train_step", "training_step", "fit_batch", "train_on_batch", "update", "train")
BASES = re.compile(
    r"^(Abstract|Base|I[A-Z])|(Base|Abstract|Interface)$|^(Layer|Module|Function|Op|Node|Loss|Model|Block)$"
)


@dataclass(frozen=True)
class Candidate:
    """kind: check, class, step, pair, closure (a function that returns its way back), factory (of a model,
    beside a loss), derivative, loss,
    instance, whole (a function that gives loss and gradients), whole class (with such a method), class with
    data (in its constructor), optimizer, forward (no backward is written yet), or empty (nothing is).
    """

    name: str
    kind: str
    thing: Any
    line: int


def candidates(module: ModuleType) -> list[Candidate]:
    """All of them, in the order in which they stand in the file."""
    own = {name: value for name, value in vars(module).items() if not name.startswith("__")}
    functions = {
        n: f
        for n, f in own.items()
        if inspect.isfunction(f) and f.__module__ == module.__name__ and goes_by(f, n)
    }
    classes = {
        n: c
        for n, c in own.items()
        if inspect.isclass(c) and c.__module__ == module.__name__ and c.__name__ == n
    }
    pairs = list(_pairs(functions))
    taken = {f for c in pairs for f in c.thing}
    found = [*_checks(functions), *_classes(classes), *pairs, *_instances(own, classes)]
    for name, function in functions.items():
        if function in taken or name.startswith("check_"):
            continue
        built = model_built_by(function)
        if built is not None and (takes_layers(built) or loss_beside(module, built) is not None):
            found.append(Candidate(name, "factory", (function, built), line_of(function)))
        elif way_back(function) is not None:
            found.append(Candidate(name, "closure", function, line_of(function)))
        elif gives_gradients(function):
            found.append(Candidate(name, "whole", function, line_of(function)))
    return sorted(found, key=lambda c: c.line)


def _checks(functions: dict[str, Any]) -> Iterator[Candidate]:
    for name, function in functions.items():
        if name.startswith("check_") and not required(function):
            yield Candidate(name.removeprefix("check_"), "check", function, line_of(function))


def _classes(classes: dict[str, type]) -> Iterator[Candidate]:
    bases = {base for cls in classes.values() for base in cls.__mro__[1:]}
    for name, cls in classes.items():
        forward, backward = method(cls, FORWARD_NAMES), method(cls, BACKWARD_NAMES)
        line = line_of(cls)
        if inspect.isabstract(cls):
            continue
        if forward is not None and is_stub(forward):
            if cls not in bases and backward is not None and is_stub(backward) and not BASES.search(name):
                yield Candidate(name, "empty", cls, line)
            continue
        if is_contextual(cls):
            yield Candidate(name, "pair", contextual_pair(cls), line)
            continue
        parts = loss_parts(cls)
        if parts is not None:
            yield Candidate(name, "loss", parts, line)
            continue
        if is_whole(cls):
            yield Candidate(name, "whole class", cls, line)
            continue
        if takes_data(cls) is not None:
            yield Candidate(name, "class with data", cls, line)
            continue
        if closing_method(cls) is not None:
            yield Candidate(name, "class", cls, line)
            continue
        if forward is not None and backward is not None:
            if not (is_stub(backward) and cls in bases):
                yield Candidate(name, "class", cls, line)
            continue
        if step_of(cls) is not None:
            yield Candidate(name, "step", cls, line)
        elif forward is not None and not forward.__name__.startswith("_") and cls not in bases:
            yield Candidate(name, "forward", cls, line)
        elif forward is None and _OPTIMIZERS.search(name) and is_optimizer(cls) and cls not in bases:
            yield Candidate(name, "optimizer", cls, line)


_OPTIMIZERS = re.compile(r"optimi[sz]er|(?-i:Adam|SGD|Momentum|RMS|Nesterov|Adagrad|AdaGrad|Adadelta)", re.I)


def step_of(cls: type) -> Callable[..., Any] | None:
    """A method step(x, target, learning_rate), under one of its names."""
    for name in STEP_NAMES:
        function = method(cls, (name,))
        if function is None or is_stub(function):
            continue
        names = [p.name for p in positional(function)][1:]
        if len(names) >= 2 and any("labels" in roles_of(n) for n in names[1:]):
            return function
    return None


_WORDS = (
    ("backward_pass", ("forward_pass", "")),
    ("backward", ("forward", "fwd", "")),
    ("bwd", ("fwd", "forward", "")),
    ("bprop", ("fprop", "prop", "")),
    ("backprop", ("forward", "fprop", "prop", "")),
    ("back", ("forward", "")),
    ("vjp", ("forward", "")),
    ("gradient", ("forward", "")),
    ("grad", ("forward", "fwd", "")),
    ("derivative", ("", "forward")),
    ("deriv", ("",)),
    ("prime", ("",)),
    ("d", ("",)),
    ("der", ("",)),
    ("delta", ("",)),
)


def _pairs(functions: dict[str, Any]) -> Iterator[Candidate]:
    taken: set[str] = set()
    for word, replacements in _WORDS:
        for name, function in functions.items():
            if name in taken:
                continue
            partner = _partner(name, word, replacements, functions)
            if partner is None or partner in taken or partner == name or way_back(functions[partner]):
                continue
            forward = functions[partner]
            kind = _kind(forward, function, word)
            if kind and not is_stub(forward):
                taken |= {name, partner} if kind == "pair" else {name}
                yield Candidate(partner, kind, (forward, function), min(line_of(forward), line_of(function)))


def _partner(name: str, word: str, replacements: tuple[str, ...], functions: dict[str, Any]) -> str | None:
    parts = re.split(rf"(?:(?<=_)|^){word}(?=_|$)", name) if len(word) < 4 else name.split(word)
    if len(parts) < 2:
        return None
    for other in replacements:
        found = re.sub(r"__+", "_", other.join(parts)).strip("_") or other
        for guess in (
            found,
            f"{found}_{replacements[0]}",
            f"{replacements[0]}_{found}",
            f"{found}_loss",
            f"compute_{found}",
        ):
            if guess.strip("_") in functions and guess.strip("_") != name:
                return guess.strip("_")
    return None


def _kind(forward: Callable[..., Any], backward: Callable[..., Any], word: str) -> str:
    """pair: backward(upstream, cache); loss: the gradient takes what the loss takes; derivative: of one
    number.
    """
    ahead, behind = [p.name for p in required(forward)], [p.name for p in required(backward)]
    if not ahead or not behind:
        return ""
    if len(behind) == 1 and len(ahead) == 1:
        upstream = re.match(r"^(d[a-z]*|g|grad\w*|delta|upstream|error)$", behind[0]) and not re.match(
            r"^d(ata|im)", behind[0]
        )
        return "" if upstream and behind[0] != ahead[0] else "derivative"
    if len(ahead) >= 2 and (
        ahead == behind
        or (
            len(ahead) == len(behind) == 2
            and any("labels" in roles_of(n) for n in behind)
            and not re.match(r"^d[A-Zuoy_]|^grad|^g$|^delta", behind[0])
        )
    ):
        labels = [n for n in ahead if "labels" in roles_of(n)]
        return "loss" if labels or ahead == behind else ""
    if word in ("d", "der", "prime", "deriv", "delta") and len(behind) < 2:
        return ""
    return "pair" if len(behind) >= 2 else ""


def _instances(own: dict[str, Any], classes: dict[str, type]) -> Iterator[Candidate]:
    """Objects of the module; of objects inside of each other only the outermost."""
    objects = {
        n: v for n, v in own.items() if not inspect.isclass(v) and not inspect.ismodule(v) and is_layer(v)
    }
    inside = {id(layer) for v in objects.values() for layer in layers_of(v).values()}
    seen: set[int] = set()
    for name, value in objects.items():
        if id(value) not in inside | seen and not inspect.isroutine(value):
            seen.add(id(value))
            yield Candidate(name, "instance", value, 10**6)


def line_of(thing: Any) -> int:
    """The first line of a function or class; 0 where it is not known."""
    code = getattr(inspect.unwrap(thing) if inspect.isfunction(thing) else thing, "__code__", None)
    if code is not None:
        return int(code.co_firstlineno)
    lines = (
        [f.__code__.co_firstlineno for f in map(_unbound, vars(thing).values()) if inspect.isfunction(f)]
        if inspect.isclass(thing)
        else []
    )
    return min(lines, default=0)


def _unbound(value: Any) -> Any:
    return getattr(value, "__func__", value)
