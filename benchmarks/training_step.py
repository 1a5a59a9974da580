"""One whole training step (forward, cross-entropy, backward, Adam), chainrule against PyTorch on the CPU.

Same weights, same batches, same number of threads. First, loss and gradients must agree;
then both are timed in turn.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch  # first, so that the threads of all libraries are known
from common import Report, Table, alternate, main, milliseconds, quartiles, same_threads, timed
from sides import NETWORKS, ChainruleSide, Side, TorchSide

TOLERANCE = 1e-10
IN_PARTS = ("chainrule", "torch", "torch fused")
PARTS = ("forward", "backward", "update")


def compare(name: str) -> dict[str, float]:
    """How far loss and gradients of the two sides are apart, relatively. Raises ValueError if too far.

    In float64: where two pixels of a pooling window are equal but for rounding, float32 may let another
    one win on each side; a handful of such windows among 700,000 moves a gradient by one part in a thousand.
    """
    ours = ChainruleSide(name, np.float64)
    theirs = TorchSide(name, ours.model.state_dict(), dtype=np.float64)
    (our_loss, our_grads), (their_loss, their_grads) = ours.loss_and_gradients(), theirs.loss_and_gradients()
    apart = {"loss": abs(our_loss - their_loss) / abs(their_loss)}
    for key, gradient in their_grads.items():
        difference = torch.from_numpy(our_grads[key] - gradient).norm() / torch.from_numpy(gradient).norm()
        apart[key] = difference.item()
    if set(our_grads) != set(their_grads) or not max(apart.values()) < TOLERANCE:
        raise ValueError(f"{name}: the two sides do not compute the same, relative differences: {apart}")
    return apart


def measure(arguments: argparse.Namespace) -> Report:
    names = list(NETWORKS) if arguments.model == "all" else [arguments.model]
    whole = Table(
        "One training step, torch / chainrule as ratio",
        ["network", "batch", "side", "median ms", "quartiles", "images/s", "ratio"],
        note="ratio of the medians: above 1, chainrule is faster. fused: Adam in one kernel; NHWC: layout.",
    )
    parts = Table(
        "The same in parts, median ms", ["network", "side", *PARTS], note="forward includes the loss."
    )
    agree = Table(
        "How far the two sides are apart (float64, relative)", ["network", "loss", "gradients, at most"]
    )
    figures: dict[str, dict[str, Any]] = {}
    with same_threads(arguments.threads):
        for name in names:
            network = NETWORKS[name]
            apart = compare(name)
            loss = apart.pop("loss")
            agree.add(name, f"{loss:.1e}", f"{max(apart.values()):.1e}")

            ours = ChainruleSide(name)
            state = ours.model.state_dict()
            sides: dict[str, Side] = {
                "chainrule": ours,
                "torch": TorchSide(name, state),
                "torch fused": TorchSide(name, state, fused=True),
                "torch fused, NHWC": TorchSide(name, state, fused=True, channels_last=True),
            }
            steps = {side: timed(training.step, "step") for side, training in sides.items()}
            # the pause outlasts the spinning of idle threads, which would take the cores from the other side
            how: dict[str, Any] = {"rounds": arguments.repeats, "burst": 3, "settle": 0.05, "warm_up": 2}
            times = alternate(steps, **how)
            laps = alternate({side: sides[side].laps for side in IN_PARTS}, **how)

            base = times["chainrule"]["step"].median
            figures[name] = {"differences": {"loss": loss, **apart}, "seconds": {}, "ratio": {}, "parts": {}}
            for side in sides:
                spread = times[side]["step"]
                ratio = spread.median / base
                figures[name]["seconds"][side] = vars(spread)
                figures[name]["ratio"][side] = ratio
                speed = f"{network.batch / spread.median:,.0f}"
                shown = "" if side == "chainrule" else f"{ratio:.2f}"
                cells = (name, network.batch) if side == "chainrule" else ("", "")
                whole.add(*cells, side, milliseconds(spread.median), quartiles(spread), speed, shown)
            for side in laps:
                medians = {part: laps[side][part].median for part in PARTS}
                figures[name]["parts"][side] = medians
                parts.add(name if side == "chainrule" else "", side, *map(milliseconds, medians.values()))
    return Report([whole, parts, agree], figures)


if __name__ == "__main__":
    main(__doc__, measure, 30, lambda p: p.add_argument("--model", choices=[*NETWORKS, "all"], default="all"))
