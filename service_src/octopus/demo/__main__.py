"""``make demo``: a watched folder, mirrored through the fabric by an independent reader."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from octopus.demo.account import Account, open_account
from octopus.demo.children import Child
from octopus.demo.compare import compare
from octopus.demo.errors import EXPECTED, DemoError
from octopus.demo.intruder import intrude, use_own_topic
from octopus.demo.mirror import read_receipts
from octopus.demo.report import Outcome, print_report
from octopus.demo.workload import Workload
from octopus.fabric.deployment import plain_environment
from octopus.fabric.environment import sdk_environment
from octopus.fabric.errors import FabricError
from octopus.fabric.progress import Progress
from octopus.fabric.service import Fabric
from octopus.fabric.settings import FabricSettings

_TOPIC = "demo-files"
_START_S = 30
_ARRIVE_S = 60
_ASK_AGAIN_S = 0.01


def main() -> int:
    """Bring the fabric up if it is down, do the job, and leave the fabric as it was; returns the status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    console = Console(highlight=False)
    progress = Progress(console)
    try:
        settings = FabricSettings()
        fabric = Fabric(settings, progress)
        was_up = any(process.pid is not None for process in fabric.status())
        try:
            if not was_up or not all(process.ready for process in fabric.status()):
                fabric.up()
            outcome, topic = _job(settings, progress)
        finally:
            if not was_up:
                for number in (
                    signal.SIGINT,
                    signal.SIGTERM,
                ):  # half-stopped is what the next start has to mend
                    signal.signal(number, signal.SIG_IGN)
                fabric.down()
        print_report(outcome, console=console, settings=settings, topic=topic, up=was_up)
    except (*EXPECTED, FabricError) as error:
        console.print(f"[bold red]Failed:[/] {type(error).__name__}:", end=" ")
        console.print(str(error), markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    return 1 if outcome.failures() else 0


def _job(settings: FabricSettings, progress: Progress) -> tuple[Outcome, str]:
    """The job on a fabric that is up; returns what came out, and the topic's name in Kafka."""
    work = settings.home / "demo"
    shutil.rmtree(work, ignore_errors=True)
    watched, mirrored, receipts = work / "watched", work / "mirror", work / "receipts.json"
    watched.mkdir(parents=True)
    with progress.step("alice and mallory log in and get their keys; alice makes an empty topic"):
        alice = open_account(service_url=settings.service_url, environment=sdk_environment(settings, "alice"))
        mallory = open_account(
            service_url=settings.service_url, environment=sdk_environment(settings, "mallory")
        )
        topic = _empty_topic(alice)
    environment = plain_environment(settings.home) | sdk_environment(settings, "alice")
    told = {"topic": topic, "service": settings.service_url}
    with ExitStack() as stack:

        def start(module: str, **arguments: object) -> Child:
            log = work / f"{module}.log"
            return stack.enter_context(
                Child(f"octopus.demo.{module}", told | arguments, environment=environment, log=log)
            )

        with progress.step("The instrument and the mirror start, log in and get their keys"):
            mirror = start("mirror", folder=mirrored, report=receipts)
            instrument = start("instrument", folder=watched)
            for child in (mirror, instrument):
                child.expect("ready", seconds=_START_S)
        workload = Workload(watched)

        def arrives(there: Callable[[], bool]) -> None:
            _await(there, [mirror, instrument])

        def mirror_of(path: Path) -> Path:
            return mirrored / path.relative_to(watched)

        with progress.step("Real files are copied into the watched folder"):
            copied = workload.copy()
            arrives(lambda: (mirrored / copied[-1]).exists())
        with progress.step("Files and a whole directory are renamed"):
            renamed = workload.rename()
            arrives(lambda: mirror_of(renamed).exists())
        with progress.step("Files are changed"):
            workload.modify()
        with progress.step("Files and a whole directory are deleted"):
            deleted = workload.delete()
            arrives(lambda: not mirror_of(deleted).exists())
        with progress.step("mallory uses a topic of her own, and tries alice's"):
            use_own_topic(mallory)
            attempts = intrude(mallory, namespace=alice.namespace, topic=_TOPIC)
        with progress.step("The instrument ends its run, and the mirror reads to the end"):
            instrument.terminate()
            ended = instrument.expect("ended", seconds=_ARRIVE_S)
            mirror.wait(seconds=_ARRIVE_S)
    with progress.step("Mirror and disk are compared, hash by hash"):
        comparison = compare(watched, mirrored)
    outcome = Outcome(
        phases=workload.phases,
        receipts=read_receipts(receipts),
        acknowledged=ended["events"],
        losses=ended["losses"],
        comparison=comparison,
        attempts=attempts,
    )
    return outcome, topic


def _empty_topic(account: Account) -> str:
    """Make the job's topic, or empty the one of an earlier run; returns its name in Kafka."""
    topics = account.session.call("GET", "namespace")["namespaces"].get(account.namespace, [])
    path = f"{account.namespace}/{_TOPIC}"
    if _TOPIC in topics:
        account.session.call("PUT", f"{path}/recreate")
    else:
        account.session.call("POST", path)
    return f"{account.namespace}.{_TOPIC}"


def _await(there: Callable[[], bool], children: list[Child]) -> None:
    """Wait until the mirror has something, so that one kind of work is not measured into the next."""
    until = time.monotonic() + _ARRIVE_S
    while not there():
        for child in children:
            child.check()
        if time.monotonic() > until:
            raise DemoError(f"The mirror did not follow within {_ARRIVE_S} s.")
        time.sleep(_ASK_AGAIN_S)


if __name__ == "__main__":
    sys.exit(main())
