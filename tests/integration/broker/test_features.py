"""What this Kafka does not do, because no right was made for it."""

from __future__ import annotations

from confluent_kafka import KafkaError

from tests.integration.broker.conftest import Tenant
from tests.integration.broker.wire import Connection

TELEMETRY = {71, 72}
STREAMS_GROUPS = {88, 89}


def test_client_telemetry_and_streams_groups_are_not_offered(tenant: Tenant) -> None:
    with Connection(tenant.node) as connection:
        connection.authenticate(tenant.token())
        assert not (TELEMETRY | STREAMS_GROUPS) & connection.api_keys()


def test_share_group_is_not_served(tenant: Tenant) -> None:
    with Connection(tenant.node) as connection:
        connection.authenticate(tenant.token())
        assert connection.join_share_group(tenant.topic("share")) == KafkaError.UNSUPPORTED_VERSION


def test_delegation_token_is_not_given(tenant: Tenant) -> None:
    with Connection(tenant.node) as connection:
        connection.authenticate(tenant.token())
        assert connection.create_delegation_token() == KafkaError.DELEGATION_TOKEN_AUTH_DISABLED
