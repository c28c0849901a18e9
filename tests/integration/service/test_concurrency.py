"""Many mixed calls at once, for many people, over two replicas: afterwards everything fits together."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from octopus.kafka.admin import TopicAdmin
from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica, await_that
from tests.patience import PATIENCE_S

AT_ONCE = 100
"""Calls under way; each replica has 40 threads."""
NEVER_DELETED = "kept-{number}"


def calls_of(
    person: Person, count: int, chance: random.Random, *, deletes_user: bool
) -> list[tuple[str, str]]:
    """Mixed calls of one person; ``kept-...`` topics are only ever created."""
    topic = f"/api/v3/{person.namespace}/events"
    kinds = [
        ("POST", "/api/v3/user"),
        ("POST", "/api/v3/key"),
        ("POST", topic),
        ("DELETE", topic),
        ("PUT", f"{topic}/recreate"),
        ("GET", "/api/v3/namespace"),
        ("ROTATE", "/api/v3/keys"),
    ]
    if deletes_user:
        kinds.append(("DELETE", "/api/v3/user"))
    chosen = [kinds[number % len(kinds)] for number in range(count)]
    chosen[::7] = [
        ("POST", f"/api/v3/{person.namespace}/{NEVER_DELETED.format(number=number)}")
        for number in range(len(chosen[::7]))
    ]
    chance.shuffle(chosen)
    return chosen


def storm(
    replicas: list[Replica], people: list[Person], calls_each: int
) -> dict[str, list[tuple[str, str, httpx.Response]]]:
    """Every reply, by subject; every second person deletes his account now and then."""
    chance = random.Random(4)  # noqa: S311 - the same storm every time
    todo = [
        (person, method, path)
        for number, person in enumerate(people)
        for method, path in calls_of(person, calls_each, chance, deletes_user=number % 2 == 1)
    ]
    chance.shuffle(todo)
    limits = httpx.Limits(max_connections=AT_ONCE)
    with httpx.Client(timeout=PATIENCE_S, limits=limits) as client, ThreadPoolExecutor(AT_ONCE) as threads:

        def call(number: int) -> tuple[Person, str, str, httpx.Response]:
            person, method, path = todo[number]
            url = replicas[number % len(replicas)].url
            headers = {"Authorization": f"Bearer {person.token}", "Subject": person.subject}
            if method == "ROTATE":
                keys = client.get(f"{url}{path}", headers=headers)
                held = keys.json().get("keys") or [{"access_key": "AKIA" + "X" * 16}]
                target = f"{url}{path}/{held[0]['access_key']}/rotate"
                return person, method, path, client.post(target, headers=headers, json={"overlap_hours": 0})
            return person, method, path, client.request(method, f"{url}{path}", headers=headers)

        replies: dict[str, list[tuple[str, str, httpx.Response]]] = {one.subject: [] for one in people}
        for person, method, path, reply in threads.map(call, range(len(todo))):
            replies[person.subject].append((method, path, reply))
    return replies


@dataclass(frozen=True)
class Snapshot:
    """Both tables and the names of the accounts' IAM users."""

    registry: list[dict[str, Any]]
    credentials: list[dict[str, Any]]
    users: set[str]


def snapshot(deployment: Deployment) -> Snapshot:
    """What is there now."""
    pages = deployment.client("iam").get_paginator("list_users").paginate(PathPrefix="/msk-users/")
    return Snapshot(
        deployment.items(deployment.settings.registry_table),
        deployment.items(deployment.settings.credentials_table),
        {user["UserName"] for page in pages for user in page["Users"]},
    )


def require_sound(person: Person, there: Snapshot, iam: Any, kafka: TopicAdmin) -> None:
    """What is recorded of a person, what IAM holds and what Kafka holds are one."""
    row = {"pk": {"S": f"SUBJECT#{person.subject}"}, "sk": {"S": "ACCOUNT"}}
    account = [item for item in there.registry if item.items() >= row.items()]
    own = [item for item in there.registry if item["pk"]["S"] == f"NAMESPACE#{person.namespace}"]
    topics = {
        item["sk"]["S"].removeprefix("TOPIC#"): (item["state"]["S"], item.get("topic_id", {}).get("S"))
        for item in own
        if item["sk"]["S"].startswith("TOPIC#")
    }
    held = kafka.list_topics(f"{person.namespace}.")
    assert topics == {name.partition(".")[2]: ("active", one.topic_id) for name, one in held.items()}
    assert (person.subject in there.users) == bool(account)
    assert len(own) - len(topics) == len(account)
    recorded = {
        item["pk"]["S"].removeprefix("KEY#"): item["state"]["S"]
        for item in there.credentials
        if item["sk"]["S"] == "KEY" and item["subject"]["S"] == person.subject
    }
    in_iam: dict[str, str] = {}
    if account:
        assert [item["state"]["S"] for item in account] == ["active"]
        listed = iam.list_access_keys(UserName=person.subject)["AccessKeyMetadata"]
        in_iam = {key["AccessKeyId"]: key["Status"].lower() for key in listed}
    assert recorded == in_iam
    pointers = {
        item["sk"]["S"].removeprefix("KEY#")
        for item in there.credentials
        if item["pk"]["S"] == f"SUBJECT#{person.subject}" and item["sk"]["S"].startswith("KEY#")
    }
    assert pointers == set(recorded)


def nothing_pending(deployment: Deployment, people: list[Person]) -> bool:
    """Whether the background has finished with all of them."""
    return not any(
        item["pk"]["S"].startswith("PENDING#") and (one.subject in str(item) or one.namespace in str(item))
        for item in deployment.items(deployment.settings.registry_table)
        for one in people
    )


def require_fair(replies: list[tuple[str, str, httpx.Response]]) -> None:
    """Every call was done, was refused in words, or was told to try again; no other ending."""
    statuses = Counter(reply.status_code for _, _, reply in replies)
    assert set(statuses) <= {200, 404, 500, 503}, statuses
    for method, path, reply in replies:
        body: dict[str, Any] = reply.json()
        if reply.status_code == 404:
            assert method == "ROTATE", path
        if reply.status_code == 500:
            assert "again" in body["message"] or "ask for one" in body["message"], body


@pytest.mark.parametrize(
    ("people", "calls_each"),
    [
        pytest.param(4, 8, id="short"),
        pytest.param(20, 50, id="long", marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
)
def test_storm_of_mixed_calls_leaves_no_duplicate_nothing_lost_and_nothing_orphaned(
    replicas: list[Replica],
    new_people: Callable[[], Person],
    deployment: Deployment,
    kafka: TopicAdmin,
    people: int,
    calls_each: int,
) -> None:
    everybody = [new_people() for _ in range(people)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: one.get(replicas[0], "POST", "/api/v3/user"), everybody))

    replies = storm(replicas, everybody, calls_each)

    for subject in replies:
        require_fair(replies[subject])
    await_that(lambda: nothing_pending(deployment, everybody))
    there, iam = snapshot(deployment), deployment.client("iam")
    for number, person in enumerate(everybody):
        require_sound(person, there, iam, kafka)
        if number % 2 == 0:
            made = {
                path.rpartition("/")[2]
                for method, path, reply in replies[person.subject]
                if method == "POST" and "/kept-" in path and reply.status_code == 200
            }
            assert made
            listed = person.get(replicas[1], "GET", "/api/v3/namespace")["namespaces"][person.namespace]
            assert made <= set(listed), "a topic was lost"
