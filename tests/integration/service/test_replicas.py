"""Two replicas and many callers at once: creating something twice is one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica, await_that

RACERS = 16


def race(replicas: list[Replica], person: Person, *requests: tuple[str, str]) -> list[dict[str, Any]]:
    """Replies to ``RACERS`` requests at once, over both replicas, the kinds of request taking turns."""

    def run(number: int) -> dict[str, Any]:
        method, path = requests[number // len(replicas) % len(requests)]
        return person.get(replicas[number % len(replicas)], method, path)

    with ThreadPoolExecutor(RACERS) as threads:
        return list(threads.map(run, range(RACERS)))


def rows_of(person: Person, deployment: Deployment) -> list[tuple[str, str]]:
    """Keys of every row that names a person, but those of the log of changes and of the audit, which stay."""
    return [
        (item["pk"]["S"], item["sk"]["S"])
        for table in (deployment.settings.registry_table, deployment.settings.credentials_table)
        for item in deployment.items(table)
        if person.subject in str(item) and not item["pk"]["S"].startswith(("CHANGES#", "AUDIT#", "OUTBOX#"))
    ]


def test_racing_creations_make_one_user_one_key_and_one_namespace(
    replicas: list[Replica], person: Person, deployment: Deployment
) -> None:
    replies = race(replicas, person, ("POST", "/api/v3/user"), ("POST", "/api/v3/key"))

    keys = [reply for reply in replies if "access_key" in reply]
    users = [reply for reply in replies if "access_key" not in reply]
    assert len({(reply["subject"], reply["namespace"]) for reply in users}) == 1
    assert len({(key["access_key"], key["secret_key"]) for key in keys}) == 1
    assert Counter(key["fresh"] for key in keys) == {True: 1, False: len(keys) - 1}

    iam = deployment.client("iam")
    assert len(iam.list_access_keys(UserName=person.subject)["AccessKeyMetadata"]) == 1
    registry = deployment.items(deployment.settings.registry_table)
    mine = [(item["pk"]["S"], item["sk"]["S"]) for item in registry if person.namespace in str(item)]
    assert sorted(mine) == [
        (f"NAMESPACE#{person.namespace}", "NAMESPACE"),
        (f"SUBJECT#{person.subject}", "ACCOUNT"),
    ]


def test_racing_topic_creations_make_one_topic(replicas: list[Replica], person: Person) -> None:
    person.get(replicas[0], "POST", "/api/v3/user")
    path = f"/api/v3/{person.namespace}/events"

    replies = race(replicas, person, ("POST", path))

    assert all(reply["topics"] == ["events"] for reply in replies)
    assert sum("already exists" not in reply["message"] for reply in replies) == 1


def test_racing_creation_and_deletion_leave_all_or_nothing(
    replicas: list[Replica], person: Person, deployment: Deployment
) -> None:
    race(replicas, person, ("POST", "/api/v3/key"), ("DELETE", "/api/v3/user"))

    person.get(replicas[0], "DELETE", "/api/v3/user")
    await_that(lambda: rows_of(person, deployment) == [(f"SUBJECT#{person.subject}", "VERSION")])
    users = deployment.client("iam").list_users(PathPrefix="/msk-users/")["Users"]
    assert person.subject not in {user["UserName"] for user in users}


def test_many_people_at_once_each_get_their_own(
    replicas: list[Replica], new_people: Callable[[], Person]
) -> None:
    people = [new_people() for _ in range(8)]

    with ThreadPoolExecutor(len(people)) as threads:
        keys = list(threads.map(lambda person: person.get(replicas[0], "POST", "/api/v3/key"), people))

    assert len({key["access_key"] for key in keys}) == len(people)
