"""Where a training run stands: everything that it needs to go on, apart from the weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from chainrule.functions.arrays import Array

from .step import StepResult

Record = dict[str, Any]


@dataclass
class Progress:
    """Counters, the sums of the epoch at hand, and one record per finished epoch. Goes to JSON and back."""

    epoch: int = 0  # finished epochs
    step: int = 0  # finished steps, over all epochs
    step_in_epoch: int = 0
    loss: float = 0.0  # sums over the epoch at hand
    count: float = 0.0
    samples: int = 0
    judged: int = 0  # answers that can be right or wrong, and those that were right
    correct: int = 0
    gradient_norm: float = 0.0
    seconds: float = 0.0
    history: list[Record] = field(default_factory=list)

    def add(self, result: StepResult, target: Array, seconds: float) -> None:
        """Takes in one step."""
        self.step, self.step_in_epoch = self.step + 1, self.step_in_epoch + 1
        self.loss, self.count = self.loss + result.loss, self.count + result.count
        if result.right is None:
            self.samples += len(target)
        else:  # of a text, every character is a sample
            judged = int((target >= 0).sum())  # no class has a negative number: what does is ignored
            self.samples, self.judged = self.samples + judged, self.judged + judged
            self.correct += result.right
        self.gradient_norm += result.gradient_norm
        self.seconds += seconds

    @property
    def mean_loss(self) -> float:
        return self.loss / self.count if self.count else float("nan")

    @property
    def accuracy(self) -> float:
        """The share of right answers; NaN where the targets are no classes."""
        return self.correct / self.judged if self.judged else float("nan")

    @property
    def samples_per_second(self) -> float:
        return self.samples / self.seconds if self.seconds else 0.0

    def finish_epoch(self, **more: float) -> Record:
        """Closes the epoch: its means become a record, and the sums start again from 0."""
        record = {
            "epoch": self.epoch + 1,
            "step": self.step,
            "train_loss": self.mean_loss,
            **({"train_accuracy": self.accuracy} if self.judged else {}),
            "gradient_norm": self.gradient_norm / max(self.step_in_epoch, 1),
            "samples_per_second": self.samples_per_second,
            "seconds": self.seconds,
            **more,
        }
        self.history.append(record)
        fresh = Progress(epoch=self.epoch + 1, step=self.step, history=self.history)
        self.__dict__.update(fresh.__dict__)
        return record

    @property
    def total_seconds(self) -> float:
        """Seconds spent in training steps since the start, interruptions not counted."""
        return self.seconds + float(sum(record["seconds"] for record in self.history))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
