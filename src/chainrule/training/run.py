"""A run directory: everything that a training run leaves behind.

config.json          what was asked for
metrics.jsonl        one line per epoch
last.safetensors     weights, optimizer and progress, to go on from
best.safetensors     the weights with the best validation accuracy so far
epoch-12.safetensors the weights after an epoch, of the last few: to be averaged
result.json          the final figures
*.png                learning curves, confusion matrix, worst mistakes
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.layers.layer import Layer

from .averaging import average_weights
from .files import atomic, load, load_with_metadata, save
from .optimizers import Optimizer
from .progress import Progress


class Run:
    """Reads and writes one run directory. All files are replaced as a whole, so a killed run leaves no half
    of one.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.last, self.best = self.path / "last.safetensors", self.path / "best.safetensors"

    # ------------------------------------------------------------ beginning

    @classmethod
    def create(cls, path: str | Path, config: dict[str, Any]) -> Run:
        """A new run. Raises FileExistsError if one is there: nothing is ever overwritten."""
        run = cls(path)
        if run.path.exists() and not run.path.is_dir():
            raise NotADirectoryError(f"{run.path} is a file, a run needs a directory")
        try:
            run.path.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise NotADirectoryError(f"{error.filename} is in the way of the directory {run.path}") from None
        try:
            run.write_json("config.json", config, exclusive=True)
        except FileExistsError:
            raise FileExistsError(
                f"{run.path} holds a run already: go on with --resume, or choose another directory"
            ) from None
        return run

    @classmethod
    def create_next(cls, parent: str | Path, name: str, config: dict[str, Any]) -> Run:
        """A new run in parent/name-1, or the first number that is free, whoever else looks for one."""
        number = 1
        while True:
            try:
                return cls.create(Path(parent) / f"{name}-{number}", config)
            except FileExistsError:
                number += 1

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """A run that exists. Raises FileNotFoundError if this is none."""
        run = cls(path)
        if not (run.path / "config.json").is_file():
            raise FileNotFoundError(f"{run.path} is no run directory: there is no config.json in it")
        return run

    def abandon(self) -> None:
        """Takes a run away that has no checkpoint yet, so that its name is free again."""
        if self.last.exists():
            return
        for name in ("config.json", "model.json", "tokenizer.json"):
            (self.path / name).unlink(missing_ok=True)
        if not any(self.path.iterdir()):  # the directory may have been there before, with other things in it
            self.path.rmdir()

    @property
    def config(self) -> dict[str, Any]:
        return self.read_json("config.json")

    # ------------------------------------------------------------ while it runs

    def save_checkpoint(
        self, model: Layer, optimizer: Optimizer, progress: Progress, state: Any = None
    ) -> None:
        """metrics.jsonl; then weights, optimizer and progress, in one file so that they belong together. And
        the state, an array or a tuple of them, that a recurrent model carries on to the next batch.

        In this order, a run that is killed between the two writes the same metrics again when it goes on.
        """
        self._write_text("metrics.jsonl", "".join(json.dumps(record) + "\n" for record in progress.history))
        arrays = {f"model.{name}": array for name, array in model.state_dict().items()}
        arrays |= {f"optimizer.{name}": array for name, array in optimizer.state_dict().items()}
        arrays |= {"state": state} if isinstance(state, np.ndarray) else {}
        arrays |= {f"state.{i}": a for i, a in enumerate(state)} if isinstance(state, tuple) else {}
        save(arrays, self.last, {"progress": json.dumps(progress.to_json())})

    def load_checkpoint(self, model: Layer, optimizer: Optimizer | None = None) -> Progress:
        """Puts the last checkpoint back into model and optimizer. Raises FileNotFoundError if none was saved
        yet.
        """
        if not self.last.is_file():
            raise FileNotFoundError(
                f"{self.path} has no checkpoint yet: the run ended before its first one; start it anew"
            )
        arrays, metadata = load_with_metadata(self.last)
        if "progress" not in metadata:
            raise ValueError(f"{self.last} is no checkpoint: it says nothing about the progress")

        def part(prefix: str) -> dict[str, Any]:
            return {
                name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)
            }

        model.load_state_dict(part("model."))
        if optimizer is not None:
            optimizer.load_state_dict(part("optimizer."))
        return Progress(**json.loads(metadata["progress"]))

    def load_weights(self, model: Layer, weights: str = "last") -> None:
        """Puts trained weights into model: "last", those of the end; "best", those that did best on the
        validation data; "average", the mean of those that `save_epoch` kept.
        """
        if weights == "last":
            self.load_checkpoint(model)
        elif weights == "best":
            model.load_state_dict(load(self.best))
        elif weights == "average":
            if not (paths := self.epochs_kept()):
                raise FileNotFoundError(f"{self.path} has no weights to average: it kept no epochs")
            model.load_state_dict(average_weights(paths))
        else:
            raise ValueError(f"weights must be 'last', 'best' or 'average', got {weights!r}")

    def save_epoch(self, model: Layer, epoch: int, keep: int) -> None:
        """Keeps the weights as those after this epoch, and of the epochs before as many as `keep` allows."""
        save(model, self.path / f"epoch-{epoch}.safetensors")
        for path in self.epochs_kept()[:-keep]:
            path.unlink()

    def epochs_kept(self) -> list[Path]:
        """The files that `save_epoch` wrote, the oldest first."""
        return sorted(self.path.glob("epoch-*.safetensors"), key=lambda path: int(path.stem[6:]))

    def load_state(self) -> Any:
        """What `save_checkpoint` was given as state: an array, a tuple of arrays, or None."""
        arrays = load_with_metadata(self.last).arrays
        parts = sorted((int(name[6:]), array) for name, array in arrays.items() if name.startswith("state."))
        return arrays.get("state", tuple(array for _, array in parts) or None)

    # ------------------------------------------------------------ small files

    def write_json(self, name: str, content: dict[str, Any], exclusive: bool = False) -> None:
        """Replaces a file; with exclusive=True, raises FileExistsError if it exists."""
        self._write_text(name, json.dumps(content, indent=2) + "\n", exclusive)

    def read_json(self, name: str) -> dict[str, Any]:
        path = self.path / name
        if not path.is_file():
            raise FileNotFoundError(f"there is no {name} in {self.path}")
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is damaged: {error}") from None
        if not isinstance(content, dict):
            raise ValueError(f"{path} is damaged: it should hold one object")
        return content

    def _write_text(self, name: str, text: str, exclusive: bool = False) -> None:
        with atomic(self.path / name, exclusive) as temporary:
            temporary.write_text(text, encoding="utf-8")
