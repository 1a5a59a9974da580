"""What is there to check in a file? With no set-up: classes with forward and backward, pairs of functions,
instances; how they are built and what they are fed is guessed from names, annotations, docstrings, defaults
and the code, and by trying.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import NotASubject
from ..waiting import now
from .candidates import Candidate, candidates
from .found import Discovered, Found, NotStarted
from .limits import muted
from .loading import NotPython, load
from .nested import Workshop
from .start import Starter
from .trial import BUILT, failure

__all__ = ["Discovered", "Found", "NotPython", "NotStarted", "discover"]


def discover(path: str | Path, names: Iterable[str] = ()) -> Discovered:
    """Imports the file and starts what can be checked in it.

    names: only these (classes, functions, instances, or what stands behind check_). What the file declares
    itself with a function check_NAME is not guessed.

    Raises FileNotFoundError, and NotPython for a file that cannot be read as Python.
    """
    loaded = load(Path(path))
    with muted():
        listed = candidates(loaded.module)
    declared = {c.name for c in listed if c.kind == "check"}
    listed = [c for c in listed if c.kind == "check" or c.name not in declared]
    wanted = set(names)
    starter = Starter(Workshop(loaded.module), str(Path(path).resolve()))
    results: dict[int, Found | NotStarted] = {}
    asked = [c for c in listed if c.name in wanted]
    if wanted and not any(map(_needs, asked)):  # the rest of the file may not be needed at all
        results = {id(c): _started(starter, c) for c in asked}
    # what takes other objects comes after them; a second try for what may have been too early
    alone = bool(results) and all(isinstance(r, Found) or r.is_slow for r in results.values())
    for candidate in sorted(listed, key=_needs):
        if alone or (isinstance(results.get(id(candidate)), Found)):
            continue
        if not wanted or candidate.name in wanted or candidate.kind in ("class",):
            results[id(candidate)] = _started(starter, candidate)
    for candidate in listed if not alone else ():
        if (
            candidate.kind == "class"
            and isinstance(results.get(id(candidate)), NotStarted)
            and starter.workshop.built
        ):
            results[id(candidate)] = _started(starter, candidate)
    discovered = Discovered(Path(path), notes=loaded.notes, files=loaded.files)
    for candidate in listed:
        result = results.get(id(candidate))
        if result is None or (wanted and candidate.name not in wanted):
            continue
        if isinstance(result, Found):
            discovered.found.append(result)
        elif candidate.kind != "factory":  # its model stands for itself
            discovered.not_started.append(result)
    return discovered


def _started(starter: Starter, candidate: Candidate) -> Found | NotStarted:
    """What came of one candidate; code that the search cannot deal with stops nothing else."""
    now(f"arguments for {candidate.name}")
    try:
        return starter.start(candidate)
    except Exception as error:
        ended = failure(BUILT, error, starter.file).error if isinstance(error, NotASubject) else ""
        why = ["how it starts could not be found out", *([ended] if ended else [])]
        add = f"def check_{candidate.name}():\n    return subject, x"
        return NotStarted(candidate.name, candidate.kind, why, add, candidate.line)


def _needs(candidate: Candidate) -> int:
    """0 for what is built of numbers, more for what takes objects."""
    from ..calling import required
    from .nested import _ONE, MANY

    if candidate.kind != "class":
        return 0
    names = [p.name for p in required(candidate.thing.__init__)]
    return sum(bool(MANY.search(n) or _ONE.match(n)) for n in names)
