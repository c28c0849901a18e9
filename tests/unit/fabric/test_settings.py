"""Where a fabric is, and which ports it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

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


def test_state_folder_too_long_for_a_socket_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_HOME", "/" + "x" * 100)
    with pytest.raises(FabricError, match="OCTOPUS_HOME may have 90 bytes"):
        FabricSettings()


def test_real_globus_auth_takes_the_place_of_the_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FabricSettings().stand_in
    monkeypatch.setenv("OCTOPUS_GLOBUS_AUTH_URL", "https://auth.globus.org/")
    assert not FabricSettings().stand_in
    assert FabricSettings().auth_url == "https://auth.globus.org/"
