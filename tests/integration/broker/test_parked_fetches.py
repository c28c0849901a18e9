"""What waits in the broker for a caller whose rights are narrowed does not leave it any more.

A fetch is authorised once, and parked for as long as its client likes: what ends it here is the gate in its
connection, and not ``connections.max.idle.ms``.
"""

from __future__ import annotations

import base64
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Producer, TopicCollection
from confluent_kafka.admin import AdminClient

from tests.integration.broker.conftest import MECHANISMS, Tenant, serving, tenants_of
from tests.integration.broker.judge_double import JudgeDouble, allow, until
from tests.integration.broker.node import Node, arn
from tests.integration.broker.record_batches import after, value_of_last
from tests.integration.broker.wire import Connection
from tests.patience import PATIENCE_S

GRANTED = 0
TOPIC_AUTHORIZATION_FAILED = 29

Change = Callable[[Tenant], None]


@pytest.fixture(scope="module")
def patient_node(tmp_path_factory: pytest.TempPathFactory, judge_of_session: JudgeDouble) -> Iterator[Node]:
    """A node with the bounds that ship, so that idle connections stay for 50 s, and with share groups."""
    overrides = {"group.share.enable": "true", "share.coordinator.state.topic.num.partitions": "1"}
    yield from serving(tmp_path_factory.mktemp("patient"), judge_of_session, overrides)


@pytest.fixture(scope="module")
def write(patient_node: Node) -> Callable[[str, bytes], None]:
    """Write a record as one of the cluster's own, and return when it is there."""
    producer = Producer(patient_node.inner)

    def write(topic: str, value: bytes) -> None:
        producer.produce(topic, value)
        assert producer.flush(PATIENCE_S) == 0

    return write


@pytest.fixture
def new_tenant(patient_node: Node, judge: JudgeDouble) -> Callable[[], Tenant]:
    return tenants_of(patient_node, AdminClient(patient_node.inner), judge)


def withdraw_right(tenant: Tenant) -> None:
    tenant.key.rules[1]["actions"].remove("kafka-cluster:ReadData")


def add_deny(tenant: Tenant) -> None:
    tenant.key.rules.append(allow(["ReadData"], [arn("topic", "*")]) | {"effect": "deny"})


def deactivate_key(tenant: Tenant) -> None:
    tenant.key.active = False


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("change", [withdraw_right, add_deny, deactivate_key])
def test_record_written_after_rights_were_narrowed_is_not_delivered_to_a_parked_fetch(
    new_tenant: Callable[[], Tenant],
    judge: JudgeDouble,
    write: Callable[[str, bytes], None],
    mechanism: str,
    change: Change,
) -> None:
    tenant, bystander = new_tenant(), new_tenant()
    with Connection(tenant.node) as connection, Connection(tenant.node) as other:
        park(tenant, connection, mechanism)
        park(bystander, other, mechanism)
        change(tenant)
        judge.await_refresh(tenant.key.access_key_id)
        for one in (tenant, bystander):
            write(one.topic("events"), b"late")
        with pytest.raises(ConnectionError):
            connection.parked(tenant.topic("events"))
        assert delivered(bystander, other) == b"late"
    lines = until(lambda: tenant.audited(outcome="deny"), within_s=PATIENCE_S)
    assert any("the connection was closed" in line["reason"] for line in lines)


def test_next_request_of_whoever_lost_the_right_is_answered_with_the_refusal(
    tenant: Tenant, judge: JudgeDouble
) -> None:
    with Connection(tenant.node) as connection:
        tenant.authenticate(connection, "OAUTHBEARER")
        withdraw_right(tenant)
        judge.await_refresh(tenant.key.access_key_id)
        assert connection.fetch(tenant.topic("events"), max_wait_ms=0) == TOPIC_AUTHORIZATION_FAILED


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_more_rights_close_nothing(
    tenant: Tenant, judge: JudgeDouble, write: Callable[[str, bytes], None], mechanism: str
) -> None:
    with Connection(tenant.node) as connection:
        park(tenant, connection, mechanism)
        tenant.key.rules.append(allow(["ReadData", "DescribeTopic"], [arn("topic", "shared.*")]))
        judge.await_refresh(tenant.key.access_key_id)
        write(tenant.topic("events"), b"still")
        assert delivered(tenant, connection) == b"still"


