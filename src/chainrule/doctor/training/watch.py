"""`TrainingWatch`: an eye on a real run, in anybody's loop, for less than a twentieth of its time.

    watch = chainrule.TrainingWatch(model)
    for x, target in batches:
        ...
        watch.step(loss=loss, prediction=prediction, target=target)
    print(watch.report())

It only looks: no step is repeated and nothing is changed, so most of what it says is *not proved*.
`check_training` does the experiments.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from ..report import Finding, Report
from .labels import answers, cross_entropy, read_labels
from .sampling import SHARE, Sampler
from .sightings import Sight, Sightings
from .weights import Weight, candidates, declared, from_place, reads_like_a_parameter, slots_after


class TrainingWatch:
    """Call `step` after each step of a loop, and `report` whenever you like.

    model: whatever holds the weights. every: look at every n-th step; by default as often as 2 % of the time
    of the steps allows. share: that part of the time.
    """

    def __init__(self, model: Any, *, every: int | None = None, share: float = SHARE) -> None:
        self.model = model
        self.sampler = Sampler(every, share)
        self.seen = Sightings(type(model).__name__)
        self.steps = 0
        self._before = candidates({"": model}) if declared(model) is None else {}
        self._weights: list[Weight] | None = None
        self._opening = 0.0  # seconds of the first of two looks
        self._open: list[Sight] | None = None  # what was seen at the step before this one

    @property
    def weights(self) -> list[Weight]:
        if self._weights is None:
            self._weights = self._find()
        return self._weights

    def _find(self) -> list[Weight]:
        own = declared(self.model)
        if own is not None:
            return own
        slots = slots_after({"": self.model}, self._before)
        found = [from_place(place, slots.get(("", place.path))) for _, place in self._before.values()]
        names = [w.name for w in found if w.slot is not None]
        return [
            w
            for w in found
            if np.ndim(w.get()) and (w.slot is not None or reads_like_a_parameter(w.name, names))
        ]

    def step(
        self, *, loss: Any = None, prediction: Any = None, target: Any = None, accuracy: float = math.nan
    ) -> None:
        """After one training step. loss: of its batch; prediction, target: what it answered and should have.

        accuracy: the share of right answers lately, where targets are not at hand.
        """
        self.steps += 1
        number = math.nan if loss is None else float(loss)
        if loss is not None:
            self.seen.note_loss(self.steps, number)
        broken = loss is not None and not math.isfinite(number) and not self.seen.broken
        if not (self.sampler.due() or self._open is not None or broken):
            return
        start = time.perf_counter()
        self.sampler.looked = True
        self._look(prediction, target, accuracy)
        finished = self._open is None
        spent = time.perf_counter() - start
        if finished:
            self.sampler.spent(spent + self._opening)
        else:
            self._opening = spent
            self.sampler.resume()

    def _look(self, prediction: Any, target: Any, accuracy: float) -> None:
        now = [Sight.of(weight) for weight in self.weights]
        if self._open is None:
            self._open = now
        else:
            self.seen.compare(self.steps, self._open, now)
            self._open = None
        self.seen.check_finite(self.steps, now)
        if prediction is not None:
            self._answers(np.asarray(prediction), target, accuracy)

    def _answers(self, output: np.ndarray, target: Any, accuracy: float) -> None:
        if target is not None:
            labels = read_labels(target, output)
            said = answers(output, labels) if labels is not None else None
            if labels is None or said is None:
                return
            if self.steps == 1:
                self.seen.first_mean = cross_entropy(output, labels)
                self.seen.classes = labels.classes
            self.seen.note_answers(said, labels.ids)
        elif output.ndim > 1 and output.shape[-1] > 1 and not math.isnan(accuracy):
            self.seen.note_answers(output.reshape(-1, output.shape[-1]).argmax(1), None, accuracy)

    def report(self) -> Report:
        """What was seen so far."""
        found: list[Finding] = self.seen.findings([w for w in self.weights if not w.frozen])
        return Report(
            type(self.model).__name__,
            found,
            not_tested=[
                "a watch only looks: chainrule.check_training does the experiments that prove a cause"
            ],
            tested=[f"{self.seen.looks} of {self.steps} steps"],
            tested_are="the weights at",
        )

    def callback(self) -> Any:
        """The same for chainrule's own loop: `fit(..., callbacks=[watch.callback()])`."""
        from .callback import WatchCallback

        return WatchCallback(self.model, watch=self)
