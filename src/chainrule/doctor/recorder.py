"""Writing down every forward and backward of a model while it runs, without changing a line of it.

    with Recording(model) as recording:
        y = model.forward(x)
        model.backward(dy)
    for call in recording.calls:
        print("  " * call.depth, call.phase, call.path)

The methods are exchanged where Python looks them up: on the class, for exactly the instances of this model,
so that `type(layer)`, `vars(layer)`, copies and other models stay what they were; or on the instance, where
the method is an attribute of it, or static. On the way out everything is put back, also after an error.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

from .left import input_gradient_of, output_of
from .objects import backward_of, find_method, forward_of, layers_of, stored_attributes

Phase = Literal["forward", "backward"]
_ABSENT = object()


@dataclass(eq=False)
class Call:
    """One call of one layer's forward or backward."""

    path: str  # of the layer inside the model: "" is the model itself
    phase: Phase
    index: int  # in recording.calls
    layer: object
    inputs: tuple[Any, ...]
    kwargs: dict[str, Any]
    depth: int  # how many recorded calls are around it
    parent: int | None  # the index of the one directly around it
    outputs: Any = None
    error: BaseException | None = None
    method: str = ""  # its name: forward, __call__, bprop ...


class Recording:
    """Records the forward and backward of root, under the path "", and of every layer inside of it.

    `calls` stand in the order in which they began: a composite before its parts. A call that fails is
    recorded with its `error`, which goes on to the caller. An object whose `__call__` calls its own `forward`
    is recorded once. `layers` are the objects that are watched, by path; `unrecorded` the paths whose methods
    could not be exchanged (compiled classes).

    copy: keep copies of all arrays, as they were when the call began and when it ended, because foreign code
    may overwrite them; otherwise the arrays themselves are kept.
    """

    def __init__(self, root: object, copy: bool = False) -> None:
        self.root = root
        self.copy = copy
        self.calls: list[Call] = []
        self.layers: dict[str, object] = {}
        self.unrecorded: list[str] = []
        self._active = False
        self._open: list[Call] = []
        self._merged: set[int] = set()
        # per class and method, the instances that are recorded: {id: path}
        self._watched: dict[tuple[type, str], dict[int, str]] = {}
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        self._active = True
        self.layers.clear()
        self.unrecorded.clear()
        try:
            self.rescan()
        except BaseException:
            self._restore()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._restore()

    def rescan(self) -> None:
        """Watches the layers that came into being since, as a recurrent layer makes one per time step."""
        known = {id(layer) for layer in self.layers.values()}
        for path, layer in {"": self.root, **layers_of(self.root)}.items():
            if id(layer) in known:
                continue
            while path in self.layers:  # where another one stood before
                path += "'"
            self.layers[path] = layer
            names: list[tuple[Phase, str | None]] = [
                ("forward", forward_of(layer)),
                ("backward", backward_of(layer)),
            ]
            if names[0][1] not in (None, "__call__") and find_method(layer, "__call__") is not None:
                names.append(("forward", "__call__"))
            for phase, name in names:
                if name is not None and not self._watch(path, layer, phase, name):
                    self.unrecorded.append(path)

    def find(self, path: str, phase: Phase | None = None) -> list[Call]:
        """The calls of one layer, in one phase or in both."""
        return [call for call in self.calls if call.path == path and phase in (None, call.phase)]

    # ------------------------------------------------------------ exchanging methods

    def _watch(self, path: str, layer: object, phase: Phase, name: str) -> bool:
        """Puts a recorder in the place of a method. False where that is impossible."""
        kind, method = type(layer), find_method(layer, name)
        own = name in stored_attributes(layer) and not name.startswith("__")
        binds = hasattr(method, "__get__") and not isinstance(method, staticmethod | classmethod | type)
        if not own and binds and self._watch_class(kind, phase, name, method):
            self._watched[kind, name][id(layer)] = path
            return True
        # Python looks for __call__ in the class only
        return not name.startswith("__") and self._watch_instance(path, layer, phase, name, method, own)

    def _watch_class(self, kind: type, phase: Phase, name: str, method: Any) -> bool:
        if (kind, name) in self._watched:
            return True
        paths: dict[int, str] = {}

        @functools.wraps(method, updated=())
        def recorded(layer: Any, /, *args: Any, **kwargs: Any) -> Any:
            bound = method.__get__(layer, type(layer))
            if id(layer) not in paths:  # another model's, or called by a subclass's own method
                return bound(*args, **kwargs)
            return self._record(paths[id(layer)], layer, phase, name, bound, args, kwargs)

        before = vars(kind).get(name, _ABSENT)
        try:
            type.__setattr__(kind, name, recorded)
        except TypeError:  # a built-in or compiled class
            return False
        self._watched[kind, name] = paths
        self._undo.append(
            (lambda: type.__delattr__(kind, name))
            if before is _ABSENT
            else (lambda: type.__setattr__(kind, name, before))
        )
        return True

    def _watch_instance(
        self, path: str, layer: object, phase: Phase, name: str, method: Any, own: bool
    ) -> bool:
        bound = method if own or not hasattr(method, "__get__") else method.__get__(layer, type(layer))

        @functools.wraps(bound, updated=())
        def recorded(*args: Any, **kwargs: Any) -> Any:
            return self._record(path, layer, phase, name, bound, args, kwargs)

        try:
            object.__setattr__(layer, name, recorded)
        except (AttributeError, TypeError):  # it has no __dict__ to put it into
            return False
        self._undo.append(
            (lambda: object.__setattr__(layer, name, method))
            if own
            else (lambda: object.__delattr__(layer, name))
        )
        return True

    def _restore(self) -> None:
        while self._undo:
            self._undo.pop()()
        for paths in self._watched.values():
            paths.clear()  # whoever kept a bound method meanwhile calls the original again
        self._watched.clear()
        self._active = False

    # ------------------------------------------------------------ recording

    def _record(
        self,
        path: str,
        layer: object,
        phase: Phase,
        name: str,
        bound: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if not self._active:
            return bound(*args, **kwargs)
        around = self._open[-1] if self._open else None
        if (
            around is not None
            and around.layer is layer
            and around.phase == phase
            and around.method == "__call__" != name
            and around.index not in self._merged
        ):
            # __call__ calls forward: one call, with what forward itself took and returned
            self._merged.add(around.index)
            around.method = name
            self.note_inputs(around, args, kwargs)
            result = bound(*args, **kwargs)
            self._ended(around, result)
            return result
        parent = None if around is None else around.index
        call = Call(path, phase, len(self.calls), layer, (), {}, len(self._open), parent, method=name)
        self.note_inputs(call, args, kwargs)
        self.calls.append(call)
        self._open.append(call)
        try:
            result = bound(*args, **kwargs)
        except BaseException as error:
            call.error = error
            raise
        finally:
            self._open.pop()
        if call.index not in self._merged:
            self._ended(call, result)
        return result

    def _ended(self, call: Call, result: Any) -> None:
        """A layer that returns nothing has left its result on itself."""
        if result is None and call.phase == "forward":
            result = output_of(call.layer, call.inputs)
        elif result is None:
            result = input_gradient_of(call.layer, [])
        self.note_outputs(call, result)

    # ------------------------------------------------------------ what is written down

    def note_inputs(self, call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """As a call begins. A subclass may write down something else than the arrays."""
        call.inputs, call.kwargs = (copied(args), copied(kwargs)) if self.copy else (args, kwargs)

    def note_outputs(self, call: Call, result: Any) -> None:
        """As a call ends."""
        call.outputs = copied(result) if self.copy else result


def copied(value: Any) -> Any:
    """The same structure of tuples, lists and dicts, with copies of its arrays; all else is shared."""
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if type(value) in (list, tuple):
        return type(value)(copied(item) for item in value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(copied(item) for item in value))
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return value
