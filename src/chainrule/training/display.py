"""What a person sees while a model trains: a bar with loss, accuracy, speed and time left, and a line per
epoch.
"""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from .loop import Callback
from .progress import Progress, Record
from .step import StepResult


class Display(Callback):
    """The bar needs a terminal; elsewhere only the line per epoch is printed."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self.bar = Bar(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left "),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.epochs = 0

    def on_start(self, progress: Progress, epochs: int, steps_per_epoch: int) -> None:
        self.epochs = epochs
        if progress.epoch >= epochs:
            self.console.print("training had finished already", style="yellow")
        elif progress.step:
            where = f"step {progress.step} (epoch {progress.epoch + 1})"
            self.console.print(f"going on after {where}", style="yellow", highlight=False)
        self.bar.start()
        total, epoch = epochs * steps_per_epoch, f"{progress.epoch + 1}/{epochs}"
        self.task = self.bar.add_task("", total=total, completed=progress.step, epoch=epoch, state="")

    def on_step(self, progress: Progress, result: StepResult) -> None:
        state = f"loss {progress.mean_loss:.4f}"
        if progress.judged:
            state += f"  accuracy {progress.accuracy:.2%}"
        state += f"  {progress.samples_per_second:,.0f}/s"
        epoch = f"{progress.epoch + 1}/{self.epochs}"
        self.bar.update(self.task, completed=progress.step, epoch=epoch, state=state)

    def on_epoch(self, record: Record) -> None:
        line = f"epoch {record['epoch']:>3}/{self.epochs}"
        parts = (("train", " loss", " accuracy"), ("validation", " | validation", ""))
        for part, before_loss, before_accuracy in parts:
            if f"{part}_loss" in record:
                line += f"{before_loss} {record[f'{part}_loss']:.4f}"
            if f"{part}_accuracy" in record:
                line += f"{before_accuracy} {record[f'{part}_accuracy']:.2%}"
        for name, value in record.items():
            if name.startswith("validation_") and name not in ("validation_loss", "validation_accuracy"):
                line += f" {name.removeprefix('validation_').replace('_', ' ')} {value:.4g}"
        self.console.print(f"{line} | {record['seconds']:.1f} s", highlight=False, soft_wrap=True)

    def on_end(self) -> None:
        self.bar.stop()
