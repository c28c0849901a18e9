"""Starts, stops and describes a fabric on one machine, from nothing or from whatever an earlier run left."""

from __future__ import annotations

import datetime
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from octopus import aws, log
from octopus.accounts.store import AccountStore
from octopus.fabric import deployment, heal, platform_keys
from octopus.fabric.broker import check_broker_count, prepare_brokers
from octopus.fabric.certificates import ensure_certificates
from octopus.fabric.emulator import EmulatorState
from octopus.fabric.errors import FabricError
from octopus.fabric.ports import check_free, end, orphans
from octopus.fabric.processes import (
    EMULATOR,
    GLOBUS,
    HEARTBEAT,
    JUDGE,
    SERVICE,
    all_programs,
    first_programs,
    ports,
    ready,
    secret_file,
    supervisord_environment,
    titles,
)
from octopus.fabric.progress import Progress
from octopus.fabric.settings import INSTITUTION, FabricSettings, project_root
from octopus.fabric.supervision import ProcessState, Supervisor, wait_until
from octopus.parameters import read_deployed_settings

_READY_SECONDS = 300
"""Generous: a process that ends while it starts is noticed at once, and a slow machine is only slow."""
_FOLDERS = ("aws", "globus", "kafka", "log", "secrets", "tmp")


@dataclass(frozen=True, kw_only=True)
class ProcessStatus:
    """One process of the fabric, as ``octopus status`` shows it."""

    name: str
    title: str
    state: str
    ready: bool
    pid: int | None
    since: datetime.datetime | None
    ports: list[int]


