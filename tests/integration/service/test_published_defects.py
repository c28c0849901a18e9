"""The defects of the published service, by their numbers: one test each that it is absent here.

G19 is the SDK's own. What belongs to features that do not exist yet (REST consumers, triggers) is tested as
far as it can be: the routes are not there, and what takes their place today does not have the defect.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from botocore.credentials import Credentials
from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from octopus.errors import Failure
from octopus.iam.generate import PolicyTooLargeError, principal_policies
from octopus.iam.holdings import own
from octopus.kafka.admin import TopicAdmin
from octopus.kafka.client import client_settings
from octopus.web.assembly import Features
from tests.integration.broker.node import CLUSTER_ARN, Node
from tests.integration.globus.process import StandIn
from tests.integration.service.deployment import Deployment
from tests.integration.service.replica import Person, Replica, await_that, new_person
from tests.patience import PATIENCE_S

ANSWER_S = PATIENCE_S


@pytest.fixture
def owner(new_people: Callable[[], Person], replica: Replica) -> Person:
    """Somebody else, with a topic ``events``."""
    somebody = new_people()
    somebody.get(replica, "POST", "/api/v3/user")
    somebody.get(replica, "POST", f"/api/v3/{somebody.namespace}/events")
    return somebody


@pytest.fixture
def settings_of(replica: Replica, broker: Node) -> Callable[[Person], dict[str, Any]]:
    """Settings of a Kafka client that signs with a person's key."""

    def settings(person: Person) -> dict[str, Any]:
        key = person.get(replica, "POST", "/api/v3/key")
        credentials = Credentials(key["access_key"], key["secret_key"])
        return client_settings(
            bootstrap_servers=broker.bootstrap_servers, ca_file=broker.ca_file, credentials=credentials
        )

    return settings


def rows(deployment: Deployment, *tables: str) -> list[dict[str, Any]]:
    names = tables or (deployment.settings.registry_table, deployment.settings.credentials_table)
    return [item for name in names for item in deployment.items(name)]


def test_g01_no_topic_is_deleted_before_its_namespace_is_found_to_be_the_callers(
    replica: Replica, person: Person, owner: Person, kafka: TopicAdmin
) -> None:
    before = kafka.describe(f"{owner.namespace}.events")
    person.get(replica, "POST", "/api/v3/user")

    reply = person.call(replica, "DELETE", f"/api/v3/{owner.namespace}/events")

    assert reply.status_code == 403
    assert before is not None
    assert kafka.describe(f"{owner.namespace}.events") == before


def test_g02_no_pattern_reaches_a_foreign_topic(
    replica: Replica, person: Person, owner: Person, settings_of: Callable[[Person], dict[str, Any]]
) -> None:
    """There are no REST consumers; a pattern of Kafka's own protocols, matched by the brokers, meets IAM."""
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
    for protocol in ("consumer", "classic"):
        consumer = Consumer(
            {
                **settings_of(person),
                "group.id": f"{person.namespace}.g02-{protocol}",
                "group.protocol": protocol,
                "auto.offset.reset": "earliest",
            }
        )
        try:
            consumer.subscribe([rf"^{person.namespace}\.none|{owner.namespace}\.events|.*\.events$"])
            ends = time.monotonic() + ANSWER_S
            while not consumer.assignment() and time.monotonic() < ends:
                consumer.poll(0.5)
            assigned = {partition.topic for partition in consumer.assignment()}
        finally:
            consumer.close()
        assert assigned == {f"{person.namespace}.events"}


def test_g03_no_token_is_in_a_log(replicas: list[Replica], person: Person) -> None:
    for replica in replicas:
        person.get(replica, "POST", "/api/v3/user")
        person.call(replica, "POST", "/api/v3/user", headers={"Subject": "nonsense"})
        person.call(replica, "GET", f"/api/v3/{person.token}")

    for replica in replicas:
        assert person.token not in replica.log.read_text()
        assert person.subject in replica.log.read_text()


