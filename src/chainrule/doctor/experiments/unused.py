"""A model that says the same whatever it is asked: a softmax over a single output, a result that is thrown
away.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Case, close
from ..report import Finding

DRAWS = 3


def unused(case: Case) -> Iterator[Finding]:
    """Inputs and parameters are exchanged for quite other ones, all at once: does anything come out else?

    A model without parameters may be a constant (a table of positions); one with them is for nothing.
    """
    probe = case.probe
    inputs = [n for n in probe.names if not probe.is_parameter(n)]
    if not inputs or len(inputs) == len(probe.names) or probe.subject.is_pair:
        return
    base = probe.outputs()
    for draw in range(DRAWS):
        rng = np.random.default_rng([59, draw])
        values = {n: probe.value(n) for n in probe.names}
        other = {n: (1 + np.abs(v).mean()) * rng.normal(size=v.shape) for n, v in values.items()}
        if not all(close(v, base[n], tolerance=1e-12) for n, v in probe.outputs(other).items()):
            return
    yield case.finding(
        "input-unused",
        inputs,
        verified=True,
        function=probe.subject.forward_function,
        evidence={"change of the output": 0.0},
        detail=f"{DRAWS} quite different inputs, with other weights each, give the very same output",
    )
