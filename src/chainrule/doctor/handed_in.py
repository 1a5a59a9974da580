"""What a caller hands in, and what is wrong with it: said at the border, before any code is blamed."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .calling import parameters_of, positional, required
from .discovery.whole import Whole
from .errors import NotASubject
from .experiments.unseen.causal import DECLARED
from .quiet import same_draws
from .snapshot import Snapshot
from .structure import is_array
from .subject import Subject

INTENTS = DECLARED | {"padding"}


def intents(intent: Iterable[str]) -> frozenset[str]:
    """The words of `intent=`. Raises ValueError where one is not known: it would change nothing, silently."""
    words = frozenset(word.lower() for word in ([intent] if isinstance(intent, str) else intent))
    for word in sorted(words - INTENTS):
        near = difflib.get_close_matches(word, sorted(INTENTS), 1)
        meant = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(
            f"intent {word!r} is not known{meant}: the known words are {', '.join(sorted(INTENTS))}"
        )
    return words


def refuse_empty(face: Subject) -> None:
    """Raises ValueError for an input without a single number: nothing can be differentiated there."""
    for name, value in zip(face.input_names, face.inputs, strict=True):
        if is_array(value) and not value.size:
            raise ValueError(
                f"input {name} is empty, shape {value.shape}: hand in a batch of at least 2 examples "
                f"(chainrule.check({face.name.lower()}, rng.normal(size=(2, ...))))"
            )


def refuse_missing(face: Subject) -> None:
    """Raises NotASubject where forward asks for more inputs than were handed in. What returns a loss and
    gradients in one knows its own arguments.
    """
    if isinstance(face.owner, Whole):
        return
    known = {*face.input_names, *face.kwargs, getattr(face, "rate_name", None)}
    missing = [p.name for p in required(face.forward_function)[len(face.inputs) :] if p.name not in known]
    if not missing:
        return
    given = f"only {', '.join(face.input_names)}" if face.input_names else "none of its inputs"
    names = [p.name for p in positional(face.forward_function)]
    call = ", ".join([*face.input_names, *[n for n in names if n in missing]])
    raise NotASubject(
        f"{face.name}'s {face.forward_function.__name__} takes {', '.join(names)}; given: {given}. Hand in "
        f"{' and '.join(missing)}, too: chainrule.check({face.name.lower()}, {call})"
    )


def refuse_unbuilt(factory: Any) -> None:
    """Raises NotASubject for a class or a function that cannot be called without arguments."""
    missing = [p.name for p in required(factory)]
    missing += [
        p.name
        for p in parameters_of(factory)
        if p.kind is inspect.Parameter.KEYWORD_ONLY and p.default is inspect.Parameter.empty
    ]
    if not missing:
        return
    name = getattr(factory, "__name__", type(factory).__name__)
    call = f"chainrule.check({name}({', '.join(missing)}), x)"
    if isinstance(factory, type):
        raise NotASubject(
            f"{name} is a class, and its constructor needs {', '.join(missing)}: hand in an object, {call}"
        )
    raise NotASubject(
        f"{name} is a function that needs {', '.join(missing)}: hand in a pair of functions, "
        f"chainrule.check((forward, backward), x), or the object that it builds, {call}"
    )


def lists_as_arrays(face: Subject) -> None:
    """Lists of numbers among the inputs become arrays, unless the code itself works on plain lists."""
    changed = tuple(_as_array(value) for value in face.inputs)
    if all(new is old for new, old in zip(changed, face.inputs, strict=True)):
        return
    state = Snapshot([*face.roots, face.inputs, face.kwargs])
    try:
        with same_draws():
            raw = face.forward_function(*face.inputs, **face.kwargs)
        plain = not _has_array(raw)
    except Exception:
        plain = False
    finally:
        state.restore()
    if not plain:
        face.inputs = changed


def _as_array(value: Any) -> Any:
    """A list of numbers, or of equally long lists of them."""
    if not isinstance(value, list) or not _only_numbers(value):
        return value
    try:
        array = np.array(value)
    except ValueError:  # lists of several lengths
        return value
    return array if array.dtype.kind in "fiub" and array.size else value


def _only_numbers(value: Sequence[Any]) -> bool:
    return all(
        _only_numbers(item) if isinstance(item, list) else isinstance(item, (bool, int, float))
        for item in value
    )


def _has_array(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_has_array, value))
    if isinstance(value, dict):
        return any(map(_has_array, value.values()))
    return isinstance(value, (np.ndarray, np.generic))
