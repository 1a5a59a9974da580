"""Names and the languages they come from: short sequences of different lengths, each with one label.

**The same name never stands on both sides of a split.** Lists of names are full of repetitions: of the 2,000
Arabic ones below, 108 differ. Split at random, most of what is tested would have been trained on. So

- a name that a label has several times counts once: frequency is not what is to be learned;
- a name that several labels have, *Chang* (Chinese, Korean), stays once for each, and all of these are on
  one side. Nobody can get all of them right;
- names that differ in upper and lower case alone are the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .download import locate_folder
from .labeled_texts import LabeledTexts, fingerprint
from .name_files import read_labeled_names

FOLDER = "names-by-language"
MIRROR = "https://raw.githubusercontent.com/spro/practical-pytorch/c520c52e68e945d88fff563dba1c028b6ec0197b/data/names/"
SHA256 = {
    "Arabic.txt": "6f424a8dbe51cbbbabab7a57d38b617210125e4e3991f3c657cb79b8f104bafc",
    "Chinese.txt": "09ba8f1f7e38dbc99372d461b26ad4433b811fc6bfa6a3ecca6fe11a9a777465",
    "Czech.txt": "e17ab0ec47616a72c39cb85c783f70c3663ab64488721e5d8378f146d2226be7",
    "Dutch.txt": "924f32b635170eae561f84538632138fc07d4c8bbd70ba3fb980de1ecc4d2af3",
    "English.txt": "9cca037066d3d5989e24bc01801416162de506b5e28e15b7c092a47905d29bf2",
    "French.txt": "81e65b36c60ed5b89a17422f6edcadbb89546f38ad69e960e64e7ba682012a95",
    "German.txt": "7449cd590b97a733e18d613a4155decd77ec35dc5f8aadd7a82204dce4f051db",
    "Greek.txt": "3555b5186de7f401e6d991b088e9e644ca3099116477818c25ab5793801389e6",
    "Irish.txt": "cf8c7013256252a88d2503127b87282a11f21b2ff6db1bded68834c19a1ec058",
    "Italian.txt": "f88414c27d0606a11a678b4859277828c2565d6cc4d9ee932deef6e94f3b35e4",
    "Japanese.txt": "e0e717e114fec3e7eade4d9dabe0067c475f43147e36a22b47902ee76ad9e67f",
    "Korean.txt": "cd54221ccb362a6cba4c78828838cf3268a0e59744767a37cf6ec4b74036b136",
    "Polish.txt": "45bab898af2f60ed3a728bbf6980e28821011a7caa53227553b5785903a40826",
    "Portuguese.txt": "50a8735f41f4f73757c8ce5b16cb0275cd86b2b214bcbc8c9805f508cb131c53",
    "Russian.txt": "0cfe53ac18041e8f63666aa77313e0a3ff378facb132abee052d8ebdc8c3d62c",
    "Scottish.txt": "78d0252711d87d948ea86fe34826c51d2d794a8e52d15b5d6f7b6244d45d62dd",
    "Spanish.txt": "1bcb462ed3316756a85781d68232bddae04498fdddd5d9219c53fd1fbdeba7a7",
    "Vietnamese.txt": "f3f9e4164ab47601178a6e45b216464a64122f49d05541f24bf18a757253281d",
}


class NameDataset(LabeledTexts):
    """Names and labels; no name has the same label twice."""

    what = "names"

    @property
    def names(self) -> tuple[str, ...]:
        return self.texts


class NameSplits(NamedTuple):
    """What a model learns from, and what it is judged by."""

    train: NameDataset
    test: NameDataset

    def fingerprint(self) -> str:
        """Sixteen characters that change with any name, label, class or the split itself."""
        return fingerprint(self)


def load_names(path: str | Path | None = None, test_fraction: float = 0.2, seed: int = 0) -> NameSplits:
    """Names with labels, of which a fixed share of every label is for testing.

    path: a folder with files LABEL.txt, one name per line; or a table, .tsv or .csv, with two columns, name
    and label. Without it, 20,050 surnames of 18 languages, 18,012 without repetitions, very unbalanced
    (Robertson 2017, practical-pytorch): from $CHAINRULE_DATA/names-by-language, else from the cache, else
    downloaded (0.2 MB).

    Raises FileNotFoundError, or ValueError that names the file and the line, or the label that has too few
    names; OSError if a download fails.
    """
    folder = Path(path) if path is not None else locate_folder(FOLDER, [MIRROR], SHA256)
    rows = list(dict.fromkeys(read_labeled_names(folder)))  # each once, in the order of the files
    dataset = NameDataset.of(rows, folder)
    return NameSplits(*dataset.split(test_fraction, seed))
