"""Finds topics by words. What somebody may not see does not exist for him, unless its owner lists it.

A search costs one query for each word, those that tell what its caller may see, and one batch of rows for
each fifty topics that it looks at: never a scan, and nothing that grows with topics that no word leads to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from octopus.access.models import EVERY_TOPIC
from octopus.access.service import Access
from octopus.catalogue.index import PREFIX, Index
from octopus.catalogue.models import Found
from octopus.catalogue.words import words_of
from octopus.errors import InvalidError
from octopus.identity.models import Caller
from octopus.pages import Page
from octopus.topics.models import SHOWN, TopicRecord
from octopus.topics.names import full_name, is_namespace_name
from octopus.topics.store import TopicStore

MOST_WORDS = 10
"""Of one search."""
_READ_AT_ONCE = 50
"""Topics; with their namespaces one batch of DynamoDB's hundred rows."""

Visible = Mapping[str, frozenset[str]]
"""Topics that somebody has a right on, by namespace; `EVERY_TOPIC` for all of one."""


class Catalogue:
    """The topics of one fabric, for whoever looks for one."""

    def __init__(self, *, index: Index, topics: TopicStore, access: Access) -> None:
        self._index = index
        self._topics = topics
        self._access = access

    def search(
        self,
        caller: Caller,
        text: str,
        *,
        own: Collection[str],
        tag: str | None,
        limit: int,
        after: str | None,
        namespace: str | None = None,
    ) -> Page[Found]:
        """Topics that have all these words, in name, project, tags, contact or description, by name.

        A word of three characters or more stands for all that begin so.

        Args:
            text: words, in any order.
            own: namespaces of the caller's account.
            tag: one of the topic's tags, whole.
            limit: the most topics of a page.
            after: full name that the page before ended with.
            namespace: only topics of this one; then no word need be named.

        Raises:
            InvalidError: there is nothing to look for, or there are too many words.
        """
        words = words_of(text)
        asked = words_of(text, tag or "")
        if not asked and namespace is None:
            raise InvalidError(
                "q: at least one word of letters or digits, unless tag or namespace is named, received none"
            )
        if len(asked) > MOST_WORDS:
            raise InvalidError(f"q: at most {MOST_WORDS} words, tag's included, received {len(asked)}")
        visible = self._access.visible_namespaces(caller, own)
        leads = self._candidates(asked, visible) if asked else self._all_of(str(namespace))
        prefix = "" if namespace is None else full_name(namespace, "")
        names = sorted(name for name in leads if name.startswith(prefix) and name > (after or ""))
        found: list[Found] = []
        for name, topic in self._shown(names):
            mine = _sees(visible, name)
            if (mine or topic.about.listed) and _matches(topic, name, words, tag):
                found.append(Found(name, topic.about, mine))
            if len(found) > limit:
                return Page(found[:limit], found[limit - 1].name)
        return Page(found, None)

    def _candidates(self, words: list[str], visible: Visible) -> set[str]:
        """Full names to which all words lead, of topics that the caller may see by what the index says."""
        candidates: set[str] | None = None
        for word in words:
            leads = {name for name, listed in self._index.find(word) if listed or _sees(visible, name)}
            candidates = leads if candidates is None else candidates & leads
            if not candidates:
                break
        return candidates or set()

    def _all_of(self, namespace: str) -> set[str]:
        found = self._topics.read(namespace) if is_namespace_name(namespace) else None
        return {full_name(namespace, topic) for topic in found.topics} if found else set()

    def _shown(self, names: list[str]) -> Iterator[tuple[str, TopicRecord]]:
        """Topics that there are, in order, read as far as they are asked for."""
        for start in range(0, len(names), _READ_AT_ONCE):
            some = names[start : start + _READ_AT_ONCE]
            records = self._topics.find(some)
            for name in some:
                record = records.get(name)
                if record is not None and record.state in SHOWN:
                    yield name, record


def _sees(visible: Visible, name: str) -> bool:
    namespace, _, topic = name.partition(".")
    return not visible.get(namespace, frozenset()).isdisjoint((EVERY_TOPIC, topic))


def _matches(topic: TopicRecord, name: str, words: list[str], tag: str | None) -> bool:
    """Whether it has them now: the index may be ahead of the topic, or behind it."""
    has = topic.described_by(name.partition(".")[0])
    found = all(any(_is(word, one) for one in has) for word in words)
    return found and (tag is None or tag in topic.about.tags)


def _is(asked: str, word: str) -> bool:
    return word.startswith(asked) if len(asked) >= PREFIX else word == asked
