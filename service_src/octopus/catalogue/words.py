"""The words by which a topic is found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MOST_WORDS = 75
"""Of one topic: with all else that a change writes they fit into one transaction of DynamoDB's hundred items.
Name, tags and contact come first; only a description can be cut short by it."""
LONGEST_WORD = 40
"""Characters of a word that count."""

_WORD = re.compile(r"[^\W_]+")


def words_of(*texts: str) -> list[str]:
    """The distinct words of some texts in the order in which they come, letters and digits, in lower case.

    Accents are kept: *è* is not *e*. What only looks different in Unicode is the same.
    """
    return list(dict.fromkeys(_words(texts)))


def _words(texts: tuple[str, ...]) -> Iterator[str]:
    for text in texts:
        for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
            yield word[:LONGEST_WORD]
