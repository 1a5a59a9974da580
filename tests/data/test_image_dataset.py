"""ImageDataset checks itself once, and says which row is wrong."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from chainrule.data import ImageDataset

CLASSES = ("cat", "dog")


def dataset(images: np.ndarray | None = None, labels: np.ndarray | None = None) -> ImageDataset:
    images = np.zeros((3, 1, 4, 5), np.uint8) if images is None else images
    return ImageDataset(images, np.array([0, 1, 1]) if labels is None else labels, CLASSES, "pets")


def test_length_and_repr() -> None:
    assert len(dataset()) == 3
    assert "pets" in repr(dataset())
    assert "1 x 4 x 5" in repr(dataset())
    assert "cat 1, dog 2" in repr(dataset())


def test_it_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        dataset().name = "others"  # type: ignore[misc]


def test_a_subset_keeps_classes_and_the_pairing_of_images_and_labels() -> None:
    images = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1)
    part = dataset(images).subset(np.array([2, 0]))
    assert part.images.ravel().tolist() == [2, 0]
    assert part.labels.tolist() == [1, 0]
    assert part.classes == CLASSES


def test_images_must_have_four_axes() -> None:
    with pytest.raises(ValueError, match=r"\(count, channels, height, width\), got \(3, 4, 5\)"):
        dataset(np.zeros((3, 4, 5), np.uint8))


def test_counts_must_agree() -> None:
    with pytest.raises(ValueError, match="3 images, but labels of shape"):
        dataset(labels=np.array([0, 1]))


def test_an_empty_set_is_an_error() -> None:
    with pytest.raises(ValueError, match="no images"):
        dataset(np.zeros((0, 1, 4, 5), np.uint8), np.zeros(0, np.int64))


@pytest.mark.parametrize("wrong", [2, -1])
def test_a_label_out_of_range_is_named_with_its_row(wrong: int) -> None:
    with pytest.raises(ValueError, match=f"label {wrong} of image 1 is out of range.* 0 to 1"):
        dataset(labels=np.array([0, wrong, wrong]))


def test_labels_must_be_integers() -> None:
    with pytest.raises(ValueError, match="labels must be integers, got float64"):
        dataset(labels=np.array([0.0, 1.0, 1.0]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_first_image_with_nan_or_infinity_is_named(bad: float) -> None:
    images = np.zeros((3, 1, 4, 5), np.float32)
    images[1, 0, 2, 2] = images[2, 0, 0, 0] = bad
    with pytest.raises(ValueError, match="image 1 holds NaN or infinity"):
        dataset(images)


def test_images_are_bytes_or_floating_point() -> None:
    with pytest.raises(ValueError, match="uint8 or floating point, got int64"):
        dataset(np.zeros((3, 1, 4, 5), np.int64))
