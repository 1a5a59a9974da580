"""Float64 throughout: float32 parameters and inputs are replaced by float64 ones for the time of a check."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays_inside import places
from .objects import stored_attributes
from .structure import is_array

_SMALL = (np.float32, np.float16)


class Promoter:
    """Replaces arrays of low precision, keeping views views of one another."""

    def __init__(self) -> None:
        self._new: dict[int, np.ndarray] = {}
        self._old: list[np.ndarray] = []

    def __call__(self, value: Any) -> Any:
        """A float64 twin of an array, in the same structure; other things as they are."""
        if is_array(value):
            return self.array(value) if value.dtype in _SMALL else value
        if isinstance(value, (np.float32, np.float16)):
            return np.float64(value)
        if isinstance(value, dict):
            return {k: self(v) for k, v in value.items()} if type(value) is dict else value
        if type(value) in (list, tuple):
            return type(value)(self(v) for v in value)
        return value

    def array(self, array: np.ndarray) -> np.ndarray:
        if id(array) in self._new:
            return self._new[id(array)]
        base = array.base
        if isinstance(base, np.ndarray) and base.dtype == array.dtype and base.flags.c_contiguous:
            root = self.array(base)
            start = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
            factor = 8 // array.dtype.itemsize
            new = np.ndarray(
                array.shape,
                np.float64,
                root.data if root.flags.c_contiguous else None,
                start * factor,
                tuple(s * factor for s in array.strides),
            )
        else:
            new = array.astype(np.float64, order="K")
        self._new[id(array)] = new
        self._old.append(array)
        return new

    def object(self, root: Any) -> None:
        """Rebinds every float array of low precision below root, and dtypes that the object keeps."""
        for place in places(root):
            value = place.get()
            if is_array(value) and value.dtype in _SMALL:
                place.rebind(self.array(value))
            for name, kept in (
                list(stored_attributes(place.owner).items())
                if not isinstance(place.owner, (dict, list, tuple))
                else []
            ):
                if (
                    kept in _SMALL
                    if isinstance(kept, type)
                    else isinstance(kept, np.dtype) and kept in _SMALL
                ):
                    object.__setattr__(
                        place.owner, name, np.float64 if isinstance(kept, type) else np.dtype("f8")
                    )
