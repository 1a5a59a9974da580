"""What a method that returns nothing has left on its object.

    def forward(self, inputs):                        def backward(self, dvalues):
        self.output = inputs @ self.weights               self.dinputs = dvalues @ self.weights.T

Such layers hand on what stands on the object, so it is taken as what was returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .errors import NotASubject
from .naming import belongs
from .objects import stored_attributes
from .structure import is_real, leaves

_OUTPUTS = ("output", "outputs", "out", "_output")
_RESULTS = ("result", "y", "Y", "activations", "activation", "a", "A", "z", "Z")
_GRADIENTS = ("dinputs", "dinput", "d_inputs", "d_input", "dx", "dX", "dout_prev", "grad_input", "input_grad")


def output_of(owner: Any, inputs: Iterable[Any]) -> Any:
    """`self.output`, or a result under another name that is not an input itself; None where there is none."""
    stored = {name: value for name, value in stored_attributes(owner).items() if is_real(value)}
    given = {id(value) for value in inputs}
    named = [stored[n] for n in _OUTPUTS if n in stored]
    return next(
        iter(named or [stored[n] for n in _RESULTS if n in stored and id(stored[n]) not in given]), None
    )


def output_or_refusal(owner: Any, inputs: Iterable[Any], name: str) -> Any:
    """The same. Raises NotASubject where there is none."""
    left = output_of(owner, inputs) if owner is not None else None
    if left is None:
        raise NotASubject(
            f"forward of {name} returns nothing, and leaves no array in self.output: return what it computes"
        )
    return left


def reduction_of(owner: Any, losses: np.ndarray, inputs: Sequence[Any]) -> Callable[[Any], Any]:
    """How a loss for each sample becomes one: by their mean, or what a method `calculate` makes of them."""
    try:
        whole = next(leaves(owner.calculate(*inputs)))[1]
    except Exception:  # there is none, or it wants more
        return np.mean
    return np.sum if np.isclose(whole, losses.sum()) else np.mean


def prediction_of(owner: Any, inputs: Sequence[Any]) -> Any:
    """What a loss's backward is handed once more: what its forward has left in `output`, or its input."""
    left: Any = stored_attributes(owner).get("output") if owner is not None else None
    return left if is_real(left) and np.shape(left) == np.shape(inputs[0]) else inputs[0]


def input_gradient_of(owner: Any, names: list[str]) -> Any:
    """`self.dinputs`, or what is called like a gradient of an input; in the order of the inputs if there are
    several; None where there is none. names: of the inputs.
    """
    stored = stored_attributes(owner)
    found = [_of(stored, name) for name in names or [""]]
    if not any(found):
        found[:1] = [next((n for n in _GRADIENTS if is_real(stored.get(n))), None)]
    if not any(found):
        return None
    values = [stored[place] if place is not None else None for place in found]
    return values[0] if len(values) == 1 else tuple(values)


def _of(stored: dict[str, Any], name: str) -> str | None:
    """The attribute that is called like the gradient of an input of this name."""
    return next((n for n, value in stored.items() if is_real(value) and belongs(n, name) > 2), None)
