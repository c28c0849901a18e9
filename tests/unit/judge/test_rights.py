"""Which of IAM's word and the fabric's own record counts, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from octopus.iam.document import parse
from octopus.iam.models import Layers, Principal, Rule
from octopus.judge.errors import SourceUnavailableError
from octopus.judge.principals import NOBODY, EffectivePolicies, UserPolicies, effective
from octopus.judge.rights import SETTLING, Rights, session_limits, weigh
from octopus.judge.store import VersionRecord

NOW = datetime(2026, 11, 22, 5, 0, 30, tzinfo=UTC)
ALICE = UserPolicies(Principal("alice", "AIDA1", "arn:aws:iam::123456789012:user/alice"), {}, None)


def layers(name: str) -> Layers:
    return ((Rule("allow", (), actions=("*",), resources=(name,)),),)


def found(name: str, sha256: str) -> EffectivePolicies:
    return EffectivePolicies(ALICE, layers(name), sha256)


def rights(
    shown: EffectivePolicies,
    written: str | None,
    previous: Rights | None = None,
    *,
    since: timedelta = timedelta(0),
) -> Rights:
    record = VersionRecord(written, NOW) if written is not None else None
    return weigh(written=record, found=shown, previous=previous, now=NOW + since)


def test_policy_that_matches_the_record_is_certain() -> None:
    certain = rights(found("a", "h1"), "h1")
    assert (certain.limits.layers, certain.certain) == (layers("a"), True)


def test_principal_without_a_record_is_iams_alone() -> None:
    assert rights(found("a", "h1"), None).certain


def test_unsettled_policy_is_what_old_and_shown_both_allow() -> None:
    first = rights(found("old", "h1"), "h1")
    still = rights(found("old", "h1"), "h2", first)
    assert still.limits.layers == layers("old"), "no wider, and no layer twice"
    between = rights(found("between", "h?"), "h2", still)
    assert between.limits.layers == layers("old") + layers("between")
    assert not between.certain
    assert between.limits.version != first.limits.version
    other = rights(found("other", "h??"), "h2", between)
    assert other.limits.layers == layers("old") + layers("other"), "what was never certain is not remembered"
    new = rights(found("new", "h2"), "h2", other)
    assert (new.limits.layers, new.certain) == (layers("new"), True)
    laggard = rights(found("old", "h1"), "h2", new)
    assert laggard.limits.layers == layers("new") + layers("old"), "a laggard replica gives nothing back"


def test_unsettled_policy_without_an_old_one_is_unknown() -> None:
    with pytest.raises(SourceUnavailableError, match="does not show"):
        rights(found("a", "h1"), "h2")


def test_iams_word_counts_once_it_has_had_time_to_settle() -> None:
    edited = rights(found("edited by hand", "h3"), "h2", since=SETTLING + timedelta(seconds=1))
    assert (edited.limits.layers, edited.certain) == (layers("edited by hand"), True)


def test_user_that_is_gone_may_do_nothing() -> None:
    gone = rights(effective(None), "")
    assert gone.limits.layers == ((),), "one layer that allows nothing: none at all could be read as no limit"
    assert gone.certain
    own = parse({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    assert session_limits(rights(NOBODY, None), own).layers == ((), ())


def test_equal_rules_have_equal_versions() -> None:
    first = rights(found("a", "h1"), None).limits.version
    assert rights(found("a", "h2"), None).limits.version == first
    assert rights(found("b", "h2"), None).limits.version != first


def test_certain_rights_are_made_once_for_the_same_readings() -> None:
    shown, record = found("a", "h1"), VersionRecord("h1", NOW)
    certain = weigh(written=record, found=shown, previous=None, now=NOW)
    assert certain.is_of(record, shown)
    assert not certain.is_of(record, found("a", "h1"))
    unsettled = weigh(written=VersionRecord("h2", NOW), found=shown, previous=certain, now=NOW)
    assert not unsettled.is_of(unsettled.written, shown), "time alone may settle it"


def test_sessions_policy_is_a_layer_of_its_own_and_speaks_of_its_owner() -> None:
    own = parse(
        {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "*", "Resource": "x/${aws:username}"},
        }
    )
    owner = rights(found("a", "h1"), None)
    assert session_limits(owner, own).layers == (
        *layers("a"),
        (Rule("allow", (), actions=("*",), resources=("x/alice",)),),
    )
    assert session_limits(owner, None).layers == (*layers("a"), ()), "unreadable: it allows nothing"
