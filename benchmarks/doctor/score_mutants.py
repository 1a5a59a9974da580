"""Machine-made mutants of our backward functions: does the doctor name what was done to each?

The operators are those of tests/mutation. Left out: mutants that equivalent.json lists, those that do nothing
else than the original on any of our inputs, and those that EXCUSED lists. The codes that count as right are
in mutant_accepted.py.
"""

from __future__ import annotations

import importlib
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mutant_accepted import accepted
from mutant_files import write
from mutant_harm import cases_of, harmed_case
from mutants import ROOT, Mutant, all_mutants
from outcome import Outcome, ask, is_near
from workers import run

from chainrule.doctor.check import check

EXCUSED = {
    "functions/embedding.py embedding_backward: statement dropped: dweight[padding_idx] = 0 → pass": (
        "its gradient is the slope; that the padding's row is kept still is a convention"
    ),
}
_MUTANTS: list[Mutant] = []


def score(jobs: int, sample: int = 0, only: str = "", seed: int = 0) -> Iterator[Outcome]:
    """One outcome per mutant. What is left out has `skipped`, the reason."""
    equivalent = json.loads((ROOT / "tests" / "mutation" / "equivalent.json").read_text(encoding="utf-8"))
    mutants = [m for m in all_mutants() if only in m.file and m.identity not in equivalent]
    if 0 < sample < len(mutants):
        mutants = random.Random(seed).sample(mutants, sample)
    _MUTANTS[:] = mutants  # forked processes find their syntax trees there
    yield from run(examine, range(len(mutants)), jobs, "mutants", [m.identity for m in mutants])


def examine(number: int) -> Outcome:
    """Writes one mutant into a file, shows it to the doctor, and compares."""
    mutant = _MUTANTS[number]
    if mutant.identity in EXCUSED:
        return Outcome(mutant.identity, skipped=EXCUSED[mutant.identity])
    with tempfile.TemporaryDirectory(prefix=f"mutant{number}_") as folder:
        original = importlib.import_module(mutant.module)
        judged = write(mutant, Path(folder) / f"a{number}")
        harm = harmed_case(mutant.function, original, judged.module)
        if harm is None:
            return Outcome(mutant.identity, skipped="does what the original does, on all our inputs")
        written = write(mutant, Path(folder) / f"b{number}")  # again: as if it had never run
        case = cases_of(mutant.function, written.module)[harm[0]]
        outcome = ask(
            mutant.identity,
            lambda: check(case.subject, *case.inputs, **case.kwargs),
            accepted(mutant),
        )
        top = outcome.said[0] if outcome.said else None
        outcome.on_line = top is not None and is_near(top, written.path, written.lines)
        outcome.placed = outcome.on_line
        line = written.lines[0] if written.lines else 0
        outcome.note = f"line {line}: {written.before}  ->  {written.after}  ({harm[1]})"
        return outcome
