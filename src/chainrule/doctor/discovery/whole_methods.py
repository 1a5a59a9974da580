"""Methods that begin at a loss of their own, and give gradients.

loss, grads = network.loss(X, y)                        loss and gradients in one
nabla_b, nabla_w = network.backprop(x, y)               gradients, with the loss in another method
grads = network.gradient(x, t)
network.backward(X, y, output)                          ... handed what forward has computed, too
"""

from __future__ import annotations

import copy
import inspect
import re
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..calling import PREDICTED, TRAINING, positional, required
from ..errors import NotASubject
from ..naming import LEARNING_RATES, TARGETS, UPSTREAMS, belongs
from ..objects import (
    BACKWARD_NAMES,
    FORWARD_NAMES,
    PUBLIC_BACKWARD_NAMES,
    PUBLIC_FORWARD_NAMES,
)
from ..source.read import returned_names
from .left_by_loss import leaving_method, whole_of_loss
from .methods import method
from .model_arrays import arrays_of, matched
from .results import Results, results_of
from .roles import roles_of
from .stepping import left_on, own_rate
from .usual_loss import UsualLoss
from .whole import Function, Whole, gives_gradients, whole_function

LOSS_METHODS = (
    "loss", "cost", "compute_loss", "compute_cost", "loss_function", "cost_function", "get_loss", "objective",
    "_loss", "_cost", "_compute_loss", "_compute_cost",
)  # fmt: skip
GRADIENT_METHODS = ("gradient", "gradients", "compute_gradients", "compute_gradient", "get_gradients")
PREDICTORS = ("predict", "predict_proba", "predict_probs", "compute_output", "activate")
RATE = 0.01
_INPUTS = re.compile(r"^_*(a|x|xs|inputs?|data|samples?|features|ein(gabe)?|entr(ee|ada)s?|shuru)$", re.I)


def predictor(cls: type) -> Function | None:
    """Its forward, whatever it is called: else the one method that takes nothing but an input."""
    known = method(cls, (*FORWARD_NAMES, *PREDICTORS))
    if known is not None:
        return known
    own = {n: f for kind in cls.__mro__ for n, f in vars(kind).items() if inspect.isfunction(f)}
    takes = [f for n, f in own.items() if [bool(_INPUTS.match(p.name)) for p in required(f)[1:]] == [True]]
    return takes[0] if len(takes) == 1 and takes[0].__name__ not in BACKWARD_NAMES else None


def is_whole(cls: type) -> bool:
    """Whether a class has such a method."""
    return begins_itself(cls) or all_in_one(cls) is not None or leaving_method(cls) is not None


def whole_model(model: Any) -> Whole:
    """The object for such a model. Raises NotASubject where there is no loss and no prediction."""
    kind: Any = type(model)
    function, leaving = all_in_one(kind), leaving_method(kind)
    if function is not None:
        return _all_in_one(model, function)
    return whole_of_loss(model, leaving) if leaving is not None else _with_loss(model)


def as_whole(subject: Any) -> Whole | None:
    """The object for what was handed to `check`: a function or method that returns loss and gradients, or a
    model that has such a method. None for all else.

    Raises NotASubject where there is neither a loss nor a prediction.
    """
    function = getattr(subject, "__func__", None)
    if inspect.isfunction(subject):
        return whole_function(subject) if gives_gradients(subject) else None
    if inspect.ismethod(subject) and function is not None and not isinstance(subject.__self__, type):
        return _all_in_one(subject.__self__, function) if results_of(function) is not None else None
    kind: Any = type(subject)
    if inspect.isroutine(subject) or isinstance(subject, (type, list, tuple, Whole)) or not is_whole(kind):
        return None
    if all_in_one(kind) is not None or loss_method(kind) is not None or leaving_method(kind) is not None:
        return whole_model(subject)
    backward, forward = backward_of_class(kind), predictor(kind)
    if backward is None or forward is None:
        return None
    y = positional(backward)[2].name
    return whole_model(subject) if TARGETS.match(y) and y != "t" else None


# ---------------------------------------------------------------- loss and gradients in one


def all_in_one(cls: type) -> Function | None:
    """A method that returns a loss and gradients of the object's arrays; `loss` before others."""
    if method(cls, PUBLIC_FORWARD_NAMES[:-1]) is not None and method(cls, PUBLIC_BACKWARD_NAMES) is not None:
        return None
    own = {n: f for kind in reversed(cls.__mro__) for n, f in vars(kind).items() if inspect.isfunction(f)}
    for name in sorted(own, key=lambda n: (n not in LOSS_METHODS, "loss" not in n and "cost" not in n)):
        results = results_of(own[name]) if not name.startswith("__") else None
        if results is None or len(positional(own[name])) < 2:
            continue
        attributes = {a for f in own.values() for a in f.__code__.co_names}
        if results.bundle is not None or results.owners(attributes):
            return own[name]
    return None


