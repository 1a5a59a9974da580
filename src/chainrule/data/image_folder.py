"""Folders of images: one folder per class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chainrule.functions.arrays import Array

from .extras import require
from .image_dataset import ImageDataset, Splits
from .splitting import stratified_split

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm"}


def load_image_folder(
    path: str | Path, size: int | None = None, test_fraction: float = 0.25, seed: int = 0
) -> Splits:
    """Images in path/CLASS/*.png (jpg, ...), of which a fixed stratified part is for testing; or
    path/train/CLASS and path/test/CLASS.

    Images (count, channels, height, width) uint8: 1 channel if all of them are gray, else 3. With `size`,
    each is resized to size x size. Raises ValueError or FileNotFoundError, naming the folder or file, if
    classes are missing or empty, if a file is no image, or if images differ in size and no `size` was given.
    """
    path = Path(path)
    if not path.is_dir():
        raise FileNotFoundError(f"there is no folder {path}")
    if (path / "train").is_dir() and (path / "test").is_dir():
        classes = _classes(path / "train")
        if (others := _classes(path / "test")) != classes:
            raise ValueError(f"{path}: the classes of train, {classes}, are not those of test, {others}")
        files = [_files(path / part, classes) for part in ("train", "test")]
        images = _read_all([file for part in files for file, _ in part], size)
        parts = (images[: len(files[0])], images[len(files[0]) :])
        train, test = (
            ImageDataset(part, np.array([label for _, label in listed]), classes, path.name)
            for part, listed in zip(parts, files, strict=True)
        )
        return Splits(train, test)
    classes = _classes(path)
    listed = _files(path, classes)
    labels = np.array([label for _, label in listed])
    train_rows, test_rows = stratified_split(labels, test_fraction, seed)
    dataset = ImageDataset(_read_all([file for file, _ in listed], size), labels, classes, path.name)
    return Splits(dataset.subset(train_rows), dataset.subset(test_rows))


def read_image(path: str | Path, channels: int, height: int, width: int) -> Array:
    """One image as (channels, height, width) uint8, converted to gray or RGB and resized where it differs."""
    image = _open(Path(path)).convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        image = image.resize((width, height), require("PIL.Image", "resizing images").Resampling.BILINEAR)
    return _pixels(image)


def image_size(path: str | Path) -> tuple[int, int]:
    """(width, height) of an image file, in pixels."""
    width, height = _open(Path(path)).size
    return width, height


def resize(pixels: Array, height: int, width: int) -> Array:
    """A gray image (height, width) uint8, resampled so that shrinking averages (no pixel is skipped)."""
    pil = require("PIL.Image", "resizing images")
    return np.asarray(pil.fromarray(pixels).resize((width, height), pil.Resampling.BILINEAR))


def _classes(folder: Path) -> tuple[str, ...]:
    classes = tuple(sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")))
    if len(classes) < 2:
        found = f"only {classes[0]!r}" if classes else "none"
        raise ValueError(f"{folder}: expected one folder per class, at least two, found {found}")
    return classes


def _files(folder: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    listed = []
    for label, name in enumerate(classes):
        files = sorted(
            p for p in (folder / name).iterdir() if p.suffix.lower() in SUFFIXES and p.name[0] != "."
        )
        if not files:
            raise ValueError(f"{folder / name}: there are no images in it ({', '.join(sorted(SUFFIXES))})")
        listed += [(file, label) for file in files]
    return listed


def _read_all(files: list[Path], size: int | None) -> Array:
    resampling = require("PIL.Image", "reading images").Resampling.BILINEAR
    images = []
    for file in files:
        image = _open(file)
        images.append(image if size is None else image.resize((size, size), resampling))
        if images[-1].size != images[0].size:
            first, other = (f"{w} x {h}" for w, h in (images[0].size, image.size))
            raise ValueError(
                f"{files[0]} is {first}, but {file} is {other} pixels: pass size= (--size) to resize them all"
            )
    gray = all(image.mode == "L" for image in images)
    return np.stack([_pixels(image if gray else image.convert("RGB")) for image in images])


def _open(path: Path) -> Any:
    """The image, read to its end, in mode L (gray) or RGB. What is transparent becomes white."""
    pil = require("PIL.Image", "reading images")
    if not path.is_file():
        raise FileNotFoundError(f"there is no image {path}")
    try:
        with path.open("rb") as file:  # Pillow leaves it open if the image is damaged, or has several frames
            image = pil.open(file)
            image.load()
            transposed = require("PIL.ImageOps", "reading images").exif_transpose(
                image
            )  # a camera held upright
    except (OSError, SyntaxError, ValueError, pil.DecompressionBombError) as error:
        raise ValueError(f"{path} is no image, or a damaged one: {error}") from None
    image, gray_with_alpha = transposed, transposed.mode == "LA"
    if image.mode in ("1", "L", "I", "F", "I;16"):
        return image.convert("L") if image.mode in ("1", "L") else _to_bytes(image)
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        white = pil.new("RGBA", image.size, "white")
        image = pil.alpha_composite(white, image)
    return image.convert("L" if gray_with_alpha else "RGB")


def _to_bytes(image: Any) -> Any:
    """Gray of 16 bits or in floating point as bytes: 65,535, or 1.0, becomes 255."""
    pixels = np.asarray(image, dtype=np.float64)
    scale = 255 / 65535 if image.mode != "F" else 255.0 if pixels.max() <= 1 else 1.0
    return require("PIL.Image", "reading images").fromarray(
        np.clip(pixels * scale, 0, 255).round().astype(np.uint8)
    )


def _pixels(image: Any) -> Array:
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
