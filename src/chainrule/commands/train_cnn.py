"""`chainrule train cnn`: the options, and what is said at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from .console import say
from .training import ResumeOption, RunOption, finish, shown, start

if TYPE_CHECKING:
    from chainrule.training import Run


def train_cnn_command(
    data: Annotated[
        str | None,
        typer.Option(
            help="digits, digits-last-half, mnist, fashion-mnist, or a folder with one folder per class."
        ),
    ] = None,
    run: RunOption = None,
    resume: ResumeOption = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="small, keras (for mnist), fashion, lenet5, pytorch or color; lstm, which reads an image "
            "row by row (mnist: 98.5 % and more with --epochs 10); or vit, a Transformer on patches."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="digits 60, mnist 15, fashion-mnist 20, folders 30.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="digits and folders 32, others 128.")] = None,
    lr: Annotated[
        float | None, typer.Option(help="The highest learning rate: 0.002; mnist 0.001; lstm 0.003.")
    ] = None,
    optimizer: Annotated[str | None, typer.Option(help="adam, adamw, or sgd (momentum 0.9).")] = None,
    weight_decay: Annotated[float | None, typer.Option(min=0.0, help="0 by default.")] = None,
    schedule: Annotated[
        str | None, typer.Option(help="cosine, or (for mnist, but not for lstm) constant.")
    ] = None,
    shift: Annotated[
        int | None,
        typer.Option(min=0, help="Move images by up to so many pixels: 1; mnist 0 (lstm 1), folders 2."),
    ] = None,
    normalize: Annotated[
        str | None,
        typer.Option(
            help="standard (the default): mean 0, spread 1; unit (mnist, but not for lstm): 0 to 1."
        ),
    ] = None,
    validation: Annotated[
        float | None,
        typer.Option(min=0.0, max=0.9, help="The share of the training images kept for validation: 0.1."),
    ] = None,
    label_smoothing: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="How much of a target goes to all classes: 0."),
    ] = None,
    max_norm: Annotated[
        float | None, typer.Option(help="Clip gradients to this global norm; lstm 1.")
    ] = None,
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
    from chainrule.recipes.cnn import config_of, configure, train_cnn

    options = {
        "model": model, "epochs": epochs, "batch_size": batch_size, "lr": lr, "optimizer": optimizer,
        "weight_decay": weight_decay, "schedule": schedule, "shift": shift, "normalize": normalize,
        "validation": validation, "label_smoothing": label_smoothing, "max_norm": max_norm, "size": size,
        "seed": seed,
    }  # fmt: skip
    config, opened = start("cnn", configure, config_of, data, options, run, resume)
    say(f"[bold]{config.model}[/] on [bold]{escape(config.data)}[/] → {shown(opened)}")
    _say_result(finish("cnn", train_cnn, config, opened, resume), opened)


def _say_result(result: dict[str, Any], run: Run) -> None:
    path = shown(run)
    wrong = round((1 - result["test_accuracy"]) * result["test_images"])
    say(
        f"\ntest accuracy [bold green]{result['test_accuracy']:.2%}[/] "
        f"({wrong} of {result['test_images']:,} images wrong), test loss {result['test_loss']:.4f}, "
        f"{result['parameters']:,} parameters, {result['seconds']:.1f} s of training"
    )
    say(f"pictures: {path}/learning_curves.png, confusion_matrix.png, worst_mistakes.png")
    say(f"next: chainrule evaluate {path}    chainrule predict {path} IMAGE...")