def test_g04_no_secret_is_in_plain_text_in_a_table_or_a_log(
    replica: Replica, person: Person, deployment: Deployment
) -> None:
    """The published ``create_key`` gives the secret to its owner again, and keeps it encrypted."""
    secret = person.get(replica, "POST", "/api/v3/key")["secret_key"]

    (stored,) = (
        item["secret"]["B"]
        for item in rows(deployment, deployment.settings.credentials_table)
        if item["sk"]["S"] == "KEY" and item["subject"]["S"] == person.subject
    )
    assert secret.encode() not in stored
    assert secret not in str(rows(deployment))
    assert secret not in replica.log.read_text()


def test_g05_no_group_and_no_transaction_of_somebody_else_is_within_reach(
    replica: Replica, person: Person, owner: Person, settings_of: Callable[[Person], dict[str, Any]]
) -> None:
    """Each request with a foreign name is sent in ``tests/integration/enforcement``."""
    person.get(replica, "POST", "/api/v3/user")
    person.get(replica, "POST", f"/api/v3/{person.namespace}/events")
    admin = AdminClient(settings_of(person))
    described = admin.describe_consumer_groups([f"{owner.namespace}.readers"])

    with pytest.raises(KafkaException) as refused:
        described[f"{owner.namespace}.readers"].result(ANSWER_S)

    assert refused.value.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED
    policy = principal_policies(cluster_arn=CLUSTER_ARN, holdings=own(person.namespace)).inline
    reached = [resource for statement in policy["Statement"] for resource in statement["Resource"]]
    assert [one for one in reached if f"/{person.namespace}." not in one] == [CLUSTER_ARN]


def test_g06_slow_requests_hold_up_nobody(without_kafka: Replica, replica: Replica, person: Person) -> None:
    person.get(replica, "POST", "/api/v3/user")
    begun, done = threading.Semaphore(0), threading.Event()

    def slow(number: int) -> int:
        begun.release()
        status = person.call(without_kafka, "POST", f"/api/v3/{person.namespace}/slow-{number}").status_code
        done.set()
        return status

    with ThreadPoolExecutor(12) as threads:
        requests = threads.map(slow, range(12))
        for _ in range(12):
            begun.acquire()
        for _ in range(3):
            assert httpx.get(f"{without_kafka.url}/health/live", timeout=ANSWER_S).status_code == 200
            assert person.get(without_kafka, "GET", "/api/v3/namespace")["status"] == "success"
        assert not done.is_set(), "quick requests were answered after slow ones"
        assert set(requests) == {503}


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Authorization": ""}, 401), ({"Authorization": "Bearer " + "x" * 48}, 401), ({"Subject": "me"}, 422)],
    ids=["no token", "unknown token", "no uuid"],
)
def test_g07_no_refusal_is_answered_with_200(
    replica: Replica, person: Person, headers: dict[str, str], status: int
) -> None:
    """Only refusals that published clients read from ``status`` are; none of them is about who is calling."""
    for method, path in (("POST", "/api/v3/user"), ("POST", "/api/v3/key"), ("GET", "/api/v3/namespace")):
        reply = person.call(replica, method, path, headers=headers)
        assert (reply.status_code, reply.json()["status"]) == (status, "error")


def test_g08_known_callers_are_served_while_globus_auth_is_away(
    replica: Replica, person: Person, globus: StandIn
) -> None:
    """That the scope is compared whole, not by substring, is tested in ``tests/unit/identity``."""
    person.get(replica, "POST", "/api/v3/user")
    stranger = new_person(globus)
    globus.stop()
    try:
        known = person.call(replica, "GET", "/api/v3/namespace")
        unknown = stranger.call(replica, "GET", "/api/v3/namespace")
    finally:
        globus.start()

    assert known.status_code == 200
    assert unknown.status_code == 503


