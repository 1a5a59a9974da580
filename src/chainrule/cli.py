"""The command line: `chainrule --help`."""

from __future__ import annotations

import json
import os
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chainrule import __version__

from .commands.check import check_command
from .commands.console import console, say
from .commands.museum import museum_command
from .commands.tour import tour_command
from .commands.trace import trace_command

app = typer.Typer(
    name="chainrule",
    help="Deep learning from scratch: every forward and every backward is written by hand, to be read.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
train_app = typer.Typer(help="Train a model on real data.", no_args_is_help=True)
app.add_typer(train_app, name="train")


RunDirectory = Annotated[Path, typer.Argument(metavar="RUN", help="The directory of a run.")]
Weights = Annotated[
    str, typer.Option(help="'last': from the end of training; 'best': with the best validation accuracy.")
]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        console.print(f"chainrule {__version__}", highlight=False)
        raise typer.Exit


@train_app.command("cnn")
def train_cnn(
    data: Annotated[
        str | None,
        typer.Option(
            help="digits, digits-last-half, mnist, fashion-mnist, or a folder with one folder per class."
        ),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Where the run is kept; a new directory in runs/ by default.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --run, or with the newest unfinished one.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(help="small, keras (for mnist), fashion, lenet5, pytorch or color."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="digits 60, mnist 15, fashion-mnist 20, folders 30.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="digits and folders 32, others 128.")] = None,
    lr: Annotated[float | None, typer.Option(help="The highest learning rate: 0.002; mnist 0.001.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="adam, adamw, or sgd (momentum 0.9).")] = None,
    weight_decay: Annotated[float | None, typer.Option(min=0.0, help="0 by default.")] = None,
    schedule: Annotated[str | None, typer.Option(help="cosine, or (for mnist) constant.")] = None,
    shift: Annotated[
        int | None,
        typer.Option(min=0, help="Move images by up to so many pixels: 1; mnist 0, folders 2."),
    ] = None,
    normalize: Annotated[
        str | None, typer.Option(help="standard (the default): mean 0, spread 1; unit (mnist): 0 to 1.")
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(min=0.0, max=0.9, help="The share of the training images kept for validation: 0.1."),
    ] = None,
    label_smoothing: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="How much of a target goes to all classes: 0."),
    ] = None,
    max_norm: Annotated[float | None, typer.Option(help="Clip gradients to this global norm.")] = None,
    size: Annotated[
        int | None, typer.Option(min=4, max=1024, help="Resize the images of a folder to size x size.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Initial weights, order, shifts and dropout follow from it: 0.")
    ] = None,
) -> None:
    """A convolutional network learns to tell images apart.

    By default the handwritten digits that come with scikit-learn: no download, under half a minute.

    Options have defaults that suit the data; config.json in the run's directory shows them all.
    """
    from chainrule.recipes.cnn import config_of, configure
    from chainrule.recipes.cnn import train_cnn as train
    from chainrule.training import Display, Interrupted, Run

    options = {
        "model": model, "epochs": epochs, "batch_size": batch_size, "lr": lr, "optimizer": optimizer,
        "weight_decay": weight_decay, "schedule": schedule, "shift": shift, "normalize": normalize,
        "validation": validation, "label_smoothing": label_smoothing, "max_norm": max_norm, "size": size,
        "seed": seed,
    }  # fmt: skip
    if resume:
        opened = Run.open(run or _newest_unfinished(Path("runs")))
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
    else:
        config = configure(data or "digits", **options)
        opened = (
            Run.create(run, asdict(config))
            if run is not None
            else Run.create_next("runs", f"cnn-{Path(config.data).name}", asdict(config))
        )
    where = escape(shlex.quote(str(opened.path)))
    say(f"[bold]{config.model}[/] on [bold]{escape(config.data)}[/] → {where}")
    try:
        result = train(config, opened, resume=resume, callbacks=[Display(console)])
    except (Interrupted, KeyboardInterrupt) as stopped:
        what = (
            f"[yellow]{stopped}[/]; everything is saved."
            if isinstance(stopped, Interrupted)
            else "\n[yellow]stopped at once[/]; what the last checkpoint holds is kept."
        )
        say(f"{what} Go on with:\n  chainrule train cnn --resume --run {where}")
        raise typer.Exit(130) from None
    except Exception:
        if not resume:
            opened.abandon()
        raise
    _print_result(result, opened.path)


@app.command()
def predict(
    run: RunDirectory,
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    weights: Weights = "last",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print probabilities of all classes as JSON.")
    ] = False,
) -> None:
    """What is on these images? Prints the three likeliest classes of each."""
    from chainrule.recipes.trained import load_trained
    from chainrule.training import Run

    trained = load_trained(Run.open(run), weights)
    probabilities = trained.predict(images)
    if as_json:
        rows = [dict(zip(trained.classes, map(float, row), strict=True)) for row in probabilities]
        print(json.dumps({str(path): row for path, row in zip(images, rows, strict=True)}, indent=2))
        return
    table = Table(box=None, header_style="bold")
    for column in ("image", "is", "or", "or"):
        table.add_column(column, overflow="fold")  # a long path is no use when it is cut off
    for path, row in zip(images, probabilities, strict=True):
        best = row.argsort()[::-1][:3]
        table.add_row(escape(str(path)), *(f"{escape(trained.classes[i])} ({row[i]:.1%})" for i in best))
    console.print(table)


@app.command()
def evaluate(run: RunDirectory, weights: Weights = "last") -> None:
    """Runs the model over its test images again: accuracy, loss, and every class by itself."""
    from chainrule.layers import CrossEntropyLoss
    from chainrule.recipes.cnn import check_same_images, config_of, prepare
    from chainrule.recipes.trained import load_trained
    from chainrule.training import Run
    from chainrule.training import evaluate as evaluate_model

    opened = Run.open(run)
    trained = load_trained(opened, weights)
    experiment = prepare(config_of(opened))
    check_same_images(experiment, opened)
    scores = evaluate_model(trained.model, CrossEntropyLoss(), experiment.test)
    table = Table(box=None, header_style="bold")
    for column in ("class", "images", "found", "precision"):
        table.add_column(column, justify="left" if column == "class" else "right")
    for i, name in enumerate(trained.classes):
        true, predicted = scores.labels == i, scores.predictions == i
        hits = int((true & predicted).sum())
        found, precision = (f"{hits / max(int(of.sum()), 1):.1%}" for of in (true, predicted))
        table.add_row(escape(name), str(int(true.sum())), found, precision)
    console.print(table)
    wrong = int((scores.predictions != scores.labels).sum())
    console.print(
        f"test accuracy [bold]{scores.accuracy:.2%}[/] ({wrong} of {len(scores.labels)} wrong), "
        f"test loss {scores.loss:.4f}",
        highlight=False,
    )


@app.command()
def summary(
    run: RunDirectory, batch_size: Annotated[int, typer.Option(min=1, help="How many images at once.")] = 1
) -> None:
    """The model of a run, layer by layer: output shapes, parameters, multiply-adds, memory."""
    import numpy as np

    from chainrule.recipes.trained import load_trained
    from chainrule.training import Run
    from chainrule.training.summary import summary as summarize

    trained = load_trained(Run.open(run))
    trained.model.train()
    say(str(summarize(trained.model, np.zeros((batch_size, *trained.image_shape), np.float32))))


@app.command()
def results(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Directories of finished runs.")],
) -> None:
    """The final figures of several runs side by side, with their mean and standard deviation."""
    import statistics

    from chainrule.training import Run

    figures = [Run.open(run).read_json("result.json") for run in runs]
    columns = ("test_accuracy", "test_loss", "parameters", "epochs", "seconds")
    table = Table(box=None, header_style="bold")
    table.add_column("run", overflow="fold")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")

    def row(name: str, values: dict[str, float]) -> None:
        accuracy, loss, seconds = values["test_accuracy"], values["test_loss"], values["seconds"]
        table.add_row(
            name,
            f"{accuracy:.2%}",
            f"{loss:.4f}",
            f"{values['parameters']:,.0f}",
            f"{values['epochs']:.0f}",
            f"{seconds:.0f}",
        )

    for path, result in zip(runs, figures, strict=True):
        row(escape(str(path)), result)
    if len(figures) > 1:
        row("mean", {column: statistics.mean(f[column] for f in figures) for column in columns})
        spread = statistics.stdev(f["test_accuracy"] for f in figures)
        table.add_row("standard deviation", f"{spread:.2%}")
    console.print(table)


@app.command()
def lab(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which experiment; without a name, all are listed.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the picture goes: OUT/NAME.png.")] = Path("labs"),
    seed: Annotated[
        int, typer.Option(help="Weights, order and masks follow from it: another seed, another run.")
    ] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="SWITCH=VALUE", help="Try it the other way; may be given several times."
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="The long experiment, in labs that have one (see the list).")
    ] = False,
) -> None:
    """One question, one experiment, one picture, and an answer in plain words.

    Without a name, lists the questions and the switches of each. To try one the other way:

    chainrule lab one-class --set activation=sigmoid --set depth=4
    """
    from chainrule.labs import LABS, describe, run_lab

    if name is None:
        for key, entry in LABS.items():
            say(f"[bold]chainrule lab {key}[/]   {entry.question}")
            console.print(describe(entry.options), highlight=False, soft_wrap=True, style="dim")
            if entry.full:
                console.print(f"  --full: {' '.join(entry.full)}", highlight=False, style="dim")
            console.print()
        console.print("Every switch: --set NAME=VALUE", highlight=False)
        return
    try:
        run_lab(name, out, seed, console, settings or [], full)
    except KeyboardInterrupt:
        console.print("[yellow]stopped[/]; nothing was written")
        raise typer.Exit(130) from None


