"""The `octopus` command, as a person types it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import psutil

from tests.commands import OCTOPUS
from tests.integration.fabric.conftest import RunningFabric
from tests.integration.globus.browser import code_from_page
from tests.patience import PATIENCE_S


def test_topic_is_created_listed_recreated_and_deleted(fabric: RunningFabric) -> None:
    assert "created" in fabric.octopus("topic", "create", "typed", "--as", "typist")["message"]
    assert "already exists" in fabric.octopus("topic", "create", "typed", "--as", "typist")["message"]
    listed = fabric.command("topic", "list", "--as", "typist")
    assert "typed" in listed.stdout
    assert fabric.octopus("topic", "recreate", "typed", "--as", "typist")["message"] == "Topic recreated"
    assert fabric.octopus("topic", "delete", "typed", "--as", "typist")["topics"] == []
    assert "not found" in fabric.octopus("topic", "delete", "typed", "--as", "typist")["message"]


def test_bad_topic_name_is_refused_with_its_rule(fabric: RunningFabric) -> None:
    done = fabric.command("topic", "create", "no", "--as", "typist")
    assert done.returncode == 1
    assert "between 3 and 32 characters" in done.stderr


def test_keys_are_listed_without_their_secrets(fabric: RunningFabric) -> None:
    key = fabric.octopus("key", "create", "--as", "typist")
    listed = fabric.command("key", "list", "--as", "typist", "--json")
    assert key["access_key"] in listed.stdout
    assert key["secret_key"] not in listed.stdout


def test_whoami_names_the_subject_that_env_exports(fabric: RunningFabric) -> None:
    fabric.octopus("key", "create", "--as", "typist")
    who = fabric.octopus("whoami", "--as", "typist")
    assert who["subject"] == fabric.octopus("env", "--as", "typist")["DIASPORA_SDK_CLIENT_ID"]
    assert who["namespaces"] == [f"ns-{who['subject'][-12:]}"]


def test_env_exports_are_all_that_a_shell_needs(fabric: RunningFabric) -> None:
    script = f'eval "$({OCTOPUS} env --as typist)" && {OCTOPUS} whoami'
    done = subprocess.run(
        ["bash", "-euc", script],
        env=fabric.plain_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert fabric.octopus("whoami", "--as", "typist")["subject"] in done.stdout


def test_nobody_logged_in_is_told_how(fabric: RunningFabric) -> None:
    done = fabric.command("topic", "list")
    assert done.returncode == 1
    assert "octopus login" in done.stderr


def test_status_shows_each_process_ready(fabric: RunningFabric) -> None:
    assert {process["ready"] for process in fabric.processes().values()} == {True}


def test_logs_print_and_hold_no_secret(fabric: RunningFabric) -> None:
    key = fabric.octopus("key", "create", "--as", "typist")
    identity = fabric.octopus("env", "--as", "typist")
    assert fabric.command("logs", "service").stdout
    assert fabric.command("logs", "nothing").returncode == 1
    for log in Path(fabric.home / "log").iterdir():
        text = log.read_text(errors="replace")
        assert key["secret_key"] not in text, log
        assert identity["DIASPORA_SDK_CLIENT_SECRET"] not in text, log


def test_every_listener_is_on_loopback(fabric: RunningFabric) -> None:
    pids = {process["pid"] for process in fabric.processes().values()}
    listening = [
        connection.laddr.ip
        for connection in psutil.net_connections(kind="tcp")
        if connection.pid in pids and connection.status == psutil.CONN_LISTEN and connection.laddr
    ]
    assert listening
    assert {ip.removeprefix("::ffff:") for ip in listening} <= {"127.0.0.1", "::1"}


def test_login_through_the_page_is_remembered_until_logout(fabric: RunningFabric) -> None:
    process = subprocess.Popen(
        [OCTOPUS, "login", "--json"],
        env={**fabric.plain_environment(), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        address = next(line.strip() for line in process.stdout if "/v2/oauth2/authorize?" in line)
        printed, _ = process.communicate(f"{code_from_page(address, 'person')}\n", timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "person@" in printed
    who = fabric.octopus("whoami")
    assert who["subject"] == fabric.octopus("env", "--as", "person")["DIASPORA_SDK_CLIENT_ID"]
    assert "created" in fabric.octopus("topic", "create", "mine")["message"]
    assert fabric.octopus("logout")["logged_out"] is True
    assert fabric.command("whoami").returncode == 1


def test_operator_gets_the_environment_that_the_service_runs_with(fabric: RunningFabric) -> None:
    operator = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    ask = ("platform", "env", "service", "--institution")
    printed = json.loads(fabric.command(*ask, "local", "--json", environment=operator).stdout)
    profiles = (fabric.home / "aws" / "credentials").read_text()
    assert f"aws_access_key_id = {printed['AWS_ACCESS_KEY_ID']}" in profiles
    assert printed["OCTOPUS_REGISTRY_TABLE"] == "octopus-local-registry"
    unknown = fabric.command(*ask, "nowhere", environment=operator)
    assert unknown.returncode == 1
    assert "no fabric is deployed under /octopus/nowhere/" in unknown.stderr
