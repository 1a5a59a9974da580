"""A function check_NAME() in the file says itself how its subject starts."""

from __future__ import annotations

import inspect

from .candidates import Candidate
from .found import Found, NotStarted
from .limits import reseed
from .trial import BUILT, failure
from .whole import gives_gradients, whole_function


def started_by_check(candidate: Candidate, file: str) -> Found | NotStarted:
    """It returns a subject and its inputs, a dict with these, or a subject alone."""
    name, function, line = candidate.name, candidate.thing, candidate.line
    try:
        reseed()
        said = function()
    except Exception as error:
        why = [f"check_{name}() failed: {failure(BUILT, error, file).error}"]
        return NotStarted(name, "check", why, f"repair check_{name}()", line)
    if isinstance(said, dict) and "subject" in said:
        options = {k: v for k, v in said.items() if k not in ("subject", "inputs", "forward_kwargs")}
        options |= said.get("forward_kwargs") or {}
        inputs = said.get("inputs", ())
        inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
        return Found(name, "check", lambda: function()["subject"], inputs, options, [], line)
    is_pair = isinstance(said, tuple) and len(said) == 2 and all(map(callable, said))
    if isinstance(said, tuple) and said and inspect.isfunction(said[0]) and gives_gradients(said[0]):
        return Found(name, "check", lambda: whole_function(function()[0]), said[1:], {}, [], line)
    if isinstance(said, tuple) and said and not (is_pair and not hasattr(said[0], "forward")):
        return Found(name, "check", lambda: function()[0], said[1:], {}, [], line)
    if said is not None:
        return Found(name, "check", function, (), {}, [], line)
    why = [f"check_{name}() returned None"]
    return NotStarted(name, "check", why, f"def check_{name}():\n    return subject, x", line)
