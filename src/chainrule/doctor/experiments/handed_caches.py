"""cache-overwritten, where caches are handed back: does every backward get the cache of its own forward?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..case import Case
from ..errors import SubjectError
from ..objects import layers_of
from ..recorder import Recording
from ..report import Finding


class _Exchanger(Recording):
    """Hands every backward that is given the cache of another call the one of its layer that nobody has used
    yet, the last first.
    """

    def __init__(self, root: object) -> None:
        super().__init__(root)
        self.returned: list[Any] = []  # every cache that a forward has returned
        self.unused: dict[int, list[Any]] = {}  # by layer
        self.exchanged: list[str] = []

    def _record(
        self, path: str, layer: Any, phase: Any, name: str, bound: Any, args: Any, kwargs: Any
    ) -> Any:
        if phase == "backward" and path:
            args = self._with_own_cache(path, self.unused.get(id(layer), []), args)
        result = super()._record(path, layer, phase, name, bound, args, kwargs)
        if phase == "forward" and path and isinstance(result, tuple) and result[-1] is not None:
            self.returned.append(result[-1])
            self.unused.setdefault(id(layer), []).append(result[-1])
        return result

    def _with_own_cache(self, path: str, unused: list[Any], args: tuple[Any, ...]) -> tuple[Any, ...]:
        for place, given in enumerate(args[1:], 1):
            if _is_among(given, unused):
                unused[:] = [cache for cache in unused if cache is not given]
            elif _is_among(given, self.returned) and unused:
                self.exchanged.append(path)
                return (*args[:place], unused.pop(), *args[place + 1 :])
        return args


def _is_among(given: Any, caches: list[Any]) -> bool:
    return any(given is cache for cache in caches)


def handed_caches(case: Case) -> Iterator[Finding]:
    """Backward is run with each layer handed its own cache: right now?"""
    owner = case.probe.subject.owner
    if owner is None or not layers_of(owner):
        return
    with _Exchanger(owner) as recording:
        try:
            gradients = case.probe.run().gradients
        except SubjectError:
            return
    healed = case.repaired(gradients) if recording.exchanged else []
    if healed:
        path = recording.exchanged[0]
        finding = case.finding(
            "cache-overwritten",
            healed,
            verified=True,
            evidence={"handed another call's cache": list(dict.fromkeys(recording.exchanged))},
            detail=f"the backward of {path} is handed a cache that another call has returned; handed its "
            f"own, the gradient of {', '.join(healed)} is right",
        )
        finding.where = f"{case.path}.{path}" if case.path else path
        finding.subject = type(recording.layers.get(path)).__name__
        yield finding
