"""Memory that was freed stays with the process.

A training step makes arrays of megabytes, frees them, and makes the same ones again in the next step. The C
library hands such large pieces back to the system each time, and the system hands out empty pages, one fault
and 4 KiB of zeros at a time: in the step of an LSTM that was a fifth of the time. Two settings tell the GNU C
library to keep what was freed for the next array.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache

# numbers of settings, from malloc.h
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST_PIECE = 2**25  # bytes; what is larger goes back to the system (more is not allowed)
MOST_KEPT = 2**30  # bytes of free memory


@cache
def keep_freed_memory() -> bool:
    """Once per process, for the rest of it; False where there is no such setting, or the user made it."""
    if sys.platform != "linux" or {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"} & set(os.environ):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_PIECE) and mallopt(M_TRIM_THRESHOLD, MOST_KEPT))
