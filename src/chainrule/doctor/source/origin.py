"""Which statement of backward makes a gradient? By its value, or by the name under which it is stored."""

from __future__ import annotations

import numpy as np

from ..case import Case, close
from ..naming import belongs
from .adjoints import BackwardTrace, Moment

Place = tuple[str, int]  # file, line


def origin(case: Case, name: str) -> Place | None:
    """The file and line of the statement whose value is the gradient that backward gives for `name`."""
    trace = BackwardTrace(case)
    if not trace.available or case.run is None:
        return None
    with trace.running():
        moments = trace.record()
    gradient = case.run.gradients.get(name)
    if isinstance(gradient, np.ndarray) and gradient.size:
        made = [m for m in moments if m.site.kind != "augment" and close(m.value, gradient, tolerance=1e-6)]
        best = min(made, key=lambda m: (m.site.kind == "return", m.order), default=None)
        if best is not None:
            return _place(best)
    parameter = next((p for p in case.probe.subject.parameters if p.name == name), None)
    stored = parameter.gradient.name if parameter is not None and parameter.gradient is not None else ""
    for text, (line, _) in trace.taps.stores.items():
        last = text.rpartition(".")[2].strip("]\"'").rpartition("[")[2].strip("\"'")
        if last == stored or (not stored and belongs(last, name)):
            return trace.taps.file, line
    return None


def _place(moment: Moment) -> Place:
    return moment.site.file, moment.site.made_at
