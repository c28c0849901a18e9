"""Settings of other people's clients: what is in them, what is not, and that the documentation shows them."""

from __future__ import annotations

import configparser
import dataclasses
import json
import subprocess
from pathlib import Path

import pytest

from octopus.clients.snippets import TOOLS, Connection, Key, render
from octopus.errors import InvalidError
from octopus.kafka.client import client_settings
from tests.unit.clients.example import EXAMPLE

ROOT = Path(__file__).parents[3]
KEY = Key(access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
WITH_KEY = dataclasses.replace(EXAMPLE, key=KEY)
HOLDING = [name for name, tool in TOOLS.items() if tool.holds_key]
PYTHON = [name for name, tool in TOOLS.items() if tool.language == "python"]


@pytest.mark.parametrize("name", TOOLS)
def test_documentation_shows_the_settings_that_the_command_prints(name: str) -> None:
    tool = TOOLS[name]
    shown = (ROOT / "docs" / "clients.md").read_text()
    assert f"## {tool.title}\n" in shown
    assert f"```{tool.language}\n{render(name, EXAMPLE)}```" in shown
    assert tool.needs in shown


@pytest.mark.parametrize("name", [name for name in TOOLS if name != "aws"])
def test_settings_name_the_brokers_and_who_signs_for_them(name: str) -> None:
    text = render(name, EXAMPLE)
    assert all(server in text for server in EXAMPLE.bootstrap_servers.split(","))
    assert str(EXAMPLE.ca_file) in text
    assert EXAMPLE.group in text
    assert "us-east-1" in text


@pytest.mark.parametrize("name", TOOLS)
def test_system_roots_are_left_to_the_client(name: str) -> None:
    text = render(name, dataclasses.replace(EXAMPLE, ca_file=None))
    assert "None" not in text
    assert "ssl.ca.location" not in text
    assert "truststore" not in text


@pytest.mark.parametrize("name", HOLDING)
def test_key_is_written_only_when_it_is_asked_for(name: str) -> None:
    assert KEY.access_key not in render(name, EXAMPLE)
    text = render(name, WITH_KEY)
    assert KEY.access_key in text
    assert KEY.secret_key in text


@pytest.mark.parametrize("name", [name for name in TOOLS if name not in HOLDING])
def test_client_that_takes_no_key_from_its_settings_says_where_it_does(name: str) -> None:
    with pytest.raises(InvalidError, match="octopus config aws --with-secrets"):
        render(name, WITH_KEY)


@pytest.mark.parametrize("name", PYTHON)
@pytest.mark.parametrize("connection", [EXAMPLE, WITH_KEY], ids=["without key", "with key"])
def test_python_settings_are_formatted_as_this_project_is(
    name: str, connection: Connection, tmp_path: Path
) -> None:
    script = tmp_path / TOOLS[name].file
    script.write_text(render(name, connection))
    ruff = str(ROOT / ".venv" / "bin" / "ruff")
    settings = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", str(script)]
    for command in (["format", "--diff"], ["check", "--ignore", "T201,S105"]):
        done = subprocess.run([ruff, *command, *settings], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_librdkafka_takes_the_properties_as_they_are() -> None:
    lines = render("librdkafka", dataclasses.replace(EXAMPLE, ca_file=None)).splitlines()
    settings = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert settings.pop("group.id") == EXAMPLE.group
    ours = client_settings(bootstrap_servers=EXAMPLE.bootstrap_servers)
    assert settings == {name: value for name, value in ours.items() if name != "oauth_cb"}


def test_aws_profile_is_one_that_aws_tools_read() -> None:
    profiles = configparser.RawConfigParser()
    profiles.read_string(render("aws", EXAMPLE))
    assert dict(profiles["profile octopus"]) == {
        "region": "us-east-1",
        "credential_process": EXAMPLE.credential_process,
    }


def test_values_are_quoted_as_their_language_wants_it() -> None:
    odd = dataclasses.replace(EXAMPLE, ca_file=Path('/home/o\'brien/my "roots"/ca.pem'))
    compile(render("python", odd), "settings", "exec")
    assert json.dumps(str(odd.ca_file)) in render("kafkajs", odd)
