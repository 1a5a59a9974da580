"""A run that is killed: no clean-up, no last words. What is on the disk must be enough to go on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from training.run_in_child import EPOCHS, training
from training.small_tasks import assert_same_numbers, everything, small_model, without_clock

from chainrule.training import Record, Run, fit, load

SCRIPT = Path(__file__).with_name("run_in_child.py")


def start(run: Run, *arguments: str) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), str(run.path), *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def expected() -> tuple[dict[str, np.ndarray], list[Record]]:
    """How it ends when nobody kills it."""
    arguments = training()
    records = fit(**arguments)
    return everything(arguments), records


def check_what_remains(run: Run) -> int:
    """Every file is whole, or not there; returns how many epochs are kept."""
    for path in (run.best, *run.path.glob("*.safetensors")):
        if path.exists():
            load(path)
    if not run.last.exists():
        with pytest.raises(FileNotFoundError, match="has no checkpoint yet"):
            run.load_checkpoint(small_model())
        return 0
    epoch = run.load_checkpoint(small_model()).epoch
    records = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert len(records) in (epoch, epoch + 1)  # the metrics are written first
    return epoch


def check_that_it_ends_well(run: Run, expected: tuple[dict[str, np.ndarray], list[Record]]) -> None:
    numbers, records = expected
    arguments = training()
    history = fit(**arguments, run=run, resume=run.last.exists())
    assert_same_numbers(everything(arguments), numbers)
    assert without_clock(history) == without_clock(records)
    assert len((run.path / "metrics.jsonl").read_text().splitlines()) == EPOCHS


def test_killed_again_and_again_at_any_moment(
    tmp_path: Path, expected: tuple[dict[str, np.ndarray], list[Record]]
) -> None:
    run = Run.create(tmp_path / "run", {})
    moments = random.Random(0)
    for _ in range(3):
        before = run.last.stat().st_mtime_ns if run.last.exists() else 0
        process = start(run)
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            if run.last.exists() and run.last.stat().st_mtime_ns > before:
                break  # it is training
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.1))
        process.kill()
        process.wait()
        assert process.returncode in (-signal.SIGKILL, 0)
        check_what_remains(run)
    check_that_it_ends_well(run, expected)


@pytest.mark.parametrize(
    ("moment", "count", "epochs"),
    # the first epoch writes three files: the best weights, the metrics and the checkpoint
    [
        ("half-written", 1, 0),
        ("half-written", 2, 0),
        ("before-sync", 2, 0),
        ("before-rename", 3, 0),
        ("before-rename", 4, 1),
    ],
)
def test_killed_at_the_worst_moments(
    moment: str, count: int, epochs: int, tmp_path: Path, expected: tuple[dict[str, np.ndarray], list[Record]]
) -> None:
    run = Run.create(tmp_path / "run", {})
    process = start(run, moment, str(count))
    assert process.wait(timeout=20) == -signal.SIGKILL
    assert check_what_remains(run) == epochs
    check_that_it_ends_well(run, expected)
