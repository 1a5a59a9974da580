"""The table beside it: what other checkers say of the museum's specimens."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from common import Table
from other_checkers import checkers
from score_others import Comparison
from summary import share

FORWARD = "forward"  # the room of section E: a wrong forward that agrees with its own backward
TROUBLE = "backward_raises"


def comparison_table(results: Sequence[Comparison]) -> Table:
    columns = ["", "specimens", "wrong gradients seen", "wrong forwards seen", "cause named",
               "false alarms on twins", "median s"]  # fmt: skip
    table = Table("The same specimens under other checkers", columns)
    wrapped = [r for r in results if not r.skipped]
    gradients = [r for r in wrapped if r.room != FORWARD]
    forwards = [r for r in wrapped if r.room == FORWARD]
    for checker in checkers():
        table.add(
            checker,
            len(wrapped),
            share(sum(bool(r.faulty[checker]) for r in gradients), len(gradients)),
            share(sum(bool(r.faulty[checker]) for r in forwards), len(forwards)),
            share(0, len(wrapped)),  # none of them tells causes: see what they say
            sum(bool(r.correct[checker]) for r in wrapped),
            _median([r.took[checker] for r in wrapped]),
        )
    table.add(
        "chainrule.check",
        len(wrapped),
        share(sum(r.detected for r in gradients), len(gradients)),
        share(sum(r.detected for r in forwards), len(forwards)),
        share(sum(r.named for r in wrapped), len(wrapped)),
        sum(bool(r.twin_said) for r in wrapped),
        _median([r.seconds for r in wrapped]),
    )
    left = [r.name for r in results if r.skipped and r.room != "training"]
    table.note = (
        f"Specimens that are a function with a backward ({len(left)} others are not: they train, or update "
        "in one step). Wrong forwards agree with their own backward: no gradient check can see them."
    )
    return table


def _median(values: list[float]) -> str:
    return f"{statistics.median(values):.2f}" if values else "-"


def what_they_say(results: Sequence[Comparison]) -> Table:
    """Word for word, of the first specimen of each room that all of them object to."""
    table = Table("What they say, word for word", ["specimen", "checker", "first line"])
    wrapped = [r for r in results if not r.skipped]
    for room in dict.fromkeys(r.room for r in wrapped):
        spoken = [r for r in wrapped if r.room == room and all(r.faulty.values()) and TROUBLE not in r.name]
        for result in spoken[:1]:
            for checker, words in result.faulty.items():
                table.add(result.name, checker, f"`{words}`")
            table.add(result.name, "chainrule.check", f"`{result.said[0]}`" if result.said else "silent")
    return table


def alarms(results: Sequence[Comparison]) -> list[str]:
    """Correct twins that a checker objects to, and wrong gradients that it misses."""
    lines = []
    for result in results:
        if result.skipped:
            continue
        lines += [f"- {result.name}, correct twin, {c}: {said}" for c, said in result.correct.items() if said]
        lines += [
            f"- {result.name}: {c} is content"
            for c, said in result.faulty.items()
            if not said and result.room != FORWARD
        ]
    skipped = [f"- {r.name}: {r.skipped}" for r in results if r.skipped and r.room != "training"]
    return ["Other checkers", *lines, "", "Not wrapped", *skipped, ""]
