"""``octopus up | down | status | restart | logs | reset | env``: the fabric on this machine."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from octopus.cli import remote_status
from octopus.cli.output import JsonOption, print_json, print_line, print_table
from octopus.cli.plans import YesOption, ask, require_an_answer
from octopus.fabric.environment import sdk_environment
from octopus.fabric.errors import FabricError
from octopus.fabric.progress import Progress
from octopus.fabric.settings import FabricSettings

if TYPE_CHECKING:
    from datetime import datetime

    from octopus.fabric.finding import Finding
    from octopus.fabric.service import Fabric, ProcessStatus


def register(app: typer.Typer) -> None:
    """Add these commands to the command line's root."""
    for command in (up, down, status, restart, logs, reset, env):
        app.command()(command)


def up(
    brokers: Annotated[
        int | None, typer.Option("--brokers", help="1 or 3 Kafka brokers; fixed by the first `up`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Start the fabric on this machine, or mend and update the one that runs."""
    progress = _progress(as_json)
    settings = FabricSettings() if brokers is None else FabricSettings.model_validate({"brokers": brokers})
    processes = _fabric(settings, progress).up()
    if as_json:
        print_json({"status": "success", "notes": progress.notes, "processes": _plain(processes)})
        return
    print_line("")
    print_line(
        f"The fabric is up: {settings.service_url} (its API is described at {settings.service_url}/docs)"
    )
    print_line(
        'Next: eval "$(octopus env --as alice)" sets a shell up for the SDK; octopus status; octopus down'
    )


def down(as_json: JsonOption = False) -> None:
    """Stop the fabric on this machine; topics, accounts and keys are kept."""
    progress = _progress(as_json)
    ran = _fabric(FabricSettings(), progress).down()
    if as_json:
        print_json({"status": "success", "stopped": ran, "notes": progress.notes})
    else:
        print_line("The fabric is down; its state is kept." if ran else "The fabric was not running.")


def status(
    url: Annotated[
        str | None, typer.Argument(metavar="URL", help="With --remote: of a fabric; else this machine's.")
    ] = None,
    remote: Annotated[
        bool, typer.Option("--remote", help="Ask a fabric what of it works now; nobody has to be logged in.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show each process of the fabric, and what does not work; the exit status is 1 unless all is well."""
    if remote:
        remote_status.show(url or FabricSettings().service_url, as_json=as_json)
        return
    if url:
        raise typer.BadParameter("goes with --remote", param_hint="URL")
    from octopus.fabric.finding import finding  # late: as `_fabric`

    settings = FabricSettings()
    processes = _fabric(settings, _progress(quiet=True)).status()
    found = finding(settings, processes)
    if as_json:
        heartbeat = dataclasses.asdict(found) if found else None
        print_json({"processes": _plain(processes), "heartbeat": heartbeat})
    else:
        print_table(
            ["process", "state", "ready", "pid", "since", "ports"],
            [
                [
                    process.title,
                    process.state,
                    "yes" if process.ready else "no",
                    process.pid or "-",
                    _local(process.since) if process.since else "-",
                    ", ".join(map(str, process.ports)),
                ]
                for process in processes
            ],
        )
        _tell_finding(found)
    if not all(process.ready for process in processes) or (
        found is not None and (found.silent or found.broken)
    ):
        raise typer.Exit(1)


def restart(
    name: Annotated[str, typer.Argument(help="A process, as `octopus status --json` names it.")],
    as_json: JsonOption = False,
) -> None:
    """Stop one process and start it again; a broker of three waits for the others to hold every record."""
    progress = _progress(as_json)
    processes = _fabric(FabricSettings(), progress).restart(name)
    if as_json:
        print_json({"status": "success", "notes": progress.notes, "processes": _plain(processes)})
    else:
        print_line(f"Restarted: {name}")


def logs(
    name: Annotated[
        str,
        typer.Argument(
            help="A process, deploy, supervisord, or a broker's decisions: audit, audit-2, audit-3."
        ),
    ],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing as lines come.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
) -> None:
    """Print the log of one process."""
    folder = FabricSettings().home / "log"
    known = sorted(path.stem for path in folder.glob("*.log"))
    if name not in known:
        raise FabricError(f"There is no log {name!r}; there are: {', '.join(known) or 'none yet'}")
    tail = shutil.which("tail")
    if tail is None:
        raise FabricError(f"There is no `tail` on the PATH; the log is {folder / f'{name}.log'}")
    arguments = [tail, "-n", str(lines), *(["-F"] if follow else []), str(folder / f"{name}.log")]
    try:
        subprocess.run(arguments, check=False)  # noqa: S603 - a name from the list above
    except KeyboardInterrupt:
        return


def reset(yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Stop the fabric and delete all its state: topics, accounts, keys, identities, logs."""
    settings = FabricSettings()
    require_an_answer(yes=yes, as_json=as_json)
    if not yes:
        ask(f"Delete everything in {settings.home}?")
    _fabric(settings, _progress(as_json)).reset()
    if as_json:
        print_json({"status": "success"})
    else:
        print_line(f"Deleted {settings.home}")


def env(
    as_name: Annotated[str, typer.Option("--as", metavar="NAME", help="Identity, made on first use.")],
    as_json: JsonOption = False,
) -> None:
    """Print shell exports that set the published SDK up as one of the stand-in's identities."""
    values = sdk_environment(FabricSettings(), as_name)
    if as_json:
        print_json(values)
    else:
        for name, value in values.items():
            print_line(f"export {name}={shlex.quote(value)}")


def _fabric(settings: FabricSettings, progress: Progress) -> Fabric:
    from octopus.fabric.service import Fabric  # late: no other command needs what it takes to run one

    return Fabric(settings, progress)


def _progress(quiet: bool) -> Progress:
    return Progress(None if quiet else Console(stderr=True, highlight=False))


def _tell_finding(found: Finding | None) -> None:
    if found is None:
        print_line("The heartbeat has not looked yet.")
        return
    at = _local(found.checked)
    if found.silent:
        print_line(f"The heartbeat has not looked since {at}; if it stays so: octopus restart heartbeat")
        return
    if not found.broken:
        print_line(f"Everything works, as the heartbeat found at {at}.")
        return
    since = ", ".join(f"{one.part} since {_local(one.since)}" for one in found.broken)
    print_line(f"Does not work, as the heartbeat found at {at}: {since}")
    if found.probably:
        print_line(f"The probable cause: no answer of {', '.join(found.probably)}")


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def _plain(processes: list[ProcessStatus]) -> list[dict[str, object]]:
    return [dataclasses.asdict(process) for process in processes]
