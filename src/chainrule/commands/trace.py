"""`chainrule trace`: what every layer took, made and handed back in one training step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from .console import console, say

if TYPE_CHECKING:
    from chainrule.look import Trace


def trace_command(
    what: Annotated[
        Path, typer.Argument(metavar="FILE.py|RUN", help="A Python file, or the directory of a run.")
    ],
    only: Annotated[
        str | None, typer.Option(help="FILE.py: only the function of this name (trace_NAME, check_NAME).")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option("--lr", help="The learning rate of the step. RUN: that of the run.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
) -> None:
    """One training step, one line per call: shapes, mean, spread, zeros, NaN, gradients.

    RUN: its trained model takes one more step on its first batch.

    FILE.py: functions say what to run. trace_NAME() returns (model, x), or a dict

    {"subject": model, "inputs": (x,), "target": ..., "loss": ..., "learning_rate": ...}
    """
    if what.is_dir():
        traces = {"": _trace_run(what, learning_rate)}
    else:
        traces = _trace_file(what, only, learning_rate)
    if as_json:
        content = {name: _json(trace.to_dict()) for name, trace in traces.items()}
        print(json.dumps(content.get("", content), indent=2))
        return
    for i, (name, trace) in enumerate(traces.items()):
        if name:
            say(f"{chr(10) if i else ''}[bold]{escape(name)}[/]")
        console.print(trace, soft_wrap=True)
    if any(trace.error is not None for trace in traces.values()):
        raise typer.Exit(1)


def _trace_file(path: Path, only: str | None, learning_rate: float | None) -> dict[str, Trace]:
    from chainrule.look import trace

    from .cases import cases_in

    cases = cases_in(path, ("trace_", "check_"))
    if only is not None:
        names = ", ".join(case.name for case in cases)
        cases = [case for case in cases if case.name == only]
        if not cases:
            raise ValueError(f"{path} has no {only!r}: there are {names}")
    traces = {}
    for case in cases:
        known = ("target", "loss", "learning_rate", "optimizer")
        options = {key: case.options.get(key) for key in known} | case.options.get("forward_kwargs", {})
        if learning_rate is not None:
            options["learning_rate"] = learning_rate
        traces[case.name] = trace(case.subject, case.inputs, **options)
    return traces


def _trace_run(path: Path, learning_rate: float | None) -> Trace:
    """One more step of a run: its first batch again, its loss, its optimizer."""
    from chainrule.look import trace
    from chainrule.recipes.kinds import recipe_module, reopen
    from chainrule.training import Run

    run = Run.open(path)
    experiment = reopen(run)
    optimizer = recipe_module(run).build_optimizer(experiment.config, experiment.model)
    run.load_checkpoint(experiment.model, optimizer)
    # a schedule ends near 0: the step shown is the one that the run began with
    optimizer.lr = experiment.config.lr if learning_rate is None else learning_rate
    x, target = next(experiment.train.epoch(0))
    return trace(experiment.model.train(), x, target, experiment.loss, optimizer.lr, optimizer)


def _json(value: object) -> object:
    """JSON has no NaN and no infinity: they become texts."""
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    return str(value) if isinstance(value, float) and value - value != 0 else value
