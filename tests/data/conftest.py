"""Small data sets, made on the spot."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from data.idx_files import idx_bytes


@pytest.fixture
def make_mnist(tmp_path: Path) -> Callable[..., Path]:
    """Writes the four files of a tiny MNIST; each can be replaced by another array, or left out (None)."""

    def make(folder: str = "mnist", zipped: bool = True, **others: np.ndarray | None) -> Path:
        arrays: dict[str, np.ndarray | None] = {
            "train_images": np.arange(3 * 28 * 28, dtype=np.int64).astype(np.uint8).reshape(3, 28, 28),
            "train_labels": np.array([5, 0, 9], np.uint8),
            "t10k_images": np.zeros((2, 28, 28), np.uint8),
            "t10k_labels": np.array([7, 2], np.uint8),
        } | others
        path = tmp_path / folder
        path.mkdir(parents=True)
        for name, array in arrays.items():
            if array is not None:
                part, kind = name.split("_")
                file = path / f"{part}-{kind}-idx{3 if kind == 'images' else 1}-ubyte"
                content = idx_bytes(array)
                file.with_name(file.name + ".gz" * zipped).write_bytes(
                    gzip.compress(content) if zipped else content
                )
        return path

    return make


@pytest.fixture
def nothing_stored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No data folder, and an empty cache, whose path this is."""
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def data_root() -> Path:
    """The folder of real data sets, for the tests that need them."""
    if not (root := os.environ.get("CHAINRULE_DATA")):
        pytest.skip("CHAINRULE_DATA is not set: no folder with the real data sets")
    return Path(root)
