"""A model whose loss asks for nothing but the input, as an autoencoder's, and whose backward begins at it:

def loss(self, x): ... self.forward(x) ...
def backward(self): ...                         reads what loss has left

Its forward alone would leave backward without what the loss keeps.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..calling import required
from ..objects import BACKWARD_NAMES, FORWARD_NAMES
from ..source.read import returned_names
from .methods import method
from .model_arrays import arrays_of, matched
from .stepping import left_on
from .whole import Function, Whole
from .whole_methods import LOSS_METHODS


def loss_of_input(cls: type) -> Function | None:
    """Such a loss, where it calls the model's own forward and backward takes nothing; else None."""
    forward, backward, loss = (method(cls, n) for n in (FORWARD_NAMES, BACKWARD_NAMES, LOSS_METHODS))
    if forward is None or backward is None or loss is None or required(backward)[1:]:
        return None
    return loss if len(required(loss)) == 2 and forward.__name__ in loss.__code__.co_names else None


def whole_of_input(model: Any) -> Whole:
    """forward(x) -> loss and backward(), on copies: noise that the model draws is the same each time."""
    kind: Any = type(model)
    loss, backward = loss_of_input(kind), method(kind, BACKWARD_NAMES)
    assert loss is not None
    assert backward is not None
    names = returned_names(backward) or []

    ran: list[Any] = []  # the copy on which the loss was taken last

    def told(*inputs: Any, **kwargs: Any) -> Any:
        ran[:] = [copy.deepcopy(model)]
        return getattr(ran[0], loss.__name__)(*inputs, **kwargs)

    def gradients(*inputs: Any, **kwargs: Any) -> dict[str, Any]:
        own = copy.deepcopy(ran[0])
        before = {p.path: np.array(p.get(), dtype=float) for p in places(own)}
        returned = getattr(own, backward.__name__)()
        if returned is None:
            return left_on(own, before, None)
        return matched(model, returned if isinstance(returned, tuple) else (returned,), names)

    shown = getattr(model, loss.__name__), getattr(model, backward.__name__)
    return Whole(shown, told, gradients, dict(arrays_of(model)))
