"""The examination of a fabric by its operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from octopus.doctor import deployment_checks as deployment
from octopus.doctor import enforcement_checks as enforcement
from octopus.doctor.deployment_checks import of_aws
from octopus.doctor.findings import Check, Finding, NotKnownError, Result, examine
from octopus.doctor.kafka_checks import check_brokers
from octopus.doctor.network import check_certificates, check_expiry, check_names, check_ports
from octopus.doctor.operator import JUDGE, SERVICE, Operator
from octopus.errors import OctopusError

OPERATOR_CHECKS: tuple[Check[Operator], ...] = (
    Check("emulator", "AWS emulator of this machine", enforcement.check_emulator),
    Check("aws", "AWS credentials", of_aws(deployment.check_credentials)),
    Check("parameters", "parameters of the deployment", of_aws(deployment.check_parameters), ("aws",)),
    Check("tables", "tables", of_aws(deployment.check_tables), ("parameters",)),
    Check("encryption", "encryption of secrets", of_aws(deployment.check_encryption), ("parameters",)),
    Check("boundary", "permissions boundary of users", of_aws(deployment.check_boundary), ("parameters",)),
    Check("client-role", "role of users' sessions", of_aws(deployment.check_client_role), ("parameters",)),
    Check(
        "service-key",
        "key of the web service",
        of_aws(lambda operator: deployment.check_platform_key(operator, SERVICE)),
        ("tables", "encryption"),
    ),
    Check(
        "judge-key",
        "key of the judge",
        of_aws(lambda operator: deployment.check_platform_key(operator, JUDGE)),
        ("tables", "encryption"),
    ),
    Check("judge", "judge", enforcement.check_judge),
    Check("judge-secret", "secret between judge and brokers", enforcement.check_judge_secret, ("judge",)),
    Check("judge-clock", "the judge's clock", enforcement.check_judge_clock, ("judge",)),
    Check("dns", "names of the brokers", lambda operator: check_names(operator.servers), ("parameters",)),
    Check("ports", "ports of the brokers", lambda operator: check_ports(operator.servers), ("dns",)),
    Check(
        "tls",
        "certificates of the brokers",
        lambda operator: check_certificates(operator.servers, operator.ca_file),
        ("ports",),
    ),
    Check(
        "expiry",
        "life of the certificates",
        lambda operator: check_expiry(operator.servers, operator.ca_file),
        ("tls",),
    ),
    Check("listeners", "listeners of the brokers", enforcement.check_listeners, ("tls", "judge")),
    Check("sign-in", "the service's sign-in", enforcement.check_sign_in, ("listeners", "service-key")),
    Check(
        "brokers",
        "addresses that the brokers give",
        lambda operator: check_brokers(operator.admin, operator.ca_file),
        ("sign-in",),
    ),
    Check("broker-clocks", "the brokers' clocks", enforcement.check_broker_clocks, ("sign-in",)),
    Check("audit", "audit log", enforcement.check_audit, ("listeners",)),
)


OF_THE_JUDGE = frozenset({"judge-key", "judge", "judge-secret", "judge-clock", "listeners", "audit"})
"""Checks of what stands for IAM before brokers that do not know it."""


def examine_fabric(operator: Operator) -> Iterator[Result]:
    """Each check's result; nothing of the fabric is changed."""
    checks: Sequence[Check[Operator]] = OPERATOR_CHECKS
    if _on_msk(operator):
        checks = [
            replace(check, ask=_nothing_to_ask) if check.name in OF_THE_JUDGE else check for check in checks
        ]
    return examine(checks, operator)


def _on_msk(operator: Operator) -> bool:
    try:
        return operator.deployed.kafka != "external"
    except (OctopusError, ValidationError, BotoCoreError, ClientError):
        return False  # the checks of AWS and its parameters say why that cannot be known


def _nothing_to_ask(_operator: Operator) -> Finding:
    raise NotKnownError("on Amazon MSK IAM itself decides: there is no judge")
