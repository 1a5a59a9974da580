"""MNIST and Fashion-MNIST: 60,000 + 10,000 grayscale images of 28 x 28, in their original files.

MNIST: handwritten digits (LeCun, Bottou, Bengio and Haffner 1998). Fashion-MNIST: clothes (Xiao, Rasul and
Vollgraf 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .digits import DIGITS
from .download import cache_folder, fetch, shared_folder
from .idx import IdxError, read_idx
from .image_dataset import ImageDataset, Splits

CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """Where a data set comes from: its folder's name, its classes, its mirrors, and the SHA-256 of its four
    files.
    """

    name: str
    classes: tuple[str, ...]
    mirrors: tuple[str, ...]
    sha256: dict[str, str]


FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
MNIST = Source(
    "mnist",
    DIGITS,
    ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
    {
        "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
)
FASHION_MNIST = Source(
    "fashion-mnist",
    CLOTHES,
    ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    {
        "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
)


def load_mnist(root: str | Path | None = None) -> Splits:
    """Handwritten digits, images (count, 1, 28, 28) uint8.

    The files are looked for in `root`; without it in $CHAINRULE_DATA/mnist, then in the cache, and downloaded
    (12 MB) if they are nowhere. Raises IdxError, FileNotFoundError or OSError, naming the file.
    """
    return _load(MNIST, root)


def load_fashion_mnist(root: str | Path | None = None) -> Splits:
    """Clothes in ten classes, images (count, 1, 28, 28) uint8; as `load_mnist`, with 31 MB."""
    return _load(FASHION_MNIST, root)


def _load(source: Source, root: str | Path | None) -> Splits:
    return Splits(
        *(
            _read(source, _locate(source, images, root), _locate(source, labels, root))
            for images, labels in FILES.values()
        )
    )


def _locate(source: Source, filename: str, root: str | Path | None) -> Path:
    """The path of one file, gzipped or not, downloaded where needed."""
    folder = Path(root) if root is not None else shared_folder(source.name)
    if folder is not None:
        for name in (filename, filename.removesuffix(".gz")):
            if (folder / name).is_file():
                return folder / name
    if root is not None:
        raise FileNotFoundError(f"there is no {filename} in {root}")
    return fetch(source.mirrors, filename, source.sha256[filename], cache_folder() / source.name)


def _read(source: Source, images_path: Path, labels_path: Path) -> ImageDataset:
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3 or images.dtype != np.uint8:
        raise IdxError(
            f"{images_path} should hold images, 3 axes of bytes; it holds {images.shape} of {images.dtype}"
        )
    if labels.ndim != 1:
        raise IdxError(f"{labels_path} should hold labels, one axis; it holds {labels.shape}")
    if len(images) != len(labels):
        raise IdxError(f"{images_path} holds {len(images)} images, but {labels_path} {len(labels)} labels")
    return ImageDataset(images[:, None], labels.astype(np.int64), source.classes, source.name)
