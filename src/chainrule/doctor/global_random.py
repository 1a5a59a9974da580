"""The state of `np.random`, remembered and put back, at a cost only where it was used.

To read or to set the 624 numbers of the Mersenne Twister takes as long as a small network's forward, and the
doctor puts a subject back before each of its runs. Whether anything was drawn can be seen from memory.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

_BYTES = 625 * 4  # 624 numbers and the place among them


class GlobalRandomState:
    """What `np.random` is at one moment."""

    def __init__(self) -> None:
        self.state: Any = np.random.get_state()  # noqa: NPY002  (the user's code may draw from it)
        self._memory = _memory()

    def put_back(self) -> None:
        # a second normal number that is kept from the last draw comes without a draw
        kept = bool(self.state[3])
        if kept or self._memory is None or self._memory != _memory():
            np.random.set_state(self.state)  # noqa: NPY002


def _memory() -> bytes | None:
    generator = np.random.get_bit_generator()  # type: ignore[attr-defined]
    if type(generator) is not np.random.MT19937:
        return None
    return ctypes.string_at(generator.ctypes.state_address, _BYTES)
