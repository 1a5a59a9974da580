"""`chainrule warmup`: compiles what is to be compiled, before it is needed."""

from __future__ import annotations

import time

from .console import console, say


def warmup_command() -> None:
    """Compiles all fast twins now (about a minute, once): no first training step has to wait for it."""
    from chainrule.kernels import available
    from chainrule.kernels.warmup import compilations

    if not available():
        raise ImportError(
            "there is no compiler, so plain NumPy runs everywhere; the fast twins come with "
            "pip install 'chainrule[train]'"
        )
    begin = time.perf_counter()
    with console.status("") as status:
        for number, (name, compile_it) in enumerate(all_of := compilations().items(), start=1):
            status.update(f"compiling {name} ({number} of {len(all_of)})")
            start = time.perf_counter()
            compile_it()
            say(f"{name:28} {time.perf_counter() - start:5.1f} s")
    say(f"all twins are ready ({time.perf_counter() - begin:.1f} s); Numba keeps them on disk")
