"""The arrays that training changes: found by what moves in a step and by what changes the loss."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays_inside import Place, places
from ..naming import LEARNING_RATES, STATISTICS, plain
from ..parameters import find_parameters
from ..structure import is_array

_FROZEN = ("frozen", "freeze", "is_frozen")
_THAWED = ("trainable", "requires_grad", "learnable")
_NO_PARAMETER = re.compile(
    r"(mask|pos(ition)?s?(al)?_?(enc|table|emb)|class_?weight|sample_?weight|mean|std|var$|variance|history|"
    r"loss|acc|cache|state|moment|velocity|^[mv]$|^[mv]_|_[mv]$|buffer|eye|one_?hot|target|label|scale_factor|"
    r"prob|priors?$|prev|hidden|init)",
    re.I,
)
_PARAMETER = re.compile(
    r"^_*(w|b|k|c|weights?|bias(es)?|gamma|beta|theta|kernels?|filters?|u|v|table|embedding|scale|shift|intercept|coef)"
    r"_?[a-z]{0,3}\d*$",
    re.I,
)


@dataclass
class Weight:
    """One array that is, or should be, learned. `slot` reads the gradient that backward left, if it does."""

    name: str
    get: Callable[[], Any]
    set: Callable[[Any], None]
    slot: Callable[[], Any] | None = None
    frozen: bool = False

    def read(self) -> np.ndarray:
        """A copy, float64."""
        return np.array(self.get(), dtype=float)

    def gradient(self) -> np.ndarray | None:
        """A copy of the gradient left by the last backward, None where there is none of this shape."""
        value = self.slot() if self.slot else None
        if value is None or np.shape(value) != np.shape(self.get()):
            return None
        return np.array(value, dtype=float)

    @property
    def resolution(self) -> float:
        """The relative rounding of the type that it is kept in."""
        dtype = np.asarray(self.get()).dtype
        return float(np.finfo(dtype).eps) if dtype.kind == "f" else 1.0


def from_place(place: Place, slot: Place | None, prefix: str = "") -> Weight:
    name = f"{prefix}.{place.path}" if prefix else place.path
    return Weight(readable(name), place.get, place.set, slot.get if slot else None, _is_frozen(place.owner))


def readable(path: str) -> str:
    """`layers.0.weight._data` is said as `layers.0.weight`."""
    return re.sub(r"\.(_?data|value|array)$", "", path)


def declared(subject: Any) -> list[Weight] | None:
    """The parameters of an object that names them itself: named_parameters() with .data and .grad."""
    method = getattr(subject, "named_parameters", None)
    if not callable(method):
        return None
    try:
        pairs = list(method())
    except Exception:  # somebody's method of that name, meant otherwise
        return None
    found = []
    for pair in pairs:
        if not (
            isinstance(pair, tuple)
            and len(pair) == 2
            and hasattr(pair[1], "data")
            and hasattr(pair[1], "grad")
        ):
            return None
        name, p = pair
        if not isinstance(p.data, np.ndarray):
            return None
        found.append(_of_parameter(str(name), p))
    return found or None


def _of_parameter(name: str, parameter: Any) -> Weight:
    def write(value: Any) -> None:
        parameter.data[...] = value

    frozen = not getattr(parameter, "requires_grad", True)
    return Weight(name, lambda: parameter.data, write, lambda: parameter.grad, frozen)


def _of_array(name: str, array: np.ndarray) -> Weight:
    def write(value: Any) -> None:
        array[...] = value

    return Weight(name, lambda: array, write)


def given(params: Any, roots: dict[str, Any]) -> list[Weight]:
    """The arrays that the caller named, read where the subject keeps them."""
    pairs = params.items() if isinstance(params, dict) else [(str(i), p) for i, p in enumerate(params)]
    kept = [(prefix, place) for prefix, root in roots.items() for place in places(root)]
    found = []
    for name, array in pairs:
        match = next((place for _, place in kept if place.get() is array), None)
        if match is None and isinstance(array, str):
            match = next((place for _, place in kept if place.path == array), None)
        if match is not None:
            found.append(Weight(str(name), match.get, match.set))
        elif is_array(array):
            found.append(_of_array(str(name), array))
    return found


def candidates(roots: dict[str, Any]) -> dict[str, tuple[str, Place]]:
    """Every float array (or number) that may be a parameter, by a path that is unique over all roots."""
    found: dict[str, tuple[str, Place]] = {}
    seen: set[int] = set()
    for prefix, root in roots.items():
        for place in places({prefix: root}) if isinstance(root, np.ndarray) else places(root):
            value = place.get()
            if is_array(value):
                if id(value) in seen or value.size == 0:
                    continue
                seen.add(id(value))
            elif LEARNING_RATES.match(place.name):
                continue
            path = f"{prefix}:{place.path}" if prefix else place.path
            found[path] = prefix, place
    return found


def slots_after(roots: dict[str, Any], before: dict[str, Any]) -> dict[tuple[str, str], Place]:
    """(root, path) -> the place of its gradient, for what has one by its name."""
    found: dict[tuple[str, str], Place] = {}
    for prefix, root in roots.items():
        if isinstance(root, np.ndarray):
            continue
        known = {place.path: place.get() for p, place in before.values() if p == prefix}
        for parameter in find_parameters(root, known, set()):
            if parameter.gradient is not None:
                found[prefix, parameter.place.path] = parameter.gradient
    return found


def reads_like_a_parameter(name: str, moved: list[str]) -> bool:
    """By its name, or because a sibling of that name moves: W1 beside W2, layers.0.W beside layers.1.W."""
    last = _word(name)
    if STATISTICS.search(name) or _NO_PARAMETER.search(last):
        return False
    stem = re.sub(r"\d+", "#", name)
    if any(re.sub(r"\d+", "#", other) == stem for other in moved):
        return True
    return bool(_PARAMETER.match(last)) or plain(last) in {plain(_word(m)) for m in moved}


def _word(name: str) -> str:
    """The last part of a path that is no number: weights for weights.0."""
    return next((part for part in reversed(name.split(".")) if not part.isdigit()), name)


def _is_frozen(owner: Any) -> bool:
    attributes = owner if isinstance(owner, dict) else getattr(owner, "__dict__", {})
    return any(attributes.get(n) is True for n in _FROZEN) or any(attributes.get(n) is False for n in _THAWED)
