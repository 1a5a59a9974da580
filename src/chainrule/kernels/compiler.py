"""How the functions of this floor are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Numba's njit, without Python's lock; the machine code stays on disk for the next process, where there
    is a folder for it.
    """

    def compile_it(function: Callable[..., Any]) -> Any:
        try:
            return njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # no folder that this user may write to: every process compiles anew
            return njit(nogil=True, **options)(function)

    return compile_it
