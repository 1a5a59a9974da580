"""Remembering a foreign subject as it is, and putting it back: weights, buffers, caches, random state.

A subject is run hundreds of times. Before every run it is put back into the state in which it was found, so
no run sees what another left behind, and in the end the user gets back what was handed in. Everything that
can be reached is remembered in place (no copies of the subject are made, because closures and bound methods
would still point at the original): attributes, lists, dicts, sets, arrays, random generators, closures, and
the module-level variables of the subject's own modules, and of those that they import from its project.
"""

from __future__ import annotations

import random
import types
from collections import deque
from collections.abc import Iterable
from operator import is_
from typing import Any

import numpy as np

from .global_random import GlobalRandomState
from .projects import is_foreign_module, is_of, module_variables, project_of

_ATOMS = (str, bytes, int, float, complex, bool, type(None), types.ModuleType, np.generic, np.dtype, slice)
_MAX_OBJECTS = 200_000


def slots_of(value: Any) -> dict[str, Any]:
    """What stands in an object's __slots__."""
    found = {}
    for kind in type(value).__mro__:
        names = kind.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            descriptor = kind.__dict__.get(name)
            if isinstance(descriptor, types.MemberDescriptorType):
                try:
                    found[name] = descriptor.__get__(value, kind)
                except AttributeError:
                    continue
    return found


