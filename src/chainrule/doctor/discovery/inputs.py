"""What forward is fed: slots for its arguments, and the search through them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..calling import parameters_of
from ..objects import BACKWARD_NAMES, FORWARD_NAMES
from ..structure import leaves
from .arguments import Try, values
from .candidates import step_of
from .choices import Choice, Slot, plain
from .dims import Dims
from .documented import documented_shapes
from .facts import Facts, facts_of
from .initializers import made_by_name, made_parameters
from .layouts import columns_of, is_data_alone, part_of
from .limits import reseed
from .lists_of_steps import lists_of_steps, runs_over
from .methods import method, stored_method
from .nested import Workshop
from .results import HOLDERS
from .roles import gates_of, hints_of, in_a_norm, norm_of_a_layer, of_samples, roles_of, two_layers
from .search import Involved, search
from .shapes import input_slot
from .sizes import SCALARS, constructor_slot
from .trial import Outcome, attempt, attempt_step

WIDEST = 7  # of the kernels of a convolution over a signal


def search_inputs(
    workshop: Workshop,
    file: str,
    make: Callable[[], Any],
    cls: type,
    named: dict[str, Any],
    until: float,
    tries: int,
) -> Try:
    """Inputs with which an object runs. named: the numbers that it was built with."""
    step = step_of(cls)
    forward, backward = method(cls, FORWARD_NAMES), method(cls, BACKWARD_NAMES)
    function = forward if forward is not None and backward is not None else step
    reseed()
    try:
        subject = make()
    except Exception:
        return Try([], [], None, 0.0, make)
    assert function is not None
    parameters = asked(function, stored_method(cls, function.__name__))
    hints = _hints(cls, subject) | gates_of(function, [p.name for p in parameters])
    later = [backward] if function is forward else []
    dims = Dims.of_object(subject, named)
    hints |= workshop.layout | columns_of(function)
    slots = input_slots(workshop, parameters, function, cls, subject, later, dims, hints)

    def run(picks: list[Choice]) -> Outcome:
        inputs, kwargs = values(slots, picks)
        if function is forward:
            return attempt(make, inputs, kwargs, file)
        return attempt_step(make, function.__name__, inputs, file)

    result = search(slots, run, Involved(function, [s.name for s in slots]), tries, until)
    return Try([], slots, result, 0.0, make)


def asked(function: Callable[..., Any], stored: Any = None) -> list[inspect.Parameter]:
    """The arguments that have no default, or one that hides faults. stored: the function as its
    class stores it, of a method.
    """
    parameters = parameters_of(function)
    if stored is not None and not isinstance(stored, staticmethod):
        parameters = parameters[1:]
    open_end = inspect.Parameter.VAR_KEYWORD
    return [
        p
        for p in parameters
        if p.kind is not open_end and (p.default is inspect.Parameter.empty or telling(p))
    ]


def telling(parameter: inspect.Parameter) -> bool:
    """Whether a default hides faults: a stride of 1, a padding of 0."""
    role = next(iter(roles_of(parameter.name)), "")
    return type(parameter.default) is int and (role, parameter.default) in (("stride", 1), ("padding", 0))


def input_slots(
    workshop: Workshop,
    parameters: list[inspect.Parameter],
    function: Callable[..., Any],
    cls: type | None,
    subject: Any,
    later: list[Any],
    dims: Dims,
    hints: set[str],
    target: str = "",
) -> list[Slot]:
    """A slot for each argument.

    later: functions that read what this one keeps. subject: the object whose method it is. target: which
    argument of a loss holds the labels, where its name does not say so.
    """
    names = [p.name for p in parameters]
    hints = hints | two_layers(names) | of_samples(names) | norm_of_a_layer(names)
    slots: list[Slot] = []
    by_name = made_by_name(workshop.module, names) if subject is None else {}
    if by_name:
        dims.of_made([np.shape(made[0].make()) for made in by_name.values()])
    for p in parameters:
        if p.name in by_name:
            slots.append(Slot(p.name, by_name[p.name]))
            continue
        facts = facts_of(function, p.name, subject, later)
        roles = in_a_norm(cls.__name__ if cls else function.__name__, roles_of(p.name, names))
        if roles[:1] == ["labels"] and is_data_alone(function, p.name, names):
            roles = []
        if target and p.name == target:
            roles = roles or ["labels"]
        elif target and "scores" not in roles:
            roles = ["prediction"]
        if "prediction" in roles and facts.columns == {0}:
            hints = hints | {"one each"}
        made = made_parameters(workshop.module, p.name, facts)
        if made:
            slots.append(Slot(p.name, made))
            dims.of_made([np.shape(value) for choice in made[:1] for _, value in leaves(choice.make())])
            continue
        if facts.keys and not facts.ranks:
            slots += _items(p.name, facts, function, subject, later, dims, hints)
            continue
        slot = input_slot(p.name, roles, facts, documented_shapes(p.name, function, cls), dims, hints)
        if runs_over(function, p.name):
            slot.choices += lists_of_steps(slot.choices)
            slot.sort(200)
        if facts.called:
            slot.choices = [*workshop.choices(p.name, facts), *slot.choices]
            slot.sort()
        if p.default is not inspect.Parameter.empty:
            slot.choices = constructor_slot(p, facts, names, roles).choices
        slot.keyword = p.kind is inspect.Parameter.KEYWORD_ONLY or p.default is not inspect.Parameter.empty
        slots.append(slot)
    return slots


def _items(
    name: str,
    known: Facts,
    function: Callable[..., Any],
    subject: Any,
    later: list[Any],
    dims: Dims,
    hints: set[str],
) -> list[Slot]:
    """A slot for each item of a dict: `param["stride"]`, `parameters["Wax"]`."""
    slots = []
    keys = list(known.keys)
    hints = hints | two_layers(keys)
    for key, default in known.keys.items():
        item = f"{name}['{key}']"
        facts = facts_of(function, item, subject, later)
        roles = roles_of(key, keys) or (part_of(function, item) if HOLDERS.match(name) else [])
        parameter = inspect.Parameter("item", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        if default is not None:
            slot = Slot(item, [plain(default)])
        elif roles and roles[0] in SCALARS:
            slot = Slot(item, constructor_slot(parameter, facts, keys, roles).choices)
        else:
            slot = input_slot(key, roles, facts, documented_shapes(key, function, None), dims, hints)
            slot.name = item
            if not roles:
                sizes = constructor_slot(parameter.replace(name=key), facts, keys, roles).choices
                slot.choices += [replace(c, cost=c.cost + 1.5) for c in sizes]
                slot.sort()
        slot.within = name
        slots.append(slot)
    return slots


def _hints(cls: type, subject: Any) -> set[str]:
    attributes = list(vars(subject)) if hasattr(subject, "__dict__") else []
    shapes = [np.shape(p.get()) for p in places(subject)]
    windows = {"windows"} if any(len(s) == 3 and s[-1] <= WIDEST for s in shapes) else set[str]()
    return windows | hints_of(cls.__name__, *attributes, (cls.__doc__ or "").split("\n")[0])
