"""How long imports take, each in a fresh Python; and which modules take longest for chainrule."""

from __future__ import annotations

import argparse
import statistics
from functools import partial

from common import Report, Table, alternate, fresh, main, milliseconds, quartiles, timed

MODULES = ("numpy", "chainrule", "chainrule.layers", "chainrule.training", "torch")
TRACED, TOP = "import chainrule.layers", 12


def trace(code: str) -> dict[str, tuple[float, float]]:
    """What `-X importtime` says: module -> seconds by itself, and with all that it imports."""
    times = {}
    for line in fresh(code, "-X", "importtime").stderr.splitlines():
        alone, total, module = line.removeprefix("import time:").split("|")
        if alone.strip().isdigit():
            times[module.strip()] = (int(alone) / 1e6, int(total) / 1e6)
    return times


def measure(arguments: argparse.Namespace) -> Report:
    codes = ["pass", *(f"import {module}" for module in MODULES)]
    times = alternate({code: timed(partial(fresh, code)) for code in codes}, rounds=arguments.repeats)
    empty = times["pass"]["all"].median
    table = Table(
        "A fresh Python, from start to end",
        ["python -c", "median ms", "quartiles", "above an empty one, ms"],
        note="The second of two runs in a row: files are in the system's cache.",
    )
    for code, laps in times.items():
        spread = laps["all"]
        above = milliseconds(spread.median - empty)
        table.add(f'"{code}"', milliseconds(spread.median), quartiles(spread), above)

    traces = [trace(TRACED) for _ in range(arguments.repeats)]
    modules = {m: [t[m] for t in traces if m in t] for m in traces[0]}
    medians = {
        m: [statistics.median(values) for values in zip(*rows, strict=True)] for m, rows in modules.items()
    }
    packages: dict[str, float] = {}
    for module, (alone, _) in medians.items():
        package = module.split(".")[0]
        package = package if package in ("numpy", "chainrule") else "all others"
        packages[package] = packages.get(package, 0.0) + alone
    by_package = Table(f"{TRACED}, by package (-X importtime)", ["package", "ms"])
    for package, seconds in sorted(packages.items(), key=lambda item: -item[1]):
        by_package.add(package, milliseconds(seconds))
    slowest = Table(f"{TRACED}, the {TOP} slowest modules", ["module", "alone, ms", "with its imports, ms"])
    for module, pair in sorted(medians.items(), key=lambda item: -item[1][0])[:TOP]:
        slowest.add(module, *map(milliseconds, pair))
    figures = {"seconds": {code: vars(laps["all"]) for code, laps in times.items()}, "packages": packages}
    return Report([table, by_package, slowest], figures)


if __name__ == "__main__":
    main(__doc__, measure, 10)