def test_g09_replicas_share_everything_and_a_restart_loses_nothing(
    replicas: list[Replica], person: Person, service_environment: dict[str, str], tmp_path: Path
) -> None:
    key = person.get(replicas[0], "POST", "/api/v3/key")["access_key"]
    person.get(replicas[1], "POST", f"/api/v3/{person.namespace}/events")

    newcomer = Replica(tmp_path / "log", service_environment)
    try:
        newcomer.start()
        for replica in (*replicas, newcomer):
            assert person.get(replica, "POST", "/api/v3/key")["access_key"] == key
            assert person.get(replica, "GET", "/api/v3/namespace")["namespaces"] == {
                person.namespace: ["events"]
            }
    finally:
        newcomer.stop()


def test_g10_what_was_just_made_is_in_every_later_reply(replicas: list[Replica], person: Person) -> None:
    person.get(replicas[0], "POST", "/api/v3/user")
    made: list[str] = []
    for number in range(8):
        made.append(f"topic-{number}")
        replies = person.get(replicas[number % 2], "POST", f"/api/v3/{person.namespace}/{made[-1]}")
        listed = person.get(replicas[(number + 1) % 2], "GET", "/api/v3/namespace")["namespaces"]
        assert replies["topics"] == listed[person.namespace] == made


def test_g11_no_item_grows_with_the_number_of_accounts_and_ceilings_are_named(
    replica: Replica, new_people: Callable[[], Person], deployment: Deployment
) -> None:
    """The ceiling of users is tested in ``tests/integration/accounts``: no emulator holds it."""
    people = [new_people() for _ in range(3)]
    for one in people:
        one.get(replica, "POST", "/api/v3/key")

    for item in rows(deployment):
        assert sum(one.subject in str(item) for one in people) <= 1
    assert deployment.client("iam").list_policies(Scope="Local", PathPrefix="/msk-policy/")["Policies"] == []
    many = [f"a-namespace-of-a-project-{number:03}" for number in range(1000)]
    with pytest.raises(PolicyTooLargeError, match=r"name \d+ of these 1000 .*: IAM takes 2048 characters"):
        principal_policies(cluster_arn=CLUSTER_ARN, holdings=own(*many))


def test_g12_second_subject_with_the_same_last_digits_gets_no_rights_even_for_a_moment(
    features: Features, deployment: Deployment, replica: Replica, person: Person
) -> None:
    person.get(replica, "POST", "/api/v3/user")
    other = f"00000000-0000-4000-8000-{person.subject[-12:]}"

    with pytest.raises(Failure, match=f"Namespace already taken: {person.namespace}"):
        features.accounts.create(other)

    users = deployment.client("iam").list_users(PathPrefix="/msk-users/")["Users"]
    assert other not in {user["UserName"] for user in users}
    assert not [item for item in rows(deployment) if other in str(item)]


def test_g13_connections_to_kafka_do_not_grow_with_the_calls(
    replica: Replica, person: Person, broker: Node
) -> None:
    port = int(broker.bootstrap_servers.rpartition(":")[2])

    def connections() -> int:
        held = psutil.Process(replica.pid).net_connections()
        return sum(bool(one.raddr) and one.raddr.port == port for one in held)

    person.get(replica, "POST", "/api/v3/user")
    for number in range(3):
        person.get(replica, "POST", f"/api/v3/{person.namespace}/before-{number}")
    before = connections()
    for number in range(6):
        person.get(replica, "POST", f"/api/v3/{person.namespace}/after-{number}")
        person.get(replica, "DELETE", f"/api/v3/{person.namespace}/after-{number}")

    assert before > 0
    assert connections() <= before + 1


