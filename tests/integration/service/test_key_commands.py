"""`octopus key ...` against a running service, and what AWS's own tools make of its sessions."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import RefreshableCredentials
from confluent_kafka import KafkaError

from tests.commands import OCTOPUS, Commands
from tests.integration.broker.node import Node
from tests.integration.globus.process import StandIn
from tests.integration.service.replica import Replica
from tests.integration.service.test_sessions import consume, produce
from tests.patience import PATIENCE_S

Octopus = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(globus: StandIn, replica: Replica, tmp_path: Path) -> dict[str, str]:
    """A shell of somebody new, who is logged in by the variables that the SDK knows."""
    who = globus.identity(f"p{uuid.uuid4().hex[:10]}")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "DIASPORA_SDK_CLIENT_ID": who.id,
        "DIASPORA_SDK_CLIENT_SECRET": who.secret,
        "OCTOPUS_HOME": str(tmp_path / "home"),
        "OCTOPUS_SERVICE_PORT": str(replica.port),
        "OCTOPUS_GLOBUS_PORT": str(globus.port),
    }


@pytest.fixture
def octopus(environment: dict[str, str], commands: Commands) -> Octopus:
    """Runs the command in that shell."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return commands.run(*arguments, environment=environment, seconds=PATIENCE_S)

    return run


@pytest.fixture
def told(octopus: Octopus) -> Callable[..., dict[str, Any]]:
    """What a command that must succeed prints as JSON."""

    def run(*arguments: str) -> dict[str, Any]:
        done = octopus(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return run


def test_key_commands_lead_a_key_from_its_making_to_its_end(
    octopus: Octopus, told: Callable[..., dict[str, Any]]
) -> None:
    first = told("key", "create")
    second = told("key", "create", "--label", "laptop", "--expires-days", "30")
    assert (second["label"], second["fresh"]) == ("laptop", True)
    third = octopus("key", "create", "--new")
    assert third.returncode == 1
    assert first["access_key"] in third.stderr
    assert "label 'laptop'" in third.stderr

    assert told("key", "revoke", first["access_key"])["status"] == "success"
    rotated = told("key", "rotate", second["access_key"], "--overlap-hours", "1")
    assert rotated["replaced"] == second["access_key"]
    told("key", "label", rotated["access_key"], "desk")

    (newest, old) = told("key", "list")["keys"]
    assert (newest["access_key"], newest["label"]) == (rotated["access_key"], "desk")
    assert old["replaced_by"] == rotated["access_key"]
    shown = octopus("key", "list").stdout
    assert "desk" in shown
    assert rotated["secret_key"] not in shown
    assert rotated["secret_key"] in octopus("key", "create").stdout


def test_session_command_prints_what_aws_tools_take(
    octopus: Octopus, told: Callable[..., dict[str, Any]], environment: dict[str, str]
) -> None:
    namespace = "ns-" + environment["DIASPORA_SDK_CLIENT_ID"][-12:]
    for_aws = octopus("key", "session", "--topic", "readings", "--read", "--credential-process")
    exports = octopus("key", "session", "--env", "--minutes", "15")
    text = octopus("key", "session", "--topic", "readings", "--write", "--label", "night shift").stdout

    answer = json.loads(for_aws.stdout)
    assert list(answer) == ["Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"]
    assert answer["Version"] == 1
    names = [line.removeprefix("export ").partition("=")[0] for line in exports.stdout.splitlines()]
    assert names == [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ]
    line = text.splitlines()[-1]
    assert text.splitlines()[-3:-1] == ["[profile octopus]", "region = us-east-1"]
    words = shlex.split(line.removeprefix("credential_process = "))
    assert words == [
        "/usr/bin/env",
        f"OCTOPUS_HOME={environment['OCTOPUS_HOME']}",
        str(OCTOPUS),
        *("key", "session", "--credential-process", "--topic", f"{namespace}.readings"),
        *("--write", "--label", "night shift"),
    ]
    labelled, whole, _ = told("key", "list")["keys"]
    assert (labelled["label"], labelled["actions"]) == ("night shift", ["write"])
    assert (whole["topics"], whole["actions"]) == ([f"{namespace}.*"], ["read", "write"])
    refused = octopus("key", "session", "--topic", "ns-000000000000.x", "--credential-process")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Namespace ns-000000000000 not found" in refused.stderr
    too_short = octopus("key", "session", "--minutes", "15", "--credential-process")
    assert (too_short.returncode, too_short.stdout) == (2, "")
    assert "--minutes is 15" in too_short.stderr


def test_profile_with_the_printed_process_signs_for_kafka_within_its_scope(
    octopus: Octopus,
    told: Callable[..., dict[str, Any]],
    environment: dict[str, str],
    broker: Node,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for topic in ("readings", "others"):
        octopus("topic", "create", topic)
    namespace = "ns-" + environment["DIASPORA_SDK_CLIENT_ID"][-12:]
    endpoint = told("key", "create")["endpoint"]
    printed = octopus("key", "session", "--topic", "readings", "--read", "--write").stdout
    config = tmp_path / "aws-config"
    config.write_text(printed[printed.index("[profile octopus]") :])
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    # The process that AWS's tools start inherits these: whoever is logged in is found by them.
    for name, text in {**environment, "AWS_CONFIG_FILE": str(config)}.items():
        monkeypatch.setenv(name, text)

    def sign(_config: str) -> tuple[str, float]:
        token, expires_ms = MSKAuthTokenProvider.generate_auth_token_from_profile("us-east-1", "octopus")
        return token, expires_ms / 1000

    settings = {
        "bootstrap.servers": endpoint,
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "OAUTHBEARER",
        "oauth_cb": sign,
        "ssl.ca.location": str(broker.ca_file),
    }
    value = uuid.uuid4().bytes
    assert produce(settings, f"{namespace}.readings", value) is None
    assert consume(settings, f"{namespace}.readings", f"{namespace}.readers") == value
    refused = produce(settings, f"{namespace}.others", b"out of scope")
    assert refused is not None
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED

    credentials = botocore.session.Session(profile="octopus").get_credentials()
    assert isinstance(credentials, RefreshableCredentials)
    assert credentials.get_frozen_credentials().access_key in [
        key["access_key"] for key in told("key", "list")["keys"]
    ]
    assert credentials.refresh_needed(refresh_in=3601)
    assert not credentials.refresh_needed(refresh_in=1800)
