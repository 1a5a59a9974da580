"""Does evaluation still behave like training?

The subject is put into evaluation mode the way it offers: an argument, a method, a flag. Then the same
input must give the same output, whoever stands beside it in the batch, and dropout must leave the expected
size alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...calling import TRAINING, parameters_of
from ...errors import SubjectError
from ...objects import find_method, layers_of, stored_attributes
from ...report import Finding
from ...step_model import StepModel
from .batch import Batch, batch_leak, centered, place_of
from .exchange import changed
from .moments import Moment, inside
from .names import identifiers, own_names, says
from .said import finding
from .scene import Scene, as_arrays
from .spots import AVERAGES, DRAWS, last_with

RANDOM_BY_DESIGN = (
    r"variational_auto|\bvae|reparam|sampl|latent|gumbel|noise|noisy|monte|mc_|bayes|"
    r"explor|diffus|\bgan\b|augment|jitter"
)
RATES = (
    r"^(p|rate|drop|drop_?rate|p_?drop|dropout|dropout_?p|dropout_?rate|keep|keep_?prob|p_?keep|"
    r"drop_?prob|q)$"
)
SOME = 200  # entries of a mask


class Mode:
    """How the subject is switched, and whether it can be."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.argument = next(
            (p.name for p in parameters_of(scene.face.forward_function) if p.name in TRAINING), ""
        )
        owner = scene.face.owner
        self.method = owner is not None and find_method(owner, "eval") is not None
        self.flags = self._flags() if owner is not None and not self.argument and not self.method else []

    def _flags(self) -> list[tuple[Any, str]]:
        owner = self.scene.face.owner
        everyone = [owner, *layers_of(owner).values()]
        return [
            (o, name)
            for o in everyone
            for name in TRAINING
            if isinstance(stored_attributes(o).get(name), (bool, np.bool_))
        ]

    @property
    def known(self) -> bool:
        return bool(self.argument or self.method or self.flags)

    def run(self, training: bool, inputs: Any = None, draw: int = 0) -> np.ndarray:
        """The first output in a mode."""
        scene = self.scene
        scene.state.restore()
        kwargs = self.switch(training)
        try:
            return next(iter(as_arrays(scene.call_on(inputs, kwargs, draw)).values()), np.zeros(0))
        except SubjectError:
            return np.zeros(0)

    def switch(self, training: bool) -> dict[str, Any]:
        """Switches the object; returns the arguments for this mode."""
        scene, owner = self.scene, self.scene.face.owner
        if self.argument:
            usual = self._default()
            text = "train" if training else "test" if usual in ("train", "test") else "eval"
            return scene.kwargs | {self.argument: text if isinstance(usual, str) else training}
        if self.method:
            other = "train" if training else "eval"
            if find_method(owner, other) is not None:
                getattr(owner, other)()
        for holder, name in self.flags:
            object.__setattr__(holder, name, training)
        return dict(scene.kwargs)

    def _default(self) -> Any:
        given = self.scene.kwargs.get(self.argument)
        own = next(p for p in parameters_of(self.scene.face.forward_function) if p.name == self.argument)
        return own.default if given is None else given


def train_eval_mismatch(scene: Scene, layers: list[Scene]) -> Iterator[Finding]:
    """All three signs, for the whole; the scale of dropout in its own code and in every layer."""
    if isinstance(scene.face, StepModel):
        return
    mode = Mode(scene)
    if mode.known and scene.y.ndim and not says(identifiers(scene) | own_names(scene), RANDOM_BY_DESIGN):
        wrong = list(_random(mode)) or list(_companions(mode, layers))
        if wrong:
            yield from wrong
            return
    for one in (*layers, scene):
        own = Mode(one)
        if own.known and one.y.ndim:
            wrong = list(_rescaled(own))
            if wrong:
                yield from wrong
                return


def _random(mode: Mode) -> Iterator[Finding]:
    """The same input twice, with other random numbers, in evaluation."""
    first = mode.run(False)
    for draw in (1, 2):
        second = mode.run(False, draw=draw)
        if first.size and first.shape == second.shape and changed(first, second).any():
            share = float(changed(first, second).mean())
            yield finding(
                "train-eval-mismatch",
                mode.scene,
                f"in evaluation ({_how(mode)}) the same input gives "
                "another output"
                f" at the next call: {share:.0%} of the outputs differ. Something is still drawn at random",
                {"outputs that differ": share, "mode": _how(mode)},
                spot=last_with(mode.scene, DRAWS),
            )
            return


def _how(mode: Mode) -> str:
    if mode.argument:
        return f"{mode.argument}={mode.switch(False)[mode.argument]!r}"
    return "after eval()" if mode.method else f"{mode.flags[0][1]} = False"


