"""What a crash, an operator or a lost registry leaves behind is completed by the next call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from octopus.kafka.admin import TopicAdmin
from octopus.web.assembly import Features
from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica, await_that


@pytest.fixture
def set_attribute(deployment: Deployment) -> Callable[..., None]:
    """Writes one attribute of a registry row, as a process that died then would have left it."""

    def write(pk: str, sk: str, name: str, value: str) -> None:
        deployment.client("dynamodb").update_item(
            TableName=deployment.settings.registry_table,
            Key={"pk": {"S": pk}, "sk": {"S": sk}},
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": value}},
        )

    return write


def rows(deployment: Deployment, person: Person) -> dict[str, dict[str, Any]]:
    """Topics of a person in the registry."""
    return {
        item["sk"]["S"].removeprefix("TOPIC#"): item
        for item in deployment.items(deployment.settings.registry_table)
        if item["pk"]["S"] == f"NAMESPACE#{person.namespace}" and item["sk"]["S"].startswith("TOPIC#")
    }


def test_user_that_iam_lost_is_made_again_with_boundary_tag_and_policy(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    iam = deployment.client("iam")
    policy = iam.get_user_policy(UserName=person.subject, PolicyName="octopus")["PolicyDocument"]
    iam.delete_user_policy(UserName=person.subject, PolicyName="octopus")
    iam.delete_user(UserName=person.subject)

    key = person.get(replica, "POST", "/api/v3/key")

    assert key["fresh"] is True
    user = iam.get_user(UserName=person.subject)["User"]
    assert user["Path"] == "/msk-users/"
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == deployment.settings.principal_boundary_arn
    assert user["Tags"] == [{"Key": "octopus:fabric", "Value": deployment.settings.institution}]
    assert iam.get_user_policy(UserName=person.subject, PolicyName="octopus")["PolicyDocument"] == policy


def test_widened_policy_is_set_right_by_the_next_creation(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    iam = deployment.client("iam")
    policy = iam.get_user_policy(UserName=person.subject, PolicyName="octopus")["PolicyDocument"]
    wide = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    iam.put_user_policy(UserName=person.subject, PolicyName="octopus", PolicyDocument=wide)

    person.get(replica, "POST", "/api/v3/user")

    assert iam.get_user_policy(UserName=person.subject, PolicyName="octopus")["PolicyDocument"] == policy


@pytest.mark.parametrize("state", ["creating", "deleting"])
def test_account_left_half_done_is_completed_by_the_next_creation(
    replica: Replica, person: Person, set_attribute: Callable[..., None], state: str
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
    set_attribute(f"SUBJECT#{person.subject}", "ACCOUNT", "state", state)
    set_attribute(f"NAMESPACE#{person.namespace}", "NAMESPACE", "state", state)
    assert person.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {}

    person.get(replica, "POST", "/api/v3/user")

    kept = ["events"] if state == "creating" else []
    namespaces = person.get(replica, "GET", "/api/v3/namespace")["namespaces"]
    assert namespaces == {person.namespace: kept}


@pytest.mark.parametrize("fault", ["deleted", "deactivated", "unreadable"])
def test_key_that_does_not_work_any_more_is_replaced(
    replica: Replica, person: Person, deployment: Deployment, fault: str
) -> None:
    old = person.get(replica, "POST", "/api/v3/key")["access_key"]
    iam = deployment.client("iam")
    if fault == "deleted":
        # Not just now: IAM lists a key that is new a moment late, which looks the same.
        deployment.client("dynamodb").update_item(
            TableName=deployment.settings.credentials_table,
            Key={"pk": {"S": f"KEY#{old}"}, "sk": {"S": "KEY"}},
            UpdateExpression="SET created = :long_ago",
            ExpressionAttributeValues={":long_ago": {"S": "2026-01-01T00:00:00+00:00"}},
        )
        iam.delete_access_key(UserName=person.subject, AccessKeyId=old)
    elif fault == "deactivated":
        iam.update_access_key(UserName=person.subject, AccessKeyId=old, Status="Inactive")
    else:
        deployment.client("dynamodb").update_item(
            TableName=deployment.settings.credentials_table,
            Key={"pk": {"S": f"KEY#{old}"}, "sk": {"S": "KEY"}},
            UpdateExpression="SET secret = :other",
            ExpressionAttributeValues={":other": {"B": b"of a KMS key that is gone"}},
        )

    new = person.get(replica, "POST", "/api/v3/key")

    assert new["fresh"] is True
    assert new["access_key"] != old
    listed = iam.list_access_keys(UserName=person.subject)["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in listed] == [new["access_key"]]
    recorded = {
        item["pk"]["S"]
        for item in deployment.items(deployment.settings.credentials_table)
        if item["sk"]["S"] == "KEY" and item["subject"]["S"] == person.subject
    }
    assert recorded == {f"KEY#{new['access_key']}"}


def test_topics_that_kafka_holds_already_come_with_the_account(
    replica: Replica, person: Person, kafka: TopicAdmin
) -> None:
    kafka.create(f"{person.namespace}.earlier")
    kafka.create(f"{person.namespace}.earlier.dead")

    person.get(replica, "POST", "/api/v3/user")

    namespaces = person.get(replica, "GET", "/api/v3/namespace")["namespaces"]
    assert namespaces == {person.namespace: ["earlier"]}


def test_reconciling_adopts_completes_and_reports_what_is_lost(
    replica: Replica,
    person: Person,
    kafka: TopicAdmin,
    features: Features,
    deployment: Deployment,
    set_attribute: Callable[..., None],
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    names = ("kept", "lost", "half-made", "half-gone", "half-anew")
    for name in names:
        person.get(replica, "POST", f"/api/v3/{person.namespace}/{name}")
    partition = f"NAMESPACE#{person.namespace}"
    set_attribute(partition, "TOPIC#half-made", "state", "creating")
    set_attribute(partition, "TOPIC#half-gone", "state", "deleting")
    set_attribute(partition, "TOPIC#half-anew", "state", "recreating")
    kafka.delete([f"{person.namespace}.{name}" for name in ("lost", "half-anew")])
    kafka.create(f"{person.namespace}.found")

    report = features.accounts.reconcile(person.subject)

    prefix = f"{person.namespace}."
    assert report.adopted == (f"{prefix}found",)
    assert report.lost == (f"{prefix}lost",)
    assert report.completed == (f"{prefix}half-anew", f"{prefix}half-gone", f"{prefix}half-made")
    held = {name.removeprefix(prefix): topic for name, topic in kafka.list_topics(prefix).items()}
    assert sorted(held) == ["found", "half-anew", "half-made", "kept"]
    recorded = rows(deployment, person)
    assert {name: row["topic_id"]["S"] for name, row in recorded.items()} == {
        name: topic.topic_id for name, topic in held.items()
    }
    assert {row["state"]["S"] for row in recorded.values()} == {"active"}
    assert features.accounts.reconcile(person.subject) == type(report)()


def test_recreated_topic_has_another_id_on_record(
    replica: Replica, person: Person, kafka: TopicAdmin, deployment: Deployment
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    path = f"/api/v3/{person.namespace}/events"
    person.get(replica, "POST", path)
    before = rows(deployment, person)["events"]["topic_id"]["S"]

    person.get(replica, "PUT", f"{path}/recreate")

    held = kafka.describe(f"{person.namespace}.events")
    assert held is not None
    assert held.topic_id != before
    assert rows(deployment, person)["events"]["topic_id"]["S"] == held.topic_id


def test_deleted_account_takes_its_topics_out_of_kafka(
    replica: Replica, person: Person, kafka: TopicAdmin
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
    kafka.create(f"{person.namespace}.unknown")

    person.get(replica, "DELETE", "/api/v3/user")

    await_that(lambda: kafka.list_topics(f"{person.namespace}.") == {})
