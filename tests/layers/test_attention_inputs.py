"""Masks that do not fit are met by name. What fitting ones do: test_multihead_attention.py."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.layers.attention_inputs import attention_mask

from .attention_cases import HEADS, MEMORY_PADDING, SOURCE, TARGET, TGT


def test_true_means_ignore_for_the_layer_and_attend_for_the_function() -> None:
    mask = attention_mask(MEMORY_PADDING, None, TGT, HEADS, SOURCE)
    np.testing.assert_array_equal(mask[:, 0, 0], ~MEMORY_PADDING)
    assert attention_mask(None, None, TGT, HEADS, SOURCE) is None


def test_an_added_mask_has_the_dtype_of_the_query() -> None:
    added = np.zeros((TARGET, SOURCE), "float32")
    mask = attention_mask(MEMORY_PADDING, added, TGT.astype("float32"), HEADS, SOURCE)
    assert mask.dtype == np.float32
    np.testing.assert_array_equal(mask[:, 0, 2] == -np.inf, MEMORY_PADDING)


def test_errors() -> None:
    with pytest.raises(
        ValueError, match=r"a key_padding_mask \(batch 3, source 5\), got \(3, 4\): one entry"
    ):
        attention_mask(MEMORY_PADDING[:, :4], None, TGT, HEADS, SOURCE)
    message = r"one of the shapes \(4, 5\), \(6, 4, 5\), \(3, 2, 4, 5\), got \(3, 4, 5\)"
    with pytest.raises(ValueError, match=message):
        attention_mask(None, np.zeros((3, 4, 5), bool), TGT, HEADS, SOURCE)
    message = r"masks of booleans \(True = ignore\), .*, got int64 \(3, 1, 1, 5\): with 0 and 1 either"
    with pytest.raises(TypeError, match=message):
        attention_mask(MEMORY_PADDING.astype("int64"), None, TGT, HEADS, SOURCE)
