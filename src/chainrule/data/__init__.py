"""Data: images with labels, normalized, split, shifted, and cut into batches that can be drawn again."""

from .array_batches import ArrayBatches
from .augmentation import random_shift
from .batches import batches, steps_per_epoch
from .digits import load_digits
from .download import cache_folder, fetch
from .idx import IdxError, read_idx
from .image_dataset import ImageDataset, Splits
from .image_folder import load_image_folder, read_image
from .load_images import load_images
from .mnist import load_fashion_mnist, load_mnist
from .normalization import Normalization
from .splitting import stratified_split

__all__ = [
    "ArrayBatches", "IdxError", "ImageDataset", "Normalization", "Splits", "batches", "cache_folder", "fetch",
    "load_digits", "load_fashion_mnist", "load_image_folder", "load_images", "load_mnist", "random_shift",
    "read_idx", "read_image", "steps_per_epoch", "stratified_split",
]  # fmt: skip