def test_parked_fetch_of_another_key_of_the_same_principal_is_served(
    tenant: Tenant, judge: JudgeDouble, write: Callable[[str, bytes], None]
) -> None:
    other_key = tenant.key.access_key_id[::-1]
    other = Tenant(
        tenant.node, type(tenant.key)(tenant.key.principal, other_key, tenant.key.rules), tenant.namespace
    )
    judge.keys[other_key] = other.key
    with Connection(tenant.node) as connection, Connection(tenant.node) as second:
        park(tenant, connection, "OAUTHBEARER")
        park(other, second, "OAUTHBEARER")
        deactivate_key(tenant)
        judge.await_refresh(tenant.key.access_key_id)
        write(tenant.topic("events"), b"late")
        with pytest.raises(ConnectionError):
            connection.parked(tenant.topic("events"))
        assert delivered(other, second) == b"late"


def test_parked_fetch_ends_with_its_session(tenant: Tenant, write: Callable[[str, bytes], None]) -> None:
    tenant.key.expires_ms = int((time.time() + 6) * 1000)
    with Connection(tenant.node) as connection:
        park(tenant, connection, "AWS_MSK_IAM")
        until(lambda: time.time() * 1000 > (tenant.key.expires_ms or 0), within_s=PATIENCE_S)
        write(tenant.topic("events"), b"late")
        with pytest.raises(ConnectionError):
            connection.parked(tenant.topic("events"))


def test_parked_fetch_ends_when_its_policy_could_not_be_read_again_in_time(
    tenant: Tenant, judge: JudgeDouble, write: Callable[[str, bytes], None]
) -> None:
    with Connection(tenant.node) as connection, Connection(tenant.node) as asking:
        park(tenant, connection, "OAUTHBEARER")
        tenant.authenticate(asking, "OAUTHBEARER")
        judge.age_ms = 48_000
        judge.await_refresh(tenant.key.access_key_id)
        judge.away = True
        # The parked request hears of nothing; new ones show when the policy has become too old.
        until(lambda: not may_read(tenant, asking), within_s=PATIENCE_S)
        write(tenant.topic("events"), b"late")
        with pytest.raises(ConnectionError):
            connection.parked(tenant.topic("events"))


def test_reader_too_slow_for_what_was_allowed_gets_no_more_than_was_on_its_way(
    tenant: Tenant, judge: JudgeDouble, write: Callable[[str, bytes], None]
) -> None:
    size = 900_000
    for _ in range(16):
        write(tenant.topic("events"), bytes(size))
    with Connection(tenant.node) as connection:
        tenant.authenticate(connection, "OAUTHBEARER")
        connection.park(tenant.topic("events"), max_bytes=16 * size)
        connection.await_first_bytes()
        withdraw_right(tenant)
        judge.await_refresh(tenant.key.access_key_id)
        with pytest.raises(ConnectionError):
            connection.parked(tenant.topic("events"))


@pytest.mark.long
def test_slow_reader_gets_all_of_an_answer_that_outlasts_what_counts_as_use(
    tenant: Tenant, write: Callable[[str, bytes], None]
) -> None:
    size, count = 900_000, 45
    for _ in range(count):
        write(tenant.topic("events"), bytes(size))
    with Connection(tenant.node) as connection:
        tenant.authenticate(connection, "OAUTHBEARER")
        connection.park(tenant.topic("events"), max_bytes=2 * count * size)
        # What nobody uses is dropped after 60 s; this takes 100 s, of which buffers hide some 20.
        assert len(connection.answer(bytes_per_s=400_000)) > count * size


