"""A model that is built around its data, as many first networks are:

    class NeuralNetwork:
        def __init__(self, x, y): self.input, self.y = x, y ...
        def feedforward(self): ...
        def backprop(self): ...                     # changes the weights

It becomes an object with forward(x, y) -> loss and backward(), which puts other data into the model.
"""

from __future__ import annotations

import copy
import inspect
import re
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..calling import parameters_of, required
from ..errors import NotASubject
from ..objects import BACKWARD_NAMES, NAMED_FORWARD, stored_attributes
from ..structure import is_array, is_real
from .methods import constructor_of, method
from .model_arrays import arrays_of
from .roles import roles_of
from .stepping import left_on, own_rate
from .usual_loss import UsualLoss
from .whole import Whole

DATA = re.compile(r"^_*(x|inputs?|data|features|samples|x_?train(ing)?|train(ing)?_?(x|inputs?|data))$", re.I)
OUTPUTS = re.compile(r"out|y_?hat|pred|^a\d*$|result|prob", re.I)


def takes_data(cls: type) -> tuple[str, str] | None:
    """The names of the constructor's data and labels, if forward and backward ask for neither."""
    forward, backward = method(cls, NAMED_FORWARD), method(cls, BACKWARD_NAMES)
    constructor = constructor_of(cls)
    if forward is None or backward is None or not inspect.isfunction(constructor):
        return None
    if len(required(forward)) > 1 or len(required(backward)) > 1:
        return None
    names = [p.name for p in parameters_of(constructor)[1:]]
    data = [n for n in names if DATA.match(n)]
    labels = [n for n in names if "labels" in roles_of(n)]
    return (data[0], labels[0]) if data and labels else None


def around_data(model: Any) -> Whole:
    """The object for such a model; what it holds stays as it is. Raises NotASubject where data, labels or the
    prediction are not found in it.
    """
    kind = type(model)
    forward, backward = method(kind, NAMED_FORWARD), method(kind, BACKWARD_NAMES)
    names = takes_data(kind)
    assert forward is not None
    assert backward is not None
    assert names is not None
    x_name, y_name = _held(model, names)

    def run(x: Any, y: Any) -> tuple[Any, Any]:
        own = copy.deepcopy(model)
        setattr(own, x_name, np.array(x))
        setattr(own, y_name, np.array(y))
        before = {name: id(value) for name, value in stored_attributes(own).items()}
        returned = getattr(own, forward.__name__)()
        if is_array(returned):
            return own, returned
        made = {n: v for n, v in stored_attributes(own).items() if is_array(v) and before.get(n) != id(v)}
        made = {n: v for n, v in made.items() if np.asarray(v).shape == np.asarray(y).shape} or made
        found = [v for n, v in made.items() if OUTPUTS.search(n)] or list(made.values())
        if not found:
            raise NotASubject(f"{forward.__name__}() leaves no prediction in an attribute")
        return own, found[-1]

    def gradients(x: Any, y: Any) -> dict[str, Any]:
        own, _ = run(x, y)
        before = {p.path: np.array(p.get(), dtype=float) for p in places(own)}
        getattr(own, backward.__name__)()
        return left_on(own, before, own_rate(own, backward))

    def asks(x: Any, y: Any) -> None: ...

    parameters = [inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names]
    asks.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    arrays = {n: v for n, v in arrays_of(model) if n not in (x_name, y_name)}
    usual = UsualLoss(lambda x: run(x, getattr(model, y_name))[1], gradients, arrays, stepped=True)
    shown = getattr(model, forward.__name__), getattr(model, backward.__name__)
    whole = Whole(shown, usual, gradients, arrays, 2, asks)
    whole.says = lambda: usual.said
    whole.held = getattr(model, x_name), getattr(model, y_name)
    return whole


def _held(model: Any, names: tuple[str, str]) -> tuple[str, str]:
    """The attributes in which data and labels stand: by their names, or of the first with as many rows."""
    own = {n: v for n, v in stored_attributes(model).items() if is_array(v) and is_real(v)}
    found = []
    for name, pattern in zip(names, (DATA, None), strict=True):
        fits = [n for n in own if n.lstrip("_").lower() == name.lstrip("_").lower()]
        fits += [n for n in own if (pattern.match(n) if pattern else "labels" in roles_of(n))]
        if not fits:
            raise NotASubject(f"no attribute of {type(model).__name__} holds {name}")
        found.append(fits[0])
    return found[0], found[1]
