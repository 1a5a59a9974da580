"""One whole training step of a recurrent language model, chainrule against PyTorch on the CPU: embedding, two
recurrent layers, linear; cross-entropy, clipping, Adam.

Same weights, same batches, same number of threads. First, loss and gradients must agree; then all sides are
timed in turn, and each round gives a ratio: torch / chainrule, above 1 chainrule is faster.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
import torch  # first, so that the threads of all libraries are known
from common import Laps, Report, Spread, Table, alternate, main, milliseconds, quartiles, same_threads, timed

from chainrule import backend, layers, manual_seed
from chainrule.functions.arrays import Array
from chainrule.training import Adam, train_step
from chainrule.training.step import gradients

KINDS = ("LSTM", "GRU", "RNN")
SYMBOLS, HIDDEN, LAYERS, BATCH, TIME = 65, 256, 2, 32, 64
MAX_NORM = 5.0
TOLERANCE = 1e-4  # float32: the twins compute nothing else


class OurModel(layers.Layer):
    """ids (batch, time) -> logits (batch, time, symbols)."""

    def __init__(self, kind: str) -> None:
        self.embedding = layers.Embedding(SYMBOLS, HIDDEN)
        self.recurrent = getattr(layers, kind)(HIDDEN, HIDDEN, LAYERS)
        self.linear = layers.Linear(HIDDEN, SYMBOLS)

    def forward(self, ids: Array) -> tuple[Array, tuple[Any, Any, Any]]:
        x, embedding_cache = self.embedding.forward(ids)
        (h, _), recurrent_cache = self.recurrent.forward(x)
        logits, linear_cache = self.linear.forward(h)
        return logits, (embedding_cache, recurrent_cache, linear_cache)

    def backward(self, dlogits: Array, cache: tuple[Any, Any, Any]) -> None:
        embedding_cache, recurrent_cache, linear_cache = cache
        dh = self.linear.backward(dlogits, linear_cache)
        dx = self.recurrent.backward((dh, None), recurrent_cache)
        self.embedding.backward(dx[0] if isinstance(dx, tuple) else dx, embedding_cache)


class TheirModel(torch.nn.Module):
    """The same under the same names."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(SYMBOLS, HIDDEN)
        self.recurrent = getattr(torch.nn, kind)(HIDDEN, HIDDEN, LAYERS, batch_first=True)
        self.linear = torch.nn.Linear(HIDDEN, SYMBOLS)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.linear(self.recurrent(self.embedding(ids))[0])


def batches(count: int = 8) -> list[tuple[Array, Array]]:
    """(ids, targets) of random symbols."""
    ids = np.random.default_rng(0).integers(SYMBOLS, size=(count, BATCH, TIME + 1))
    return [(batch[:, :-1], batch[:, 1:]) for batch in ids]


def our_step(kind: str, threads: int) -> Callable[[], Any]:
    manual_seed(0)
    model, loss = OurModel(kind), layers.CrossEntropyLoss(axis=-1)
    optimizer, data = Adam(model.parameters()), cycle(batches())
    return lambda: train_step(model, loss, optimizer, *next(data), max_norm=MAX_NORM, threads=threads)


def plain_step(kind: str) -> Callable[[], Any]:
    step = our_step(kind, threads=1)

    def plain() -> None:
        with backend("reference"):
            step()

    return plain


def their_step(kind: str, fused: bool) -> Callable[[], Any]:
    model = TheirModel(kind)
    optimizer = torch.optim.Adam(model.parameters(), fused=fused)
    data = cycle([tuple(map(torch.from_numpy, batch)) for batch in batches()])

    def step() -> float:
        ids, target = next(data)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(ids).flatten(0, 1), target.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
        optimizer.step()
        return loss.item()

    return step


def compare(kind: str) -> dict[str, float]:
    """How far loss and gradients of the two sides are apart, relatively. Raises ValueError if too far."""
    manual_seed(0)
    ours, theirs = OurModel(kind), TheirModel(kind)
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    ids, target = batches(1)[0]
    _, total, count = gradients(ours, layers.CrossEntropyLoss(axis=-1), ids, target)
    logits = theirs(torch.from_numpy(ids))
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.from_numpy(target).flatten())
    loss.backward()
    apart = {"loss": abs(total / count - loss.item()) / loss.item()}
    for (name, parameter), expected in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        difference = parameter.grad - expected.grad.numpy()
        apart[name] = float(np.linalg.norm(difference) / expected.grad.norm())
    if not max(apart.values()) < TOLERANCE:
        raise ValueError(f"{kind}: the two sides do not compute the same, relative differences: {apart}")
    return apart


def rounds(sides: dict[str, Callable[[], Laps]], count: int) -> dict[str, list[float]]:
    """side -> seconds of one step, the median of each round."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for _ in range(count):
        # the pause outlasts the spinning of idle threads, which would take the cores from the next side
        times = alternate({name: sides[name] for name in order}, rounds=1, burst=3, settle=0.05, warm_up=1)
        for name, laps in times.items():
            seconds[name].append(laps["all"].median)
        order.append(order.pop(0))
    return seconds


def measure(arguments: argparse.Namespace) -> Report:
    kinds = KINDS if arguments.model == "all" else [arguments.model]
    table = Table(
        f"One training step: 2 layers of {HIDDEN}, batch {BATCH}, {TIME} time steps, {SYMBOLS} symbols",
        ["network", "side", "median ms", "quartiles", "symbols/s", "ratio"],
        note="ratio: the side's time divided by chainrule's, median over the rounds; above 1, chainrule is "
        "faster. fused: Adam in one kernel.",
    )
    agree = Table(
        "How far the two sides are apart (float32, relative)", ["network", "loss", "gradients, at most"]
    )
    figures: dict[str, dict[str, Any]] = {}
    with same_threads(arguments.threads):
        for kind in kinds:
            apart = compare(kind)
            loss = apart.pop("loss")
            agree.add(kind, f"{loss:.1e}", f"{max(apart.values()):.1e}")
            sides = {
                "chainrule": timed(our_step(kind, arguments.threads)),
                "chainrule, threads in BLAS only": timed(our_step(kind, 1)),
                "chainrule, plain NumPy": timed(plain_step(kind)),
                "torch": timed(their_step(kind, fused=False)),
                "torch fused": timed(their_step(kind, fused=True)),
            }
            seconds = rounds(sides, arguments.repeats)
            figures[kind] = {"differences": {"loss": loss, **apart}, "seconds": {}, "ratio": {}}
            for side, times in seconds.items():
                spread = Spread.of(times)
                ratio = statistics.median(
                    theirs / ours for theirs, ours in zip(times, seconds["chainrule"], strict=True)
                )
                figures[kind]["seconds"][side], figures[kind]["ratio"][side] = vars(spread), ratio
                table.add(
                    kind if side == "chainrule" else "",
                    side,
                    milliseconds(spread.median),
                    quartiles(spread),
                    f"{BATCH * TIME / spread.median:,.0f}",
                    "" if side == "chainrule" else f"{ratio:.2f}",
                )
    return Report([table, agree], figures)


if __name__ == "__main__":
    main(__doc__, measure, 15, lambda p: p.add_argument("--model", choices=[*KINDS, "all"], default="all"))
