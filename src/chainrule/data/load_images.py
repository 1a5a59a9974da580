"""Images by one word."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from .digits import load_digits
from .image_dataset import Splits
from .image_folder import load_image_folder
from .mnist import load_fashion_mnist, load_mnist

NAMED: dict[str, Callable[[], Splits]] = {
    "digits": load_digits,
    "digits-last-half": partial(load_digits, split="last-half"),
    "mnist": load_mnist,
    "fashion-mnist": load_fashion_mnist,
}


def load_images(name_or_path: str, size: int | None = None) -> Splits:
    """A data set by its name (see NAMED), or a folder of images. Raises FileNotFoundError that lists the
    names.
    """
    if name_or_path in NAMED:
        if size is not None:
            raise ValueError(
                f"the images of {name_or_path} have their own size; size= (--size) is for folders of images"
            )
        return NAMED[name_or_path]()
    if not Path(name_or_path).is_dir():
        raise FileNotFoundError(
            f"{name_or_path!r} is neither a data set ({', '.join(NAMED)}) nor a folder of images"
        )
    return load_image_folder(name_or_path, size)
