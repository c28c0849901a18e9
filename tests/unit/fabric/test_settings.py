"""Where a fabric is, and which ports it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from octopus.fabric.broker import check_broker_count
from octopus.fabric.errors import FabricError
from octopus.fabric.settings import FabricSettings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OCTOPUS_HOME", str(tmp_path))
    return tmp_path


def test_ports_have_the_documented_defaults() -> None:
    assert FabricSettings().service_url == "http://localhost:8000"
    assert FabricSettings().bootstrap_servers == "127.0.0.1:9098"


def test_port_given_once_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_KAFKA_PORT", "29098")
    FabricSettings().save()
    monkeypatch.delenv("OCTOPUS_KAFKA_PORT")
    assert FabricSettings().kafka_port == 29098


def test_port_of_the_environment_wins_over_the_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    FabricSettings(kafka_port=29098).save()
    monkeypatch.setenv("OCTOPUS_KAFKA_PORT", "39098")
    assert FabricSettings().kafka_port == 39098


def test_impossible_port_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_KAFKA_PORT", "99098")
    with pytest.raises(ValidationError, match="kafka_port"):
        FabricSettings()


def test_one_broker_runs_unless_three_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [node.name for node in FabricSettings().nodes] == ["broker"]
    monkeypatch.setenv("OCTOPUS_BROKERS", "3")
    settings = FabricSettings()
    assert settings.bootstrap_servers == "127.0.0.1:9098,127.0.0.1:9108,127.0.0.1:9118"
    assert [node.name for node in settings.nodes] == ["broker", "broker-2", "broker-3"]
    assert [node.inner_port for node in settings.nodes] == [19092, 19102, 19112]
    assert [node.controller_port for node in settings.nodes] == [19093, 19103, 19113]
    assert [node.metrics_port for node in settings.nodes] == [8311, 8321, 8331]


@pytest.mark.parametrize("number", ["2", "0"])
def test_number_of_brokers_that_makes_no_quorum_is_refused(
    monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    monkeypatch.setenv("OCTOPUS_BROKERS", number)
    with pytest.raises(ValidationError, match="must be 1 or 3"):
        FabricSettings()


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ({"kafka_port": 65530}, "65550 is above 65535"),
        ({"service_port": 9108}, "port 9108 is wanted twice"),
        ({"kafka_inner_port": 19083}, "port 19093 is wanted twice"),
    ],
)
def test_ports_that_three_brokers_cannot_have_are_refused(ports: dict[str, Any], said: str) -> None:
    FabricSettings(**ports)
    with pytest.raises(ValidationError, match=said):
        FabricSettings(brokers=3, **ports)


def test_number_of_brokers_is_fixed_once_kafka_was_made(home: Path) -> None:
    FabricSettings(brokers=3).save()
    check_broker_count(FabricSettings(brokers=1))  # nothing was made yet
    (home / "kafka" / "data").mkdir(parents=True)
    (home / "kafka" / "data" / "meta.properties").touch()
    check_broker_count(FabricSettings())
    with pytest.raises(FabricError, match=r"brokers is 1, but Kafka was made of 3 here.*`octopus reset`"):
        check_broker_count(FabricSettings(brokers=1))


def test_state_folder_too_long_for_a_socket_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_HOME", "/" + "x" * 100)
    with pytest.raises(FabricError, match="OCTOPUS_HOME may have 90 bytes"):
        FabricSettings()


def test_real_globus_auth_takes_the_place_of_the_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FabricSettings().stand_in
    monkeypatch.setenv("OCTOPUS_GLOBUS_AUTH_URL", "https://auth.globus.org/")
    assert not FabricSettings().stand_in
    assert FabricSettings().auth_url == "https://auth.globus.org/"
