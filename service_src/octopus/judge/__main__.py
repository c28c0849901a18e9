"""``python -m octopus.judge``: the judge as a process, on a loopback address or behind TLS."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import sys
from concurrent.futures import Executor, ThreadPoolExecutor

import structlog
import uvicorn
from pydantic import ValidationError

from octopus import aws, log
from octopus.accounts.principal import PATH
from octopus.judge.account import Account
from octopus.judge.app import JudgeApp
from octopus.judge.last_use import LastUse
from octopus.judge.secrets import StoredSecrets
from octopus.judge.service import Judge, judged_region
from octopus.judge.sources import Sources
from octopus.judge.store import ChangeLog, CredentialsTable
from octopus.metrics.instruments import Instruments
from octopus.metrics.publishing import published
from octopus.settings import JudgeSettings

READERS = 10
"""Threads that read the table and KMS: as many as one AWS client keeps connections."""
IAM_READERS = 3
"""Threads that read IAM, whose limits are the whole account's."""


def main() -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean stop, 2 for settings that cannot be served."""
    try:
        settings = JudgeSettings()
    except ValidationError as error:
        missing = ", ".join(f"OCTOPUS_{'.'.join(map(str, e['loc']))}".upper() for e in error.errors())
        return _refuse(f"these settings are missing or wrong: {missing}")
    if (settings.judge_tls_certificate is None) != (settings.judge_tls_key is None):
        return _refuse("judge_tls_certificate and judge_tls_key go together: one of them is missing")
    for file in filter(None, (settings.judge_tls_certificate, settings.judge_tls_key)):
        if not os.access(file, os.R_OK):
            return _refuse(f"{file} cannot be read")
    if settings.judge_tls_certificate is None and not _is_loopback(settings.judge_host):
        return _refuse(
            f"judge_host is {settings.judge_host}, which is not a loopback address: without TLS its secret"
            " and its clients' tokens would cross the network unprotected. Give it judge_tls_certificate and"
            " judge_tls_key, or run it beside the broker on 127.0.0.1"
        )
    if not _secret(settings):
        return _refuse("judge_secret is empty: anyone could ask")
    try:
        aws.region()
        judged_region(settings.cluster_arn)
    except ValueError as error:
        return _refuse(str(error))
    log.configure(process="judge", level=settings.log_level)
    # For a signal that comes before uvicorn listens for it, and for uvicorn's raising it again once it has
    # stopped: both end in a clean exit.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    instruments = Instruments("judge")
    with (
        published(
            instruments,
            institution=settings.institution,
            port=settings.metrics_port,
            to_log=settings.metrics_log,
        ),
        ThreadPoolExecutor(READERS, thread_name_prefix="source") as executor,
        ThreadPoolExecutor(IAM_READERS, thread_name_prefix="iam") as iam_executor,
    ):
        asyncio.run(_serve(settings, instruments, executor, iam_executor))
    return 0


async def _serve(
    settings: JudgeSettings, instruments: Instruments, executor: Executor, iam_executor: Executor
) -> None:
    table = CredentialsTable(aws.dynamodb(), settings.credentials_table)
    sources = Sources(
        table=table,
        account=Account(
            aws.iam_at_ease(),
            paths=(PATH, f"/octopus/{settings.institution}/"),
            cluster_arn=settings.cluster_arn,
        ),
        secrets=StoredSecrets(aws.kms(), settings.credentials_key_arn),
        executor=executor,
        iam_executor=iam_executor,
        instruments=instruments,
    )
    judge = Judge(
        sources,
        change_log=ChangeLog(table),
        last_use=LastUse(table, executor=executor),
        cluster_arn=settings.cluster_arn,
        instruments=instruments,
    )
    server = uvicorn.Server(
        uvicorn.Config(
            JudgeApp(judge, secret=_secret(settings)),
            host=settings.judge_host,
            port=settings.judge_port,
            ssl_certfile=settings.judge_tls_certificate,
            ssl_keyfile=settings.judge_tls_key,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,
        )
    )
    # If watching ever failed, the group would end the server too: no judge is better than a blind one.
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(judge.watch())
            await server.serve()
            watching.cancel()
    finally:
        structlog.get_logger(__name__).info("judge.stopped")


def _secret(settings: JudgeSettings) -> str:
    # The plugin strips what it reads from its file, and no header could carry the line's end anyway.
    return settings.judge_secret.get_secret_value().strip()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse(reason: str) -> int:
    sys.stderr.write(f"octopus judge: {reason}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
