"""Throws away machine code that is older than its source.

Numba compiles again when the file of a compiled function has changed. It does not look at the files of the
functions that it calls: after a change in elementary.py, lstm_loops would go on with the old exp. So whenever
any file of this folder is newer than an index of Numba's cache, the index goes.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).parent


def remove_stale_code(folder: Path = HERE) -> None:
    newest = max(source.stat().st_mtime for source in folder.glob("*.py"))
    for index in (folder / "__pycache__").glob("*.nbi"):
        with suppress(OSError):  # another process was faster, or it is not ours to change
            if index.stat().st_mtime < newest:
                index.unlink()
