"""The museum: every specimen must be named, and its correct twin met with silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from outcome import Outcome, Said, ask, is_near
from specimens import examine, fault_lines, load, museum_files, plain, training_checker
from workers import run


def score(jobs: int, only: str = "") -> Iterator[tuple[Outcome, Outcome]]:
    """For each specimen: the faulty one, and its twin."""
    files = museum_files(only)
    names = [f"{file.parent.name}/{file.stem}" for file in files]
    faulty = run(faulty_outcome, files, jobs, "museum, faulty", names)
    twins = run(twin_outcome, files, jobs, "museum, correct twins", [f"{n}, correct twin" for n in names])
    yield from zip(faulty, twins, strict=True)


def faulty_outcome(path: Path) -> Outcome:
    name = f"{path.parent.name}/{path.stem}"
    module = load(path)
    arguments = module.faulty()
    if arguments.get("training_check") and training_checker()[0] is None:
        return Outcome(name, skipped=training_checker()[1])
    outcome = ask(name, lambda: examine(arguments), tuple(module.CODES))
    if outcome.said:
        top = outcome.said[0]
        outcome.placed = bool(places_of(top) & {plain(place) for place in module.PLACES})
        outcome.on_line = is_near(top, path, fault_lines(path))
    return outcome


def twin_outcome(path: Path) -> Outcome:
    name = f"{path.parent.name}/{path.stem}, correct twin"
    arguments = load(path).correct()
    if arguments.get("training_check") and training_checker()[0] is None:
        return Outcome(name, skipped=training_checker()[1])
    return ask(name, lambda: examine(arguments))


def places_of(said: Said) -> set[str]:
    """All names of the place that a finding tells: its path, its targets, and their last parts."""
    where, targets = plain(said.where), [plain(target) for target in said.targets]
    full = [where, *targets, *(f"{where}.{target}".strip(".") for target in targets)]
    return {*full, *(name.rsplit(".", 1)[-1] for name in full)}
