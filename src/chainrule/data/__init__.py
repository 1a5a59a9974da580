"""Data: images, texts, names and pairs: read, normalized or numbered, split, and cut into batches."""

from .array_batches import ArrayBatches
from .augmentation import drop_tokens, random_shift
from .batches import batches, steps_per_epoch
from .dates import load_dates
from .digits import load_digits
from .download import cache_folder, fetch
from .idx import IdxError, read_idx
from .image_dataset import ImageDataset, Splits
from .image_folder import load_image_folder, read_image
from .labeled_texts import LabeledTexts
from .load_images import load_images
from .load_pairs import load_pairs
from .mnist import load_fashion_mnist, load_mnist
from .names import NameDataset, NameSplits, load_names
from .normalization import Normalization
from .pair_batches import PairBatches, PairInputs
from .pairs import Pairs, PairSplits, split_by_source
from .ragged_batches import Ragged, RaggedBatches, pad
from .splitting import grouped_split, stratified_split
from .text_batches import TextStreams, TextWindows
from .text_classes import TextSplits, load_text_classes
from .text_in_order import StreamsInOrder, WindowsInOrder
from .texts import Text, TextIds, load_text
from .tokenizer import Tokenizer
from .vocabulary import CharVocabulary

__all__ = [
    "ArrayBatches", "CharVocabulary", "IdxError", "ImageDataset", "LabeledTexts", "NameDataset",
    "NameSplits", "Normalization", "PairBatches", "PairInputs", "PairSplits", "Pairs", "Ragged",
    "RaggedBatches", "Splits", "StreamsInOrder", "Text", "TextIds", "TextSplits", "TextStreams",
    "TextWindows", "Tokenizer", "WindowsInOrder", "batches", "cache_folder", "drop_tokens", "fetch",
    "grouped_split", "load_dates", "load_digits", "load_fashion_mnist", "load_image_folder", "load_images",
    "load_mnist", "load_names", "load_pairs", "load_text", "load_text_classes", "pad", "random_shift",
    "read_idx", "read_image", "split_by_source", "steps_per_epoch", "stratified_split",
]  # fmt: skip
