"""Everything is compiled by `chainrule warmup`, and old machine code is not used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

from chainrule.kernels.stale import remove_stale_code

# runs the twins on other sizes than warmup did, then counts what had to be compiled for it
COUNT = """
import numba.core.event, sys
compiled = []
class Listener(numba.core.event.Listener):
    def on_start(self, event): compiled.append(event.data["dispatcher"].py_func.__qualname__)
    def on_end(self, event): pass
import numpy as np
from chainrule import functions
from chainrule.kernels.warmup import compilations
for work in compilations().values(): work()
numba.core.event.register("numba:compile", Listener())
r = lambda *shape: np.random.default_rng(0).normal(size=shape).astype("float32")
for repeats in (1, 8):
    x = np.repeat(r(16, 64 // repeats, 40), repeats, axis=1)
    y, cache = functions.lstm(x, r(16, 50), r(16, 50), r(200, 40), r(200, 50), r(200), None,
                              np.arange(1, 17), True)
    functions.lstm_backward((y[0], None, y[2]), cache)
    assert type(cache).__name__ == "CompiledLstmCache"
from chainrule import kernels
kernels.plain.SMALL = 0
keys = np.arange(3, dtype=np.uint64)
x = r(5, 3, 7, 4).swapaxes(0, 1)
x.flags.writeable = False
for mask in (None, np.ones((7, 7), bool), r(3, 1, 1, 7)):
    for p in (0.0, 0.5):
        y, cache = functions.scaled_dot_product_attention(x, x, x, mask, keys, dropout_p=p)
        functions.scaled_dot_product_attention_backward(y, cache)
for weights in ([], [r(4), r(4)]):
    y, cache = functions.layer_norm(x, *weights)
    functions.layer_norm_backward(y, cache)
others = {"gelu": (x,), "dropout": (x, 0.2, keys), "cross_entropy": (r(3, 5), keys.astype(int))}
for name, arguments in others.items():
    y, *_, cache = getattr(functions, name)(*arguments)
    getattr(functions, name + "_backward")(y, cache)
    assert type(cache).__name__.startswith("Compiled"), name
print(compiled)
"""


def test_nothing_is_left_to_compile() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, env=os.environ)
    assert done.stdout.strip() == "[]", done.stderr


def test_machine_code_older_than_any_source_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    old, new = (tmp_path / "__pycache__" / name for name in ("loops.f-1.nbi", "loops.g-1.nbi"))
    source = tmp_path / "elementary.py"
    for path, time in ((old, 100), (source, 200), (new, 300)):
        path.touch()
        os.utime(path, (time, time))
    remove_stale_code(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)
