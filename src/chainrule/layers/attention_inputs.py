"""What MultiheadAttention is given: which shapes fit together, and how its masks become one.

**Two polarities.** As in PyTorch, a boolean mask of the *layer* says what is to be ignored, one of the
*function* what may be attended to. Here, and only here, the one is turned into the other.

    key_padding_mask  (batch, source)     True: this key only fills up its row, nobody looks at it
    attn_mask         (target, source)    True: query t may not look at key s; alike for all samples and heads
                      (batch x heads, target, source) or (batch, heads, target, source): for each of them

Either may be floating point instead: it is added to the scores.
"""

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array, describe

from .heads import KeysAndValues


def attention_mask(
    key_padding_mask: Array | None, attn_mask: Array | None, query: Array, heads: int, source: int
) -> Array | None:
    """The mask for the function: True = may attend, or numbers to be added; None without masks. It broadcasts
    to (batch, heads, target, source).

    Raises ValueError for shapes that do not fit, TypeError for masks of integers.
    """
    batch, target = query.shape[:2]
    masks = []
    if key_padding_mask is not None:
        if key_padding_mask.shape != (batch, source):
            raise ValueError(
                f"MultiheadAttention expects a key_padding_mask (batch {batch}, source {source}), got "
                f"{tuple(key_padding_mask.shape)}: one entry for every key, kept ones included"
            )
        masks.append(key_padding_mask[:, None, None, :])
    if attn_mask is not None:
        fits = {
            (target, source): (1, 1, target, source),
            (batch * heads, target, source): (batch, heads, target, source),
            (batch, heads, target, source): (batch, heads, target, source),
        }
        if tuple(attn_mask.shape) not in fits:
            expected = ", ".join(map(str, fits))
            raise ValueError(
                f"MultiheadAttention expects an attn_mask of one of the shapes {expected}, got "
                f"{tuple(attn_mask.shape)}"
            )
        masks.append(attn_mask.reshape(fits[tuple(attn_mask.shape)]))
    for mask in masks:
        if mask.dtype.kind not in "bf":
            raise TypeError(
                "MultiheadAttention expects masks of booleans (True = ignore), or of floating point numbers "
                f"to be added, got {describe(str(mask.dtype), mask)}: with 0 and 1 either could be meant"
            )
    if not masks:
        return None
    if all(mask.dtype.kind == "b" for mask in masks):
        ignored = masks[0] if len(masks) == 1 else masks[0] | masks[1]
        return ~ignored
    added = [np.where(m, -np.inf, 0).astype(query.dtype) if m.dtype.kind == "b" else m for m in masks]
    total: Array = added[0] if len(added) == 1 else added[0] + added[1]
    return total


def check_inputs(
    query: Array,
    key: Array | None,
    value: Array | None,
    past: KeysAndValues | None,
    features: dict[str, int],
    heads: int,
    rotary: bool,
) -> None:
    """Raises ValueError unless query, key, value and past fit together. features: of each, by name."""
    batch = len(query)
    for array, (name, size) in zip((query, key, value), features.items(), strict=True):
        if array is not None and (array.ndim != 3 or array.shape[::2] != (batch, size)):
            axes = ("batch", "time", "features")
            raise ValueError(
                f"MultiheadAttention expects {name} (batch {batch}, time, features {size}), got "
                f"{describe(name, array, axes)}"
            )
    if (key is None) != (value is None) or (key is None and past is None):
        raise ValueError("MultiheadAttention needs key and value, both, or neither of them and past")
    if rotary and (key is None or key.shape[1] != query.shape[1]):
        raise ValueError(
            "MultiheadAttention: rotary is for self-attention: query and key are the same positions"
        )
    if past is not None and past.key.shape[:2] != (batch, heads):
        raise ValueError(
            f"MultiheadAttention expects past of (batch {batch}, heads {heads}, time, "
            f"d_k), got {describe('past.key', past.key)}"
        )
