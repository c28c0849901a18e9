"""What a tenant may and may not do, on a real broker."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

from tests.integration.broker.conftest import Tenant
from tests.integration.broker.judge_double import allow, until
from tests.integration.broker.node import CLUSTER_ARN, arn
from tests.integration.broker.records import code_of, error_of_poll, produce, read
from tests.integration.broker.wire import Connection
from tests.patience import PATIENCE_S, patiently


def test_produce_and_consume_in_own_namespace_succeeds(tenant: Tenant) -> None:
    assert produce(tenant, tenant.topic("events"), [b"one", b"two"]) == []
    assert read(tenant, tenant.topic("events"), 2) == [b"one", b"two"]


def test_consumer_group_of_the_new_protocol_succeeds(tenant: Tenant) -> None:
    produce(tenant, tenant.topic("events"), [b"one"])
    consumer = Consumer(
        tenant.settings(group_id=tenant.topic("new"), auto_offset_reset="earliest", group_protocol="consumer")
    )
    try:
        consumer.subscribe([tenant.topic("events")])
        message = until(lambda: consumer.poll(0.2), within_s=PATIENCE_S)
        assert message is not None
        assert message.value() == b"one"
    finally:
        consumer.close()


def test_transaction_in_own_namespace_succeeds(tenant: Tenant) -> None:
    producer = tenant.producer(transactional_id=tenant.topic("writer"))
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(tenant.topic("events"), b"one")
    producer.produce(tenant.topic("more"), b"two")
    producer.commit_transaction(20)
    assert read(tenant, tenant.topic("events"), 1) == [b"one"]


def test_transactional_id_outside_the_namespace_is_refused(tenant: Tenant) -> None:
    producer = tenant.producer(transactional_id="of-nobody")
    with pytest.raises(KafkaException) as refused:
        producer.init_transactions(20)
    assert code_of(refused) == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_produce_to_foreign_topic_is_refused(new_tenant: Callable[[], Tenant]) -> None:
    tenant, other = new_tenant(), new_tenant()
    assert produce(tenant, other.topic("events"), [b"stray"]) == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def test_fetch_from_foreign_topic_is_refused(new_tenant: Callable[[], Tenant]) -> None:
    tenant, other = new_tenant(), new_tenant()
    with Connection(tenant.node) as connection:
        connection.authenticate(tenant.token())
        refused = connection.fetch(other.topic("events"), max_wait_ms=0)
    assert refused == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_foreign_topic_is_hidden_from_listing_and_looks_like_one_that_is_not(
    new_tenant: Callable[[], Tenant],
) -> None:
    tenant, other = new_tenant(), new_tenant()
    admin = tenant.admin()
    assert set(patiently(lambda: admin.list_topics(timeout=PATIENCE_S)).topics) == {
        tenant.topic("events"),
        tenant.topic("more"),
    }
    for hidden in (other.topic("events"), other.topic("never-made")):
        described = patiently(partial(admin.list_topics, hidden, timeout=PATIENCE_S)).topics[hidden]
        assert described.error is not None
        assert described.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_topic_changes_are_refused_even_in_own_namespace(tenant: Tenant) -> None:
    admin = tenant.admin()
    own = tenant.topic("events")
    entry = ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)
    refused_changes: list[dict[Any, Future[None]]] = [
        admin.create_topics([NewTopic(tenant.topic("mine"), 1, 1)]),
        admin.delete_topics([own]),
        admin.incremental_alter_configs([ConfigResource("topic", own, incremental_configs=[entry])]),
    ]
    for futures in refused_changes:
        for change in futures.values():
            with pytest.raises(KafkaException) as refused:
                change.result(PATIENCE_S)
            assert code_of(refused) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_create_topic_succeeds_for_whoever_holds_the_action(tenant: Tenant, node_admin: AdminClient) -> None:
    """The controller decides on it: the client's principal and its key reach it through the broker."""
    tenant.key.rules.append(allow(["CreateTopic"], [arn("topic", f"{tenant.namespace}.made-*")]))
    admin = tenant.admin()
    for change in admin.create_topics([NewTopic(tenant.topic("made-here"), 1, 1)]).values():
        change.result(PATIENCE_S)
    # The controller has made it; the broker hears of it a moment later.
    until(
        lambda: (
            tenant.topic("made-here") in patiently(lambda: node_admin.list_topics(timeout=PATIENCE_S)).topics
        ),
        within_s=PATIENCE_S,
    )


