"""Which of IAM's word and the fabric's own record counts, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from octopus.iam.models import Layers, Principal, Rule
from octopus.judge.errors import SourceUnavailableError
from octopus.judge.principals import EffectivePolicies, PolicyReader
from octopus.judge.secrets import StoredSecrets
from octopus.judge.sources import SETTLING, PrincipalId, Rights, Sources
from octopus.judge.store import OVERLAP, ChangeLog, CredentialsTable, VersionRecord

NOW = datetime(2026, 11, 22, 5, 0, 30, tzinfo=UTC)
ALICE = PrincipalId("alice", "alice")
PRINCIPAL = Principal("alice", "AIDA1", "arn:aws:iam::123456789012:user/alice")


def layers(name: str) -> Layers:
    return ((Rule("allow", (), actions=("*",), resources=(name,)),),)


class Delayed:
    """A table and an IAM that do not always agree, as the real ones at times."""

    def __init__(self) -> None:
        self.now = NOW
        self.monotonic = 0.0
        self.written: VersionRecord | None = None
        self.shown: EffectivePolicies | None = None
        self.log: dict[str, str] = {}
        self.asked: list[tuple[datetime, datetime]] = []

    def version(self, _subject: str) -> VersionRecord | None:
        return self.written

    def read(self, _user_name: str) -> EffectivePolicies | None:
        return self.shown

    def changes(self, since: datetime, until: datetime) -> dict[str, str]:
        self.asked.append((since, until))
        return dict(self.log)


@pytest.fixture
def delayed() -> Delayed:
    return Delayed()


@pytest.fixture
def read(delayed: Delayed) -> Iterator[Callable[[], Rights]]:
    """A new reading of one principal, in one event loop."""
    with ThreadPoolExecutor(1) as executor, asyncio.Runner() as runner:
        sources = Sources(
            table=cast(CredentialsTable, delayed),
            policies=cast(PolicyReader, delayed),
            secrets=cast(StoredSecrets, None),
            executor=executor,
            clock=lambda: delayed.now.timestamp(),
            monotonic=lambda: delayed.monotonic,
        )

        def reading() -> Rights:
            delayed.monotonic += 1
            sources.expire(frozenset({"alice"}))
            return runner.run(sources.rights.get(ALICE)).value

        yield reading


Read = Callable[[], Rights]


def test_policy_that_matches_the_record_is_certain(delayed: Delayed, read: Read) -> None:
    delayed.written = VersionRecord("h1", NOW)
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("a"), "h1")
    rights = read()
    assert (rights.limits.layers, rights.certain) == (layers("a"), True)


def test_principal_without_a_record_is_iams_alone(delayed: Delayed, read: Read) -> None:
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("a"), "h1")
    assert read().certain


def test_unsettled_policy_is_what_old_and_shown_both_allow(delayed: Delayed, read: Read) -> None:
    delayed.written = VersionRecord("h1", NOW)
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("old"), "h1")
    first = read()
    delayed.written = VersionRecord("h2", NOW)
    assert read().limits.layers == layers("old"), "IAM still shows the old one: no wider, and no layer twice"
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("between"), "h?")
    between = read()
    assert between.limits.layers == layers("old") + layers("between")
    assert not between.certain
    assert between.limits.version != first.limits.version
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("other"), "h??")
    assert read().limits.layers == layers("old") + layers("other"), "what was never certain is not remembered"
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("new"), "h2")
    assert (read().limits.layers, read().certain) == (layers("new"), True)
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("old"), "h1")
    assert read().limits.layers == layers("new") + layers("old"), "a laggard replica gives nothing back"


def test_unsettled_policy_without_an_old_one_is_unknown(delayed: Delayed, read: Read) -> None:
    delayed.written = VersionRecord("h2", NOW)
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("a"), "h1")
    with pytest.raises(SourceUnavailableError, match="does not show"):
        read()


def test_iams_word_counts_once_it_has_had_time_to_settle(delayed: Delayed, read: Read) -> None:
    delayed.written = VersionRecord("h2", NOW)
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("edited by hand"), "h3")
    delayed.now = NOW + SETTLING + timedelta(seconds=1)
    rights = read()
    assert (rights.limits.layers, rights.certain) == (layers("edited by hand"), True)


def test_user_that_is_gone_may_do_nothing(delayed: Delayed, read: Read) -> None:
    delayed.written = VersionRecord("", NOW)
    rights = read()
    assert rights.limits.layers == ((),), (
        "one layer that allows nothing: none at all could be read as no limit"
    )
    assert rights.certain


def test_equal_rules_have_equal_versions(delayed: Delayed, read: Read) -> None:
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("a"), "h1")
    first = read().limits.version
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("a"), "h2")
    assert read().limits.version == first
    delayed.shown = EffectivePolicies(PRINCIPAL, layers("b"), "h2")
    assert read().limits.version != first


def test_change_log_is_read_with_overlap_and_each_entry_once(delayed: Delayed) -> None:
    log = ChangeLog(cast(CredentialsTable, delayed), lambda: delayed.now.timestamp())
    delayed.log = {"2026-11-22T05:00:01#alice": "alice"}
    assert log.changed() == {"alice"}
    assert log.changed() == frozenset()
    # It became visible after a later one had been seen.
    delayed.log |= {"2026-11-22T04:59:59#bob": "bob", "2026-11-22T05:00:02#alice": "alice"}
    assert log.changed() == {"alice", "bob"}
    assert delayed.asked[0] == (NOW - OVERLAP, NOW)