def _all_in_one(model: Any, function: Function) -> Whole:
    results = results_of(function)
    assert results is not None
    places = (
        results.bundle,
        *(i for i in range(len(results.names)) if i not in (results.loss, results.bundle)),
    )

    def call(*inputs: Any, **kwargs: Any) -> Any:
        return getattr(model, function.__name__)(*inputs, **kwargs)

    def gradients(*inputs: Any, **kwargs: Any) -> dict[str, Any]:
        returned = call(*inputs, **kwargs)
        found: dict[str, Any] = {}
        for place in places:
            if place is not None and (place == results.bundle or UPSTREAMS.match(results.names[place])):
                found |= matched(model, (returned[place],), [results.names[place]])
        return found

    shown = getattr(model, function.__name__)
    return Whole(
        (shown, shown),
        lambda *inputs, **kwargs: _first(call(*inputs, **kwargs), results),
        gradients,
        dict(arrays_of(model)),
    )


def _first(returned: Any, results: Results) -> Any:
    if not isinstance(returned, tuple):
        raise NotASubject("it returns no loss with these arguments: hand in the labels as well")
    return returned[results.loss]


# ---------------------------------------------------------------- a loss in another method


def begins_itself(cls: type) -> bool:
    """Whether the class's backward takes an input and a target, and not what comes from above."""
    backward = backward_of_class(cls)
    forward = predictor(cls)
    if backward is None:
        return False
    names = [p.name for p in positional(backward)][1:3]
    if len(names) < 2 or UPSTREAMS.match(names[0]):
        return False
    asked = [p.name for p in required(forward)[1:] if p.name not in TRAINING] if forward is not None else [""]
    if len(asked) != 1:
        return False
    return "labels" in roles_of(names[1]) and "labels" not in roles_of(names[0])


def backward_of_class(cls: type) -> Function | None:
    """Its backward, or its `gradient(x, t)`."""
    if method(cls, BACKWARD_NAMES) is not None:
        return method(cls, BACKWARD_NAMES) if predictor(cls) is not None else None
    return method(cls, GRADIENT_METHODS)


def loss_method(cls: type) -> Function | None:
    """A method cost(x, y) or cost(output, y)."""
    cost = method(cls, LOSS_METHODS)
    return cost if cost is not None and len(required(cost)) == 3 else None


def _with_loss(model: Any) -> Whole:
    kind = type(model)
    backward, cost = backward_of_class(kind), loss_method(kind)
    forward = predictor(kind)
    if backward is None or (cost is None and forward is None):
        raise NotASubject(f"{kind.__name__} has no loss(x, y)")
    takes_output = takes_predictions(backward)
    of_output = cost is None or not _takes_input(cost, forward, backward)
    if forward is None and of_output:
        raise NotASubject(f"{kind.__name__} has no forward(x)")
    names, arrays = returned_names(backward) or [], dict(arrays_of(model))
    x = positional(forward)[1].name if forward is not None else positional(backward)[1].name
    tells = any(names) and not (len(names) == 1 and belongs(names[0], x))  # the gradients, and not just dx
    more = [p.name for p in required(backward)[3:]]
    rate = RATE if any(LEARNING_RATES.match(name) for name in more) else own_rate(model, backward)

    def output_of(own: Any, x: Any) -> Any:
        flags = [p.name for p in required(forward)[2:]] if forward is not None else []
        return getattr(own, forward.__name__)(x, *[True for _ in flags]) if forward is not None else None

    def told(x: Any, y: Any) -> Any:
        assert cost is not None
        return getattr(model, cost.__name__)(output_of(model, x) if of_output else x, y)

    def gradients(x: Any, y: Any) -> dict[str, Any]:
        own = model if tells else _copy(model)  # one that returns no gradient of theirs may change weights
        output = output_of(own, x) if more or takes_output else None
        before = {p.path: np.array(p.get(), dtype=float) for p in places(own)} if own is not model else {}
        rest = [RATE if LEARNING_RATES.match(name) else output for name in more]
        returned = getattr(own, backward.__name__)(output if takes_output else x, y, *rest)
        found = {}
        if returned is not None:
            found = matched(model, returned if isinstance(returned, tuple) else (returned,), names)
        if before and not set(found) & set(arrays):
            found |= left_on(own, before, rate)
        return found

    asks = getattr(model, (cost if cost is not None and not of_output else backward).__name__)
    ahead = getattr(model, forward.__name__) if forward is not None and of_output else asks
    shown = ahead, getattr(model, backward.__name__)
    if cost is not None:
        return Whole(shown, told, gradients, arrays, 2, asks)
    usual = UsualLoss(lambda x: output_of(_copy(model), x), gradients, arrays, stepped=not tells)
    whole = Whole(shown, usual, gradients, arrays, 2, asks)
    whole.says = lambda: usual.said
    return whole


def _takes_input(cost: Function, forward: Function | None, backward: Function) -> bool:
    """loss(x, y), where forward(x) or backward(x, y) has the same x, and not loss(output, y)."""
    name = positional(cost)[1].name
    if forward is not None and name == positional(forward)[1].name:
        return True
    return not takes_predictions(backward) and name == positional(backward)[1].name


def takes_predictions(backward: Function) -> bool:
    """backward(output, y): what forward has computed, and not what it was given."""
    return bool(PREDICTED.match(positional(backward)[1].name))


def _copy(model: Any) -> Any:
    try:
        return copy.deepcopy(model)
    except Exception:
        return model