def test_g14_no_route_of_consumers_is_half_there(replica: Replica, person: Person) -> None:
    """There are no REST consumers: every published request to one is refused, never with 500 or 200."""
    person.get(replica, "POST", "/api/v3/user")
    group = f"/api/v3/{person.namespace}/consumers/readers"
    for method, path in (
        ("POST", group),
        ("GET", f"{group}/instances/one/records?timeout=0&max_bytes=1"),
        ("GET", f"{group}/instances/one/offsets"),
        ("POST", f"{group}/instances/one/subscription"),
        ("DELETE", f"{group}/instances/one"),
    ):
        reply = person.call(replica, method, path)
        assert reply.status_code in (404, 405)
        assert reply.json()["status"] == "error"


def test_g15_nothing_is_forgotten_while_kafka_cannot_delete_it(
    replicas: list[Replica],
    without_kafka: Replica,
    person: Person,
    kafka: TopicAdmin,
    deployment: Deployment,
) -> None:
    person.get(replicas[0], "POST", "/api/v3/user")
    person.get(replicas[0], "POST", f"/api/v3/{person.namespace}/events")

    refused = person.call(without_kafka, "DELETE", f"/api/v3/{person.namespace}/events")
    assert refused.status_code == 503
    assert person.get(without_kafka, "GET", "/api/v3/namespace")["namespaces"] == {
        person.namespace: ["events"]
    }

    assert person.get(without_kafka, "DELETE", "/api/v3/user")["status"] == "success"
    registry = deployment.settings.registry_table

    def left() -> list[dict[str, Any]]:
        """Rows that name the namespace, besides what the audit keeps of it."""
        told = ("AUDIT#", "OUTBOX#")
        found = [item for item in rows(deployment, registry) if person.namespace in str(item)]
        return [item for item in found if not item["pk"]["S"].startswith(told)]

    await_that(lambda: not left())
    assert kafka.list_topics(f"{person.namespace}.") == {}


def test_g16_creations_and_deletions_of_one_account_take_turns(
    replicas: list[Replica], person: Person, deployment: Deployment
) -> None:
    wanted = [("POST", "/api/v3/user"), ("DELETE", "/api/v3/user"), ("POST", "/api/v3/key")] * 4

    def ask(number: int) -> int:
        method, path = wanted[number]
        return person.call(replicas[number % 2], method, path).status_code

    with ThreadPoolExecutor(len(wanted)) as threads:
        # Whoever did not get a turn in time was told that nothing was done.
        assert set(threads.map(ask, range(len(wanted)))) <= {200, 503}

    key = person.get(replicas[0], "POST", "/api/v3/key")["access_key"]
    iam = deployment.client("iam")
    listed = iam.list_access_keys(UserName=person.subject)["AccessKeyMetadata"]
    assert [each["AccessKeyId"] for each in listed] == [key]


def test_g17_names_are_held_to_the_same_rules_by_every_route(replica: Replica, person: Person) -> None:
    """Names of groups are Kafka clients' own: IAM holds them to the namespace (G5)."""
    person.get(replica, "POST", "/api/v3/user")
    for name in ("ab", "a.b", "a%2A", "-abc", "abc_dead"):
        path = f"/api/v3/{person.namespace}/{name}"
        replies = [
            person.get(replica, method, target)
            for method, target in (("POST", path), ("DELETE", path), ("PUT", f"{path}/recreate"))
        ]
        assert {reply["status"] for reply in replies} == {"failure"}
        assert len({json.dumps(reply) for reply in replies}) == 1


def test_g18_nothing_of_triggers_is_half_there(replica: Replica, person: Person) -> None:
    """There are no triggers: no route takes a function, and no code of users runs anywhere."""
    person.get(replica, "POST", "/api/v3/user")
    for method, path in (
        ("PUT", "/api/v2/trigger"),
        ("GET", "/api/v2/triggers"),
        ("PUT", "/api/v3/trigger"),
        ("GET", "/api/v3/triggers"),
    ):
        reply = person.call(replica, method, path)
        assert reply.status_code in (404, 405)
        assert reply.json()["message"]
