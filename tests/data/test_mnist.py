"""MNIST: where its files are looked for, and what is checked about them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chainrule.data import IdxError, load_fashion_mnist, load_mnist, mnist

MakeMnist = Callable[..., Path]


@pytest.mark.parametrize("zipped", [True, False])
def test_a_folder_of_your_own(make_mnist: MakeMnist, zipped: bool) -> None:
    train, test = load_mnist(make_mnist(zipped=zipped))
    assert train.images.shape == (3, 1, 28, 28)
    assert train.images.dtype == np.uint8
    assert train.images[0, 0, 1, :3].tolist() == [28, 29, 30]  # rows stay rows
    assert train.labels.tolist() == [5, 0, 9]
    assert train.labels.dtype == np.int64
    assert len(test) == 2
    assert train.classes == tuple("0123456789")


def test_the_data_folder_comes_before_the_cache(
    make_mnist: MakeMnist, nothing_stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAINRULE_DATA", str(make_mnist("data/mnist").parent))
    make_mnist("data/fashion-mnist")
    assert load_mnist().train.name == "mnist"
    assert load_fashion_mnist().train.classes[9] == "Ankle boot"
    assert not nothing_stored.exists()


def test_offline_without_files_the_error_names_one(
    nothing_stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pooch", reason="downloads need pooch")
    monkeypatch.setattr(mnist, "MNIST", replace(mnist.MNIST, mirrors=("http://127.0.0.1:9/",)))
    with pytest.raises(
        OSError, match=r"train-images-idx3-ubyte.gz could not be downloaded(.|\n)*CHAINRULE_DATA"
    ):
        load_mnist()


def test_a_missing_file_is_named_with_its_folder(make_mnist: MakeMnist) -> None:
    root = make_mnist(t10k_labels=None)
    with pytest.raises(FileNotFoundError, match=f"no t10k-labels-idx1-ubyte.gz in {root}"):
        load_mnist(root)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"train_labels": np.zeros(4, np.uint8)},
            "train-images.* holds 3 images, but .*train-labels.* 4 labels",
        ),
        (
            {"train_images": np.zeros((3, 784), np.uint8)},
            r"train-images.* should hold images.* holds \(3, 784\)",
        ),
        ({"t10k_images": np.zeros((2, 28, 28), np.float32)}, "t10k-images.* of float32"),
        ({"t10k_labels": np.zeros((2, 1), np.uint8)}, r"t10k-labels.* should hold labels.* holds \(2, 1\)"),
    ],
)
def test_files_that_do_not_fit_are_named(
    make_mnist: MakeMnist, wrong: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(IdxError, match=message):
        load_mnist(make_mnist(**wrong))


def test_a_label_that_is_no_digit(make_mnist: MakeMnist) -> None:
    with pytest.raises(ValueError, match="label 10 of image 1"):
        load_mnist(make_mnist(train_labels=np.array([0, 10, 1], np.uint8)))


@pytest.mark.parametrize(
    ("load", "mean", "std"), [(load_mnist, 0.1307, 0.3081), (load_fashion_mnist, 0.2860, 0.3530)]
)
def test_the_real_files(data_root: Path, load: Callable[[], mnist.Splits], mean: float, std: float) -> None:
    train, test = load()
    assert (len(train), len(test)) == (60_000, 10_000)
    assert np.unique(test.labels, return_counts=True)[0].tolist() == list(range(10))
    pixels = train.images / np.float32(255)
    assert pixels.mean(dtype=np.float64) == pytest.approx(mean, abs=1e-4)
    assert pixels.std(dtype=np.float64) == pytest.approx(std, abs=1e-4)


@pytest.mark.parametrize("source", [mnist.MNIST, mnist.FASHION_MNIST], ids=lambda source: source.name)
def test_the_checksums_are_those_of_the_original_files(
    data_root: Path, nothing_stored: Path, source: mnist.Source
) -> None:
    pytest.importorskip("pooch", reason="downloads need pooch")
    shutil.copytree(data_root / source.name, nothing_stored)
    for name, sha256 in source.sha256.items():  # no mirror: only a file that matches its checksum is accepted
        assert mnist.fetch(["http://127.0.0.1:9/"], name, sha256, nothing_stored).is_file()