class Fabric:
    """The fabric of one state folder."""

    def __init__(self, settings: FabricSettings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        self._supervisor = Supervisor(settings.home)
        self._emulator = EmulatorState(settings.home / "aws")
        self._titles = titles(settings)
        self._brokers = [node.name for node in settings.nodes]

    def up(self) -> list[ProcessStatus]:
        """Bring every process up, deploy what changed, mend what an unclean stop broke. Idempotent.

        Raises:
            FabricError: names what is missing, taken or broken, and the way out.
        """
        _check_installed()
        check_broker_count(self._settings)
        with self._locked():
            self._end_orphans()
            self._check_ports()
            self._settings.save()
            ensure_certificates(self._settings.home / "tls")
            if self._supervisor.pid() is None:
                self._supervisor.start(supervisord_environment(self._settings))
                self._supervisor.configure(first_programs(self._settings))
            unclean = self._start_emulator()
            if self._settings.stand_in:
                _secret(secret_file(self._settings, "globus-client"))
                self._start(GLOBUS)
            self._deploy()
            self._mend("Taking away again what was taken away since that state", heal.withdraw, unclean)
            self._start(JUDGE)
            for name in (*self._brokers, SERVICE):
                self._supervisor.start_program(name)
            for name in (*self._brokers, SERVICE):
                self._await(name)
            self._start(HEARTBEAT)
            self._mend("Comparing accounts, projects and topics with Kafka and the log", heal.heal, unclean)
            self._emulator.mark_healed()
            return self.status()

    def down(self) -> bool:
        """Stop every process, the emulator last and cleanly; returns whether anything ran."""
        with self._locked():
            self._end_orphans()
            if self._supervisor.pid() is None:
                return False
            states = self._supervisor.states()
            # The brokers together: the last ones left could not agree on anything any more.
            for names in ([HEARTBEAT], [SERVICE], self._brokers, [JUDGE], [GLOBUS]):
                known = [name for name in names if name in states]
                if known:
                    what = " and the ".join(self._titles[name] for name in known)
                    with self._progress.step(f"Stopping the {what}"):
                        self._supervisor.stop(*known)
            with self._progress.step("Stopping the AWS emulator, which writes its state"):
                self._stop_emulator(states[EMULATOR])
                self._supervisor.shut_down()
            return True

    def restart(self, name: str) -> list[ProcessStatus]:
        """Stop one process and start it again; of several brokers, once the others hold every record.

        Raises:
            FabricError: there is no such process, or it is not to be restarted alone.
        """
        with self._locked():
            states = self._supervisor.states()
            if not states:
                raise FabricError("The fabric is not running: `octopus up` starts it.")
            if name not in states:
                raise FabricError(f"There is no process {name!r}; there are: {', '.join(self._titles)}")
            if name == EMULATOR:
                raise FabricError(
                    "The AWS emulator holds the accounts and keys of all, and writes them when the fabric "
                    "stops: `octopus down` and `octopus up` restart it."
                )
            if name in self._brokers:
                for other in self._brokers:
                    if other != name:
                        self._await(other)
            with self._progress.step(f"Stopping the {self._titles[name]}"):
                self._supervisor.stop(name)
            self._start(name)
            return self.status()

    def reset(self) -> None:
        """Stop everything and delete the state folder: topics, accounts, keys, logs."""
        self.down()
        shutil.rmtree(self._settings.home, ignore_errors=True)

    def status(self) -> list[ProcessStatus]:
        """Each process with its state; ``ready`` is what it answers now."""
        states = self._supervisor.states()
        answering = ready(self._settings, [name for name, state in states.items() if state.up])
        return [
            self._describe(name, states.get(name), name in answering, [port for port, _ in taken])
            for name, taken in ports(self._settings).items()
        ]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        os.umask(0o077)  # keys and secrets are written below
        for folder in _FOLDERS:
            (self._settings.home / folder).mkdir(parents=True, exist_ok=True)
        with (self._settings.home / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FabricError(
                    "Another `octopus up`, `down`, `restart` or `reset` is at work here."
                ) from error
            with (self._settings.home / "log" / "octopus.log").open("a") as stream:
                log.configure(process="octopus", stream=stream)
                yield

    def _end_orphans(self) -> None:
        """End what a killed supervisord left behind; the emulator first, so that it can write its state."""
        left = orphans(self._settings.home, under=self._supervisor.pid())
        if not left:
            return
        names = ", ".join(f"{process.name()} ({process.pid})" for process in left)
        self._progress.note(f"The supervisor ended uncleanly and left processes behind, now stopped: {names}")
        emulators = [process for process in left if "ministack" in " ".join(process.cmdline())]
        if end(*emulators, seconds=30):
            self._emulator.keep_clean()
        end(*(process for process in left if process not in emulators), seconds=30)

    def _check_ports(self) -> None:
        states = self._supervisor.states()
        check_free(
            (self._titles[name], port, variable)
            for name, taken in ports(self._settings).items()
            if name not in states or not states[name].up
            for port, variable in taken
        )

    def _start_emulator(self) -> heal.Unclean | None:
        """Start the emulator on a state that can be trusted.

        Returns:
            What is known of the unclean stop before, if there was one that is not healed.
        """
        if not self._supervisor.states()[EMULATOR].up:
            if self._emulator.unclean:
                for name in {SERVICE, JUDGE} & self._supervisor.states().keys():
                    self._supervisor.stop(name)
                self._progress.note(heal.Unclean(restored_to=self._emulator.restore()).sentence())
            self._emulator.mark_running()
        self._start(EMULATOR)
        if not self._emulator.unhealed:
            return None
        return heal.Unclean(restored_to=self._emulator.restored_to)

    def _stop_emulator(self, before: ProcessState) -> None:
        self._supervisor.stop(EMULATOR)
        if before.up and self._supervisor.states()[EMULATOR].exit_status == 0:
            self._emulator.keep_clean()
        elif self._emulator.unclean:
            self._progress.note(
                "The AWS emulator did not stop cleanly: the next `octopus up` goes back to its last clean "
                "state."
            )

    def _deploy(self) -> None:
        settings = self._settings
        deployment.use_operator_credentials(settings)
        with self._progress.step("Deploying the stacks with the CDK"):
            deployment.ensure_globus_secret(_globus_secret(settings))
            deployment.deploy(settings, log=settings.home / "log" / "deploy.log")
        deployed = read_deployed_settings(INSTITUTION)
        AccountStore(aws.dynamodb(), deployed.registry_table).list_older()
        with self._progress.step("Preparing Kafka's storage"):
            prepare_brokers(
                settings,
                cluster_arn=deployed.cluster_arn,
                inner_secret=_secret(secret_file(settings, "broker")),
                judge_secret=secret_file(settings, "judge"),
            )
        _secret(secret_file(settings, "judge"))
        renewed = platform_keys.ensure_platform_keys(settings, deployed)
        self._supervisor.configure(all_programs(settings, deployed))
        for name in renewed:
            self._supervisor.stop(name)  # it reads its key when it starts

    def _mend(self, title: str, mend: heal.Mending, unclean: heal.Unclean | None) -> None:
        if unclean is None:
            return
        with self._progress.step(title):
            findings = mend(self._settings, read_deployed_settings(INSTITUTION), unclean)
        for sentence in findings:
            self._progress.note(sentence)

    def _start(self, name: str) -> None:
        self._supervisor.start_program(name)
        self._await(name)

    def _await(self, name: str) -> None:
        def failed() -> str | None:
            state = self._supervisor.states()[name].state
            if state not in ("FATAL", "EXITED", "STOPPED"):
                return None
            path = self._settings.home / "log" / f"{name}.log"
            tail = "\n".join(path.read_text(errors="replace").splitlines()[-10:]) if path.exists() else ""
            return f"The {self._titles[name]} ended while it started; the end of {path}:\n{tail}"

        with self._progress.step(f"{self._titles[name]} on port {ports(self._settings)[name][0][0]}"):
            wait_until(
                lambda: bool(ready(self._settings, [name])),
                seconds=_READY_SECONDS,
                what=f"The {self._titles[name]}",
                failed=failed,
            )

    def _describe(
        self, name: str, state: ProcessState | None, answers: bool, taken: list[int]
    ) -> ProcessStatus:
        up = state is not None and state.up
        since = state.since if state is not None and up else None
        return ProcessStatus(
            name=name,
            title=self._titles[name],
            state=state.state.lower() if state is not None else "stopped",
            ready=answers,
            pid=state.pid if state is not None and up else None,
            since=datetime.datetime.fromtimestamp(since, datetime.UTC) if since is not None else None,
            ports=taken,
        )


def _check_installed() -> None:
    root = project_root()
    broker = "service_src/broker/target/octopus-broker.jar"
    for needed in (".venv-emulator/bin/python", "node_modules/.bin/cdk", broker):
        if not (root / needed).exists():
            raise FabricError(f"{needed} is missing: run `make setup` first.")


def _secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text()


def _globus_secret(settings: FabricSettings) -> str:
    if settings.stand_in:
        return _secret(secret_file(settings, "globus-client"))
    if settings.globus_client_secret_file is None:
        raise FabricError(
            "OCTOPUS_GLOBUS_AUTH_URL names a real Globus Auth, so OCTOPUS_GLOBUS_CLIENT_SECRET_FILE must "
            "name the file that holds the secret of OCTOPUS_GLOBUS_CLIENT_ID."
        )
    return settings.globus_client_secret_file.read_text().strip()
