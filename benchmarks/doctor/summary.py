"""From outcomes to tables, and to the list of everything that went wrong, by name."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from common import Table
from outcome import Outcome
from score_strangers import Task

TIMES = ["median s", "95 % s", "max s"]
MUSEUM = ["room", "subjects", "detected", "named", "placed", "line", "false alarms", *TIMES]
MUTANTS = ["file", "mutants", "detected", "named", "line", *TIMES]
NOTE = (
    "detected: anything was found. named: the first finding has an accepted code. placed: it tells an "
    "accepted place. line: it points at most two lines from the fault. Seconds: of one check."
)


def share(count: int, total: int) -> str:
    return f"{count} ({100 * count / total:.1f} %)" if total else "-"


def seconds(outcomes: Sequence[Outcome]) -> list[str]:
    """Median, 95th percentile and maximum."""
    taken = sorted(o.seconds for o in outcomes)
    if not taken:
        return ["-"] * 3
    late = taken[min(len(taken) - 1, round(0.95 * (len(taken) - 1)))]
    return [f"{value:.2f}" for value in (statistics.median(taken), late, taken[-1])]


def museum_table(pairs: Sequence[tuple[Outcome, Outcome]]) -> Table:
    table = Table("The museum, room by room", MUSEUM, note=NOTE)
    pairs = [(f, c) for f, c in pairs if not f.skipped]
    for room in [*sorted({f.name.split("/")[0] for f, _ in pairs}), "all"]:
        faulty, twins = zip(*((f, c) for f, c in pairs if room in ("all", f.name.split("/")[0])), strict=True)
        table.add(
            room, len(faulty), sum(o.detected for o in faulty),
            share(sum(o.named for o in faulty), len(faulty)),
            sum(o.placed for o in faulty), sum(bool(o.on_line) for o in faulty),
            sum(is_alarm(o) for o in twins), *seconds(faulty),
        )  # fmt: skip
    return table


def mutants_table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("Mutants of our own backward functions, file by file", MUTANTS, note=NOTE)
    wrong = [o for o in outcomes if not o.skipped]
    for file in [*sorted({file_of(o) for o in wrong}), "all"]:
        part = [o for o in wrong if file in ("all", file_of(o))]
        table.add(
            file, len(part), sum(o.detected for o in part), share(sum(o.named for o in part), len(part)),
            sum(bool(o.on_line) for o in part), *seconds(part),
        )  # fmt: skip
    return table


def file_of(outcome: Outcome) -> str:
    return outcome.name.split(" ")[0].removesuffix(".py")


def is_alarm(outcome: Outcome) -> bool:
    """Of a correct subject: any finding, or an exception of the doctor."""
    return outcome.detected or bool(outcome.trouble)


def correct_table(outcomes: Sequence[Outcome]) -> Table:
    columns = ["", "subjects", "false alarms", *TIMES]
    table = Table("Correct code", columns, note="A false alarm: any finding, or an exception of the doctor.")
    ours = [o for o in outcomes if o.name.startswith("chainrule.")]
    wild = [o for o in outcomes if not o.name.startswith("chainrule.")]
    for name, part in (
        ("anybody's code, many conventions", wild),
        ("chainrule's own layers and functions", ours),
    ):
        table.add(name, len(part), sum(is_alarm(o) for o in part), *seconds(part))
    return table


def failures(title: str, outcomes: Iterable[Outcome]) -> list[str]:
    """A heading and one line for each: what was expected, what was found."""
    lines = [
        f"- {o.name}" + (f" ({o.note})" if o.note else "")
        + (f": wanted {' or '.join(o.codes)}" if o.codes else "") + f"; found {o.findings}"
        for o in outcomes
    ]  # fmt: skip
    return [f"{title}: {len(lines)}", *lines, ""] if lines else []


def experiments_failed(outcomes: Iterable[Outcome]) -> list[str]:
    """Exceptions inside of the doctor that a report survives: each is a fault of ours."""
    lines = [f"- {o.name}: {'; '.join(o.failed)[:200]}" for o in outcomes if o.failed]
    return [f"Experiments that failed: {len(lines)}", *lines, ""] if lines else []


def museum_failures(pairs: Sequence[tuple[Outcome, Outcome]]) -> list[str]:
    faulty, twins = [f for f, _ in pairs if not f.skipped], [c for _, c in pairs if not c.skipped]
    return [
        *failures("Not named", (o for o in faulty if not o.named)),
        *failures("Named, but placed elsewhere", (o for o in faulty if o.named and not o.placed)),
        *failures("False alarms on correct twins", (o for o in twins if is_alarm(o))),
        *experiments_failed([*faulty, *twins]),
    ]


def mutant_failures(outcomes: Sequence[Outcome]) -> list[str]:
    wrong = [o for o in outcomes if not o.skipped]
    return [
        *failures("Mutants not named", (o for o in wrong if not o.named)),
        *failures("Mutants named, but on another line", (o for o in wrong if o.named and not o.on_line)),
        *experiments_failed(wrong),
    ]


def strangers_table(found: Sequence[tuple[Task, Outcome]]) -> Table:
    columns = ["asked from", "faulty", "detected", "named", "line", "right", "false alarms", *TIMES]
    table = Table("Code by strangers", columns, note=NOTE)
    for way in dict.fromkeys(task.way for task, _ in found):
        faulty = [o for t, o in found if t.way == way and t.is_faulty]
        right = [o for t, o in found if t.way == way and not t.is_faulty]
        table.add(
            way, len(faulty), sum(o.detected for o in faulty),
            share(sum(o.named for o in faulty), len(faulty)), sum(bool(o.on_line) for o in faulty),
            len(right), sum(is_alarm(o) for o in right), *seconds(faulty),
        )  # fmt: skip
    return table


def strangers_failures(found: Sequence[tuple[Task, Outcome]]) -> list[str]:
    faulty, right = [o for t, o in found if t.is_faulty], [o for t, o in found if not t.is_faulty]
    return [
        *failures("Strangers' faults not named", (o for o in faulty if not o.named)),
        *failures("False alarms on strangers' code", (o for o in right if is_alarm(o))),
        *experiments_failed([*faulty, *right]),
    ]
