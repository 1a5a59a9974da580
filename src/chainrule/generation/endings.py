"""Which ids may come next: where a sequence must not end yet, where it must, and what is never said."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.functions import log_softmax
from chainrule.functions.arrays import Array

from .generate import check_step

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int


class Endings(NamedTuple):
    eos_id: int
    never: tuple[int, ...]
    min_length: int
    max_length: Int[Array, " batch"]  # a limit for each row of the prompt; without the end symbol

    @classmethod
    def of(
        cls,
        batch: int,
        eos_id: int,
        max_length: int | Int[Array, " batch"],
        min_length: int = 0,
        never: Collection[int] = (),
    ) -> Endings:
        """Checked. Raises ValueError for lengths that cannot be, or if the end symbol may never come."""
        limits = np.asarray(max_length)
        if limits.dtype.kind not in "iu" or limits.shape not in ((), (batch,)) or limits.min() < 1:
            raise ValueError(
                f"max_length must be a whole number >= 1, or one for each of the {batch} rows, got "
                f"{max_length}"
            )
        if not 0 <= min_length <= limits.min():
            raise ValueError(f"min_length must be from 0 to max_length, {limits.min()}, got {min_length}")
        if eos_id in never:
            raise ValueError(
                f"the end symbol, id {eos_id}, is among those that never come: nothing would end"
            )
        return cls(eos_id, tuple(never), min_length, np.broadcast_to(limits, (batch,)))

    def log_probabilities(
        self, logits: Float[Array, "rows vocabulary"], length: int, row_of_prompt: Int[Array, " rows"]
    ) -> Float[Array, "rows vocabulary"]:
        """log softmax(logits), with -∞ for what may not come after `length` ids; a new array.

        The probabilities that are left are the model's, not divided by their sum: scores of hypotheses stay
        comparable. Raises ValueError for logits of another shape, or for ids that are no columns of them.
        """
        check_step(logits, len(row_of_prompt))
        for id in (self.eos_id, *self.never):
            if not 0 <= id < logits.shape[1]:
                raise ValueError(
                    f"id {id} has no logit: there are {logits.shape[1]}, 0 to {logits.shape[1] - 1}"
                )
        log_p, _ = log_softmax(logits)
        log_p[:, list(self.never)] = -np.inf
        if length < self.min_length:
            log_p[:, self.eos_id] = -np.inf
        full = length >= self.max_length[row_of_prompt]
        if full.any():
            end = log_p[full, self.eos_id]
            log_p[full] = -np.inf
            log_p[full, self.eos_id] = end
        return log_p
