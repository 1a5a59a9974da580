"""Another gradient from above, which tells what in backward depends on it. Where backward begins at a target,
that is another target.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ..case import Case
from ..numeric import Numeric
from ..structure import is_array


class Another:
    """Random numbers, or the target the other way round: still one class for each sample."""

    def __init__(self, case: Case) -> None:
        self.case = case
        rng = np.random.default_rng([41, 8_191])
        subject = case.probe.subject
        self.upstream, self.target = case.probe.upstream, subject.target
        if subject.loss is not None and is_array(subject.target):
            self.target = np.flip(subject.target).copy()
        else:
            self.upstream = {n: rng.normal(size=g.shape) for n, g in self.upstream.items()}

    @contextmanager
    def arriving(self) -> Iterator[None]:
        subject = self.case.probe.subject
        kept, subject.target = subject.target, self.target
        try:
            yield
        finally:
            subject.target = kept

    def gradient(self, name: str) -> np.ndarray:
        """The numerical one that belongs to it."""
        with self.arriving():
            return Numeric(self.case.probe).gradient(name, self.upstream)
