"""After keep_freed_memory, an array that is made again costs no page faults."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import numpy as np
from chainrule.training.memory import keep_freed_memory
if sys.argv[1] == "keep":
    print(keep_freed_memory())
def work():
    for _ in range(10):
        x = np.ones(2**20, np.float32)
        y = x * 2
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def run(argument: str, **environment: str) -> list[str]:
    command = [sys.executable, "-c", FAULTS, argument]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of the GNU C library")
def test_arrays_made_again_are_found_in_memory() -> None:
    applied, faults = run("keep")
    if applied == "False":
        pytest.skip("another C library")
    (faults_before,) = run("leave")
    if int(faults_before) < 100:
        pytest.skip("here, memory is not handed back anyway")
    assert int(faults) < int(faults_before) / 10


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of the GNU C library")
def test_what_the_user_set_stays() -> None:
    assert run("keep", MALLOC_TRIM_THRESHOLD_="131072")[0] == "False"