app.command("check")(check_command)
app.command("museum")(museum_command)
app.command("tour")(tour_command)
app.command("trace")(trace_command)


def _newest_unfinished(parent: Path) -> Path:
    runs = [p.parent for p in parent.glob("*/config.json") if not (p.parent / "result.json").exists()]
    if not runs:
        raise FileNotFoundError(f"there is no unfinished run in {parent}/: name one with --run")
    return max(runs, key=lambda path: (path / "config.json").stat().st_mtime)


def _print_result(result: dict[str, Any], run: Path) -> None:
    path = escape(shlex.quote(str(run)))
    wrong = round((1 - result["test_accuracy"]) * result["test_images"])
    say(
        f"\ntest accuracy [bold green]{result['test_accuracy']:.2%}[/] "
        f"({wrong} of {result['test_images']:,} images wrong), test loss {result['test_loss']:.4f}, "
        f"{result['parameters']:,} parameters, {result['seconds']:.1f} s of training"
    )
    say(f"pictures: {path}/learning_curves.png, confusion_matrix.png, worst_mistakes.png")
    say(f"next: chainrule evaluate {path}    chainrule predict {path} IMAGE...")


def fail(error: BaseException) -> NoReturn:
    """An expected error: its message, and no traceback."""
    text = error.args[0] if isinstance(error, KeyError) and error.args else error
    Console(stderr=True).print(f"[bold red]error:[/] {escape(str(text))}", highlight=False, soft_wrap=True)
    sys.exit(1)


def main() -> None:
    """The entry point. Expected errors become one message; CHAINRULE_DEBUG=1 shows where they come from."""
    try:
        app()
    except (ValueError, OSError, ImportError, ArithmeticError, LookupError, MemoryError) as error:
        if os.environ.get("CHAINRULE_DEBUG"):
            raise
        fail(error)
    except KeyboardInterrupt:
        Console(stderr=True).print("\nstopped", style="yellow")
        sys.exit(130)


if __name__ == "__main__":
    main()
