"""Every value inside of a forward, in the order in which they come into being, and the line of each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import SubjectError
from ...source.sites import Site
from ...source.taps import Taps
from .below import methods_below
from .names import functions_of
from .scene import Scene, as_arrays

Key = tuple[int, int]  # which place in the source, and its how manieth execution
MOST = 5000


@dataclass(eq=False)
class Moment:
    """One value at one place of the source."""

    site: Site
    key: Key
    value: np.ndarray


class Inside:
    """A scene whose intermediates can be read and exchanged.

    deep: those of the layers inside of it as well, and of other objects that it holds.
    """

    def __init__(self, scene: Scene, deep: bool = False) -> None:
        self.scene = scene
        self.taps = Taps(list(functions_of(scene)), scene.face.owner)
        self.parts = [Taps([f], part) for f, part in methods_below(scene)] if deep else []
        self._base: list[Moment] | None = None
        self.first_output = np.zeros(0)  # of the same run

    @property
    def base(self) -> list[Moment]:
        if self._base is None:
            self._base, self.first_output = self.watch()
        return self._base

    def watch(
        self,
        inputs: Sequence[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
        exchange: Callable[[Site, int, np.ndarray], np.ndarray | None] | None = None,
        draw: int = 0,
    ) -> tuple[list[Moment], np.ndarray]:
        """All intermediates of a run and its first output, with some of them exchanged on the way.

        draw: other random numbers than those of draw 0.
        """
        moments: list[Moment] = []

        def action(site: Site, execution: int, value: Any) -> Any:
            if not isinstance(value, np.ndarray):
                return value
            if exchange is not None:
                other = exchange(site, execution, value)
                value = value if other is None else other
            if len(moments) < MOST:
                moments.append(Moment(site, (site.id, execution), value.copy()))
            return value

        return moments, self._tapped(action, lambda: self.scene.first(inputs, kwargs, draw))

    def watch_on(self, kwargs: dict[str, Any], draw: int = 0) -> list[Moment]:
        """All intermediates of a run from the state in which the subject is now; the output is the last."""
        moments: list[Moment] = []

        def action(site: Site, execution: int, value: Any) -> Any:
            if isinstance(value, np.ndarray) and len(moments) < MOST:
                moments.append(Moment(site, (site.id, execution), value.copy()))
            return value

        def run() -> np.ndarray:
            try:
                y = next(iter(as_arrays(self.scene.call_on(kwargs=kwargs, draw=draw)).values()), np.zeros(0))
                moments.append(Moment(self.output, (0, 0), y))
            except SubjectError:
                moments.clear()
            return np.zeros(0)

        self._tapped(action, run)
        return moments

    def _tapped(self, action: Callable[[Site, int, Any], Any], run: Callable[[], np.ndarray]) -> np.ndarray:
        for taps in (self.taps, *self.parts):
            taps.counts = {}
            taps.action = action
        face = self.scene.face
        own = face.forward_function
        code = getattr(getattr(own, "__func__", own), "__code__", None)
        tapped = self.taps.tapped.get(code) if code is not None else None
        try:
            with contextlib.ExitStack() as stack:
                for taps in (*self.parts, self.taps):
                    stack.enter_context(taps)
                if tapped is not None:
                    face.forward_function = tapped.__get__(face.owner) if face.owner is not None else tapped
                return run()
        finally:
            face.forward_function = own
            for taps in (self.taps, *self.parts):
                taps.action = None

    def taken(self, index: int, other: np.ndarray) -> Moment | None:
        """The statement that takes an input for something: gives it another name, or else computes with it.
        other: what else the input might be.
        """
        name, value = self.scene.names[index], self.scene.inputs[index]
        again = {m.key: m.value for m in self.watch(self.scene.replaced(index, other))[0]}
        for moment in self.base:
            site = moment.site
            if np.array_equal(moment.value, value):
                if site.kind == "assign" and "." not in site.text and site.text != name:
                    return moment
            elif site.kind != "use" and not np.array_equal(again.get(moment.key, moment.value), moment.value):
                return moment
        return None

    @property
    def output(self) -> Site:
        """Stands for what forward returns, on whatever line that is."""
        code = self.scene.face.forward_function.__code__
        return Site(
            0, "return", "", "", code.co_firstlineno, code.co_filename, code.co_name, "", (), (), False
        )

    def first_line(self, dirty: Callable[[Moment], bool]) -> Moment | None:
        """The first value of which something is true, at a statement that makes it.

        Where a helper is handed it already, that is the statement that calls the helper.
        """
        made = ("assign", "call", "return", "augment", "arg")
        own = self.output.function
        order = next((i for i, m in enumerate(self.base) if dirty(m)), len(self.base))
        rest = self.base[order:]
        handed = bool(rest) and rest[0].site.kind == "use" and rest[0].site.function != own
        return next(
            (m for m in rest if m.site.kind in made and dirty(m) and (not handed or m.site.function == own)),
            None,
        )


def inside(scene: Scene, deep: bool = False) -> Inside | None:
    """None where there is no source to be read, or it cannot run that way."""
    try:
        found = Inside(scene, deep)
        return found if found.taps.sites and found.base else None
    except SubjectError:
        return None
