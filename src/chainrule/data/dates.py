"""Dates as people write them, in thirteen languages, and the same in ISO form: a small translation task.

    mercredi 3 mai 1978       1978-05-03
    Wed, 3 May 1978           1978-05-03
    3 мая 1978 г.             1978-05-03
    1978年5月3日(水)            1978-05-03

The names and the order come from the Unicode Consortium's CLDR, which the package Babel carries with it, so
nothing is downloaded. A model has to find the day, the month and the year wherever they stand, know the
months of 13 languages, and write each digit in its place.

**A text never means two dates.** Years have four digits. 5/3/1978 is May in America and March in Europe, so
numbers with slashes are left out unless the year stands in front. With periods or dashes the day comes first
in all of these languages.

**The parts share no date.** Every date is there once, in one language and one form.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

import numpy as np

from chainrule.functions.random import fold

from .extras import require
from .pairs import Pairs, PairSplits

# English is written in two ways
LOCALES = {
    "English": ("en_US", "en_GB"), "German": ("de",), "French": ("fr",), "Spanish": ("es",),
    "Italian": ("it",), "Portuguese": ("pt",), "Dutch": ("nl",), "Polish": ("pl",), "Russian": ("ru",),
    "Swedish": ("sv",), "Ukrainian": ("uk",), "Greek": ("el",), "Japanese": ("ja",),
}  # fmt: skip
FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)
TRAIN, VALIDATION, TEST = 25_000, 1_000, 2_000
TYPED = str.maketrans("\u00a0\u202f\u02bc", "  '")  # CLDR's spaces and apostrophe, which no keyboard has
YEAR_MARK = re.compile("\u202f'[гр]'\\.$")  # "of the year", which Russians and Ukrainians may leave out


def load_dates(seed: int = 0) -> PairSplits:
    """25,000 + 1,000 + 2,000 dates between 1900 and 2099; the seed chooses them and how they are written.

    Raises ImportError if Babel is missing. Another version of Babel may have other names: `origin` says which
    one it is, `fingerprint()` tells them apart.
    """
    babel = require("babel", "making dates")
    forms = [date_forms(locales) for locales in LOCALES.values()]
    random = np.random.Generator(np.random.Philox(key=fold(seed)))
    count = TRAIN + VALIDATION + TEST
    days = random.permutation((LAST - FIRST).days + 1)[:count]
    dates = [FIRST + datetime.timedelta(int(day)) for day in days]
    languages = random.integers(len(forms), size=count)
    choices = random.random((count, 3))  # of the form, of the case, of the commas
    written = []
    for date, language, (form, case, commas) in zip(dates, languages, choices, strict=True):
        locale, pattern = forms[language][int(form * len(forms[language]))]
        written.append(_vary(write_date(date, locale, pattern), case, commas))
    pairs = Pairs(tuple(written), tuple(date.isoformat() for date in dates), ("date", "ISO date"))
    train, validation, test = map(pairs.subset, np.split(np.arange(count), [TRAIN, TRAIN + VALIDATION]))
    return PairSplits("dates", train, validation, test, f"Babel {babel.__version__}")


def date_forms(locales: tuple[str, ...]) -> list[tuple[Any, str]]:
    """(locale, pattern): the ways in which a language writes a date, with a year of four digits."""
    parse = require("babel", "making dates").Locale.parse
    forms = {}
    for locale in map(parse, locales):
        patterns = [locale.date_formats[length].pattern for length in ("full", "long", "medium", "short")]
        patterns += [locale.datetime_skeletons[skeleton].pattern for skeleton in ("yMMMEd", "yMd")]
        patterns += [YEAR_MARK.sub("", pattern) for pattern in patterns]
        for pattern in patterns:
            pattern = re.sub("y+", "y", pattern)
            if "/" not in pattern or pattern.startswith("y"):
                forms[str(locale), pattern] = (locale, pattern)
    return list(forms.values())


def write_date(date: datetime.date, locale: Any, pattern: str) -> str:
    """A date in the language of a locale, in the order and with the marks of a CLDR pattern."""
    text: str = require("babel.dates", "making dates").format_date(date, pattern, locale)
    return text.translate(TYPED)


def _vary(text: str, case: float, commas: float) -> str:
    """What people do: a capital in front (a fifth of them), no capitals (a fifth), no commas (a third)."""
    if case < 0.2:
        text = text[:1].upper() + text[1:]
    elif case < 0.4:
        text = text.lower()
    return text.replace(",", "") if commas < 1 / 3 else text
