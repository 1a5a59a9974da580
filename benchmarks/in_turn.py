"""What recurrent_step.py and transformer_step.py share: whole training steps of several sides, in turn.

Each side runs in a process of its own, so that no library's threads or settings meet another's; the processes
take turns, and each round gives a ratio.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import torch
from common import Report, Spread, Table, milliseconds, quartiles, same_threads, timed

from chainrule import backend
from chainrule.functions.arrays import Array
from chainrule.layers import CrossEntropyLoss, Layer, default_dtype
from chainrule.training import Adam, train_step
from chainrule.training.step import gradients

TOLERANCE = {"float32": 1e-4, "float64": 1e-10}
Batch = tuple[Any, Array]  # what forward takes, and the targets


@dataclass
class Networks:
    """The same networks on both sides, and their data."""

    kinds: tuple[str, ...]
    ours: Callable[[str], Layer]
    theirs: Callable[[str], torch.nn.Module]
    batches: Callable[[str], list[Batch]]
    symbols: Callable[[str], float]  # how many a batch has, on average
    max_norm: float
    compared_in: str  # float32, with the twins, or float64, where rounding may let a ReLU's input change sign
    label_smoothing: Callable[[str], float] = lambda kind: 0.0

    def our_loss(self, kind: str) -> CrossEntropyLoss:
        return CrossEntropyLoss(axis=-1, label_smoothing=self.label_smoothing(kind))

    def their_loss(self, kind: str, model: torch.nn.Module, batch: Any) -> torch.Tensor:
        inputs, target = batch
        logits, smoothing = model(*inputs), self.label_smoothing(kind)
        return torch.nn.functional.cross_entropy(
            logits.flatten(0, -2), target.flatten(), label_smoothing=smoothing
        )

    # ------------------------------------------------------------ the sides

    def our_step(self, kind: str, threads: int) -> Callable[[], Any]:
        model, loss = self.ours(kind), self.our_loss(kind)
        optimizer, data = Adam(model.parameters()), cycle(self.batches(kind))
        return lambda: train_step(
            model, loss, optimizer, *next(data), max_norm=self.max_norm, threads=threads
        )

    def plain_step(self, kind: str) -> Callable[[], Any]:
        step = self.our_step(kind, threads=1)

        def plain() -> None:
            with backend("reference"):
                step()

        return plain

    def their_step(self, kind: str, fused: bool) -> Callable[[], Any]:
        model = self.theirs(kind)
        optimizer = torch.optim.Adam(model.parameters(), fused=fused)
        data = cycle([in_torch(batch) for batch in self.batches(kind)])

        def step() -> float:
            optimizer.zero_grad()
            loss = self.their_loss(kind, model, next(data))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), self.max_norm)
            optimizer.step()
            return loss.item()

        return step

    def step(self, kind: str, side: str, threads: int) -> Callable[[], Any]:
        """A training step of this side, as users run it."""
        return {
            "chainrule": lambda: self.our_step(kind, threads),
            "chainrule, threads in BLAS only": lambda: self.our_step(kind, 1),
            "chainrule, plain NumPy": lambda: self.plain_step(kind),
            "torch": lambda: self.their_step(kind, fused=False),
            "torch fused": lambda: self.their_step(kind, fused=True),
        }[side]()

    # ------------------------------------------------------------ what is measured

    def compare(self, kind: str) -> dict[str, float]:
        """How far loss and gradients of the two sides are apart, relatively, without dropout. Raises
        ValueError if too far.
        """
        with default_dtype(self.compared_in):
            ours = self.ours(kind).eval()
        theirs = self.theirs(kind).eval().to(getattr(torch, self.compared_in))
        theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
        batch = self.batches(kind)[0]
        found = gradients(ours, self.our_loss(kind), *batch)
        loss = self.their_loss(kind, theirs, in_torch(batch))
        loss.backward()
        apart = {"loss": abs(found.loss / found.count - loss.item()) / loss.item()}
        expected = {name: parameter.grad for name, parameter in theirs.named_parameters()}
        for name, parameter in ours.named_parameters():
            difference = parameter.grad - expected[name].numpy()
            apart[name] = float(np.linalg.norm(difference) / expected[name].norm())
        if not max(apart.values()) < TOLERANCE[self.compared_in]:
            worst = max(apart, key=lambda name: apart[name])
            raise ValueError(
                f"{kind}: the two sides do not compute the same: {worst} differs by {apart[worst]:.1e} of it"
            )
        return apart

    def measure(self, arguments: argparse.Namespace, title: str, note: str) -> Report:
        """Compares, then times: two tables."""
        if arguments.side:
            work(self.step(arguments.model, arguments.side, arguments.threads), arguments.threads)
            sys.exit()
        kinds = self.kinds if arguments.model == "all" else [arguments.model]
        table = Table(
            title,
            ["network", "side", "median ms", "quartiles", "symbols/s", "ratio", "its quartiles"],
            note=f"{note} ratio: the side's time divided by chainrule's, median over the rounds; above 1, "
            "chainrule is faster. fused: Adam in one kernel.",
        )
        agree = Table(
            f"How far the two sides are apart ({self.compared_in}, relative)",
            ["network", "loss", "gradients, at most"],
        )
        figures: dict[str, dict[str, Any]] = {}
        for kind in kinds:
            with same_threads(1):
                apart = self.compare(kind)
                loss = apart.pop("loss")
                agree.add(kind, f"{loss:.1e}", f"{max(apart.values()):.1e}")
                seconds = rounds(kind, arguments.threads, arguments.repeats)
                figures[kind] = {"differences": {"loss": loss, **apart}, "seconds": {}, "ratio": {}}
                for side, times in seconds.items():
                    spread = Spread.of(times)
                    ratio = Spread.of([t / ours for t, ours in zip(times, seconds["chainrule"], strict=True)])
                    figures[kind]["seconds"][side] = vars(spread)
                    figures[kind]["ratio"][side] = vars(ratio)
                    first = side == "chainrule"
                    table.add(
                        kind if first else "",
                        side,
                        milliseconds(spread.median),
                        quartiles(spread),
                        f"{self.symbols(kind) / spread.median:,.0f}",
                        "" if first else f"{ratio.median:.2f}",
                        "" if first else f"{ratio.low:.2f} to {ratio.high:.2f}",
                    )
        return Report([table, agree], figures)

    def options(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--model", choices=[*self.kinds, "all"], default="all")
        parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)  # a worker of this side


SIDES = ("chainrule", "chainrule, threads in BLAS only", "chainrule, plain NumPy", "torch", "torch fused")


def in_torch(batch: Batch) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    x, target = batch
    inputs = x if isinstance(x, tuple) else (x,)
    return tuple(map(as_tensor, inputs)), as_tensor(target)


def as_tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


class Worker:
    """One side in a process of its own."""

    def __init__(self, kind: str, side: str, threads: int) -> None:
        command = [sys.executable, sys.argv[0], "--model", kind, "--side", side, "--threads", str(threads)]
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


def work(step: Callable[[], Any], threads: int) -> None:
    """What a worker does."""
    with same_threads(threads):
        step_timed = timed(step)
        for _ in sys.stdin:
            step_timed()
            print(statistics.median(step_timed()["all"] for _ in range(3)), flush=True)


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
