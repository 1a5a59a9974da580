"""Dates and their ISO form: never two meanings, and no date on both sides of the split."""

from __future__ import annotations

import datetime
import sys
from itertools import pairwise

import pytest

from chainrule.data import PairSplits, dates, load_dates

pytest.importorskip("babel", reason="Babel has the names of the months")


@pytest.fixture(scope="module")
def splits() -> PairSplits:
    return load_dates()


def test_the_sizes_and_the_names(splits: PairSplits) -> None:
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [25_000, 1_000, 2_000]
    assert splits.name == "dates"
    assert splits.languages == ("date", "ISO date")
    assert splits.origin.startswith("Babel 2.")


def test_no_date_and_no_text_is_in_two_parts(splits: PairSplits) -> None:
    parts = (splits.train, splits.validation, splits.test)
    for side in ("source", "target"):
        texts = [set(getattr(part, side)) for part in parts]
        assert sum(map(len, texts)) == len(set.union(*texts)) == 28_000


def test_targets_are_dates_of_two_centuries(splits: PairSplits) -> None:
    years = {datetime.date.fromisoformat(target).year for target in splits.train.target}
    assert years == set(range(1900, 2100))


def test_all_characters_of_the_other_parts_occur_in_training(splits: PairSplits) -> None:
    known = set("".join(splits.train.source))
    assert set("".join(splits.validation.source + splits.test.source)) <= known
    assert not known & set("\u00a0\u202f\u02bc")  # nobody could type them


def test_the_year_stands_in_every_text_with_four_digits(splits: PairSplits) -> None:
    assert all(
        target[:4] in source for source, target in zip(splits.test.source, splits.test.target, strict=True)
    )


def test_the_seed_decides(splits: PairSplits) -> None:
    assert load_dates(seed=0).fingerprint() == splits.fingerprint() != load_dates(seed=1).fingerprint()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("English", {"Wednesday, May 3, 1978", "Wednesday, 3 May 1978", "May 3, 1978", "Wed, May 3, 1978"}),
        ("German", {"Mittwoch, 3. Mai 1978", "3. Mai 1978", "03.05.1978", "3.5.1978"}),
        ("French", {"mercredi 3 mai 1978", "mer. 3 mai 1978"}),
        ("Portuguese", {"quarta-feira, 3 de maio de 1978", "3 de mai. de 1978"}),
        ("Polish", {"środa, 3 maja 1978", "3.05.1978"}),
        ("Russian", {"среда, 3 мая 1978 г.", "3 мая 1978"}),
        ("Swedish", {"onsdag 3 maj 1978", "1978-05-03"}),
        ("Greek", {"Τετάρτη 3 Μαΐου 1978"}),
        ("Japanese", {"1978年5月3日水曜日", "1978年5月3日", "1978/05/03"}),
    ],
)  # fmt: skip
def test_the_forms_of_a_language(language: str, expected: set[str]) -> None:
    forms = dates.date_forms(dates.LOCALES[language])
    assert expected <= {dates.write_date(datetime.date(1978, 5, 3), *form) for form in forms}


def test_a_text_never_means_two_dates() -> None:
    # the year is written out in all forms: the days of one leap year are enough
    days = [datetime.date(2000, 1, 1) + datetime.timedelta(n) for n in range(366)]
    meanings: dict[str, datetime.date] = {}
    forms = [form for locales in dates.LOCALES.values() for form in dates.date_forms(locales)]
    assert len(forms) > 60
    for form in forms:
        for day in days:
            written = dates.write_date(day, *form)
            for case, commas in ((1, 1), (0, 1), (0.3, 1), (1, 0), (0, 0), (0.3, 0)):
                text = dates._vary(written, case, commas)
                assert meanings.setdefault(text, day) == day, f"{text} is {day} and {meanings[text]}"


def test_what_is_left_out_means_two_dates() -> None:
    # May 3rd in America, and the 5th of March in Britain
    american = dates.write_date(datetime.date(1978, 5, 3), "en_US", "M/d/y")
    british = dates.write_date(datetime.date(1978, 3, 5), "en_GB", "d/M/y")
    assert american == british == "5/3/1978"


def test_how_people_vary_them() -> None:
    cuts = [0.0, 0.2, 0.4, 1.0]
    varied = [dates._vary("среда, 3 мая", (low + high) / 2, 1) for low, high in pairwise(cuts)]
    assert varied == ["Среда, 3 мая", "среда, 3 мая", "среда, 3 мая"]
    assert dates._vary("May 3, 1978", 0.3, 0) == "may 3 1978"


def test_without_babel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(
        ImportError, match=r"making dates needs the package babel: pip install 'chainrule\[train\]'"
    ):
        load_dates()
