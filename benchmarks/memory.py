"""Peak resident memory of training, chainrule against PyTorch, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import statistics

from common import Report, Table, fresh, main, megabytes, peak_memory, same_threads


def child(side: str, name: str, steps: int, threads: int) -> None:
    """In the fresh process: prints its peak memory at first, after the import, and after `steps` steps."""
    peaks = [peak_memory()]
    if side == "chainrule":
        import chainrule.models
        import chainrule.training  # noqa: F401
    else:
        import torch  # noqa: F401
    peaks.append(peak_memory())

    from sides import ChainruleSide, TorchSide

    with same_threads(threads):
        training = ChainruleSide(name) if side == "chainrule" else TorchSide(name)
        for _ in range(steps):
            training.step()
    print(json.dumps([*peaks, peak_memory()]))


def measure(arguments: argparse.Namespace) -> Report:
    from sides import NETWORKS

    table = Table(
        f"Peak resident memory, MiB, after {arguments.steps} training steps",
        ["network", "batch", "side", "Python alone", "after import", "after training", "training alone"],
        note=f"Medians of {arguments.repeats} processes; training alone = after training - after import.",
    )
    figures: dict[str, dict[str, list[float]]] = {}
    for name, network in NETWORKS.items():
        figures[name] = {}
        for side in ("chainrule", "torch"):
            code = f"import memory; memory.child({side!r}, {name!r}, {arguments.steps}, {arguments.threads})"
            runs = [json.loads(fresh(code).stdout) for _ in range(arguments.repeats)]
            start, imported, trained = (statistics.median(peaks) for peaks in zip(*runs, strict=True))
            figures[name][side] = [start, imported, trained]
            cells = (name, network.batch) if side == "chainrule" else ("", "")
            table.add(*cells, side, *map(megabytes, (start, imported, trained, trained - imported)))
    return Report([table], figures)


if __name__ == "__main__":
    main(__doc__, measure, 3, lambda p: p.add_argument("--steps", type=int, default=20, help="default 20"))
