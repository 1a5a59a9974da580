"""What all benchmarks share: an alternating timer, tables, the machine in words, fresh processes, options.

Importing it costs little (NumPy, torch and rich are imported where needed): `memory.py` measures beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
Laps = dict[str, float]  # what was timed -> seconds

# ------------------------------------------------------------ time


@dataclass
class Spread:
    """Seconds of many repetitions, as quartiles: half of them lie between `low` and `high`."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, seconds: list[float]) -> Spread:
        if len(seconds) == 1:
            return cls(seconds[0], seconds[0], seconds[0])
        return cls(*statistics.quantiles(seconds, n=4, method="inclusive"))


def timed(function: Callable[[], Any], name: str = "all") -> Callable[[], Laps]:
    """`function`, timed as a whole."""

    def call() -> Laps:
        begin = time.perf_counter()
        function()
        return {name: time.perf_counter() - begin}

    return call


def alternate(
    sides: dict[str, Callable[[], Laps]], rounds: int, burst: int = 1, settle: float = 0.0, warm_up: int = 1
) -> dict[str, dict[str, Spread]]:
    """Times all sides in turn, `rounds` times, so that a slow minute of the machine hits all of them.

    A turn is: sleep `settle` seconds (the threads of the side before stop spinning), `warm_up` calls that do
    not count (caches and threads are this side's again), `burst` calls that do. Who begins changes from round
    to round. Returns side -> lap -> Spread.
    """
    seconds: dict[str, dict[str, list[float]]] = {name: {} for name in sides}
    order = list(sides)
    for _ in range(rounds):
        for name in order:
            time.sleep(settle)
            for call in range(warm_up + burst):
                for lap, value in sides[name]().items():
                    if call >= warm_up:
                        seconds[name].setdefault(lap, []).append(value)
        order.append(order.pop(0))
    return {name: {lap: Spread.of(values) for lap, values in laps.items()} for name, laps in seconds.items()}


@contextmanager
def same_threads(count: int) -> Iterator[None]:
    """`count` threads for NumPy's BLAS and, where it is imported, for torch."""
    from threadpoolctl import threadpool_limits

    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(count)
    with threadpool_limits(limits=count, user_api="blas"):
        yield


# ------------------------------------------------------------ processes


def fresh(code: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Runs `code` in a new Python, in which `import common` works; raises if it fails."""
    done = subprocess.run([sys.executable, *flags, "-c", code], cwd=HERE, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"a fresh process failed:\n{done.stderr}")
    return done


def peak_memory() -> int:
    """The largest resident memory of this process so far, in bytes.

    getrusage alone would not do on Linux: its maximum survives exec, so a child begins at its parent's size.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


# ------------------------------------------------------------ the machine


def machine() -> dict[str, str]:
    """Processor, versions and BLAS in words, and how busy the machine was. No host name, no path."""
    import chainrule

    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "chainrule": f"{chainrule.__version__}, NumPy {version('numpy')}, {_numpy_blas()}",
        "torch": _torch(),
        "load before": f"{os.getloadavg()[0]:.2f} (processes running, average of one minute)",
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown"


def _numpy_blas() -> str:
    import numpy as np
    from threadpoolctl import threadpool_info

    pools = [p for p in threadpool_info() if p["user_api"] == "blas" and "torch" not in p["filepath"]]
    words = [f"{p['internal_api']} {p['version']} ({p.get('architecture', 'unknown')})" for p in pools]
    if words:
        return ", ".join(words)
    return str(np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"])


def _torch() -> str:
    try:
        words = [version("torch")]
    except PackageNotFoundError:
        return "not installed"
    if "torch" in sys.modules:
        import torch

        libraries = {"MKL": torch.backends.mkl, "oneDNN": torch.backends.mkldnn}
        words += [name for name, library in libraries.items() if library.is_available()]
    return ", ".join(words)


# ------------------------------------------------------------ tables and the command line


@dataclass
class Table:
    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""

    def add(self, *cells: Any) -> None:
        self.rows.append([str(cell) for cell in cells])

    def show(self) -> None:
        import rich
        from rich.table import Table as RichTable

        table = RichTable(title=self.title, title_justify="left")
        for i, column in enumerate(self.columns):
            table.add_column(column, justify="right" if i else "left")
        for row in self.rows:
            table.add_row(*row)
        rich.print(table)
        if self.note:
            rich.print(self.note)

    def markdown(self) -> str:
        lines = [self.columns, ["---" if i == 0 else "---:" for i in range(len(self.columns))], *self.rows]
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"**{self.title}**\n\n{body}\n" + (f"\n{self.note}\n" if self.note else "")


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3g}" if seconds < 0.1 else f"{seconds * 1e3:.0f}"


def quartiles(spread: Spread) -> str:
    return f"{milliseconds(spread.low)} to {milliseconds(spread.high)}"


def megabytes(count: float) -> str:
    return f"{count / 2**20:.0f}"


@dataclass
class Report:
    tables: list[Table]
    figures: dict[str, Any]  # the same, as plain numbers (seconds, bytes) for programs


def main(
    doc: str | None,
    measure: Callable[[argparse.Namespace], Report],
    repeats: int,
    options: Callable[[argparse.ArgumentParser], Any] = lambda parser: None,
) -> None:
    """The command line of one benchmark: measures, prints the machine and the tables, writes --json."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options(parser)
    parser.add_argument("--repeats", type=int, default=repeats, help=f"rounds (default {repeats})")
    parser.add_argument("--threads", type=int, default=2, help="threads of the BLAS and of torch (default 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write tables and figures there, too")
    arguments = parser.parse_args()
    if arguments.repeats < 1 or arguments.threads < 1:
        parser.error("--repeats and --threads must be at least 1")

    load = machine()["load before"]
    report = measure(arguments)
    where = machine() | {"load before": load, "threads": str(arguments.threads)}
    for name, words in where.items():
        print(f"{name:12} {words}")
    for table in report.tables:
        print()
        table.show()
    if arguments.json:
        content = {"machine": where, "repeats": arguments.repeats, **asdict(report)}
        arguments.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
