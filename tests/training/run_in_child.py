"""What test_killed.py runs in a process of its own: many short epochs, with a checkpoint after each.

    python run_in_child.py RUN [MOMENT COUNT]

With a moment ("half-written", "before-sync" or "before-rename"), the process kills itself at that moment of
its COUNT-th file.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.small_tasks import small_training

from chainrule.training import Run, fit

EPOCHS = 30


def training() -> dict[str, Any]:
    return small_training(count=13, epochs=EPOCHS)


def kill_at(moment: str, count: int) -> None:
    """Replaces a function that files pass through by one that kills this process at the count-th call."""
    owner, name = {
        "half-written": (Path, "write_bytes"),
        "before-sync": (os, "fsync"),
        "before-rename": (Path, "replace"),
    }[moment]
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def fatal(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < count:
            return original(*args)
        if moment == "half-written":
            original(args[0], args[1][: len(args[1]) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, fatal)


if __name__ == "__main__":
    run = Run(sys.argv[1])
    if len(sys.argv) > 2:
        kill_at(sys.argv[2], int(sys.argv[3]))
    fit(**training(), run=run, resume=run.last.exists())
