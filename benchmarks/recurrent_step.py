"""One whole training step of recurrent networks, chainrule against PyTorch on the CPU: forward,
cross-entropy, backward, clipping, Adam. Language models, and a classifier of names of different lengths.

Same batches, same number of threads, each side in a process of its own. First, loss and gradients must
agree, with the same weights; then all sides are timed in turn, and each round gives a ratio, torch /
chainrule: above 1, chainrule is faster.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
import torch  # first, so that the threads of all libraries are known
from common import Report, Spread, Table, main, milliseconds, quartiles, same_threads, timed
from recurrent_sides import KINDS, batches, in_torch, our_model, symbols, their_model

from chainrule import backend
from chainrule.layers import CrossEntropyLoss
from chainrule.training import Adam, train_step
from chainrule.training.step import gradients

MAX_NORM = 5.0
TOLERANCE = 1e-4  # float32: the twins compute nothing else


def our_step(kind: str, threads: int) -> Callable[[], Any]:
    model, loss = our_model(kind), CrossEntropyLoss(axis=-1)
    optimizer, data = Adam(model.parameters()), cycle(batches(kind))
    return lambda: train_step(model, loss, optimizer, *next(data), max_norm=MAX_NORM, threads=threads)


def plain_step(kind: str) -> Callable[[], Any]:
    step = our_step(kind, threads=1)

    def plain() -> None:
        with backend("reference"):
            step()

    return plain


def their_step(kind: str, fused: bool) -> Callable[[], Any]:
    model = their_model(kind)
    optimizer = torch.optim.Adam(model.parameters(), fused=fused)
    data = cycle([in_torch(batch) for batch in batches(kind)])

    def step() -> float:
        inputs, target = next(data)
        optimizer.zero_grad()
        loss = their_loss(model, inputs, target)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
        optimizer.step()
        return loss.item()

    return step


def their_loss(model: torch.nn.Module, inputs: Any, target: torch.Tensor) -> torch.Tensor:
    logits = model(*inputs)
    return torch.nn.functional.cross_entropy(logits.flatten(0, -2), target.flatten())


SIDES: dict[str, Callable[[str, int], Callable[[], Any]]] = {
    "chainrule": our_step,
    "chainrule, threads in BLAS only": lambda kind, threads: our_step(kind, 1),
    "chainrule, plain NumPy": lambda kind, threads: plain_step(kind),
    "torch": lambda kind, threads: their_step(kind, fused=False),
    "torch fused": lambda kind, threads: their_step(kind, fused=True),
}


def compare(kind: str) -> dict[str, float]:
    """How far loss and gradients of the two sides are apart, relatively. Raises ValueError if too far."""
    ours, theirs = our_model(kind), their_model(kind)
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    batch = batches(kind)[0]
    _, total, count = gradients(ours, CrossEntropyLoss(axis=-1), *batch)
    loss = their_loss(theirs, *in_torch(batch))
    loss.backward()
    apart = {"loss": abs(total / count - loss.item()) / loss.item()}
    expected = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    for name, parameter in ours.named_parameters():
        difference = parameter.grad - expected[name].numpy()
        apart[name] = float(np.linalg.norm(difference) / expected[name].norm())
    if not max(apart.values()) < TOLERANCE:
        raise ValueError(f"{kind}: the two sides do not compute the same, relative differences: {apart}")
    return apart


class Worker:
    """One side in a process of its own, so that no library's threads or settings meet another's."""

    def __init__(self, kind: str, side: str, threads: int) -> None:
        command = [sys.executable, __file__, "--model", kind, "--side", side, "--threads", str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def turn(self) -> float:
        """Seconds of one step: a step that does not count, then the median of three that do."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print("go", file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def work(kind: str, side: str, threads: int) -> None:
    """What a worker does."""
    with same_threads(threads):
        step = timed(SIDES[side](kind, threads))
        for _ in sys.stdin:
            step()
            print(statistics.median(step()["all"] for _ in range(3)), flush=True)


def rounds(kind: str, threads: int, count: int) -> dict[str, list[float]]:
    """side -> seconds of one step in each round."""
    workers = {side: Worker(kind, side, threads) for side in SIDES}
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    order = list(SIDES)
    for number in range(count + 1):
        for side in order:
            time.sleep(0.05)  # outlasts the spinning of idle threads
            turn = workers[side].turn()
            if number:  # the first round loads and compiles
                seconds[side].append(turn)
        order.append(order.pop(0))
    for worker in workers.values():
        worker.end()
    return seconds


def measure(arguments: argparse.Namespace) -> Report:
    if arguments.side:
        work(arguments.model, arguments.side, arguments.threads)
        sys.exit()
    kinds = KINDS if arguments.model == "all" else [arguments.model]
    table = Table(
        "One training step of recurrent networks",
        ["network", "side", "median ms", "quartiles", "symbols/s", "ratio"],
        note="LSTM, GRU, RNN: 2 layers of 256, batch 32, 64 steps, 65 symbols; names: a GRU of 128 in both "
        "directions, 64 names of 2 to 20 letters, packed on PyTorch's side. ratio: the side's time divided "
        "by chainrule's, median over the rounds; above 1, chainrule is faster. fused: Adam in one kernel.",
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
            seconds = rounds(kind, arguments.threads, arguments.repeats)
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
                    f"{symbols(kind) / spread.median:,.0f}",
                    "" if side == "chainrule" else f"{ratio:.2f}",
                )
    return Report([table, agree], figures)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=[*KINDS, "all"], default="all")
    parser.add_argument("--side", choices=list(SIDES), help=argparse.SUPPRESS)  # a worker of this side


if __name__ == "__main__":
    main(__doc__, measure, 15, options)
