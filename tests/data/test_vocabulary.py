"""Characters and their ids."""

import json

import numpy as np
import pytest

from chainrule.data import CharVocabulary

TEXT = "Naïve 😀 banana\n"


def test_ids_are_places_in_the_sorted_characters() -> None:
    vocabulary = CharVocabulary.of("banana")
    assert vocabulary.characters == "abn"
    ids = vocabulary.encode("nab")
    assert ids.tolist() == [2, 0, 1]
    assert ids.dtype == np.int64
    assert vocabulary.decode(ids) == "nab"


@pytest.mark.parametrize("unknown", [False, True])
def test_there_and_back(unknown: bool) -> None:
    vocabulary = CharVocabulary.of(TEXT, unknown)
    assert vocabulary.decode(vocabulary.encode(TEXT)) == TEXT
    assert vocabulary.decode(vocabulary.encode(TEXT).tolist()) == TEXT
    assert sorted(set(vocabulary.encode(TEXT))) == list(range(len(vocabulary) - unknown))
    assert vocabulary.encode("").shape == (0,)
    assert vocabulary.decode([]) == ""


def test_several_texts() -> None:
    assert CharVocabulary.of(["ba", "", "cab"]).characters == "abc"


def test_an_unknown_character_is_named_with_its_place() -> None:
    vocabulary = CharVocabulary.of("abc\n")
    message = r"'é' \(U\+00E9, LATIN SMALL LETTER E WITH ACUTE\) in line 2, column 3 is not among the 4 char"
    with pytest.raises(ValueError, match=message):
        vocabulary.encode("abc\nabé")
    with pytest.raises(ValueError, match=r"'!' .* in line 1, column 1 "):  # it sorts before all others
        vocabulary.encode("!")


def test_the_unknown_id_comes_last_and_moves_no_other() -> None:
    vocabulary = CharVocabulary.of("abc", unknown=True)
    assert len(vocabulary) == 4
    assert vocabulary.encode("!bz").tolist() == [3, 1, 3]
    assert vocabulary.decode([3, 1]) == "\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("ids", [[0, 3], [0, -1]])
def test_an_id_without_a_character_is_refused(ids: list[int]) -> None:
    with pytest.raises(IndexError, match=f"id {ids[1]} at position 1 is no character: .* 3 ids, 0 to 2"):
        CharVocabulary.of("abc").decode(ids)


def test_decode_takes_the_integers_of_one_text() -> None:
    vocabulary = CharVocabulary.of("abc")
    with pytest.raises(ValueError, match=r"one text, .*ids \(1, 2\)"):
        vocabulary.decode(np.array([[0, 1]]))
    with pytest.raises(TypeError, match="integers, got float64"):
        vocabulary.decode(np.array([0.0]))


@pytest.mark.parametrize("characters", ["ba", "aab"])
def test_characters_are_sorted_and_different(characters: str) -> None:
    with pytest.raises(ValueError, match=r"'a' follows '[ab]'"):
        CharVocabulary(characters)


def test_an_empty_text_has_no_vocabulary() -> None:
    with pytest.raises(ValueError, match="at least one character"):
        CharVocabulary.of("")


@pytest.mark.parametrize("unknown", [False, True])
def test_json_and_back_changes_nothing(unknown: bool) -> None:
    vocabulary = CharVocabulary.of(TEXT, unknown)
    assert CharVocabulary.from_json(json.loads(json.dumps(vocabulary.to_json()))) == vocabulary
