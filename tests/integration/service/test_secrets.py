"""Secrets are in one reply and nowhere else."""

from __future__ import annotations

from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica


def test_secrets_and_tokens_are_in_no_log_and_no_table(
    replicas: list[Replica], person: Person, deployment: Deployment
) -> None:
    key = person.get(replicas[0], "POST", "/api/v3/key")
    again = person.call(replicas[1], "POST", "/api/v3/key")
    assert again.json()["secret_key"] == key["secret_key"]
    assert again.headers["Cache-Control"] == "no-store"
    person.call(replicas[0], "POST", "/api/v3/key", headers={"Subject": "nonsense"})

    logs = "".join(replica.log.read_text() for replica in replicas)
    assert key["access_key"] in logs
    items = [
        item
        for table in (deployment.settings.registry_table, deployment.settings.credentials_table)
        for item in deployment.items(table)
    ]
    for hidden in (key["secret_key"], person.token):
        assert hidden not in logs
        assert hidden not in str(items)


def test_ciphertext_opens_with_its_own_context_only(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    key = person.get(replica, "POST", "/api/v3/key")
    item = deployment.client("dynamodb").get_item(
        TableName=deployment.settings.credentials_table,
        Key={"pk": {"S": f"KEY#{key['access_key']}"}, "sk": {"S": "KEY"}},
    )["Item"]
    context = {
        "purpose": "octopus-credential",
        "subject": person.subject,
        "access_key_id": key["access_key"],
    }

    opened = deployment.client("kms").decrypt(CiphertextBlob=item["secret"]["B"], EncryptionContext=context)

    assert opened["Plaintext"].decode() == key["secret_key"]


def test_every_change_of_a_principal_bumps_its_version_and_is_logged(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    table = deployment.settings.credentials_table

    def version() -> int:
        row = {"pk": {"S": f"SUBJECT#{person.subject}"}, "sk": {"S": "VERSION"}}
        item = deployment.client("dynamodb").get_item(TableName=table, Key=row, ConsistentRead=True)
        return int(item["Item"]["version"]["N"])

    seen = [0]
    for method, path in (
        ("POST", "/api/v3/user"),
        ("POST", "/api/v3/key"),
        ("DELETE", "/api/v3/key"),
        ("DELETE", "/api/v3/user"),
        ("POST", "/api/v3/user"),
    ):
        person.get(replica, method, path)
        seen.append(version())

    assert seen == sorted(set(seen)), "a version was used twice"
    changes = [
        item
        for item in deployment.items(table)
        if item["pk"]["S"].startswith("CHANGES#") and item["subject"]["S"] == person.subject
    ]
    assert len(changes) == seen[-1]


def test_platform_key_is_issued_once_and_again_when_iam_lost_it(deployment: Deployment) -> None:
    first = deployment.platform_key("judge")
    assert deployment.platform_key("judge") == first
    iam = deployment.client("iam")
    user = deployment.user_of("judge")
    stray = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    iam.delete_access_key(UserName=user, AccessKeyId=first[0])

    second = deployment.platform_key("judge")

    assert second[0] not in (first[0], stray)
    listed = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in listed] == [second[0]]
