"""What all experiments share: the trainee, its first steps, its answers before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..case import source_place
from ..report import Finding
from ..source.reach import reached
from .adam_lines import line_of, updating_line
from .course import Course, run_course
from .held import Held, held_steps
from .labels import Labels, answers, read_labels
from .stages import Stage, stages
from .trainee import Trainee

HELD_STEPS = 8


@dataclass
class Study:
    """One training check. Experiments leave the trainee in its first state."""

    trainee: Trainee
    course: Course
    evaluation: Any = None
    steps: int = 30
    not_tested: list[str] = field(default_factory=list)
    found: dict[str, Finding] = field(default_factory=dict)

    # ------------------------------------------------------------ answers

    def answer(self, x: Any) -> np.ndarray | None:
        """The model's answers at its present weights, None where it cannot be asked."""
        result = self.trainee.try_(lambda: self.trainee.predict(x))
        if isinstance(result, Exception) or result is None:
            return None
        output: np.ndarray = result.T if self.trainee.axis == -1 and result.ndim == 2 else result
        return output

    def labels_of(self, target: Any, output: np.ndarray | None) -> Labels | None:
        """The class numbers in a target; samples in columns are turned."""
        columns = self.trainee.axis == -1 and isinstance(target, np.ndarray) and target.ndim == 2
        return read_labels(target.T if columns else target, output)

    @cached_property
    def first_output(self) -> np.ndarray | None:
        self.trainee.restore()
        output = self.answer(self.trainee.x)
        self.trainee.restore()
        return output

    @cached_property
    def last_output(self) -> np.ndarray | None:
        output: np.ndarray | None = self.trained(lambda: self.answer(self.trainee.x))
        return output

    @cached_property
    def labels(self) -> Labels | None:
        return self.labels_of(self.trainee.target, self.first_output)

    def trained(self, action: Any) -> Any:
        """Runs an action at the weights after the watched run, and goes back to the first state."""
        assert self.course.end is not None
        self.trainee.restore_to(self.course.end)
        try:
            return action()
        finally:
            self.trainee.restore_to(self.trainee.first)

    def accuracy(self, output: np.ndarray | None, labels: Labels | None = None) -> float | None:
        labels = labels or self.labels
        if output is None or labels is None:
            return None
        said = answers(output, labels)
        return None if said is None else float(np.mean(said == labels.ids))

    # ------------------------------------------------------------ shared experiments

    @cached_property
    def held(self) -> Held:
        return held_steps(self.trainee, self.trainee.batch(0), HELD_STEPS)

    @cached_property
    def few(self) -> tuple[Any, Any]:
        """Some samples, as many as no layer has units."""
        return self.trainee.part(np.arange(self.trainee.odd_size))

    @cached_property
    def first_stages(self) -> list[Stage]:
        self.trainee.restore()
        found = stages(self.trainee, self.few[0], self.trainee.odd_size)
        self.trainee.restore()
        return found

    @cached_property
    def last_stages(self) -> list[Stage]:
        found: list[Stage] = self.trained(lambda: stages(self.trainee, self.few[0], self.trainee.odd_size))
        return found

    def again(
        self, steps: int | None = None, *, rate: float | None = None, prepare: Any = None
    ) -> tuple[Course, np.ndarray | None]:
        """A control: trains again from the first state, changed by `prepare`; the course and the answers."""
        trainee = self.trainee
        trainee.restore()
        if prepare is not None:
            prepare()
        state = trainee.remember()
        trainee.restore_to(state)
        try:
            course = run_course(trainee, steps or self.steps, rate=rate, keep=False, seconds=6.0)
            return course, self.answer(trainee.x)
        finally:
            trainee.restore_to(trainee.first)

    # ------------------------------------------------------------ saying

    @property
    def stepping(self) -> Any:
        """The user's function that takes the step, if it is known."""
        runner = self.trainee.runner
        return getattr(runner, "do", None) or getattr(getattr(runner, "update", None), "method", None)

    def place_of_update(self, words: str = "") -> dict[str, Any]:
        """The file and line of the statement that moves the weights; words: of `families.Match`, that of an
        Adam that goes wrong. Empty where it is not known.
        """
        function = self.stepping
        owner = getattr(function, "__self__", self.trainee.subject)
        found: dict[str, Any] = {}
        for inner in reached(function, owner) if function is not None else ():
            line = line_of(inner, words) if words else updating_line(inner)
            if line and not (found and words):
                found = {"file": inner.__code__.co_filename, "line": line}
        return found

    def finding(self, code: str, targets: list[str] | None = None, **more: Any) -> Finding:
        """A finding, placed at the training step unless another place is given."""
        function = self.stepping
        file, line = source_place(function) if function is not None else ("", 0)
        more.setdefault("file", file)
        if more["file"] == file:
            more.setdefault("line", line)
        targets = list(targets or [])
        return Finding(
            code,
            target=targets[0] if targets else "",
            targets=targets,
            subject=type(self.trainee.subject).__name__,
            **more,
        )
