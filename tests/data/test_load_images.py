"""Data sets by name."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import load_images


def test_names(make_mnist: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn")
    monkeypatch.setenv("CHAINRULE_DATA", str(make_mnist("data/mnist").parent))
    make_mnist("data/fashion-mnist")
    for name in ("digits", "digits-last-half", "mnist", "fashion-mnist"):
        assert load_images(name).train.name == name


def test_a_folder(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="images need Pillow")
    pytest.importorskip("sklearn", reason="the split needs scikit-learn")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i in range(4):
            image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / name / f"{i}.png")
    assert load_images(str(tmp_path), size=3).train.images.shape == (6, 1, 3, 3)


def test_an_unknown_name_lists_what_exists() -> None:
    with pytest.raises(
        FileNotFoundError, match=r"'cifar' is neither .*digits, digits-last-half, mnist, fashion-mnist"
    ):
        load_images("cifar")


def test_a_size_is_for_folders() -> None:
    with pytest.raises(ValueError, match="digits have their own size"):
        load_images("digits", size=16)
