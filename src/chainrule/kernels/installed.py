"""Is there a compiler? Numba comes with the extra `train`."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec


@cache
def compiler_is_installed() -> bool:
    return find_spec("numba") is not None