def test_own_topic_configuration_can_be_read(tenant: Tenant) -> None:
    admin = tenant.admin()
    own = ConfigResource("topic", tenant.topic("events"))
    for described in admin.describe_configs([own]).values():
        assert "retention.ms" in described.result(PATIENCE_S)


def test_group_outside_the_namespace_is_refused_and_the_audit_line_says_why(
    tenant: Tenant,
) -> None:
    consumer = Consumer(tenant.settings(group_id="readers", auto_offset_reset="earliest"))
    try:
        consumer.subscribe([tenant.topic("events")])
        assert error_of_poll(consumer) == KafkaError.GROUP_AUTHORIZATION_FAILED
    finally:
        consumer.close()
    (line,) = until(lambda: tenant.audited(outcome="deny"), within_s=PATIENCE_S)
    assert line["resource"] == arn("group", "readers")
    assert line["action"] in {"kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"}
    assert "must begin with a namespace" in line["reason"]


def test_groups_of_others_are_not_listed(new_tenant: Callable[[], Tenant]) -> None:
    tenant, other = new_tenant(), new_tenant()
    for one in (tenant, other):
        produce(one, one.topic("events"), [b"one"])
        read(one, one.topic("events"), 1)
    admin = tenant.admin()
    groups = admin.list_consumer_groups().result(PATIENCE_S)
    assert {group.group_id for group in groups.valid} == {tenant.topic("readers")}


def test_write_without_describe_is_refused(tenant: Tenant) -> None:
    tenant.key.rules[:] = [
        allow(["Connect", "WriteDataIdempotently"], [CLUSTER_ARN]),
        allow(["WriteData"], [arn("topic", f"{tenant.namespace}.*")]),
    ]
    assert produce(tenant, tenant.topic("events"), [b"one"]) == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def test_deny_wins_over_allow(tenant: Tenant) -> None:
    tenant.key.rules.append(allow(["*"], [arn("topic", "*")]) | {"effect": "deny"})
    assert produce(tenant, tenant.topic("events"), [b"one"]) == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def test_client_that_bears_the_name_of_the_internal_principal_has_no_more_rights(
    tenant: Tenant,
) -> None:
    tenant.key.principal = "octopus-broker"
    admin = tenant.admin()
    assert set(patiently(lambda: admin.list_topics(timeout=PATIENCE_S)).topics) == {
        tenant.topic("events"),
        tenant.topic("more"),
    }
    for change in admin.create_topics([NewTopic("anywhere", 1, 1)]).values():
        with pytest.raises(KafkaException) as refused:
            change.result(PATIENCE_S)
        assert code_of(refused) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_listing_leaves_no_trace_of_foreign_topics_in_the_audit(new_tenant: Callable[[], Tenant]) -> None:
    tenant, other = new_tenant(), new_tenant()
    admin = tenant.admin()
    patiently(lambda: admin.list_topics(timeout=PATIENCE_S))
    admin.list_consumer_groups().result(PATIENCE_S)
    # A refusal that is audited comes last, so the lines before it have been written too.
    patiently(lambda: admin.list_topics(other.topic("events"), timeout=PATIENCE_S))
    lines = until(lambda: tenant.audited(outcome="deny"), within_s=PATIENCE_S)
    assert [line["resource"] for line in lines] == [arn("topic", other.topic("events"))]
