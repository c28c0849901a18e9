"""`octopus doctor`, as a user whose access is broken in one way each, and as the operator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.integration.fabric.conftest import RunningFabric
from tests.integration.fabric.kafka import person, produce
from tests.unit.doctor.servers import make_authority

PATIENT = "patient"
Checks = dict[str, dict[str, Any]]


def _doctor(
    fabric: RunningFabric, *arguments: str, environment: Mapping[str, str] | None = None
) -> tuple[int, Checks]:
    """Exit status, and the findings by check."""
    done = fabric.command("doctor", *arguments, "--json", environment=environment)
    assert done.stdout, done.stderr
    return done.returncode, {check["check"]: check for check in json.loads(done.stdout)["checks"]}


def _not_ok(checks: Checks) -> dict[str, str]:
    return {name: check["status"] for name, check in checks.items() if check["status"] != "ok"}


def test_healthy_access_passes_every_check_and_leaves_nothing(fabric: RunningFabric) -> None:
    person(fabric, PATIENT)
    status, checks = _doctor(fabric, "--as", PATIENT)
    assert _not_ok(checks) == {}
    assert status == 0
    assert "GROUP_AUTHORIZATION_FAILED" in checks["group"]["detail"]
    (topics,) = fabric.octopus("topic", "list", "--as", PATIENT)["namespaces"].values()
    assert [topic for topic in topics if topic.startswith("doctor-")] == []
    groups = fabric.octopus("group", "list", "--as", PATIENT)["groups"]
    assert [group for group in groups if "doctor" in group["name"]] == []


def test_own_topic_gets_one_record_and_a_bare_group_is_put_right(fabric: RunningFabric) -> None:
    produce(fabric, PATIENT, "examined", 3)
    _, namespace = person(fabric, PATIENT)
    status, checks = _doctor(fabric, "--as", PATIENT, "--topic", "examined", "--group", "readers")
    assert status == 1
    assert _not_ok(checks) == {"group": "failed"}
    assert f"{namespace}.examined, offset 3" in checks["records"]["detail"]
    assert f"use {namespace}.readers" in checks["group"]["fix"]


def test_foreign_topic_is_explained_and_what_hangs_on_it_skipped(fabric: RunningFabric) -> None:
    _, namespace = person(fabric, PATIENT)
    _, foreign = person(fabric, "neighbour")
    group = ("--group", f"{namespace}.readers")
    done = fabric.command("doctor", "--as", PATIENT, "--topic", f"{foreign}.readings", *group)
    assert done.returncode == 1
    assert f"it lies in {foreign}, not in your {namespace}" in done.stdout
    assert "fix: use a topic of your own" in done.stdout
    assert "skipped a record there and back: because 'rights to the topic' failed" in done.stdout
    assert f"you may join {namespace}.readers" in done.stdout
    assert done.stdout.splitlines()[-1] == "12 ok, 1 failed, 1 skipped"


def test_key_that_was_revoked_is_found_in_the_shell(fabric: RunningFabric) -> None:
    old = fabric.octopus("key", "create", "--as", "revoked")
    fabric.session("revoked").call("DELETE", "key")
    fabric.octopus("key", "create", "--as", "revoked")
    status, checks = _doctor(
        fabric, "--as", "revoked", environment=_shell(old["access_key"], old["secret_key"])
    )
    assert status == 1
    assert checks["key"]["status"] == "failed"
    assert old["access_key"] in checks["key"]["detail"]
    assert "octopus key create" in checks["key"]["fix"]
    assert checks["sign-in"]["status"] == "skipped"


def test_secret_that_was_mistyped_is_found_in_the_shell(fabric: RunningFabric) -> None:
    key = fabric.octopus("key", "create", "--as", PATIENT)
    status, checks = _doctor(
        fabric, "--as", PATIENT, environment=_shell(key["access_key"], key["secret_key"][:-1])
    )
    assert status == 1
    assert "is not the one that belongs to it" in checks["key"]["detail"]
    assert key["secret_key"] not in json.dumps(checks)


def test_wrong_authority_and_wrong_listener_are_told_apart(fabric: RunningFabric, tmp_path: Path) -> None:
    foreign = make_authority(tmp_path / "ca.pem", "Somebody Else")
    _, checks = _doctor(fabric, "--as", PATIENT, "--ca-file", str(foreign.file))
    assert "of another fabric" in checks["tls"]["fix"]
    assert checks["key"]["status"] == "ok"
    _, checks = _doctor(fabric, "--as", PATIENT, "--bootstrap-servers", "127.0.0.1:8000")
    assert "does not speak TLS" in checks["tls"]["detail"]


def test_suspended_account_is_said_to_be_suspended(fabric: RunningFabric) -> None:
    _, namespace = person(fabric, "suspect")
    subject = fabric.session("suspect").subject
    operator = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    ask = ("platform", "suspend", subject, "--institution", "local", "--reason", "too loud")
    done = fabric.command(*ask, environment=operator)
    assert done.returncode == 0, done.stderr
    status, checks = _doctor(fabric, "--as", "suspect")
    assert status == 1
    assert checks["token"]["status"] == "ok"
    assert "too loud" in checks["account"]["detail"]
    assert checks["records"]["status"] == "skipped"
    assert namespace not in checks["records"]["detail"]


def test_operator_finds_a_healthy_fabric_healthy(fabric: RunningFabric) -> None:
    status, checks = _doctor(fabric, "--operator")
    assert _not_ok(checks) == {}
    assert status == 0


def test_operator_is_told_of_a_wrong_secret_and_a_silent_audit_log(
    fabric: RunningFabric, tmp_path: Path
) -> None:
    secret = tmp_path / "judge-secret"
    secret.write_text("another")
    audit = tmp_path / "audit.log"
    audit.touch()
    status, checks = _doctor(
        fabric, "--operator", "--judge-secret-file", str(secret), "--audit-log", str(audit)
    )
    assert status == 1
    assert _not_ok(checks) == {"judge-secret": "failed", "audit": "failed"}
    assert "OCTOPUS_JUDGE_SECRET" in checks["judge-secret"]["fix"]
    assert "disk is not full" in checks["audit"]["fix"]


def test_operator_is_told_of_an_absent_judge(fabric: RunningFabric) -> None:
    _, checks = _doctor(fabric, "--operator", "--judge-url", "http://127.0.0.1:1")
    assert checks["judge"]["status"] == "failed"
    assert "nobody new gets in" in checks["judge"]["fix"]
    assert checks["listeners"]["status"] == "skipped"


def _shell(access_key: str, secret_key: str) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}
