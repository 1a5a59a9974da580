"""What a watch has seen of a run, in a few numbers per weight, and what it makes of them."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from ..report import Finding
from .experiments.first_loss import ABOVE, FACTOR
from .weights import Weight

MOST = 4096  # numbers of a weight that are looked at
SMALL, LARGE = 1e-6, 0.1
FEW = 5  # looks before anything is said
UPHILL = 0.7  # the cosine of a step and the gradient


@dataclass
class Sight:
    """Some numbers of a weight, evenly spread, those of its gradient (none: empty), and whether all of its
    rows or all of its columns are the same.
    """

    name: str
    numbers: np.ndarray
    size: int
    gradient: np.ndarray
    uniform: bool = False

    @classmethod
    def of(cls, weight: Weight) -> Sight:
        value = np.asarray(weight.get())
        flat = value.reshape(-1)
        gap = max(1, flat.size // MOST)
        slot = weight.slot() if weight.slot else None
        sampled = np.asarray(slot).reshape(-1)[::gap] if isinstance(slot, np.ndarray) else np.zeros(0)
        numbers = flat[::gap].astype(float)
        return cls(weight.name, numbers, flat.size, sampled, value.ndim == 2 and _uniform(value))


def _uniform(value: np.ndarray) -> bool:
    return any(
        len(v) > 1 and np.array_equal(v[0], v[1]) and bool(np.all(v == v[:1])) for v in (value, value.T)
    )


def along(step: np.ndarray, gradient: np.ndarray) -> float:
    """The cosine of the angle between a step and the gradient: -1 downhill, 1 uphill; nan where one is 0."""
    if step.shape != gradient.shape:
        return math.nan
    lengths = float(np.linalg.norm(step) * np.linalg.norm(gradient))
    return float(np.vdot(step, gradient)) / lengths if lengths > 0 else math.nan


@dataclass
class Sightings:
    """Grows by a few numbers per look; the losses of the last thousand steps."""

    model: str
    looks: int = 0
    losses: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=1000))
    first_loss: float = math.nan
    first_mean: float | None = None  # the cross-entropy of the first answers
    classes: int = 0
    ratios: dict[str, deque[float]] = field(default_factory=dict)
    moved: dict[str, bool] = field(default_factory=dict)
    pulled: dict[str, int] = field(default_factory=dict)  # looks at which it had a gradient
    uphill: dict[str, deque[float]] = field(default_factory=dict)  # cosines of steps and gradients
    uniform: dict[str, bool] = field(default_factory=dict)  # at every look
    broken: str = ""
    one_class: deque[bool] = field(default_factory=lambda: deque(maxlen=20))
    several: bool = False  # targets of several classes were seen
    accuracy: float = math.nan

    # ------------------------------------------------------------ taking in

    def note_loss(self, step: int, loss: float) -> None:
        if not self.losses:
            self.first_loss = loss
        self.losses.append((step, loss))
        if not math.isfinite(loss) and not math.isnan(self.first_loss) and not self.broken:
            self.broken = f"the loss is {loss} at step {step}"

    def compare(self, step: int, before: list[Sight], now: list[Sight]) -> None:
        """Two looks, one step apart."""
        self.looks += 1
        for old, new in zip(before, now, strict=False):
            if old.numbers.shape != new.numbers.shape:
                continue
            change = float(np.linalg.norm(new.numbers - old.numbers))
            length = float(np.linalg.norm(old.numbers))
            self.moved[new.name] = self.moved.get(new.name, False) or change > 0
            self.pulled[new.name] = self.pulled.get(new.name, 0) + int(np.any(new.gradient))
            self.uniform[new.name] = self.uniform.get(new.name, True) and new.uniform
            cosine = along(new.numbers - old.numbers, new.gradient)
            if math.isfinite(cosine):
                self.uphill.setdefault(new.name, deque(maxlen=200)).append(cosine)
            if length:
                self.ratios.setdefault(new.name, deque(maxlen=200)).append(change / length)

    def check_finite(self, step: int, now: list[Sight]) -> None:
        bad = next((s.name for s in now if not np.all(np.isfinite(s.numbers))), None)
        if bad is not None and not self.broken:
            self.broken = f"{bad} holds NaN or infinity at step {step}"

    def note_answers(self, said: np.ndarray, ids: np.ndarray | None, accuracy: float = math.nan) -> None:
        if len(said) > 1:
            self.one_class.append(bool(np.all(said == said[0])))
        if ids is not None:
            self.several = self.several or bool(np.any(ids != ids[0]))
            self.accuracy = float(np.mean(said == ids))
        else:
            self.several, self.accuracy = accuracy < 0.95, accuracy

    # ------------------------------------------------------------ saying

    def findings(self, weights: list[Weight]) -> list[Finding]:
        found = self._uphill(weights)
        if found:
            return found
        if self.broken:
            found.append(self._say("dtype-hazard", [], {"seen": self.broken}, self.broken))
        else:
            found += self._still(weights) or self._ratio(weights)
            found += self._first_loss() + self._one_class() + self._equal(weights)
        return sorted(found, key=Finding.order)

    def _uphill(self, weights: list[Weight]) -> list[Finding]:
        """Steps along the gradients, and a loss that rises with them."""
        cosines = {w.name: self.uphill.get(w.name, ()) for w in weights if w.slot is not None}
        known = {name: float(np.median(list(c))) for name, c in cosines.items() if len(c) >= FEW}
        losses = [loss for _, loss in self.losses if math.isfinite(loss)]
        part = max(1, len(losses) // 5)
        first, last = (
            float(np.mean(losses[p])) if losses else 0.0 for p in (slice(part), slice(-part, None))
        )
        rises = bool(self.broken) or last > max(self.first_loss, first)
        if not known or min(known.values()) < UPHILL or not rises:
            return []
        least = min(known.values())
        words = (
            f"at {self.looks} looks the weights moved along their gradients (cosine {least:.2f} and more), "
        )
        words += f"and the loss went up from {self.first_loss:.4g}"
        return [self._say("sign-flipped", list(known), {"cosine of step and gradient": known}, words)]

    def _equal(self, weights: list[Weight]) -> list[Finding]:
        names = [w.name for w in weights if self.uniform.get(w.name) and self.moved.get(w.name)]
        if self.looks < FEW or not names:
            return []
        words = f"all rows, or all columns, were the same at {self.looks} looks, although the weights moved"
        return [self._say("symmetric-units", names, {"looks": self.looks}, words)]

    def _still(self, weights: list[Weight]) -> list[Finding]:
        still = [w.name for w in weights if self.looks >= FEW and not self.moved.get(w.name, True)]
        pulled = [n for n in still if self.pulled.get(n, 0) >= FEW - 1]
        if not pulled:
            return []
        everything = not any(self.moved.values())
        least = min(self.pulled[n] for n in pulled)
        words = f"unchanged at {self.looks} looks, with a gradient at {least} of them"
        code = "update-disagrees" if everything else "parameter-not-updated"
        # the signature of the code itself: a gradient, and the same numbers after the step
        return [self._say(code, pulled, {"looks": self.looks}, words, verified=True)]

    def _ratio(self, weights: list[Weight]) -> list[Finding]:
        medians = {
            w.name: float(np.median(list(self.ratios[w.name])[len(self.ratios[w.name]) // 2 :]))
            for w in weights
            if np.ndim(w.get()) >= 2 and len(self.ratios.get(w.name, ())) >= FEW
        }
        if not medians:
            return []
        typical = float(np.median(list(medians.values())))
        if SMALL <= typical <= LARGE:
            return []
        return [
            self._say(
                "update-ratio-off",
                list(medians),
                {"median of |step| / |weight|": typical, **medians},
                f"|step| / |weight| is {typical:.2g} over {self.looks} looks (near 1e-3 is usual)",
            )
        ]

    def _first_loss(self) -> list[Finding]:
        if self.first_mean is None or not self.classes:
            return []
        expected = math.log(self.classes)
        if self.first_mean <= max(FACTOR * expected, expected + ABOVE):
            return []
        return [
            self._say(
                "initial-loss-off",
                [],
                {"first": self.first_mean, "ln C": expected},
                f"the cross-entropy of the first answers is {self.first_mean:.4g}, ln "
                f"{self.classes} = {expected:.4g}",
            )
        ]

    def _one_class(self) -> list[Finding]:
        if len(self.one_class) < 10 or not all(self.one_class) or not self.several:
            return []
        return [
            self._say(
                "single-class-collapse",
                [],
                {"looks": len(self.one_class), "accuracy": self.accuracy},
                f"at each of the last {len(self.one_class)} looks one class was answered for the whole batch",
            )
        ]

    def _say(
        self, code: str, names: list[str], evidence: dict[str, object], detail: str, verified: bool = False
    ) -> Finding:
        return Finding(
            code,
            target=names[0] if names else "",
            targets=list(names),
            subject=self.model,
            verified=verified,
            evidence=evidence,
            detail=detail,
        )
