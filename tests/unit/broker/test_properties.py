"""What the broker's template promises, whoever fills it in."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

TEMPLATE = Path(__file__).parents[3] / "service_src" / "broker" / "config" / "server.properties.template"
LOGGING = TEMPLATE.with_name("log4j2.properties")
NAMES = (
    *("node_id", "data_dir", "client_host", "client_port", "inner_port", "controller_port"),
    *("voters", "replication_factor", "min_insync_replicas"),
    *("keystore_file", "inner_secret", "judge_url", "judge_secret_file", "cluster_arn", "metrics_port"),
)


def _properties() -> dict[str, str]:
    text = string.Template(TEMPLATE.read_text()).substitute({name: f"<{name}>" for name in NAMES})
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    properties = dict(line.split("=", 1) for line in lines)
    assert len(properties) == len(lines), "a property stands twice"
    return properties


def test_no_listener_is_open() -> None:
    properties = _properties()
    assert properties["listener.security.protocol.map"] == (
        "CLIENT:SASL_SSL,INTERNAL:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT"
    )
    assert all("//127.0.0.1:" in listener for listener in properties["listeners"].split(","))


def test_client_listener_knows_tokens_alone() -> None:
    properties = _properties()
    assert properties["listener.name.client.sasl.enabled.mechanisms"] == "OAUTHBEARER,AWS_MSK_IAM"
    assert not [name for name in properties if name.startswith("listener.name.client.plain")]


def test_idle_bound_is_set_where_kafka_reads_it() -> None:
    """With a listener's prefix it would be ignored, and a fetch stay parked as long as its client likes."""
    assert {name: value for name, value in _properties().items() if name.endswith("idle.ms")} == {
        "connections.max.idle.ms": "50000"
    }


def test_client_listener_has_the_gate_that_ends_what_waits() -> None:
    assert _properties()["listener.name.client.ssl.engine.factory.class"] == (
        "org.octopus.broker.GatedSslEngineFactory"
    )


@pytest.mark.parametrize("mechanism", ["oauthbearer", "aws_msk_iam"])
def test_connection_ends_with_its_token_at_the_latest(mechanism: str) -> None:
    assert _properties()[f"listener.name.client.{mechanism}.connections.max.reauth.ms"] == "900000"


def test_bounds_on_what_a_tenant_holds_up() -> None:
    expected = {
        "transaction.max.timeout.ms": "60000",
        "producer.id.expiration.ms": "3600000",
        "group.max.session.timeout.ms": "60000",
        "group.consumer.max.session.timeout.ms": "60000",
        "auto.create.topics.enable": "false",
        "group.coordinator.rebalance.protocols": "classic,consumer",
        "listener.name.client.max.connection.creation.rate": "20",
    }
    assert _properties().items() >= expected.items()


def test_what_is_off_stays_off() -> None:
    """Delegation tokens need a secret, telemetry a receiver: neither is there."""
    names = _properties().keys()
    assert not [name for name in names if name.startswith(("delegation.token", "metric.reporters"))]


def test_audit_is_rotated_and_reaches_no_other_log() -> None:
    """Ten megabytes six times at most: a broker's disk is for records."""
    lines = [line for line in LOGGING.read_text().splitlines() if "=" in line and not line.startswith("#")]
    settings = dict(line.split("=", 1) for line in lines)
    assert settings["appender.audit.type"] == "RollingFile"
    assert settings["appender.audit.policies.size.size"] == "10MB"
    assert settings["appender.audit.strategy.max"] == "5"
    assert settings["appender.audit.layout.pattern"] == "%m%n"
    assert settings["logger.audit.additivity"] == "false"
