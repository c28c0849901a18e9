"""``octopus doctor``: why does it not work? As a user, or as the operator."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import botocore.session
import typer
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from rich.console import Console
from rich.text import Text

from octopus.cli.kafka import CaFileOption, local_ca_file
from octopus.cli.output import AsOption, JsonOption, print_json, print_line
from octopus.cli.session import Session, open_session
from octopus.doctor.findings import Result, Status
from octopus.fabric.settings import INSTITUTION, FabricSettings

if TYPE_CHECKING:
    from octopus.doctor.operator import Operator

_STYLES = {Status.OK: "green", Status.FAILED: "red", Status.SKIPPED: "yellow"}


def register(app: typer.Typer) -> None:
    """Add this command to the command line's root."""
    app.command()(doctor)


def doctor(
    as_name: AsOption = None,
    topic: Annotated[
        str | None,
        typer.Option(
            "--topic", metavar="TOPIC", help="Try it on this one, which gets one record; else a new one."
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="GROUP", help="The consumer group that your program names."),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Of the web service; else this machine's.")
    ] = None,
    bootstrap_servers: Annotated[
        str | None,
        typer.Option(
            "--bootstrap-servers", metavar="HOST:PORT,...", help="Else those that come with the key."
        ),
    ] = None,
    ca_file: CaFileOption = None,
    operator: Annotated[
        bool,
        typer.Option("--operator", help="Examine the fabric itself, with AWS credentials of its operator."),
    ] = False,
    institution: Annotated[
        str, typer.Option("--institution", help="With --operator: as it was deployed.")
    ] = INSTITUTION,
    judge_url: Annotated[
        str | None, typer.Option("--judge-url", metavar="URL", help="With --operator: else on this machine.")
    ] = None,
    judge_secret_file: Annotated[
        Path | None,
        typer.Option(
            "--judge-secret-file", metavar="FILE", help="With --operator: the one that brokers read."
        ),
    ] = None,
    audit_log: Annotated[
        list[Path] | None,
        typer.Option(
            "--audit-log", metavar="FILE", help="With --operator: of a broker on this machine; repeatable."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check all that lies between you and your records, each with the fix; status 1 if any check failed.

    With --operator, check the fabric itself: what was deployed, the judge, the brokers.
    """
    # Late: they know all that can be wrong, down to Kafka's protocol.
    from octopus.doctor.caller import Caller
    from octopus.doctor.platform import examine_fabric
    from octopus.doctor.user import examine_user

    settings = FabricSettings()
    if operator:
        examined = _operator(settings, institution, ca_file, judge_url, judge_secret_file, audit_log)
        _report(examine_fabric(examined), as_json)
        return
    local = url is None and (settings.home / "fabric.json").is_file()

    def login() -> Session:
        session = open_session(as_name)
        return session if url is None else dataclasses.replace(session, url=url.rstrip("/"))

    caller = Caller(
        url=(url or settings.service_url).rstrip("/"),
        login=login,
        given_servers=bootstrap_servers or (settings.bootstrap_servers if local else None),
        ca_file=ca_file or (local_ca_file() if url is None else None),
        shell_key=_shell_key(),
        topic=topic,
        group=group,
    )
    _report(examine_user(caller), as_json)


def _operator(
    settings: FabricSettings,
    institution: str,
    ca_file: Path | None,
    judge_url: str | None,
    judge_secret_file: Path | None,
    audit_log: list[Path] | None,
) -> Operator:
    """Whatever was not named is this machine's fabric's, when it is the one to be examined."""
    from octopus.doctor.operator import Operator
    from octopus.fabric.deployment import use_operator_credentials
    from octopus.fabric.processes import secret_file

    here = institution == INSTITUTION and (settings.home / "fabric.json").is_file()
    if here:
        use_operator_credentials(settings)
        judge_secret_file = judge_secret_file or secret_file(settings, "judge")
        audit_log = audit_log or sorted((settings.home / "log").glob("audit*.log"))
    return Operator(
        institution=institution,
        judge_url=(judge_url or settings.judge_url).rstrip("/"),
        judge_secret_file=judge_secret_file,
        audit_files=tuple(audit_log or ()),
        ca_file=ca_file or (local_ca_file() if here else None),
        fabric=settings if here else None,
    )


def _report(results: Iterator[Result], as_json: bool) -> None:
    """Print each result as it comes; end with status 1 when one failed."""
    seen: list[Result] = []
    console = Console(highlight=False, soft_wrap=True)
    for result in results:
        seen.append(result)
        if as_json:
            continue
        finding = result.finding
        status = Text(f"{finding.status:<8}", style=_STYLES[finding.status])
        console.print(status + Text(f"{result.title}: {finding.detail}", style=""))
        if finding.fix is not None:
            console.print(Text(f"{'':<8}fix: {finding.fix}"))
    failed = [result for result in seen if result.finding.status is Status.FAILED]
    if as_json:
        print_json({"status": "failure" if failed else "success", "checks": [_plain(one) for one in seen]})
    else:
        counts = Counter(result.finding.status for result in seen)
        print_line(", ".join(f"{counts[status]} {status}" for status in Status))
    if failed:
        raise typer.Exit(1)


def _plain(result: Result) -> dict[str, str | None]:
    return {"check": result.name, "title": result.title, **dataclasses.asdict(result.finding)}


def _shell_key() -> Credentials | None:
    """The key that this shell's AWS variables name: what a client started from it would sign with."""
    if "AWS_ACCESS_KEY_ID" not in os.environ and "AWS_PROFILE" not in os.environ:
        return None
    try:
        found = botocore.session.get_session().get_credentials()
    except BotoCoreError as error:
        raise typer.BadParameter(f"AWS's variables of this shell name no key: {error}") from None
    if found is None:
        return None
    frozen = found.get_frozen_credentials()
    return Credentials(str(frozen.access_key), str(frozen.secret_key), frozen.token)
