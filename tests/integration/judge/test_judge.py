"""What the judge answers about tokens and policies, before real IAM, KMS and DynamoDB."""

from __future__ import annotations

import json
import statistics
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from octopus.credentials.models import Kind
from octopus.iam.generate import principal_policies
from octopus.iam.holdings import own
from tests.integration.judge.institution import CLUSTER_ARN, Institution, Tenant
from tests.integration.judge.plugin import SECRET, Plugin, may, topic
from tests.unit.judge.tokens import signed_payload


def test_good_token_is_allowed_with_its_principals_rules(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant(["ns-aaaaaaaaaaaa"])
    now_ms = time.time() * 1000
    answer = judge.verify(tenant.token())
    assert answer.keys() == {
        "outcome",
        "principal",
        "access_key_id",
        "kind",
        "lifetime_ms",
        "session_expires_ms",
        "policy",
    }
    assert answer["outcome"] == "allow"
    assert answer["principal"] == tenant.subject
    assert answer["access_key_id"] == tenant.access_key_id
    assert answer["kind"] == "iam-user"
    assert answer["session_expires_ms"] is None
    assert now_ms + 898_000 < answer["lifetime_ms"] < time.time() * 1000 + 902_000
    policy = answer["policy"]
    assert policy["principal"] == tenant.subject
    assert policy["access_key_id"] == tenant.access_key_id
    assert 0 <= policy["age_ms"] < 45_000
    assert len(policy["layers"]) == 2
    assert may(policy, "ReadData", topic("ns-aaaaaaaaaaaa.t"))
    assert not may(policy, "ReadData", topic("ns-bbbbbbbbbbbb.t"))
    assert not may(policy, "DeleteTopic", topic("ns-aaaaaaaaaaaa.t"))


def test_token_for_the_deployments_own_region_is_allowed(institution: Institution, judge: Plugin) -> None:
    assert judge.verify(institution.tenant().token("eu-central-1"))["outcome"] == "allow"


def test_unknown_key_is_denied(judge: Plugin) -> None:
    answer = judge.verify(Tenant(str(uuid.uuid4()), "AKIA0000000000000000", "x").token())
    assert answer == {"outcome": "deny", "reason": "the fabric has not issued this access key"}


def test_wrong_secret_is_denied(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant()
    answer = judge.verify(Tenant(tenant.subject, tenant.access_key_id, tenant.secret + "x").token())
    assert answer == {"outcome": "deny", "reason": "the signature does not match"}


def test_inactive_key_is_denied(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant(active=False)
    assert judge.verify(tenant.token()) == {"outcome": "deny", "reason": "the access key is not active"}
    assert judge.policy(tenant)["outcome"] == "deny"


def test_expired_key_is_denied(institution: Institution, judge: Plugin) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    answer = judge.verify(institution.tenant(expires=past).token())
    assert answer == {"outcome": "deny", "reason": "the access key has expired"}


def test_connection_ends_with_its_key(institution: Institution, judge: Plugin) -> None:
    end = datetime.now(UTC) + timedelta(seconds=90)
    answer = judge.verify(institution.tenant(expires=end.isoformat()).token())
    assert answer["lifetime_ms"] == answer["session_expires_ms"] == int(end.timestamp() * 1000)


def test_secret_stored_for_another_owner_is_denied(institution: Institution, judge: Plugin) -> None:
    tenant, other = institution.tenant(), institution.tenant()
    institution.record_key(
        Tenant(other.subject, tenant.access_key_id, tenant.secret), encrypted_for=tenant.subject
    )
    answer = judge.verify(tenant.token())
    assert answer["outcome"] == "deny"
    assert "secret" in answer["reason"]


def test_another_mechanism_is_denied(institution: Institution, judge: Plugin) -> None:
    assert judge.verify(institution.tenant().token(), mechanism="PLAIN")["outcome"] == "deny"


def test_payload_of_aws_msk_iam_is_verified_for_the_brokers_own_names(
    institution: Institution, judge: Plugin
) -> None:
    tenant = institution.tenant()
    text = json.dumps(
        signed_payload(host="broker.example.org", key_id=tenant.access_key_id, secret=tenant.secret)
    )
    ours = ["localhost", "Broker.example.org"]
    answer = judge.verify(text, "AWS_MSK_IAM", ours)
    assert (answer["outcome"], answer["principal"]) == ("allow", tenant.subject)
    assert judge.verify(text, "AWS_MSK_IAM", ["localhost"])["reason"] == (
        "host is broker.example.org, which is not a name of this broker"
    )
    assert judge.verify(text, "AWS_MSK_IAM")["outcome"] == "deny"
    assert judge.verify(text)["outcome"] == "deny"
    assert judge.verify(tenant.token(), "AWS_MSK_IAM", ours)["outcome"] == "deny"


def test_principal_whose_policies_do_not_let_it_connect_is_denied(
    institution: Institution, judge: Plugin
) -> None:
    tenant = institution.tenant()
    policy = principal_policies(
        cluster_arn=CLUSTER_ARN.replace("octopus-test", "other"), holdings=own("ns-x")
    ).inline
    institution.write_policy(tenant, policy)
    assert "do not allow kafka-cluster:Connect" in judge.verify(tenant.token())["reason"]


def test_boundary_limits_what_policies_allow(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant()
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    institution.write_policy(tenant, everything)
    policy = judge.verify(tenant.token())["policy"]
    assert may(policy, "WriteData", topic("any"))
    assert not may(policy, "DescribeCluster", CLUSTER_ARN)


def test_groups_and_attached_policies_count_by_their_default_version(
    institution: Institution, judge: Plugin
) -> None:
    tenant, iam = institution.tenant(), institution.iam
    name = uuid.uuid4().hex

    def grant(action: str, on: str, effect: str = "Allow") -> str:
        statement = {"Effect": effect, "Action": f"kafka-cluster:{action}", "Resource": topic(on)}
        return json.dumps({"Version": "2012-10-17", "Statement": statement})

    attached = iam.create_policy(PolicyName=f"a{name}", PolicyDocument=grant("ReadData", "old"))["Policy"][
        "Arn"
    ]
    iam.create_policy_version(PolicyArn=attached, PolicyDocument=grant("ReadData", "new"), SetAsDefault=True)
    iam.attach_user_policy(UserName=tenant.subject, PolicyArn=attached)
    of_group = iam.create_policy(
        PolicyName=f"g{name}",
        PolicyDocument=grant("ReadData", "tagged-${aws:username}-${aws:PrincipalTag/team}"),
    )["Policy"]["Arn"]
    iam.create_group(GroupName=name)
    iam.attach_group_policy(GroupName=name, PolicyArn=of_group)
    iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=grant("*", "n*w.secret", "Deny"))
    iam.put_group_policy(GroupName=name, PolicyName="q", PolicyDocument=grant("ReadData", "n*"))
    iam.add_user_to_group(GroupName=name, UserName=tenant.subject)
    iam.tag_user(UserName=tenant.subject, Tags=[{"Key": "team", "Value": "*"}])
    institution.store.bump_version(tenant.subject)

    policy = judge.verify(tenant.token())["policy"]
    assert may(policy, "ReadData", topic("new"))
    assert not may(policy, "ReadData", topic("old"))
    assert may(policy, "ReadData", topic("n.anything"))
    assert not may(policy, "ReadData", topic("new.secret"))
    assert may(policy, "ReadData", topic(f"tagged-{tenant.subject}-*"))
    assert not may(policy, "ReadData", topic(f"tagged-{tenant.subject}-x"))


def test_platform_principal_is_known_by_its_user_name(institution: Institution, judge: Plugin) -> None:
    user = f"octopus-{uuid.uuid4().hex[:8]}-service"
    iam = institution.iam
    iam.create_user(UserName=user, Path="/octopus/test/")
    statement = {"Effect": "Allow", "Action": "kafka-cluster:*", "Resource": "*"}
    arn = iam.create_policy(
        PolicyName=user, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )["Policy"]["Arn"]
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    issued = iam.create_access_key(UserName=user)["AccessKey"]
    service = Tenant("service", issued["AccessKeyId"], issued["SecretAccessKey"])
    institution.record_key(service, user_name=user, kind=Kind.PLATFORM)
    answer = judge.verify(service.token())
    assert (answer["outcome"], answer["principal"], answer["kind"]) == ("allow", "service", "platform")
    assert len(answer["policy"]["layers"]) == 1
    assert may(answer["policy"], "CreateTopic", topic("any"))


def test_policies_answers_each_in_order_and_only_what_changed(
    institution: Institution, judge: Plugin
) -> None:
    one, other = institution.tenant(), institution.tenant()
    held = judge.verify(one.token())["policy"]
    answers = judge.policies(
        {"principal": one.subject, "access_key_id": one.access_key_id, "version": held["version"]},
        {"principal": other.subject, "access_key_id": other.access_key_id, "version": "none"},
        {"principal": other.subject, "access_key_id": one.access_key_id, "version": ""},
        {"principal": one.subject, "access_key_id": "AKIA0000000000000001", "version": ""},
    )
    assert answers[0].pop("age_ms") < 45_000
    assert answers[0] == {
        "principal": one.subject,
        "access_key_id": one.access_key_id,
        "version": held["version"],
        "unchanged": True,
    }
    assert answers[1].keys() == {"principal", "access_key_id", "version", "age_ms", "layers"}, answers[1]
    assert answers[1]["principal"] == other.subject
    assert (answers[2]["outcome"], answers[2]["reason"]) == (
        "deny",
        "the access key belongs to another principal",
    )
    assert (answers[3]["outcome"], answers[3]["access_key_id"]) == ("deny", "AKIA0000000000000001")
    assert judge.policies() == []


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", SECRET, f"Bearer {SECRET}x", "Bearer é"])
@pytest.mark.parametrize("path", ["/verify", "/policies", "/other"])
def test_without_the_secret_there_is_nothing_but_401(
    judge: Plugin, authorization: str | None, path: str
) -> None:
    headers = [] if authorization is None else [(b"Authorization", authorization.encode())]
    with judge.anonymous() as stranger:
        reply = stranger.post(path, content=b"{}", headers=headers)
    assert (reply.status_code, reply.content) == (401, b"")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"mechanism": 1, "token": "x"}', b"\xff"])
def test_malformed_request_is_400(judge: Plugin, body: bytes) -> None:
    assert judge.http.post("/verify", content=body).status_code == 400
    assert judge.http.post("/policies", content=body).status_code == 400


def test_unknown_path_is_404_and_a_huge_body_413(judge: Plugin) -> None:
    assert judge.http.get("/verify").status_code == 404
    assert judge.http.post("/policies", content=b" " * (8 * 1024 * 1024 + 1)).status_code == 413


def test_verdicts_are_logged_without_token_signature_or_secret(
    institution: Institution, judge: Plugin
) -> None:
    tenant = institution.tenant()
    token = tenant.token()
    judge.verify(token)
    judge.verify(Tenant(tenant.subject, tenant.access_key_id, "other").token())
    log = judge.log_path.read_text()
    verdicts = [json.loads(line) for line in log.splitlines() if tenant.access_key_id in line]
    assert [(line["event"], line["outcome"], line["principal"]) for line in verdicts] == [
        ("token.verified", "allow", tenant.subject),
        ("token.verified", "deny", None),
    ]
    assert verdicts[1]["reason"] == "the signature does not match"
    for word in (token, tenant.secret, "X-Amz"):
        assert word not in log


@pytest.mark.long
def test_warm_verdict_takes_milliseconds(institution: Institution, judge: Plugin) -> None:
    tenant = institution.tenant()
    judge.verify(tenant.token())
    taken = []
    for _ in range(50):
        token = tenant.token()
        began = time.perf_counter()
        assert judge.verify(token)["outcome"] == "allow"
        taken.append(time.perf_counter() - began)
    # Well below the plugin's 300 ms, on a busy machine too.
    assert statistics.median(taken) < 0.05
