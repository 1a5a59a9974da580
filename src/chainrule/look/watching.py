"""A recording that keeps figures instead of arrays: nothing is held in memory, and nothing that foreign code
overwrites later can change them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chainrule.doctor.objects import backward_of, forward_of
from chainrule.doctor.recorder import Call, Recording

from .running import split_cache
from .statistics import Statistics, arrays_in, norm, statistics


@dataclass(frozen=True)
class Seen:
    """What went into a call and what came out of it."""

    given: tuple[tuple[int, ...], ...]  # the shapes of the arrays that were handed in
    incoming: float | None  # the norm of the first argument with arrays
    arrays: tuple[Statistics, ...]  # that were returned; of a forward without its cache


class Watching(Recording):
    """`call.outputs` is a Seen, without arrays where the call ended in an error."""

    def note_inputs(self, call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        handed_in = [tuple(arrays_in(value)) for value in (*args, *kwargs.values())]
        first = next(filter(None, handed_in), None)
        shapes = tuple(array.shape for arrays in handed_in for array in arrays)
        call.outputs = Seen(shapes, None if first is None else norm(*first), ())

    def note_outputs(self, call: Call, result: Any) -> None:
        if call.phase == "forward" and call.method != "__call__":
            result = self._without_cache(call.layer, result)
        call.outputs = replace(call.outputs, arrays=tuple(map(statistics, arrays_in(result))))

    def _without_cache(self, layer: object, result: Any) -> Any:
        forward, backward = forward_of(layer), backward_of(layer)
        if forward is None or backward is None:
            return result
        y, _ = split_cache(result, getattr(layer, forward), getattr(layer, backward))
        return y
