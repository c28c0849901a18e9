"""How soon and how safely the judge follows changes and outages."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from octopus.accounts.principal import IamPrincipals
from octopus.iam.generate import canonical_json, policy_sha256, principal_policies
from octopus.iam.holdings import DataRight, Holdings, Level, own
from octopus.iam.policy_names import INLINE_POLICY_NAME
from tests.integration.judge.conftest import judge_environment, running_judge
from tests.integration.judge.gate import Gate
from tests.integration.judge.institution import CLUSTER_ARN, Institution
from tests.integration.judge.plugin import Plugin, may, topic, wait_until
from tests.patience import PATIENCE_S
from tests.ports import free_port

SOON = 15.0
"""Seconds: one until the change is noticed, and the rest for this machine. Without the change log the next
listing of IAM would show a change after 20, and the next reading of rows after 60."""


def test_key_made_inactive_is_denied_soon(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant()
    token = tenant.token()
    assert judge.verify(token)["outcome"] == "allow"
    institution.record_key(tenant, active=False)
    wait_until(lambda: judge.policy(tenant).get("outcome") == "deny", within=SOON)
    assert judge.verify(token)["outcome"] == "deny"


def test_deleted_key_is_denied_soon(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant()
    assert "layers" in judge.policy(tenant)
    institution.store.remove(tenant.subject, [tenant.access_key_id])
    wait_until(lambda: judge.policy(tenant).get("outcome") == "deny", within=SOON)


def test_new_namespace_is_in_the_policy_soon(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant(["ns-a"])
    before = judge.verify(tenant.token())["policy"]
    institution.write_policy(
        tenant, principal_policies(cluster_arn=CLUSTER_ARN, holdings=own("ns-a", "ns-b")).inline
    )
    wait_until(lambda: "layers" in judge.policy(tenant, before["version"]), within=SOON)
    after = judge.policy(tenant)
    assert may(after, "ReadData", topic("ns-a.t"))
    assert may(after, "ReadData", topic("ns-b.t"))


def test_between_version_and_policy_only_what_both_allow_is_allowed(
    institution: Institution, judge: Plugin
) -> None:
    """As when IAM shows its old state for a while, and then both by turns."""
    tenant = institution.tenant(["ns-a", "ns-b"])
    before = judge.verify(tenant.token())["policy"]
    written = principal_policies(cluster_arn=CLUSTER_ARN, holdings=own("ns-b", "ns-c")).inline
    institution.store.bump_version(tenant.subject, policy_sha256(written))
    # Something else than what was written, by an unknown mixture of old and new.
    shown = principal_policies(cluster_arn=CLUSTER_ARN, holdings=own("ns-b", "ns-d")).inline
    put(institution, tenant.subject, shown)
    wait_until(lambda: not may(judge.policy(tenant), "ReadData", topic("ns-a.t")), within=SOON)
    between = judge.policy(tenant)
    assert may(between, "ReadData", topic("ns-b.t"))
    assert not may(between, "ReadData", topic("ns-c.t"))
    assert not may(between, "ReadData", topic("ns-d.t"))
    assert between["version"] != before["version"]

    # Without another bump: the judge keeps reading until it sees what was written.
    put(institution, tenant.subject, written)
    wait_until(lambda: may(judge.policy(tenant), "ReadData", topic("ns-c.t")), within=SOON)
    assert not may(judge.policy(tenant), "ReadData", topic("ns-a.t"))


def test_shared_topics_in_managed_policies_count_as_written_and_end_at_their_time(
    institution: Institution, judge: Plugin
) -> None:
    tenant = institution.tenant(["ns-a"])
    assert not may(judge.verify(tenant.token())["policy"], "ReadData", topic("lab.t59"))
    until = datetime(2030, 1, 1, tzinfo=UTC)
    shared = {DataRight(f"lab.t{number:02}", Level.READ, until) for number in range(60)}
    principals = IamPrincipals(
        institution.iam,
        institution="test",
        boundary_arn=institution.boundary_arn,
        cluster_arn=CLUSTER_ARN,
    )

    def write(holdings: Holdings) -> None:
        principals.ensure(tenant.subject, holdings)
        institution.store.bump_version(tenant.subject, principals.policy_sha256(holdings))

    write(own("ns-a") | shared)
    # Within two minutes only because the judge knows what it reads for what was written.
    wait_until(lambda: may(judge.policy(tenant), "ReadData", topic("lab.t59")), within=SOON)
    policy, end = judge.policy(tenant), int(until.timestamp() * 1000)
    assert may(policy, "ReadData", topic("lab.t59"), at_ms=end - 1)
    assert not may(policy, "ReadData", topic("lab.t59"), at_ms=end)
    assert not may(policy, "WriteData", topic("lab.t59"))
    assert may(policy, "WriteData", topic("ns-a.t"), at_ms=end)

    write(own("ns-a"))
    wait_until(lambda: not may(judge.policy(tenant), "ReadData", topic("lab.t59")), within=SOON)
    assert principals.policies_left(tenant.subject) == []


def test_policy_that_iam_does_not_show_yet_is_unknown(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant(["ns-a"])
    written = principal_policies(cluster_arn=CLUSTER_ARN, holdings=own("ns-b")).inline
    institution.store.bump_version(tenant.subject, policy_sha256(written))
    assert judge.verify(tenant.token())["outcome"] == "unknown"
    put(institution, tenant.subject, written)
    wait_until(lambda: judge.verify(tenant.token())["outcome"] == "allow", within=SOON)


def test_deleted_user_may_do_nothing_soon(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant()
    held = judge.verify(tenant.token())["policy"]
    institution.iam.delete_user_policy(UserName=tenant.subject, PolicyName=INLINE_POLICY_NAME)
    institution.iam.delete_access_key(UserName=tenant.subject, AccessKeyId=tenant.access_key_id)
    institution.iam.delete_user(UserName=tenant.subject)
    institution.store.bump_version(tenant.subject, "")
    wait_until(lambda: "layers" in judge.policy(tenant, held["version"]), within=SOON)
    assert not may(judge.policy(tenant), "Connect", CLUSTER_ARN)
    assert judge.verify(tenant.token())["outcome"] == "deny"


def test_sources_away_mean_unknown_and_never_allow_for_who_was_not_read(
    institution: Institution, gated_judge: Plugin, gate: Gate
) -> None:
    known, other = institution.tenant(), institution.tenant()
    assert gated_judge.verify(known.token())["outcome"] == "allow"
    gate.close()
    answer = gated_judge.verify(other.token())
    assert answer["outcome"] == "unknown"
    assert set(answer) == {"outcome", "reason"}
    assert gated_judge.policy(other)["outcome"] == "unknown"
    assert gated_judge.is_healthy()
    gate.open()
    wait_until(lambda: gated_judge.verify(other.token())["outcome"] == "allow")


@pytest.mark.long
def test_readings_are_not_used_after_45_seconds(
    institution: Institution, gated_judge: Plugin, gate: Gate
) -> None:
    tenant = institution.tenant()
    held = gated_judge.verify(tenant.token())["policy"]
    gate.close()
    began = time.monotonic()
    ages = []
    while "age_ms" in (answer := gated_judge.policy(tenant, held["version"])):
        ages.append(answer["age_ms"])
        assert time.monotonic() < began + 60
        time.sleep(0.2)
    assert answer["outcome"] == "unknown"
    assert 40_000 < max(ages) <= 45_000
    assert ages == sorted(ages)
    assert gated_judge.verify(tenant.token())["outcome"] == "unknown"


@pytest.mark.long
def test_edit_made_elsewhere_is_seen_within_one_listing(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant(["ns-a"])
    held = judge.verify(tenant.token())["policy"]
    institution.iam.attach_user_policy(UserName=tenant.subject, PolicyArn=institution.boundary_arn)
    wait_until(lambda: "layers" in judge.policy(tenant, held["version"]), within=40)
    assert may(judge.policy(tenant), "ReadData", topic("other.t"))


@pytest.mark.long
def test_readings_in_use_stay_young_for_long(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant()
    version = judge.verify(tenant.token())["policy"]["version"]
    ages = []
    until = time.monotonic() + 75
    while time.monotonic() < until:
        ages.append(judge.policy(tenant, version)["age_ms"])
        time.sleep(0.2)
    assert max(ages) <= 45_000
    younger = sum(after < before for before, after in itertools.pairwise(ages))
    assert 2 <= younger <= 4, "a listing every 20 s"


def test_use_of_a_key_is_written_down_once(institution: Institution, judge: Plugin) -> None:
    tenant, unused = institution.tenant(), institution.tenant()
    assert judge.verify(replace(unused, secret="other").token())["outcome"] == "deny"
    began = datetime.now(UTC).replace(microsecond=0)
    assert judge.verify(tenant.token())["outcome"] == "allow"
    wait_until(lambda: institution.last_use(tenant) is not None)
    first = institution.last_use(tenant)
    assert first is not None
    assert began <= datetime.fromisoformat(first) <= datetime.now(UTC)
    assert institution.last_use(unused) is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_judge_stops_cleanly_with_a_connection_open(
    institution: Institution, tmp_path: Path, number: signal.Signals
) -> None:
    with running_judge(institution, institution.endpoint, tmp_path / "log", stop_by=number) as judge:
        judge.verify(institution.tenant().token())


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("OCTOPUS_JUDGE_HOST", "0.0.0.0", "not a loopback address"),  # noqa: S104
        ("OCTOPUS_JUDGE_HOST", "example.org", "not a loopback address"),
        ("OCTOPUS_JUDGE_SECRET", "", "judge_secret is empty"),
        ("OCTOPUS_CLUSTER_ARN", "x", "cluster_arn"),
        ("OCTOPUS_JUDGE_PORT", "none", "OCTOPUS_JUDGE_PORT"),
        ("AWS_REGION", None, "AWS_REGION is not set"),
    ],
)
def test_settings_that_cannot_be_served_are_refused_clearly(
    institution: Institution, setting: str, value: str | None, said: str
) -> None:
    environment = judge_environment(institution, institution.endpoint, free_port())
    if value is not None:
        environment[setting] = value
    else:
        del environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"]
        environment["AWS_CONFIG_FILE"] = os.devnull
    ended = subprocess.run(
        [sys.executable, "-m", "octopus.judge"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def put(institution: Institution, user: str, policy: dict[str, object]) -> None:
    institution.iam.put_user_policy(
        UserName=user, PolicyName=INLINE_POLICY_NAME, PolicyDocument=canonical_json(policy)
    )
