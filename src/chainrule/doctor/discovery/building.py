"""How an object is built: slots for its constructor, and the ways to fill them."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..calling import parameters_of
from .arguments import maker
from .choices import Choice, Slot, array, plain
from .constants import from_constants
from .data_inside import DATA
from .dims import Dims
from .documented import documented_symbols
from .facts import Facts, facts_of
from .limits import reseed, time_limit
from .methods import constructor_of, method
from .nested import Workshop
from .roles import hints_of, recurrent_of, roles_of
from .shapes import input_slot
from .sizes import constructor_slot, spread
from .trial import BUILT, WORKS, Outcome, failure
from .unbuilt import makers_of
from .whole_methods import is_whole

BUILD_SECONDS = 1.0
_VOLUMES = re.compile(r"3d|volum|voxel|\(\w+, \w+, \w+, \w+, \w+\)", re.I)


def constructor_slots(cls: type, workshop: Workshop) -> list[Slot]:
    """A slot for each argument of the constructor, and of the methods that make the weights later."""
    slots: list[Slot] = []
    for name in ("__init__", *makers_of(cls)):
        function = constructor_of(cls) if name == "__init__" else method(cls, (name,))
        if not inspect.isfunction(function):
            continue
        parameters = [p for p in parameters_of(function)[1:] if p.kind is not inspect.Parameter.VAR_KEYWORD]
        found = argument_slots(cls, function, parameters, workshop)
        if is_whole(cls):
            _with_penalty(found, parameters)
        if name != "__init__":
            found = [s for s, p in zip(found, parameters, strict=True) if p.default is p.empty]
            for slot in found:
                slot.method = name
        slots += found
    spread(slots)
    return slots


def argument_slots(
    cls: type, function: Any, parameters: list[inspect.Parameter], workshop: Workshop
) -> list[Slot]:
    """One for each argument of the constructor, or of a method that is called like one."""
    names = [p.name for p in parameters]
    functions = [f for kind in cls.__mro__ for f in vars(kind).values() if inspect.isfunction(f)]
    later = [f for f in functions if f is not function]
    facts = [facts_of(function, p.name, cls, later) for p in parameters]
    hints = hints_of(*names, *("conv" for f in facts if 4 in f.ranks)) | recurrent_of(names, later)
    sizes = documented_symbols(cls)
    meant = {n: [] if n in sizes and "share" in roles_of(n) else roles_of(n) for n in names}  # p
    slots = [
        _slot(p, meant[p.name], known, names, hints, workshop)
        for p, known in zip(parameters, facts, strict=True)
    ]
    from_constants(slots, workshop.module)
    if _VOLUMES.search(f"{cls.__name__} {cls.__doc__}"):
        for slot in slots:
            if "kernel size" in roles_of(slot.name):
                slot.choices.insert(0, plain((2, 3, 2), -0.5))
    for slot, known in zip(slots, facts, strict=True) if function is not constructor_of(cls) else ():
        roles = roles_of(slot.name, names)
        if DATA.match(slot.name) or "labels" in roles:
            slot.choices = _of_labels() if "labels" in roles else _of_data(known)
    return slots


def _of_data(known: Facts) -> list[Choice]:
    """What weights are made for: samples in rows; images where the code tells."""
    images = [array("normal", (4, 2, 8, 6), 0.5), array("normal", (4, 8, 6), 1.0)]
    rows = [array("normal", (6, 5), 0.0), array("normal", (5, 6), 1.5)]
    return [*images, *rows] if known.ranks & {3, 4} or known.least > 2 else [*rows, *images]


def _of_labels() -> list[Choice]:
    """A class for each sample, as a number or in zeros and ones."""
    kinds = (("labels", (6,)), ("binary", (6,)), ("one_hot", (6, 3)), ("binary", (6, 1)), ("normal", (6,)))
    return [array(kind, shape, 0.3 * i, 3) for i, (kind, shape) in enumerate(kinds)]


def _slot(
    parameter: inspect.Parameter,
    roles: list[str],
    facts: Facts,
    names: list[str],
    hints: set[str],
    workshop: Workshop,
) -> Slot:
    slot = constructor_slot(parameter, facts, names, roles)
    required = parameter.default is inspect.Parameter.empty
    if (
        required
        and roles[:1]
        and roles[0] in ("weight", "kernel", "bias", "scale", "table", "moments", "running")
    ):
        arrays = input_slot(parameter.name, roles, facts, [], Dims(), hints)
        slot.choices += [replace(c, cost=c.cost + 0.5) for c in arrays.choices[:12]]
    if required and facts.square:
        slot.choices.append(array("adjacency", (4, 4), -1.0))
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        slot.star = True
        slot.choices = [*workshop.choices("layers", facts), Choice(lambda: [], "none", 3.0, "[]")]
    elif required or parameter.default is None:
        slot.choices += workshop.choices(parameter.name, facts)
    slot.sort(20)
    return slot


def _with_penalty(slots: list[Slot], parameters: list[inspect.Parameter]) -> None:
    """`reg=0.0` of a model with its own loss hides what becomes of the penalty."""
    for slot, parameter in zip(slots, parameters, strict=True):
        if parameter.default in (0, 0.0) and roles_of(parameter.name)[:1] == ["penalty"]:
            slot.choices = [plain(0.3), plain(parameter.default, 0.5, "its default")]


def build(cls: type, slots: list[Slot], picks: list[Choice], file: str) -> Outcome:
    """Whether an object can be built with these choices."""
    try:
        reseed()
        with time_limit(BUILD_SECONDS):
            maker(cls, slots, picks)()
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        return failure(BUILT, error, file)
    return Outcome(WORKS)


def ways(slots: list[Slot], state: tuple[int, ...]) -> Iterator[list[Choice]]:
    """This way of building, then others: one or two arguments changed, the most plausible first."""
    yield [slot.choices[i] for slot, i in zip(slots, state, strict=True)]
    others = [(p, i) for p, slot in enumerate(slots) for i in range(len(slot.choices)) if i != state[p]]
    pairs = [(c, d) for c, d in itertools.combinations(others, 2) if c[0] != d[0]]
    changes: list[tuple[tuple[int, int], ...]] = [*((c,) for c in others), *pairs]

    def cost(change: tuple[tuple[int, int], ...]) -> float:
        return sum(slots[p].choices[i].cost - slots[p].choices[state[p]].cost for p, i in change)

    for change in sorted(changes, key=cost)[:100]:
        changed = dict(change)
        yield [slot.choices[changed.get(p, state[p])] for p, slot in enumerate(slots)]


def numbers_of(cls: type, slots: list[Slot], picks: list[Choice]) -> dict[str, Any]:
    """The plain values that an object is built with, by name; defaults too."""
    defaults = parameters_of(constructor_of(cls))
    told = {p.name: p.default for p in defaults if isinstance(p.default, (int, tuple))}
    return told | {s.name: p.value for s, p in zip(slots, picks, strict=True) if p.value is not None}