def test_parked_fetch_of_a_share_group_ends_with_the_right(
    tenant: Tenant, judge: JudgeDouble, write: Callable[[str, bytes], None]
) -> None:
    topic, group = tenant.topic("events"), tenant.topic("share")
    admin = tenant.admin()
    described = admin.describe_topics(TopicCollection([topic]))[topic].result(PATIENCE_S).topic_id
    topic_id = b"".join(
        half.to_bytes(8, "big", signed=True)
        for half in (described.get_most_significant_bits(), described.get_least_significant_bits())
    )
    # Asking for a group's coordinator is what makes a new node keep groups.
    admin.describe_consumer_groups([group])[group].exception(30)
    member = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    with Connection(tenant.node) as connection:
        tenant.authenticate(connection, "OAUTHBEARER")

        def served(value: bytes) -> bool:
            if connection.join_share_group(group, member=member, topics=(topic,)) != GRANTED:
                return False
            write(topic, value)
            return value in connection.share_fetch(group, member, topic_id, max_wait_ms=500)

        # A share group begins with what is written after it has been made.
        until(lambda: served(b"early"), within_s=PATIENCE_S)
        until(
            lambda: b"early" not in connection.share_fetch(group, member, topic_id, max_wait_ms=500),
            within_s=PATIENCE_S,
        )
        connection.park_share_fetch(group, member, topic_id)
        write(topic, b"meanwhile")
        assert b"meanwhile" in connection.answer()
        connection.park_share_fetch(group, member, topic_id)
        withdraw_right(tenant)
        judge.await_refresh(tenant.key.access_key_id)
        write(topic, b"late")
        with pytest.raises(ConnectionError):
            connection.answer()


@pytest.mark.parametrize("change", [withdraw_right, add_deny, deactivate_key])
def test_last_record_leaves_seconds_after_the_change(
    tenant: Tenant,
    write: Callable[[str, bytes], None],
    change: Change,
    record_property: Callable[[str, object], None],
) -> None:
    seconds = seconds_to_last_record(tenant, write, lambda: change(tenant))
    record_property("last record after the change, s", seconds)
    assert seconds < 60


@pytest.mark.long
def test_last_record_leaves_within_a_minute_when_the_judge_goes_away(
    tenant: Tenant,
    judge: JudgeDouble,
    write: Callable[[str, bytes], None],
    record_property: Callable[[str, object], None],
) -> None:
    """The right is withdrawn at the very moment when nobody can be told of it."""

    def withdraw_unheard() -> None:
        judge.away = True
        withdraw_right(tenant)

    seconds = seconds_to_last_record(tenant, write, withdraw_unheard)
    record_property("last record after the judge went away, s", seconds)
    assert seconds < 60


def seconds_to_last_record(
    tenant: Tenant, write: Callable[[str, bytes], None], change: Callable[[], None]
) -> float:
    """Of a reader that is always parked, and a writer that never stops."""
    topic = tenant.topic("events")
    stop = threading.Event()

    def write_on() -> None:
        while not stop.wait(0.05):
            write(topic, b"record")

    writer = threading.Thread(target=write_on)
    with Connection(tenant.node) as connection:
        tenant.authenticate(connection, "OAUTHBEARER")
        writer.start()
        try:
            offset = 0
            while offset < 10:
                offset = received(connection, topic, offset)
            change()
            changed = last = time.monotonic()
            while (beyond := received(connection, topic, offset)) > offset:
                offset, last = beyond, time.monotonic()
        finally:
            stop.set()
            writer.join()
    return round(last - changed, 2)


def park(tenant: Tenant, connection: Connection, mechanism: str) -> None:
    """Authenticate, and leave a fetch of the tenant's empty topic waiting in the broker."""
    tenant.authenticate(connection, mechanism)
    connection.park(tenant.topic("events"))


def delivered(tenant: Tenant, connection: Connection) -> bytes:
    """The value of the only record that a parked fetch is answered with."""
    code, records = connection.parked(tenant.topic("events"))
    assert code == GRANTED
    return value_of_last(records)


def received(connection: Connection, topic: str, offset: int) -> int:
    """The offset after the next records; the same one when the broker gives no more."""
    try:
        connection.park(topic, offset=offset)
        code, records = connection.parked(topic)
    except ConnectionError:
        return offset
    if code != GRANTED:
        return offset
    assert records, "a fetch that waits for ever was answered with nothing"
    return after(records)


def may_read(tenant: Tenant, connection: Connection) -> bool:
    try:
        return connection.fetch(tenant.topic("events"), max_wait_ms=0) == GRANTED
    except ConnectionError:
        return False
