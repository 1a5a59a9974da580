"""142,787 English sentences and their translation into French, short ones first, from Tatoeba.

(Kelly, manythings.org/anki, the edition of September 2017; CC BY 2.0. What PyTorch's tutorial on translation
uses is an earlier one.)
"""

from __future__ import annotations

import zipfile

from .download import locate
from .pair_files import parse_pairs
from .pairs import Pairs, PairSplits, split_by_source
from .text_files import decode_text

FOLDER, ARCHIVE, TABLE = "eng-fra", "fra-eng.zip", "fra.txt"
MIRROR = "https://raw.githubusercontent.com/genimind/seq2seq/4f3f8eb0adde54fcc8b89394336b002e7961244c/"
SHA256 = "16c4f7d0df9e7c5e6c54cdb0447f3f4a18a55052ff5e2e0b27dd4a06c0e49d04"
DIRECTIONS = ("en-fr", "fr-en")


def load_eng_fra(direction: str = "en-fr", seed: int = 0) -> PairSplits:
    """Sentences, of which 2,000 different sources each are for validation and for testing.

    Many English sentences have several translations, and the other way round: all pairs with one source
    sentence are in one part (`split_by_source`). From $CHAINRULE_DATA/eng-fra/fra-eng.zip, else from the
    cache, else downloaded (3 MB). Raises ValueError for a damaged archive, OSError if the download fails.
    """
    path = locate(FOLDER, ARCHIVE, [MIRROR], SHA256)
    try:
        with zipfile.ZipFile(path) as archive:
            content = archive.read(TABLE)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ValueError(f"{path} is no zip archive with {TABLE} in it, or it is damaged: {error}") from None
    pairs = parse_pairs(decode_text(content, f"{path}, {TABLE}"), f"{path}, {TABLE}", ("English", "French"))
    if direction == "fr-en":
        pairs = Pairs(pairs.target, pairs.source, ("French", "English"))
    return split_by_source(pairs, "eng-fra", "Tatoeba, manythings.org/anki, 2017-09-29", seed)
