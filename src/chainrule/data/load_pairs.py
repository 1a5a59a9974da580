"""Pairs of texts by the name of a data set, or from a table of one's own."""

from __future__ import annotations

from pathlib import Path

from . import eng_fra, multi30k
from .dates import load_dates
from .pair_files import read_pairs_table
from .pairs import PairSplits, split_by_source

# the directions of each; the first is the usual one
DIRECTIONS = {
    "dates": (),
    "multi30k": multi30k.DIRECTIONS,
    "multi30k-bpe": multi30k.BPE_DIRECTIONS,
    "eng-fra": eng_fra.DIRECTIONS,
}


def load_pairs(data: str | Path = "dates", seed: int = 0) -> PairSplits:
    """Pairs to train with, to validate and to test.

    data: "dates" (see `load_dates`), "multi30k", "multi30k-bpe", "eng-fra", or the path of a table, FILE.tsv:
    UTF-8, a source, a tab and a target in every line. A direction may follow a name: "multi30k:de-en",
    "multi30k-bpe:en-fr", "eng-fra:fr-en".

    seed: chooses the dates, and how eng-fra and tables are split (`split_by_source`); the parts of Multi30k
    are published ones. Raises FileNotFoundError that lists the names; ValueError for a direction that a data
    set does not have, or that names the file and the line; OSError if a download fails.
    """
    name, colon, direction = str(data).partition(":")
    if name not in DIRECTIONS:
        path = Path(data)
        if not path.exists():
            raise FileNotFoundError(
                f"{str(data)!r} is neither a data set ({', '.join(DIRECTIONS)}) nor a file with pairs"
            )
        return split_by_source(read_pairs_table(path), path.stem, str(path), seed)
    directions = DIRECTIONS[name]
    if colon and direction not in directions:
        there = f"there are {', '.join(directions)}" if directions else "it has one only: pass its name alone"
        raise ValueError(f"{name} has no direction {direction!r}: {there}")
    direction = direction or (directions[0] if directions else "")
    if name == "dates":
        return load_dates(seed)
    if name == "eng-fra":
        return eng_fra.load_eng_fra(direction, seed)
    load = multi30k.load_multi30k if name == "multi30k" else multi30k.load_multi30k_bpe
    return load(direction)
