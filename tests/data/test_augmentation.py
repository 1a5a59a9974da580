"""Random shifts: whole pixels, the same again for the same seed and step."""

import numpy as np
import pytest

from chainrule.data import drop_tokens, random_shift

IMAGES = np.random.default_rng(0).integers(1, 256, (200, 2, 6, 7), dtype=np.uint8)  # no pixel is 0


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """The definition: pixel (row, column) of the result is pixel (row - down, column - right), else 0."""
    result = np.zeros_like(image)
    _, height, width = image.shape
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                result[:, row, column] = image[:, row - down, column - right]
    return result


def test_every_image_is_moved_by_one_of_the_offsets_and_all_offsets_occur() -> None:
    offsets = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    found = []
    for image, shifted in zip(IMAGES, random_shift(IMAGES, 1, seed=0, step=0), strict=True):
        found += [offset for offset in offsets if np.array_equal(moved(image, *offset), shifted)]
    assert len(found) == len(IMAGES)
    assert set(found) == set(offsets)


def test_seed_and_step_decide() -> None:
    first = random_shift(IMAGES, 2, seed=1, step=5)
    np.testing.assert_array_equal(random_shift(IMAGES, 2, seed=1, step=5), first)
    assert not np.array_equal(random_shift(IMAGES, 2, seed=1, step=6), first)
    assert not np.array_equal(random_shift(IMAGES, 2, seed=2, step=5), first)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_type_and_shape_stay_and_the_images_are_not_changed(dtype: type) -> None:
    images = IMAGES.astype(dtype)
    shifted = random_shift(images, 2, seed=0, step=0)
    assert shifted.dtype == dtype
    assert shifted.shape == images.shape
    np.testing.assert_array_equal(images, IMAGES)


def test_zero_pixels_move_nothing() -> None:
    np.testing.assert_array_equal(random_shift(IMAGES, 0, seed=0, step=0), IMAGES)


def test_the_filling_per_channel() -> None:
    images = np.full((50, 2, 4, 4), 9, np.float32)
    shifted = random_shift(images, 1, seed=0, step=0, fill=np.array([-1.5, -2.5]))
    assert np.unique(shifted[:, 0]).tolist() == [-1.5, 9]
    assert np.unique(shifted[:, 1]).tolist() == [-2.5, 9]


@pytest.mark.parametrize("pixels", [-1, 6])
def test_a_shift_out_of_the_image_is_refused(pixels: int) -> None:
    with pytest.raises(ValueError, match=f"less than the image's size 6 x 7, got {pixels}"):
        random_shift(IMAGES, pixels, seed=0, step=0)


def test_each_token_is_hidden_with_the_same_probability() -> None:
    ids = np.arange(20_000).reshape(100, 200) + 10
    dropped = drop_tokens(ids, 0.3, unknown=3, seed=1, step=5)
    hidden = dropped == 3
    np.testing.assert_array_equal(dropped[~hidden], ids[~hidden])
    assert hidden.mean() == pytest.approx(0.3, abs=0.02)
    assert hidden.mean(0).std() < 0.06  # a coin of 0.3, thrown 100 times, has 0.046
    np.testing.assert_array_equal(drop_tokens(ids, 0.3, 3, seed=1, step=5), dropped)
    assert not np.array_equal(drop_tokens(ids, 0.3, 3, seed=1, step=6), dropped)
    assert not np.array_equal(drop_tokens(ids, 0.3, 3, seed=2, step=5), dropped)
    np.testing.assert_array_equal(drop_tokens(ids, 0.0, 3, seed=1, step=5), ids)
