"""The file's own way of making parameters: `init(vocab, emb, hid)`, `initialize_parameters_deep(layer_dims)`.

A function that takes a dict of parameters is handed what such a function makes: then all keys are there, and
the shapes fit. One that takes them one by one, by their names in the dict or the NamedTuple, is handed each.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ..calling import parameters_of
from ..structure import is_array, is_real
from .arguments import assumed, call, values
from .choices import Choice
from .facts import Facts
from .limits import TimeUp, reseed, time_limit
from .results import HOLDERS
from .roles import roles_of
from .sizes import constructor_slot, spread

_MAKES = re.compile(r"init|^(make|create|new|build|get|random)_?\w*(param|weight)|^params?_", re.I)
SECONDS = 0.5
LARGE = 2000  # of numbers in parameters
WAYS = 3  # of sizes, for one function


def made_parameters(module: ModuleType, name: str, facts: Facts) -> list[Choice]:
    """What the file's functions make for an argument of this name; [] where it takes no dict of arrays, or
    none of them makes one with the keys that the code asks for.
    """
    if not facts.keys and (name == "W" or not HOLDERS.match(name)):
        return []
    found = []
    for function in vars(module).values():
        if inspect.isfunction(function) and function.__module__ == module.__name__:
            found += [c for c in _made(function) if set(facts.keys) <= set(c.make())]
    return [Choice(c.make, c.said, i - 4.0, c.code) for i, c in enumerate(found[: 2 * WAYS])]


def _arrays(made: dict[Any, Any]) -> Iterator[Any]:
    """What stands in a dict, and in the dicts inside of it."""
    for value in made.values():
        yield from _arrays(value) if isinstance(value, dict) and value else [value]


def made_by_name(module: ModuleType, names: list[str]) -> dict[str, list[Choice]]:
    """For the arguments among these that are called like an array that one function makes, or that a dict of
    the file holds, two at least: that array. {} where there is no such function or dict.
    """
    for name, held in vars(module).items():
        if isinstance(held, dict) and sum(n in held for n in names) > 1 and _is_small(held):
            return {n: [Choice(held[n].copy, f"{name}['{n}']", -4.0)] for n in names if n in held}
    for function in vars(module).values():
        if inspect.isfunction(function) and function.__module__ == module.__name__:
            found = list(_made(function))
            alike = [n for n in names if found and n in found[0].make()]
            if len(alike) > 1:
                return {n: [_item(choice, n, i) for i, choice in enumerate(found)] for n in alike}
    return {}


def _is_small(made: dict[Any, Any]) -> bool:
    """Whether a dict holds nothing but arrays, and such as the doctor can try number by number."""
    arrays = list(made.values())
    return all(is_array(v) and is_real(v) for v in arrays) and sum(v.size for v in arrays) < LARGE


def _item(choice: Choice, name: str, place: int) -> Choice:
    made = choice.make
    return Choice(lambda: made()[name], f"that of {choice.said}", place - 4.0)


def _made(function: Callable[..., Any]) -> Iterator[Choice]:
    """Dicts of arrays that a function makes, of a few sizes."""
    if not _MAKES.search(function.__name__):
        return
    parameters = [p for p in parameters_of(function) if p.kind is not inspect.Parameter.VAR_KEYWORD]
    names = [p.name for p in parameters]
    slots = [constructor_slot(p, Facts(), names, roles_of(p.name)) for p in parameters]
    spread(slots)
    for way in range(WAYS):
        picks = [slot.choices[min(way, len(slot.choices) - 1)] for slot in slots]
        inputs, kwargs = values(slots, picks)

        def make(inputs: tuple[Any, ...] = inputs, kwargs: dict[str, Any] = kwargs) -> Any:
            reseed()
            made = function(*inputs, **kwargs)
            return made._asdict() if hasattr(made, "_asdict") else made

        try:
            with time_limit(SECONDS):
                made = make()
        except (Exception, TimeUp):
            continue
        if isinstance(made, dict) and made and all(is_array(v) and is_real(v) for v in _arrays(made)):
            told = call(function.__name__, slots, picks)
            yield Choice(make, f"{function.__name__}({assumed(slots, picks, '=')})", 0.0, told)
