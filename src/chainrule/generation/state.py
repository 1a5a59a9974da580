"""Rows of a state: some hypotheses are taken on, perhaps twice, others are dropped, and so are their states.

A state is whatever `model.step` returned: arrays, in tuples within tuples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.functions.arrays import Array, describe

if TYPE_CHECKING:
    from chainrule.functions.arrays import Int

    from .generate import StepModel


def state_rows(model: StepModel, state: Any, rows: Int[Array, " chosen"], batch: int) -> Any:
    """The state in which row i is row rows[i] of `state`, which has `batch` rows and is not changed.

    A model whose states have another layout brings a method `state_rows(state, rows)` of its own. Else the
    first axis of every array is the batch's; arrays may stand in tuples, named or not, lists and dicts, and
    what is no array, such as a number of positions, concerns all rows.
    """
    if len(rows) == batch and np.array_equal(rows, np.arange(batch)):
        return state
    own = getattr(model, "state_rows", None)
    return _chosen(state, rows, batch) if own is None else own(state, rows)


def _chosen(value: Any, rows: Array, batch: int) -> Any:
    if isinstance(value, tuple | list):
        items = [_chosen(item, rows, batch) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        return {key: _chosen(item, rows, batch) for key, item in value.items()}
    if getattr(value, "ndim", 0) == 0:  # a number, a text, None
        return value
    if len(value) != batch:
        raise ValueError(
            f"the first axis of every array in a state is the batch's, of {batch} rows here, but there is "
            f"{describe('an array', value)}: give the model a method state_rows(state, rows)"
        )
    return value[rows]
