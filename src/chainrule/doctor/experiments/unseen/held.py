"""Do samples mix by way of attention weights alone?"""

from __future__ import annotations

import numpy as np

from .batch import Batch
from .exchange import changed
from .spread import slices
from .weights import exchanged, find


def apart_with_fixed_weights(batch: Batch) -> bool:
    """Whether each sample reaches only its own output as long as all weights stay what they are."""
    scene = batch.scene
    within, found = find(scene)
    met = [w for w in found if w.mixed is not None]
    if within is None or not met or not batch.known:
        return False
    for i, inputs in slices(scene, batch.index, batch.axis):
        y = exchanged(within, met, [w.p for w in met], inputs)[1]
        if y.shape != scene.y.shape:
            return False
        reached = changed(scene.y, y).any(tuple(a for a in range(y.ndim) if a != batch.out))
        if not set(np.flatnonzero(reached)) <= {i}:
            return False
    return True


__all__ = ["apart_with_fixed_weights"]
