"""What a real node says of itself to whoever scrapes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx
from confluent_kafka import KafkaError
from prometheus_client.parser import text_string_to_metric_families

from octopus.metrics.catalogue import catalogue
from tests.integration.broker.conftest import Tenant
from tests.integration.broker.node import Node
from tests.integration.broker.wire import Connection


def test_node_serves_every_metric_of_the_catalogue(node: Node) -> None:
    assert _metrics(node).keys() == {
        metric.prometheus_name for metric in catalogue().values() if metric.component == "broker"
    }


def test_sign_ins_and_decisions_are_counted(node: Node, new_tenant: Callable[[], Tenant]) -> None:
    tenant, other = new_tenant(), new_tenant()
    before = _metrics(node)
    with Connection(node) as connection:
        assert connection.authenticate("bm90aGluZw") != b""
    with Connection(node) as connection:
        assert connection.authenticate(tenant.token()) == b""
        assert connection.fetch(tenant.topic("events"), max_wait_ms=0) == 0
        assert connection.fetch(other.topic("events"), max_wait_ms=0) == KafkaError.TOPIC_AUTHORIZATION_FAILED
    after = _metrics(node)
    # Clients of other tests may be on their way out meanwhile.
    assert after["octopus_broker_authentications"] >= before["octopus_broker_authentications"] + 2
    assert after["octopus_broker_authentications_refused"] > before["octopus_broker_authentications_refused"]
    assert after["octopus_broker_decisions"] >= before["octopus_broker_decisions"] + 2
    assert after["octopus_broker_decisions_refused"] > before["octopus_broker_decisions_refused"]
    assert after["octopus_broker_policies_held"] > 0


def test_metrics_name_neither_a_principal_nor_a_topic(node: Node, tenant: Tenant) -> None:
    with Connection(node) as connection:
        connection.authenticate(tenant.token())
        connection.fetch(tenant.topic("events"), max_wait_ms=0)
    text = _text(node)
    assert tenant.key.principal not in text
    assert tenant.key.access_key_id not in text
    assert tenant.namespace not in text


def _text(node: Node) -> str:
    return httpx.get(node.metrics_url, timeout=30).raise_for_status().text


def _metrics(node: Node) -> Mapping[str, float]:
    """Each metric's value, a counter's without the ``_total`` of its name."""
    families = text_string_to_metric_families(_text(node))
    return {family.name: family.samples[0].value for family in families}
