"""Runs every benchmark, one after the other, and writes their tables into docs/benchmarks.md.

The tables stand there between `<!-- begin: NAME -->` and `<!-- end: NAME -->`: only what is between
is replaced.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from common import HERE, Table

PAGE = HERE.parent / "docs" / "benchmarks.md"
# name on the page -> script, options, repetitions with --quick (0: those of the script)
RUNS: dict[str, tuple[str, list[str], int]] = {
    "training_step": ("training_step.py", [], 2),
    "recurrent_step": ("recurrent_step.py", [], 3),
    "transformer_step": ("transformer_step.py", [], 3),
    "same_training": ("same_training.py", ["--cell", "all"], 50),
    "decoding": ("decoding.py", [], 3),
    "memory": ("memory.py", [], 1),
    "import_time": ("import_time.py", [], 2),
    "color_network": ("color_network.py", [], 1),
    "profile_keras": ("profile_layers.py", ["--model", "keras"], 3),
    "profile_pytorch": ("profile_layers.py", ["--model", "pytorch"], 3),
}


def run(script: str, options: list[str], repeats: int, threads: int) -> dict[str, Any]:
    """Runs one benchmark in its own process, shows what it prints, returns what it wrote as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [
            sys.executable,
            str(HERE / script),
            *options,
            "--threads",
            str(threads),
            "--json",
            str(result),
        ]
        if repeats:
            command += ["--repeats", str(repeats)]
        subprocess.run(command, check=True)
        content: dict[str, Any] = json.loads(result.read_text())
        return content


def section(content: dict[str, Any]) -> str:
    """The tables of one benchmark in Markdown, and where and when they were measured."""
    where = "; ".join(f"{name}: {words}" for name, words in content["machine"].items())
    when = f"*{date.today().isoformat()}, {content['repeats']} repetitions. {where}.*"
    return "\n".join([Table(**table).markdown() for table in content["tables"]] + [when])


def replaced(page: str, name: str, body: str) -> str:
    """The page with `body` between the markers of `name`. Raises ValueError unless there is one place."""
    pattern = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
    changed, count = pattern.subn(lambda found: f"{found[1]}\n{body}\n\n{found[2]}", page)
    if count != 1:
        raise ValueError(f"the page needs one pair of markers for {name}, found {count}")
    return changed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", choices=list(RUNS), default=list(RUNS), help="run these (default: all)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="few repetitions: to see that it works, not to be published"
    )
    parser.add_argument("--threads", type=int, default=2, help="threads of the BLAS and of torch (default 2)")
    parser.add_argument(
        "--page", type=Path, default=PAGE, help="the page to write into (default docs/benchmarks.md)"
    )
    arguments = parser.parse_args()

    for name in arguments.only:  # a missing marker should show before the hours, not after
        replaced(arguments.page.read_text(), name, "")
    load = os.getloadavg()[0]
    if load > 0.5:
        print(
            f"warning: other processes are running (load {load:.1f}): these figures will be noisy",
            file=sys.stderr,
        )
    for name in arguments.only:
        script, options, few = RUNS[name]
        print(f"\n=== {name}", flush=True)
        content = run(script, options, few if arguments.quick else 0, arguments.threads)
        # the page is read again each time: what was measured so far is safe if a later benchmark fails
        arguments.page.write_text(replaced(arguments.page.read_text(), name, section(content)))
    print(f"\nwritten: {arguments.page.name}")


if __name__ == "__main__":
    main()
