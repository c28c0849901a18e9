"""A function of plain Python source, as every one of ours is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct


def source_function(
    scope: Construct,
    *,
    source: Path,
    description: str,
    timeout: Duration,
    environment: Mapping[str, str],
    log_retention: logs.RetentionDays,
    removal_policy: RemovalPolicy,
) -> tuple[lambda_.Function, iam.Role]:
    """Make a function, its role and its log in ``scope``; the role may write that log and nothing else.

    Nothing is bundled: it needs what the Lambda runtime holds already.

    Args:
        source: folder of a ``handler.py``.
        removal_policy: of the log.
    """
    log = logs.LogGroup(scope, "Log", retention=log_retention, removal_policy=removal_policy)
    role = iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log.grant_write(role)
    function = lambda_.Function(
        scope,
        "Function",
        description=description,
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.ARM_64,
        handler="handler.handler",
        code=lambda_.Code.from_asset(str(source), exclude=["**/__pycache__", "**/*.pyc"]),
        memory_size=256,
        timeout=timeout,
        environment=environment,
        role=role,
        log_group=log,
    )
    return function, role
