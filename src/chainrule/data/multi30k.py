"""Multi30k: 29,000 captions of pictures in English, German and French (Elliott et al. 2016, 2017).

As raw text, and as the pieces that Wu, Kong, Bi, Li and Kao (2021, "Good for Misconceived Reasons") trained
on: lower-cased, tokenized, and cut by byte-pair encoding with 10,000 merges learned on both languages.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .download import locate, shared_folder
from .pair_files import read_aligned
from .pairs import PairSplits

FOLDER, BPE_FOLDER = "multi30k", "multi30k-bpe-wu2021"
MIRROR = "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw/"
BPE_SOURCE = "https://github.com/LividWo/Revisit-MMT"
LANGUAGES = {"en": "English", "de": "German", "fr": "French"}
DIRECTIONS = ("en-de", "de-en", "en-fr", "fr-en", "de-fr", "fr-de")
BPE_DIRECTIONS = DIRECTIONS[:4]
PARTS, BPE_PARTS = ("train", "val", "test_2016_flickr"), ("train", "valid", "test.2016")
SHA256 = {
    "train.en.gz": "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
    "train.de.gz": "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
    "train.fr.gz": "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c",
    "val.en.gz": "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
    "val.de.gz": "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
    "val.fr.gz": "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9",
    "test_2016_flickr.en.gz": "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
    "test_2016_flickr.de.gz": "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8",
    "test_2016_flickr.fr.gz": "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90",
}


def load_multi30k(direction: str = "en-de") -> PairSplits:
    """Raw text: 29,000 pairs to train, 1,014 to validate, the 1,000 of test_2016_flickr.

    From $CHAINRULE_DATA/multi30k, else from the cache, else downloaded (1.3 MB for two languages; it is for
    research and education only, as the pictures are). direction: see DIRECTIONS. Raises ValueError or OSError
    that names the file.
    """

    def find(filename: str) -> Path:
        return locate(FOLDER, f"{filename}.gz", [MIRROR], SHA256[f"{filename}.gz"])

    return _load("multi30k", direction, PARTS, find, "Multi30k, task 1, raw text, test_2016_flickr")


def load_multi30k_bpe(direction: str = "en-de") -> PairSplits:
    """The pieces of Wu et al. 2021, "pul@@ ley", for a tokenizer of the kind "pieces"; test.2016.

    From $CHAINRULE_DATA/multi30k-bpe-wu2021/en-de (or en-fr): files train.en, train.de, valid.en ...,
    gzipped or not. direction: see BPE_DIRECTIONS. Raises FileNotFoundError that says where to get them.
    """
    folder = "en-fr" if "fr" in direction else "en-de"  # both directions are in one

    def find(filename: str) -> Path:
        return _find_pieces(filename, folder)

    return _load("multi30k-bpe", direction, BPE_PARTS, find, "Multi30k as pieces (Wu et al. 2021), test.2016")


def _load(
    name: str, direction: str, parts: tuple[str, ...], find: Callable[[str], Path], origin: str
) -> PairSplits:
    first, second = direction.split("-")
    languages = (LANGUAGES[first], LANGUAGES[second])
    train, validation, test = (
        read_aligned(find(f"{part}.{first}"), find(f"{part}.{second}"), languages) for part in parts
    )
    return PairSplits(name, train, validation, test, origin)


def _find_pieces(filename: str, languages: str) -> Path:
    folder = shared_folder(f"{BPE_FOLDER}/{languages}")
    if folder is not None:
        for path in (folder / f"{filename}.gz", folder / filename):
            if path.is_file():
                return path
    where = folder or f"$CHAINRULE_DATA/{BPE_FOLDER}/{languages}, and CHAINRULE_DATA is not set"
    raise FileNotFoundError(
        f"there is no {filename} in {where}: these texts are not downloaded; copy "
        f"data/multi30k-{languages} of {BPE_SOURCE} there, or train on the raw text, multi30k"
    )
