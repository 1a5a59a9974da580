"""Section E: a forward that is wrong, with a backward that agrees with it.

Nothing here compares gradients (but for the ties of a maximum, which hide from a check at random points).
Inputs are exchanged slice by slice, and what moves tells the fault: each code has an experiment that
decides and a control beside it, so *verified* means that both were run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..allowance import Allowance
from ..case import Case
from ..errors import SubjectError
from ..report import Finding
from .unseen.attention import attention_faults
from .unseen.batch import Batch, batch_leak
from .unseen.carried import state_carried_over
from .unseen.causal import causal_leak, meant
from .unseen.held import apart_with_fixed_weights
from .unseen.hidden import hides
from .unseen.losses import collapsed
from .unseen.modes import train_eval_mismatch
from .unseen.padding import padding_leak
from .unseen.patches import patch_order
from .unseen.roles import own_roles, roles_swapped
from .unseen.scene import Scene, inner, root
from .unseen.shared import shared
from .unseen.targets import target_leak
from .unseen.ties import pool_ties
from .unseen.twice import softmax_twice
from .unseen.weights import attends, normalizes
from .unseen.wrapping import wrapping
from .unused import unused

SECONDS, SECONDS_PER_LAYER = 1.5, 0.1


def forward_faults(case: Case) -> Iterator[Finding]:
    """What a gradient check cannot see."""
    yield from Questions(case).asked()


class Questions:
    """One subject with its layers, and all that is asked of them."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.whole, self.layers = root(case), inner(case)
        self.allowance = Allowance(SECONDS + SECONDS_PER_LAYER * len(self.layers) + 100 * case.probe.seconds)
        self.everything = [self.whole, *self.layers]
        self.batch = Batch(self.whole)
        self.found: list[Finding] = []

    def asked(self) -> list[Finding]:
        self._whole()
        self._parts()
        self._leaks_by_weights()
        self._orders()
        self._said_of_intent()
        return self.found

    def ask(self, question: Callable[[], Iterator[Finding]]) -> list[Finding]:
        """One experiment; that the user's code refuses other values is no fault of it."""
        if self.allowance.spent():
            line = "forward: not all experiments were run (out of time)"
            self.case.not_tested += [] if line in self.case.not_tested else [line]
            return []
        try:
            found = list(question())
        except SubjectError:
            found = []
        finally:
            self.case.probe.state.restore()
        self.found += found
        return found

    def first(self, scenes: list[Scene], question: Callable[[Scene], Iterator[Finding]]) -> list[Finding]:
        """Asks one after the other until one of them answers."""
        for scene in scenes:
            found = self.ask(lambda scene=scene: question(scene))  # type: ignore[misc]
            if found:
                return found
        return []

    def _whole(self) -> None:
        whole, layers, batch = self.whole, self.layers, self.batch
        if not self.ask(lambda: train_eval_mismatch(whole, layers)):
            self.ask(lambda: batch_leak(whole, layers, batch))
        self.ask(lambda: state_carried_over(whole, layers))
        self.ask(lambda: unused(self.case))
        self.ask(lambda: wrapping(whole))
        self.first([*layers[::-1], whole], collapsed)
        self.first([*layers[::-1], whole], lambda s: softmax_twice(s, s is whole))
        causal = bool(meant(whole, self.case.intent)) or any(meant(s, frozenset()) for s in layers)
        self.ask(lambda: target_leak(whole, causal))

    def _parts(self) -> None:
        for scene in _distinct([s for s in self.everything if s.is_leaf]):
            self.ask(lambda scene=scene: shared(scene))  # type: ignore[misc]
            self.ask(lambda scene=scene: patch_order(scene))  # type: ignore[misc]
            self.ask(lambda scene=scene: pool_ties(self.case, scene))  # type: ignore[misc]
        swapped = self.ask(lambda: roles_swapped(self.whole, self.layers))
        for scene in _distinct(self.everything):
            self.ask(lambda scene=scene: attention_faults(scene))  # type: ignore[misc]
            if scene is not self.whole and not swapped:
                self.ask(lambda scene=scene: own_roles(scene))  # type: ignore[misc]

    def _orders(self) -> None:
        """Causal order and padding; what a more specific fault explains is not said again."""
        case, whole = self.case, self.whole
        explained = {f.where for f in self.found if f.code in ("head-merge-scrambled", "softmax-axis-wrong")}
        before = len(self.found)
        self.first(self.everything, self._causal)
        declared = "padding" in case.intent
        self.first([*self.layers[::-1], whole], lambda s: padding_leak(s, declared and s is whole))
        self.found[before:] = [f for f in self.found[before:] if f.where not in explained]

    def _leaks_by_weights(self) -> None:
        """Samples that mix only because the softmax of their attention runs over the wrong axis."""
        wrong = [f.where for f in self.found if f.code == "softmax-axis-wrong"]
        for finding in [f for f in self.found if f.code == "batch-leak" and f.where in wrong]:
            scene = next(s for s in self.everything if s.path == finding.where)
            batch = self.batch if scene is self.whole else Batch(scene)
            if apart_with_fixed_weights(batch):
                self.found.remove(finding)

    def _said_of_intent(self) -> None:
        """What could not be judged, because nobody says what is meant."""
        lines = self.case.not_tested
        if any(attends(s) and normalizes(s) for s in self.everything):  # (a kernel is called k, too)
            if not any(meant(s, self.case.intent) for s in self.everything):
                lines.append(
                    'causal order: intent unknown (intent={"causal"} if no position may see the future)'
                )
            if not any(hides(s) for s in self.everything) and "padding" not in self.case.intent:
                lines.append("padding: intent unknown (no mask and no lengths were given)")

    def _causal(self, scene: Scene) -> Iterator[Finding]:
        why = meant(scene, self.case.intent if scene is self.whole else frozenset())
        if why:
            yield from causal_leak(scene, self.layers if scene is self.whole else [], why)


def _distinct(scenes: list[Scene]) -> list[Scene]:
    """One of several equal layers that get inputs of equal shapes."""
    seen: dict[object, Scene] = {}
    for scene in scenes:
        shapes = tuple(getattr(v, "shape", None) for v in scene.inputs)
        seen.setdefault((type(scene.face.owner), scene.face.owner is None, shapes), scene)
    return list(seen.values())
