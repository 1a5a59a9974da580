"""Phrases of many languages, embedded: nothing is downloaded.

The package Babel contains the Common Locale Data Repository of the Unicode Consortium (CLDR): among much
else, the names of countries, languages, currencies, months and days in each language, as people write
them: "Vereinigte Staaten", "dollar canadien", "giovedì".
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .extras import require

# written with Latin letters, so that it takes more than the alphabet to tell them apart
LANGUAGES = (
    "cs", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "is", "it", "lt", "lv", "nl", "pl", "pt",
    "ro", "sv", "tr",
)  # fmt: skip


def phrases_by_language() -> list[tuple[str, str]]:
    """Pairs (phrase, English name of its language). Phrases that several languages have are left out.

    About 800 of each language, depending on the version of Babel. Raises ImportError if it is missing.
    """
    locale: Any = require("babel", "the phrases of languages").Locale
    languages: dict[str, set[str]] = defaultdict(set)  # by phrase
    for code in LANGUAGES:
        for phrase in _phrases(locale(code)):
            languages[phrase].add(code)
    spellings: dict[str, set[str]] = defaultdict(set)  # two languages may differ in capital letters alone
    for phrase, codes in languages.items():
        spellings[phrase.casefold()] |= codes
    names = locale("en").languages
    return [
        (phrase, names[code])
        for phrase, codes in sorted(languages.items())
        for code in codes
        if len(spellings[phrase.casefold()]) == 1
    ]


def _phrases(locale: Any) -> set[str]:
    """What this locale calls countries, languages, currencies, months and days."""
    calendar = [locale.months["format"]["wide"], locale.days["format"]["wide"]]
    tables = [locale.territories, locale.languages, locale.currencies, *calendar]
    return {phrase for table in tables for phrase in table.values() if phrase}
