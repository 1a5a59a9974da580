"""What all `chainrule train ...` commands do: begin a run or go on with one, and keep what Ctrl-C stops."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from .console import console, say

if TYPE_CHECKING:
    from chainrule.training import Run

RunOption = Annotated[
    Path | None, typer.Option("--run", help="Where the run is kept; a new directory in runs/ by default.")
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on with the run in --run, or with the newest unfinished one.")
]
MaxNormOption = Annotated[float | None, typer.Option(help="Clip gradients to this global norm: 1.")]
ThreadsOption = Annotated[
    int | None, typer.Option(min=0, help="Each takes a part of the batch; 0: one per core, if faster.")
]
SeedOption = Annotated[int | None, typer.Option(min=0, help="Weights, order and dropout follow from it: 0.")]


def start(
    recipe: str,
    configure: Callable[..., Any],
    config_of: Callable[[Run], Any],
    data: str | None,
    options: dict[str, Any],
    run: Path | None,
    resume: bool,
) -> tuple[Any, Run]:
    """The config and the run: new ones, or those to go on with. Options that are None were not given."""
    from chainrule.training import Run

    if resume:
        opened = Run.open(run or _newest_unfinished(Path("runs"), recipe))
        config = config_of(opened)
        given = {name: value for name, value in {"data": data, **options}.items() if value is not None}
        changed = [
            f"{name}={value} (the run has {getattr(config, name)})"
            for name, value in given.items()
            if value != getattr(config, name)
        ]
        if changed:
            raise ValueError(
                f"--resume goes on with the run's own options; it cannot change {', '.join(changed)}"
            )
        return config, opened
    config = configure(**({} if data is None else {"data": data}), **options)
    if run is not None:
        return config, Run.create(run, asdict(config))
    data_path = Path(config.data)
    name = data_path.stem if data_path.is_file() else data_path.name
    return config, Run.create_next("runs", f"{recipe}-{name}", asdict(config))


def finish(
    recipe: str, train: Callable[..., dict[str, Any]], config: Any, run: Run, resume: bool
) -> dict[str, Any]:
    """Trains with a progress bar. After Ctrl-C, says how to go on and exits with 130."""
    from chainrule.training import Display, Interrupted

    try:
        return train(config, run, resume=resume, callbacks=[Display(console)])
    except (Interrupted, KeyboardInterrupt) as stopped:
        what = (
            f"[yellow]{stopped}[/]; everything is saved."
            if isinstance(stopped, Interrupted)
            else "\n[yellow]stopped at once[/]; what the last checkpoint holds is kept."
        )
        say(f"{what} Go on with:\n  chainrule train {recipe} --resume --run {shown(run)}")
        raise typer.Exit(130) from None
    except Exception:
        if not resume:
            run.abandon()
        raise


def say_classified(result: dict[str, Any], run: Run, samples: str, argument: str) -> None:
    """At the end of a training: how many `samples` ("names") were told apart, and how to ask for more."""
    path, tested = shown(run), result[f"test_{samples}"]
    wrong = round((1 - result["test_accuracy"]) * tested)
    say(
        f"\ntest accuracy [bold green]{result['test_accuracy']:.2%}[/] ({wrong} of {tested:,} {samples} "
        f"wrong), on average [bold green]{result['balanced_accuracy']:.2%}[/] of each class, test loss "
        f"{result['test_loss']:.4f}, {result['parameters']:,} parameters, "
        f"{result['seconds']:.1f} s of training"
    )
    say(f"pictures: {path}/learning_curves.png, confusion_matrix.png")
    say(f"next: chainrule evaluate {path}    chainrule predict {path} {argument}")


# the compiled twins that a Transformer's step runs through
TRANSFORMER_TWINS = ("adam", "cross_entropy", "dropout", "gelu", "layer_norm", "scaled_dot_product_attention")


def compile_twins(*names: str) -> None:
    """So that the first step does not stand still without a word: compiles what is not compiled yet."""
    from chainrule.kernels import available

    if not available():
        return
    from chainrule.kernels.warmup import compilations

    with console.status("compiling (only the first time)"):
        for name in names:
            compilations()[name]()


def shown(run: Run) -> str:
    """A run's directory as it can be typed."""
    return escape(shlex.quote(str(run.path)))


def _newest_unfinished(parent: Path, recipe: str) -> Path:
    configs = parent.glob(f"{recipe}-*/config.json")
    runs = [p.parent for p in configs if not (p.parent / "result.json").exists()]
    if not runs:
        raise FileNotFoundError(f"there is no unfinished {recipe} run in {parent}/: name one with --run")
    return max(runs, key=lambda path: (path / "config.json").stat().st_mtime)
