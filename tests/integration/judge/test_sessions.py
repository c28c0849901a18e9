"""Sessions: their token, their own policy within their owner's rights, and their end."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octopus.iam.generate import principal_policies
from octopus.iam.holdings import own
from tests.integration.judge.institution import CLUSTER_ARN, Institution, Tenant
from tests.integration.judge.plugin import Plugin, may, topic, wait_until
from tests.unit.judge.tokens import signed_payload

SOON = 15.0
SUSPENDED = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Suspended", "Effect": "Deny", "Action": "*", "Resource": "*"}],
}


def allow(*resources: str, actions: tuple[str, ...] = ("DescribeTopic", "ReadData")) -> dict[str, Any]:
    """A session's policy: these actions on these resources, and to connect."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "kafka-cluster:Connect", "Resource": CLUSTER_ARN},
            {
                "Effect": "Allow",
                "Action": [f"kafka-cluster:{action}" for action in actions],
                "Resource": list(resources),
            },
        ],
    }


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def owner(institution: Institution) -> Tenant:
    return institution.tenant(["ns-a"])


def test_session_may_do_what_its_policy_and_its_owners_both_allow(
    institution: Institution, judge: Plugin, owner: Tenant
) -> None:
    end = in_an_hour()
    session = institution.session(owner, allow(topic("ns-a.read"), topic("ns-b.*")), expires=end)
    answer = judge.verify(session.token())
    assert (answer["outcome"], answer["principal"], answer["kind"]) == ("allow", owner.subject, "session")
    assert answer["session_expires_ms"] == int(end.timestamp() * 1000)
    policy = answer["policy"]
    assert len(policy["layers"]) == 3
    assert may(policy, "ReadData", topic("ns-a.read"))
    assert not may(policy, "WriteData", topic("ns-a.read")), "its own policy does not say so"
    assert not may(policy, "ReadData", topic("ns-b.read")), "its owner's does not"
    held = judge.policy(session, policy["version"])
    assert held["unchanged"]
    assert judge.policy(owner)["version"] != policy["version"]


def test_session_is_verified_by_aws_msk_iam_too(
    institution: Institution, judge: Plugin, owner: Tenant
) -> None:
    session = institution.session(owner, allow(topic("ns-a.*")), expires=in_an_hour())
    payload = signed_payload(
        key_id=session.access_key_id, secret=session.secret, session=session.session_token
    )
    assert judge.verify(json.dumps(payload), "AWS_MSK_IAM", ["localhost"])["kind"] == "session"


@pytest.mark.parametrize(
    ("token", "reason"),
    [(None, "X-Amz-Security-Token is missing"), ("another", "X-Amz-Security-Token is not the session's")],
)
def test_session_without_its_own_token_is_denied(
    institution: Institution, judge: Plugin, owner: Tenant, token: str | None, reason: str
) -> None:
    session = institution.session(owner, allow(topic("ns-a.*")), expires=in_an_hour())
    answer = judge.verify(replace(session, session_token=token).token())
    assert answer["outcome"] == "deny"
    assert reason in answer["reason"]


def test_security_token_with_a_key_that_has_none_is_denied(judge: Plugin, owner: Tenant) -> None:
    answer = judge.verify(replace(owner, session_token="x").token())
    assert answer == {
        "outcome": "deny",
        "reason": "X-Amz-Security-Token came with an access key that has none",
    }


def test_session_that_is_over_or_revoked_is_denied(
    institution: Institution, judge: Plugin, owner: Tenant
) -> None:
    over = institution.session(
        owner, allow(topic("ns-a.*")), expires=datetime.now(UTC) - timedelta(seconds=1)
    )
    assert judge.verify(over.token())["reason"] == "the access key has expired"
    assert judge.policy(over)["outcome"] == "deny"
    revoked = institution.session(owner, allow(topic("ns-a.*")), expires=in_an_hour())
    assert judge.verify(revoked.token())["outcome"] == "allow"
    institution.store.remove(owner.subject, [revoked.access_key_id])
    wait_until(lambda: judge.policy(revoked).get("outcome") == "deny", within=SOON)


def test_owners_change_cuts_its_sessions(institution: Institution, judge: Plugin, owner: Tenant) -> None:
    session = institution.session(owner, allow(topic("ns-a.*")), expires=in_an_hour())
    assert may(judge.verify(session.token())["policy"], "ReadData", topic("ns-a.t"))
    institution.write_policy(owner, principal_policies(cluster_arn=CLUSTER_ARN, holdings=own("ns-c")).inline)
    wait_until(lambda: not reads(judge, session), within=SOON)
    institution.write_policy(owner, principal_policies(cluster_arn=CLUSTER_ARN, holdings=own("ns-a")).inline)
    wait_until(lambda: reads(judge, session), within=SOON)
    institution.write_policy(owner, SUSPENDED)
    wait_until(lambda: not reads(judge, session), within=SOON)
    assert "do not allow" in judge.verify(session.token())["reason"]


def test_suspended_session_is_denied(institution: Institution, judge: Plugin, owner: Tenant) -> None:
    policy = allow(topic("ns-a.*"))
    session = institution.session(owner, policy, expires=in_an_hour())
    assert judge.verify(session.token())["outcome"] == "allow"
    institution.record_session(session, policy, expires=in_an_hour(), state="suspended")
    wait_until(lambda: judge.policy(session).get("outcome") == "deny", within=SOON)
    assert judge.verify(session.token())["reason"] == "the access key is not active"


def test_session_of_a_user_that_is_gone_may_do_nothing(
    institution: Institution, judge: Plugin, owner: Tenant
) -> None:
    gone = Tenant(str(uuid.uuid4()), "none", "none")
    session = institution.session(gone, allow("*", actions=("*",)), expires=in_an_hour())
    assert "do not allow" in judge.verify(session.token())["reason"]


def test_session_whose_policy_cannot_be_read_may_do_nothing(
    institution: Institution, judge: Plugin, owner: Tenant
) -> None:
    session = institution.session(owner, {"Statement": "x"}, expires=in_an_hour())
    assert "do not allow" in judge.verify(session.token())["reason"]


def test_nothing_of_a_session_is_logged(institution: Institution, judge: Plugin, owner: Tenant) -> None:
    session = institution.session(owner, allow(topic("ns-a.*")), expires=in_an_hour())
    judge.verify(session.token())
    judge.verify(replace(session, session_token="forged").token())
    log = judge.log_path.read_text()
    assert session.access_key_id in log
    assert session.session_token is not None
    for hidden in (session.session_token, session.secret, "forged"):
        assert hidden not in log


def reads(judge: Plugin, session: Tenant) -> bool:
    policy = judge.policy(session)
    return "layers" in policy and may(policy, "ReadData", topic("ns-a.t"))
