"""Forward gives several outputs (h and c of a cell), and one input's gradient comes back from one of them
alone, though backward uses the others' for other gradients.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..case import Case
from ..report import Finding


def of_one_output(case: Case, name: str) -> Iterator[Finding]:
    """The gradient without one output's part; of a value inside (no whole case) there is nothing to ask."""
    outputs = list(case.outputs)
    if not 1 < len(outputs) < 5 or not isinstance(case, Case):
        return
    g = case.probe.upstream
    for left in outputs:
        without = {n: g[n] * (n != left) for n in outputs}
        only = {n: g[n] * (n == left) for n in outputs}
        if not case.same(case.a(name), case.numeric.gradient(name, without)):
            continue
        heard = case.again(upstream=only) or {}
        others = [n for n, v in heard.items() if n != name and isinstance(v, np.ndarray) and np.any(v)]
        if others and not np.any(heard.get(name, 1)):
            yield case.finding(
                "branch-overwritten",
                [name],
                verified=True,
                evidence={"left out": left or "output"},
                detail=f"it equals the numerical gradient without what comes back from the output {left}, "
                f"which {', '.join(others[:3])} {'does' if len(others) == 1 else 'do'} receive",
            )
            return
