"""Are our tests able to fail?  Every backward is made wrong in every way we know, and its tests must notice.

    python tests/mutation                      all mutants (minutes), the score, and who survived
    python tests/mutation --sample 100         a random sample, as in continuous integration
    python tests/mutation --only conv2d        one file

A mutant that computes the same as the original can be told from it by no test: such are listed in
equivalent.json, with the reason.
Exits with 1 if fewer than 97 % of the others die.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before NumPy is imported: many small processes

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import helpers  # noqa: E402
import pytest  # noqa: E402
from mutants import ROOT, Mutant, all_mutants  # noqa: E402

REQUIRED = 0.97
SECONDS = 120  # a mutant that runs longer is dead, too
OPTIONS = [
    "-x",
    "-q",
    "-n",
    "0",
    "--no-header",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:warnings",
    "-W",
    "ignore",
]


def tests_of(mutant: Mutant) -> list[str]:
    """The tests that mirror its file; for layers, the tests of the composites that they are used in, too."""
    floor, name = mutant.file.removesuffix(".py").split("/")
    mirror = ROOT / "tests" / floor / f"test_{name}.py"
    return [str(mirror if mirror.exists() else mirror.parent)]


def check_baseline(mutants: list[Mutant]) -> bool:
    """Do the tests pass without a mutant? Otherwise every mutant would seem to die."""
    files = sorted({file for mutant in mutants for file in tests_of(mutant)})
    pid = fork(lambda: pytest.main([*OPTIONS, *files]) != 0, seconds=1200)
    _, status = os.waitpid(pid, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def survives(mutant: Mutant) -> bool:
    """Runs the tests with the mutated function in place. In this process: call it in a fork."""
    module = importlib.import_module(mutant.module)
    for name in ("ones", "double", "spoil", "stale"):
        setattr(module, f"_mutation_{name}", getattr(helpers, name))
    target = module
    for name in mutant.function.split("."):
        target = getattr(target, name)
    target.__code__ = mutant.code()
    # only a test that failed counts as a kill, and no other trouble
    return pytest.main([*OPTIONS, *tests_of(mutant)]) != pytest.ExitCode.TESTS_FAILED


def fork(work: Callable[[], bool], seconds: int = SECONDS) -> int:
    """Runs `work` in a silent process, which exits with what it returns. Returns the process's id."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        signal.alarm(seconds)
        status = 0
        try:
            status = int(work())
        finally:
            os._exit(status)
    return pid


def run(mutants: list[Mutant], workers: int) -> list[Mutant]:
    """The mutants that survive."""
    waiting, running, survivors, done = list(mutants), {}, [], 0
    while waiting or running:
        while waiting and len(running) < workers:
            mutant = waiting.pop(0)
            running[fork(partial(survives, mutant))] = mutant
        pid, status = os.wait()
        mutant, done = running.pop(pid), done + 1
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 1:
            survivors.append(mutant)
            print(f"alive  src/chainrule/{mutant.file}:{mutant.line}  {mutant.identity}", flush=True)
        if sys.stderr.isatty():
            print(f"\r{done}/{len(mutants)} mutants, {len(survivors)} alive ", end="", file=sys.stderr)
    return survivors


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, help="how many mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="only files whose name contains this")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--list", action="store_true", help="print all mutants and run none")
    options = parser.parse_args()

    equivalent: dict[str, str] = json.loads((HERE / "equivalent.json").read_text(encoding="utf-8"))
    mutants = list(all_mutants())
    unknown = set(equivalent) - {mutant.identity for mutant in mutants}
    if unknown:
        print("equivalent.json names mutants that do not exist any more:", *sorted(unknown), sep="\n  ")
        return 1
    mutants = [
        m for m in mutants if (not options.only or options.only in m.file) and m.identity not in equivalent
    ]
    if options.sample and options.sample < len(mutants):
        mutants = random.Random(options.seed).sample(mutants, options.sample)
    if options.list:
        print(*(f"{m.file}:{m.line} {m.identity}" for m in mutants), sep="\n")
        return 0

    for mutant in mutants:  # imported once, before the forks
        importlib.import_module(mutant.module)
    if not check_baseline(mutants):
        print("the tests fail without any mutant: run them first")
        return 1
    begin = time.perf_counter()
    survivors = run(mutants, options.workers)
    killed = len(mutants) - len(survivors)
    score = killed / max(len(mutants), 1)
    print(
        f"{killed} of {len(mutants)} mutants were killed: {score:.1%} (required {REQUIRED:.0%}); "
        f"{len(equivalent)} equivalent ones are listed with reasons; {time.perf_counter() - begin:.0f} s"
    )
    return 0 if score >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
