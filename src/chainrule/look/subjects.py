"""What is looked at: anybody's model, made runnable, and its name."""

from __future__ import annotations

import inspect
import sys
from typing import Any

from chainrule.doctor.calling import required

from .running import Pair


def runnable(model: Any) -> tuple[Any, Any]:
    """(what it is called after, what is run): what a factory makes, in its place; a pair of functions as an
    object; anything else twice, as it is.
    """
    factory = inspect.isclass(model) or inspect.isroutine(model)
    made = model() if factory and not required(model) else model
    is_pair = isinstance(made, tuple | list) and len(made) == 2 and all(map(callable, made))
    return made, Pair(*made) if is_pair else made


def name_of(value: Any) -> str:
    """What it is called: a function's name, or the class's."""
    if isinstance(value, Pair):
        value = value.forward
    if isinstance(value, tuple | list) and value:
        value = value[0]
    return str(getattr(value, "__name__", None) or type(value).__name__)


def randomness_of_ours() -> list[object]:
    """What dropout of our own layers draws from, if they are in use: nobody shall draw otherwise because
    somebody looked.
    """
    module = sys.modules.get("chainrule.layers.randomness")
    return [] if module is None else [module.current()]
