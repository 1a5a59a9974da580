"""Which arrays of a foreign object are its parameters, and where it leaves their gradients.

Nothing is declared: it is found by looking at the object before and after a forward and a backward.

- by name and place: `dW`, `grad_W`, `W_grad`, `gW` beside `W`; `grads["W"]` or `grads["dW"]` beside
  `params["W"]`; `grads[0]` beside `params[0]`; `w.grad` beside `w.data`;
- by change: an array that backward(dy, learning_rate) has moved is a parameter, the step its gradient.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .arrays_inside import Place, places, told
from .naming import STATISTICS, belongs, gradient_stems
from .objects import stored_attributes
from .structure import is_array

_GRADIENT_HOLDERS = re.compile(
    r"^_*(d|g|grad|grads|gradient|gradients|derivs?|derivatives|dparams|dweights|d_params|param_grads|dtheta|deltas?|g_params|dp|diffs?)$",
    re.I,
)
_PARAMETER_HOLDERS = re.compile(
    r"^_*(p|param|params|parameter|parameters|weights?|theta|w|vars?|variables|learnable|state|trainable.*|learnable.*)$",
    re.I,
)
_VALUE_NAMES = {"data", "_data", "value", "val", "values", "w", "array", "weight", "v", "tensor", "param"}
_GRADIENT_NAMES = {
    "grad",
    "_grad",
    "gradient",
    "g",
    "dvalue",
    "d",
    "dw",
    "grads",
    "delta",
    "derivative",
    "ddata",
    "dval",
    "diff",
}
_HISTORY = re.compile(r"(history|hist|log|clip|norms?|list|cache|max|min|check|steps?)$", re.I)


@dataclass
class Parameter:
    """One array that is learned: where it is, and where its gradient is left (None: by its update, or it is
    returned).
    """

    name: str
    place: Place
    gradient: Place | None
    also: list[Place] = field(default_factory=list)  # where a tied array's other uses leave theirs
    returned: bool = False  # its gradient, by backward


def find_parameters(root: Any, before: Mapping[str, np.ndarray], moved: set[str]) -> list[Parameter]:
    """Looks at `root` right after a backward.

    before: what stood at each path before the forward (copies).
    moved: the paths whose contents backward itself has changed and that existed before forward.
    """
    everything = list(places(root))
    candidates = [
        p
        for p in everything
        if p.path in before and not is_gradient_place(p) and not STATISTICS.search(p.name)
    ]
    slots = [p for p in everything if p.path not in before or p.path in moved or _surely_gradient(p)]
    found: list[Parameter] = []
    arrays: set[int] = set()
    used: set[int] = set()
    # a weight divided by its norm is a wbar, too: what has another gradient beside it is none
    for slot in sorted(slots, key=lambda s: (s.path.count("."), s.name.endswith("bar"))):
        if id(slot.get()) in used and is_array(slot.get()):
            continue
        match = _parameter_of(slot, candidates)
        if match is None:
            continue
        if is_array(match.get()) and id(match.get()) in arrays:
            _also(found, match, slot)
            continue
        if not is_array(match.get()) and is_array(slot.get()) and slot.get().ndim:
            continue
        arrays.add(id(match.get()))
        used.add(id(slot.get()))
        found.append(Parameter(_shown(match, slot), match, slot))
    _add_told(root, everything, found, arrays)
    looks_like_gradient = {slot.path for slot in slots if _parameter_of(slot, candidates) is not None}
    for place in candidates:
        value = place.get()
        if (
            place.path in moved
            and is_array(value)
            and id(value) not in arrays
            and place.path not in looks_like_gradient
        ):
            arrays.add(id(value))
            found.append(Parameter(place.path, place, None))
    order = {place.path: i for i, place in enumerate(everything)}
    return sorted(found, key=lambda p: order.get(p.place.path, 0))


def _shown(place: Place, slot: Place) -> str:
    """A parameter object's name is that of the object: weight, not weight.data."""
    inner = place.name in _VALUE_NAMES and slot.name in _GRADIENT_NAMES and place.container == slot.container
    return place.container if inner and place.container else place.path


_TOLD_PARAMETERS = (
    "params",
    "parameters",
    "weights",
    "get_params",
    "get_parameters",
    "trainable_weights",
    "trainable_parameters",
)
_TOLD_GRADIENTS = (
    "grads",
    "gradients",
    "get_grads",
    "get_gradients",
    "weight_grads",
    "param_grads",
    "dparams",
    "derivatives",
)


def _add_told(root: Any, everything: list[Place], found: list[Parameter], arrays: set[int]) -> None:
    """Parallel lists that the object tells itself: params() beside grads, params beside gradients()."""
    parameters = told(root, _TOLD_PARAMETERS) or [
        p for p in everything if _PARAMETER_HOLDERS.match(_holder(p)) and isinstance(p.key, int)
    ]
    gradients = told(root, _TOLD_GRADIENTS) or [
        p for p in everything if _GRADIENT_HOLDERS.match(_holder(p)) and isinstance(p.key, int)
    ]
    if len(parameters) != len(gradients):
        return
    for parameter, gradient in zip(parameters, gradients, strict=True):
        value = parameter.get()
        own = next((p for p in everything if p.get() is value), None)
        if own is not None and id(value) not in arrays and gradient.get() is not value:
            arrays.add(id(value))
            found.append(Parameter(own.path, own, gradient))