class Snapshot:
    """The state of everything reachable from some roots; `restore` puts it back, as often as wanted."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self.arrays: list[tuple[np.ndarray, np.ndarray]] = []
        self._dicts: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
        self._lists: list[tuple[Any, list[Any]]] = []
        self._others: list[tuple[Any, Any]] = []
        self._slots: list[tuple[Any, dict[str, Any]]] = []
        self._generators: list[tuple[Any, Any]] = []
        self._kept: list[Any] = []  # so that no id is used twice
        self._modules: set[int] = set()  # whose variables are remembered
        self._numpy_state = GlobalRandomState()
        self._random_state = random.getstate()
        self._walk(roots)

    def _walk(self, roots: Iterable[Any]) -> None:
        seen: set[int] = set()
        waiting = deque(roots)
        while waiting and len(seen) < _MAX_OBJECTS:
            value = waiting.popleft()
            if isinstance(value, _ATOMS) or id(value) in seen:
                continue
            seen.add(id(value))
            self._kept.append(value)
            waiting.extend(self._remember(value))

    def _remember(self, value: Any) -> Iterable[Any]:
        """Notes one value and returns what it holds."""
        if isinstance(value, np.ndarray):
            if value.dtype == object:
                return list(value.flat)
            self.arrays.append((value, value.copy()))
            return ()
        if isinstance(value, dict):
            self._dicts.append((value, dict(value)))
            return list(value.values())
        if isinstance(value, (list, deque)):
            self._lists.append((value, list(value)))
            return list(value)
        if isinstance(value, (tuple, frozenset)):
            return list(value)
        if isinstance(value, set):
            self._others.append((value, set(value)))
            return list(value)
        if isinstance(value, np.random.Generator):
            self._generators.append((value.bit_generator, value.bit_generator.state))
            return ()
        if isinstance(value, np.random.RandomState):
            self._others.append((value, value.get_state()))
            return ()
        if isinstance(value, random.Random):
            self._others.append((value, value.getstate()))
            return ()
        if isinstance(value, types.MethodType):
            return (value.__self__, value.__func__)
        if isinstance(value, types.FunctionType):
            return self._remember_function(value)
        if isinstance(value, type):
            return self._remember_class(value)
        return self._remember_object(value)

    def _remember_function(self, function: types.FunctionType) -> list[Any]:
        held = [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
        for cell in function.__closure__ or ():
            # a wrapped function is no state, and the doctor may have exchanged it for a copy of its own
            if _filled(cell) and not isinstance(cell.cell_contents, types.FunctionType):
                self._others.append((cell, cell.cell_contents))
        held += list(function.__defaults__ or ())
        if function.__dict__:
            held.append(function.__dict__)
        return held + self._remember_module(function)

    def _remember_class(self, kind: type) -> list[Any]:
        if not is_foreign_module(kind.__module__):
            return []
        held = [
            v
            for k, v in vars(kind).items()
            if not k.startswith("__") and isinstance(v, (list, dict, set, np.ndarray))
        ]
        return held + self._remember_module(kind)

    def _remember_module(self, value: Any) -> list[Any]:
        """Module-level arrays, lists, dicts and generators may be state, too; the rebinding of numbers is
        undone through the dict itself.
        """
        variables = module_variables(value)
        if variables is None or id(variables) in self._modules:
            return []
        self._modules.add(id(variables))
        state = (np.ndarray, list, dict, set, np.random.Generator, np.random.RandomState, random.Random)
        named = {k: v for k, v in variables.items() if not k.startswith("__")}
        changeable = {k: v for k, v in named.items() if isinstance(v, (*state, int, float, type(None)))}
        if changeable:
            self._others.append((_Variables(variables), changeable))
        project = project_of(variables.get("__name__", ""))
        return [v for v in named.values() if isinstance(v, state) or is_of(project, v)]

    def _remember_object(self, value: Any) -> list[Any]:
        held: list[Any] = []
        attributes = getattr(value, "__dict__", None)
        if isinstance(attributes, dict):
            self._dicts.append((attributes, dict(attributes)))
            held += list(attributes.values())
        slots = slots_of(value)
        if slots:
            self._slots.append((value, slots))
            held += list(slots.values())
        if is_foreign_module(type(value).__module__):
            held.append(type(value))
        return held

    def restore(self) -> None:
        """Puts everything back."""
        for current, before in self._dicts:
            if current.keys() == before.keys() and all(map(is_, current.values(), before.values())):
                continue  # the usual case, and this runs before every run
            if current.keys() != before.keys() or any(current[k] is not v for k, v in before.items()):
                current.clear()
                current.update(before)
        for values, items in self._lists:
            if len(values) != len(items) or not all(map(is_, values, items)):
                values.clear()
                values.extend(items)
        for array, content in self.arrays:
            if array.flags.writeable:
                array[...] = content
        for value, slots in self._slots:
            for name, content in slots.items():
                object.__setattr__(value, name, content)
        for generator, state in self._generators:
            generator.state = state
        for value, state in self._others:
            _put_back(value, state)
        self._numpy_state.put_back()
        random.setstate(self._random_state)

    def restore_random(self) -> None:
        """Puts back only the random generators."""
        self.set_random(
            (
                [state for _, state in self._generators],
                [
                    state
                    for value, state in self._others
                    if isinstance(value, (np.random.RandomState, random.Random))
                ],
                self._numpy_state.state,
                self._random_state,
            )
        )

    def random_states(self) -> Any:
        """Where every generator stands now; for `set_random`."""
        old = [v for v, _ in self._others if isinstance(v, (np.random.RandomState, random.Random))]
        return (
            [generator.state for generator, _ in self._generators],
            [v.get_state() if isinstance(v, np.random.RandomState) else v.getstate() for v in old],
            np.random.get_state(),  # noqa: NPY002
            random.getstate(),
        )

    def set_random(self, states: Any) -> None:
        for (generator, _), state in zip(self._generators, states[0], strict=True):
            generator.state = state
        old = [v for v, _ in self._others if isinstance(v, (np.random.RandomState, random.Random))]
        for value, state in zip(old, states[1], strict=True):
            _put_back(value, state)
        np.random.set_state(states[2])  # noqa: NPY002
        random.setstate(states[3])

    def advance_random(self, count: int = 3) -> None:
        """Draws from every generator, so that the next numbers are others."""
        for generator, _ in self._generators:
            np.random.Generator(generator).random(count)
        for value, _ in self._others:
            if isinstance(value, np.random.RandomState):
                value.random_sample(count)
            elif isinstance(value, random.Random):
                for _ in range(count):
                    value.random()
        np.random.random(count)  # noqa: NPY002
        random.random()


class _Variables:
    """A module's variables, of which only some are put back."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _put_back(value: Any, state: Any) -> None:
    if isinstance(value, set):
        value.clear()
        value.update(state)
    elif isinstance(value, np.random.RandomState):
        value.set_state(state)
    elif isinstance(value, random.Random):
        value.setstate(state)
    elif isinstance(value, _Variables):
        value.variables.update(state)
    elif value.cell_contents is not state:
        value.cell_contents = state
