"""The command line: `chainrule --help`."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from chainrule import __version__

from .commands.check import check_command
from .commands.console import console
from .commands.evaluate import evaluate_command
from .commands.generate import generate_command
from .commands.lab import lab_command
from .commands.museum import museum_command
from .commands.predict import predict_command
from .commands.results import results_command
from .commands.summary import summary_command
from .commands.tour import tour_command
from .commands.trace import trace_command
from .commands.train_classify import train_classify_command
from .commands.train_cnn import train_cnn_command
from .commands.train_lm import train_lm_command
from .commands.train_names import train_names_command
from .commands.train_rnn import train_rnn_command
from .commands.train_transformer import train_transformer_command
from .commands.translate import translate_command
from .commands.warmup import warmup_command

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


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        console.print(f"chainrule {__version__}", highlight=False)
        raise typer.Exit


train_app.command("cnn")(train_cnn_command)
train_app.command("rnn")(train_rnn_command)
train_app.command("lm")(train_lm_command)
train_app.command("names")(train_names_command)
train_app.command("classify")(train_classify_command)
train_app.command("transformer")(train_transformer_command)
app.command("predict")(predict_command)
app.command("generate")(generate_command)
app.command("translate")(translate_command)
app.command("evaluate")(evaluate_command)
app.command("summary")(summary_command)
app.command("results")(results_command)
app.command("trace")(trace_command)
app.command("check")(check_command)
app.command("tour")(tour_command)
app.command("museum")(museum_command)
app.command("lab")(lab_command)
app.command("warmup")(warmup_command)


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