def _also(found: list[Parameter], match: Place, slot: Place) -> None:
    """One array in two layers: each layer leaves a gradient of its own, and their sum is the array's."""
    for parameter in found:
        other_layer = parameter.place.container != match.container
        if (
            parameter.place.get() is match.get()
            and parameter.gradient is not None
            and other_layer
            and slot.container.split(".")[0] != parameter.gradient.container.split(".")[0]
        ):
            parameter.also.append(slot)


def _holder(place: Place) -> str:
    """The name of what holds it: `grads` for layers.0.grads.W."""
    return place.container.rpartition(".")[2]


def _is_value(place: Place) -> bool:
    """data of an object that has a grad beside it: a parameter, whatever the object is called (g, d)."""
    owner = place.owner
    if isinstance(owner, (dict, list, tuple)) or place.name not in _VALUE_NAMES:
        return False
    beside = stored_attributes(owner)
    # a dict of gradients beside self.weight is that of a layer
    return any(n in _GRADIENT_NAMES and not isinstance(v, dict) for n, v in beside.items() if n != place.name)


def _has_a_gradient(place: Place) -> bool:
    """The length g of weight normalization, with dg beside it: that one is the gradient."""
    beside = place.owner if isinstance(place.owner, dict) else stored_attributes(place.owner)
    names = (f"d{place.name}", f"d_{place.name}", f"grad_{place.name}", f"{place.name}_grad")
    theirs: list[Any] = [beside[n] for n in names if n in beside]
    return any(is_array(g) and g.shape == np.shape(place.get()) for g in theirs)


def is_gradient_place(place: Place) -> bool:
    """Whether a place has the name of a gradient."""
    if _is_value(place) or _has_a_gradient(place):
        return False
    return bool(_GRADIENT_HOLDERS.match(_holder(place))) or (
        place.name in _GRADIENT_NAMES and not isinstance(place.key, int)
    )


def _surely_gradient(place: Place) -> bool:
    """Whether a place is for gradients even if backward has left it as it was."""
    if is_gradient_place(place):
        return len(place.name) > 1 or bool(_GRADIENT_HOLDERS.match(_holder(place)))
    return len(place.name) > 1 and bool(gradient_stems(place.name)) and not np.any(place.get())


def _parameter_of(slot: Place, candidates: list[Place]) -> Place | None:
    """The candidate to which a slot's name and place point."""
    best: tuple[int, Place] | None = None
    for candidate in candidates:
        score = _fit(slot, candidate)
        if not score:
            continue
        shapes = np.shape(slot.get()) == np.shape(candidate.get())
        score = 2 * score + shapes
        if best is None or score > best[0]:
            best = score, candidate
    return best[1] if best else None


def _fit(slot: Place, candidate: Place) -> int:
    held = bool(_GRADIENT_HOLDERS.match(_holder(slot)))
    if _is_value(candidate) and slot.container != candidate.container:
        return 0  # its gradient stands beside it
    if slot.path == candidate.path or (
        not held and _HISTORY.search(slot.name) and not isinstance(slot.key, int)
    ):
        return 0
    if slot.container == candidate.container:
        if slot.name in _GRADIENT_NAMES and candidate.name in _VALUE_NAMES:
            return 4
        return belongs(slot.name, candidate.name) if isinstance(slot.key, str) else 0
    outer, holder = slot.container.rpartition(".")[::2]
    other, theirs = candidate.container.rpartition(".")[::2]
    same_key = str(slot.key) == str(candidate.key) or (
        isinstance(slot.key, str) and belongs(slot.name, candidate.name)
    )
    if isinstance(slot.key, (str, int)) and _GRADIENT_HOLDERS.match(holder):
        if outer == other and same_key and (_PARAMETER_HOLDERS.match(theirs) or belongs(holder, theirs)):
            return 4
        # grads["W"] beside self.W
        if outer == candidate.container and isinstance(slot.key, str) and same_key:
            return 3
        if outer == other and same_key:
            return 2
    above, _, below = slot.path.partition(".")
    if below == candidate.path and _GRADIENT_HOLDERS.match(above):
        return 4  # grads.b.z beside b.z
    # dW.0 beside W.0; grads.W.0 beside params.W.0; dW of params["W"]
    if outer == other and str(slot.key) == str(candidate.key) and belongs(holder, theirs):
        return 4
    if _PARAMETER_HOLDERS.match(theirs) and slot.container == other and isinstance(slot.key, str):
        return belongs(slot.name, candidate.name)
    if slot.path.count(".") == candidate.path.count(".") and _twin_path(slot.path, candidate.path):
        return 3
    return 0


def _twin_path(slot: str, candidate: str) -> bool:
    """Paths that differ in one component only, which reads like a gradient's: grads.l1.W and params.l1.W."""
    pairs = [(a, b) for a, b in zip(slot.split("."), candidate.split("."), strict=True) if a != b]
    if len(pairs) != 1:
        return False
    ours, theirs = pairs[0]
    return bool(belongs(ours, theirs) or (_GRADIENT_HOLDERS.match(ours) and _PARAMETER_HOLDERS.match(theirs)))
