"""Normalization: per channel, stored with a run."""

import json

import numpy as np
import pytest

from chainrule.data import Normalization

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 3, 5, 6), dtype=np.uint8)


def test_standard_gives_mean_0_and_std_1_per_channel() -> None:
    normalized = Normalization.standard(IMAGES).apply(IMAGES)
    assert normalized.dtype == np.float32
    assert normalized.shape == IMAGES.shape
    np.testing.assert_allclose(normalized.mean((0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(normalized.std((0, 2, 3)), 1, atol=1e-6)


def test_other_images_are_measured_with_the_same_numbers() -> None:
    normalization = Normalization(mean=(10.0,), std=(4.0,))
    assert normalization.apply(np.full((1, 1, 1, 1), 30, np.uint8)).item() == 5


def test_a_constant_channel_is_only_centered() -> None:
    images = IMAGES.copy()
    images[:, 1] = 7
    normalization = Normalization.standard(images)
    assert (normalization.apply(images)[:, 1] == 0).all()
    assert np.isfinite(normalization.apply(IMAGES)).all()


def test_unit_maps_bytes_to_0_to_1_whether_or_not_255_occurs() -> None:
    darker = IMAGES // 2
    assert Normalization.unit(darker).apply(np.full((1, 3, 1, 1), 255, np.uint8)).max() == 1


def test_unit_maps_the_largest_of_other_pixels_to_1() -> None:
    images = np.array([0, 4, 16], np.float32).reshape(3, 1, 1, 1)
    assert Normalization.unit(images).apply(images).ravel().tolist() == [0, 0.25, 1]
    assert Normalization.unit(0 * images).apply(0 * images).max() == 0


def test_black_is_what_0_becomes() -> None:
    assert Normalization((10.0, 0.0), (5.0, 2.0)).black.tolist() == [-2, 0]


def test_another_number_of_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="for 3 channels, the images have 1"):
        Normalization.standard(IMAGES).apply(IMAGES[:, :1])


def test_json_and_back_changes_nothing() -> None:
    normalization = Normalization.standard(IMAGES)
    assert Normalization.from_json(json.loads(json.dumps(normalization.to_json()))) == normalization