def _companions(mode: Mode, layers: list[Scene]) -> Iterator[Finding]:
    """One sample's output in evaluation, with other samples beside it; where running statistics are kept."""
    scene = mode.scene
    if not _running(scene, layers):
        return
    quiet = Scene(scene.face, scene.inputs, scene.state, scene.path)
    quiet.switch = lambda: mode.switch(False)
    batch = Batch(quiet)
    known = batch.leaks
    if not known:
        batch.assume(0, 0)  # without weights, features may look like the batch
    if not batch.leaks:
        return
    place, _ = place_of(quiet, layers, batch)
    count = quiet.inputs[batch.index].shape[batch.axis]
    if not (centered(quiet, count) if place is quiet else _keeps(place)):
        if known:
            yield from batch_leak(quiet, layers, batch, evaluating=True)
        return
    yield finding(
        "train-eval-mismatch", place,
        f"in evaluation ({_how(mode)}) the output of a sample changes with the other samples of its batch:"
        " the running statistics are not used",
        {"batch axis": batch.axis, "mode": _how(mode)},
        spot=last_with(place, AVERAGES),
    )  # fmt: skip


def _keeps(scene: Scene) -> bool:
    """Whether it keeps running statistics."""
    kept = stored_attributes(scene.face.owner) if scene.face.owner is not None else {}
    return any(says({n.lower()}, r"running|moving|ema") for n in kept)


def _running(scene: Scene, layers: list[Scene]) -> bool:
    return any(_keeps(s) or says(identifiers(s), r"running|moving_|_ema|ema_") for s in (scene, *layers))


def _rescaled(mode: Mode) -> Iterator[Finding]:
    """At the first place where training and evaluation differ: kept entries over evaluated ones, times the
    share kept.

    Inverted dropout gives (1/k)·k = 1, the classic one (1 over k)·k = 1 as well.
    """
    scene = mode.scene
    within = inside(scene)
    if within is None or scene.y.size > 50_000:
        return

    def watched(training: bool, draw: int) -> list[Moment]:
        scene.state.restore()
        kwargs = mode.switch(training)
        if draw and isinstance(kwargs.get("seed"), (int, np.integer)):
            kwargs["seed"] = int(kwargs["seed"]) + draw
        return within.watch_on(kwargs, draw)

    quiet = {m.key[0]: m for m in watched(False, 0)}
    found: tuple[Moment, float] | None = None
    masks: list[np.ndarray] = []
    for draw in range(40):
        for moment in watched(True, draw):
            other = quiet.get(moment.key[0])
            if other is None or other.value.shape != moment.value.shape or other.value.size < 4:
                continue
            if found is None and not np.array_equal(moment.value, other.value):
                ratio = _ratio(moment.value, other.value)
                if ratio is None:
                    return
                found = moment, ratio
            if found is not None and moment.key == found[0].key:
                ratio = _ratio(moment.value, other.value)
                if ratio is None or abs(ratio - found[1]) > 1e-9 * abs(ratio):
                    return
                masks.append(moment.value[other.value != 0] != 0)
                break
        if found is None and draw > 3:
            return
    if found is None or not masks or not masks[0].size:
        return
    some = np.stack(masks)[:, :: max(1, masks[0].size // SOME)]  # of too many, some would be alike by chance
    alone = np.unique(some, axis=1)  # what always falls together, a whole channel, is one
    share, total = float(alone.mean()), alone.size
    spread = 5 * np.sqrt(share * (1 - share) / total) * found[1] + 1e-3
    known = _known_rates(scene)
    if any(abs(found[1] * k - 1) < 1e-9 for k in known) or share >= 1 or abs(found[1] * share - 1) < spread:
        return
    if known and not any(abs(share - k) < 5 * np.sqrt(k * (1 - k) / total) + 1e-9 for k in known):
        return  # the zeros are not those of a dropout whose rate is known
    yield finding(
        "train-eval-mismatch",
        scene,
        f"in training a share of {share:.3f} is kept, and is {found[1]:.4g} times as large as in "
        "evaluation: expected"
        f" activations change by {found[1] * share:.3g} between the two; that should be 1",
        {"share kept": share, "training / evaluation": found[1], "expected": 1 / share},
        at=quiet[found[0].key[0]],
    )


def _ratio(training: np.ndarray, evaluation: np.ndarray) -> float | None:
    """What all kept entries have been multiplied by, None if they were not."""
    used = (training != 0) & (evaluation != 0)
    if used.sum() < 2 or np.any((evaluation == 0) & (training != 0)):
        return None
    ratios = training[used] / evaluation[used]
    return float(ratios[0]) if np.ptp(ratios) <= 1e-9 * abs(ratios[0]) else None


def _known_rates(scene: Scene) -> list[float]:
    """Shares that may be kept, by what arguments and attributes say: p or 1 - p."""
    kept: dict[str, Any] = {p.name: p.default for p in parameters_of(scene.face.forward_function)}
    kept |= stored_attributes(scene.face.owner) if scene.face.owner is not None else {}
    kept |= scene.kwargs
    rates = [
        float(v) for n, v in kept.items() if isinstance(v, (float, np.floating)) and says({n.lower()}, RATES)
    ]
    return [r for rate in rates for r in (rate, 1 - rate) if 0 < r < 1]
