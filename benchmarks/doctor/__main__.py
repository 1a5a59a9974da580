"""How good is the doctor? Museum, mutants, correct code, code by strangers, and what others say of the same.

    python benchmarks/doctor                       all parts (about a quarter of an hour on two cores)
    python benchmarks/doctor --museum --only gru   one part, only subjects whose name contains a word
    python benchmarks/doctor --mutants 50          a random sample of 50 mutants
    CHAINRULE_STRANGERS=DIR python benchmarks/doctor --strangers       files of your own (see score_strangers)
    python benchmarks/doctor --write               the tables into docs/doctor/benchmark.md, too

Every miss and every false alarm is listed by name. Exits with 1 on a false alarm of ours.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before NumPy is imported: many small arrays

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "tests" / "mutation")]
warnings.simplefilter("ignore")  # of the subjects: overflow, division by 0

import score_correct  # noqa: E402
import score_museum  # noqa: E402
import score_mutants  # noqa: E402
import score_strangers  # noqa: E402
import summary  # noqa: E402
from common import Table, machine  # noqa: E402
from page import PARTS, write  # noqa: E402


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--museum", action="store_true", help="faulty specimens and their correct twins")
    parser.add_argument(
        "--mutants", type=int, nargs="?", const=0, metavar="N", help="mutants, or N at random"
    )
    parser.add_argument("--correct", action="store_true", help="correct code: false alarms")
    parser.add_argument("--strangers", action="store_true", help="whole files by people who did not know it")
    parser.add_argument("--comparison", action="store_true", help="other gradient checkers, on the museum")
    parser.add_argument("--only", default="", help="only subjects whose name contains this")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes (default 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all outcomes there, too")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/doctor/benchmark.md")
    given = parser.parse_args()
    if given.mutants is None and not any(getattr(given, part) for part in PARTS):
        for part in PARTS:
            setattr(given, part, True)
        given.mutants = 0
    return given


def main() -> int:
    given = arguments()
    tables: dict[str, list[Table]] = {}
    outcomes: dict[str, list[Any]] = {}
    lines: list[str] = []
    where = machine() if given.write else {}  # before: how busy it was
    if given.museum:
        pairs = list(score_museum.score(given.jobs, given.only))
        outcomes["museum"] = [*(f for f, _ in pairs), *(c for _, c in pairs)]
        tables["museum"] = [summary.museum_table(pairs)]
        lines += summary.museum_failures(pairs)
    if given.mutants is not None:
        mutants = list(score_mutants.score(given.jobs, given.mutants, given.only))
        outcomes["mutants"] = mutants
        tables["mutants"] = [summary.mutants_table(mutants)]
        lines += summary.mutant_failures(mutants)
    if given.correct:
        correct = list(score_correct.score(given.jobs, given.only))
        outcomes["correct"] = correct
        tables["correct"] = [summary.correct_table(correct)]
        lines += summary.failures("False alarms", (o for o in correct if summary.is_alarm(o)))
        lines += summary.experiments_failed(correct)
    if given.strangers:
        strangers = list(score_strangers.score(given.jobs, given.only))
        outcomes["strangers"] = [outcome for _, outcome in strangers]
        tables["strangers"] = [summary.strangers_table(strangers)]
        lines += summary.strangers_failures(strangers)
    if given.comparison:
        import comparison
        import score_others

        others: Any = list(score_others.score(given.jobs, given.only))
        outcomes["comparison"] = others
        tables["comparison"] = [comparison.comparison_table(others), comparison.what_they_say(others)]
        lines += comparison.alarms(others)

    for part in outcomes.values():  # once for each reason, not for each subject
        for reason in sorted({o.skipped for o in part if o.skipped}):
            print(f"left out, {sum(o.skipped == reason for o in part)}: {reason}")
    for table in (table for part in tables.values() for table in part):
        print()
        table.show()
    print("\n" + "\n".join(lines))
    if given.json:
        plain = {part: [asdict(o) for o in found] for part, found in outcomes.items()}
        given.json.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    if given.write:
        print(f"written: {write(tables, where, lines)}")
    right = [*outcomes.get("correct", []), *(o for o in outcomes.get("strangers", []) if not o.codes)]
    return int(any(summary.is_alarm(o) for o in right))


if __name__ == "__main__":
    sys.exit(main())
