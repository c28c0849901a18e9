"""Where a fabric of one machine keeps its state, and which ports it takes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import (
    BaseSettings,
    JsonConfigSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from octopus.fabric.errors import FabricError

INSTITUTION = "local"
REGION = "us-east-1"
ACCOUNT = "000000000000"
PUBLISHED_CLIENT_ID = "2b9d2f5c-fa32-45b5-875b-b24cd343b917"
"""Globus client of the published service: its SDK asks for tokens of this one and no other."""

_HIGHEST_PORT = 65535
Port = Annotated[int, Field(ge=1024, le=_HIGHEST_PORT)]

_SOCKET_PATH_LIMIT = 90
"""Bytes. A Unix socket's path has 107 at most, of which supervisord appends some while it binds."""
_PORTS_APART = 10
"""From a port of one broker to the same port of the next."""


def project_root() -> Path:
    """The clone that this package runs from.

    Raises:
        FabricError: the package was installed without the project around it.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / "cdk.json").is_file():
        raise FabricError(
            f"A fabric on one machine needs the project's clone around the package, and {root} is none."
        )
    return root


def state_folder() -> Path:
    """``OCTOPUS_HOME``, or ``.octopus`` in the clone: everything that a fabric writes is in it.

    Raises:
        FabricError: the path is too long for the supervisor's Unix socket.
    """
    given = os.environ.get("OCTOPUS_HOME")
    home = Path(given).expanduser().resolve() if given else project_root() / ".octopus"
    if len(bytes(home)) > _SOCKET_PATH_LIMIT:
        raise FabricError(
            f"OCTOPUS_HOME may have {_SOCKET_PATH_LIMIT} bytes at most (a Unix socket lies in it): {home}"
        )
    return home


def _one_or_three(brokers: int) -> int:
    if brokers not in (1, 3):
        raise ValueError("must be 1 or 3: of an even number, half could not outvote the other half")
    return brokers


@dataclass(frozen=True, kw_only=True)
class BrokerNode:
    """One of the fabric's Kafka brokers; each is a controller, too."""

    number: int
    """Kafka's ``node.id``, from 1."""
    client_port: int
    inner_port: int
    controller_port: int
    metrics_port: int

    @property
    def suffix(self) -> str:
        """What tells its process, logs and folder from the first broker's: nothing, ``-2`` or ``-3``."""
        return "" if self.number == 1 else f"-{self.number}"

    @property
    def name(self) -> str:
        """Of its process."""
        return f"broker{self.suffix}"


class FabricSettings(BaseSettings):
    """One machine's fabric: environment variables ``OCTOPUS_<FIELD>``, else what the last ``up`` had."""

    model_config = SettingsConfigDict(env_prefix="OCTOPUS_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=state_folder, exclude=True)
    brokers: Annotated[int, AfterValidator(_one_or_three)] = 1
    """How many brokers Kafka is made of; of three, each holds every record, and two must have it."""
    aws_port: Port = 4566
    globus_port: Port = 8100
    judge_port: Port = 8201
    kafka_port: Port = 9098
    """Of the first broker; each port of the second is 10 above the first's, of the third 20 above."""
    kafka_inner_port: Port = 19092
    kafka_controller_port: Port = 19093
    service_port: Port = 8000
    service_metrics_port: Port = 8301
    """Where the process's own metrics are read, as text for Prometheus; so the two below."""
    judge_metrics_port: Port = 8302
    heartbeat_metrics_port: Port = 8303
    broker_metrics_port: Port = 8311
    """The same of the first broker; of the others as with ``kafka_port``."""
    globus_auth_url: str | None = None
    """A real Globus Auth, ``https://auth.globus.org/``; the stand-in runs when unset."""
    globus_groups_url: str = "https://groups.api.globus.org/"
    """Globus Groups; not asked where the stand-in runs, which has groups of its own."""
    globus_client_id: str = PUBLISHED_CLIENT_ID
    globus_client_secret_file: Path | None = None
    """Secret of ``globus_client_id`` at the real Globus Auth."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        saved = JsonConfigSettingsSource(settings_cls, json_file=state_folder() / "fabric.json")
        return init_settings, env_settings, saved

    @model_validator(mode="after")
    def _ports_of_all_brokers(self) -> Self:
        ports = [self.aws_port, self.globus_port, self.judge_port, self.service_port]
        ports += [self.service_metrics_port, self.judge_metrics_port, self.heartbeat_metrics_port]
        for node in self.nodes:
            ports += [node.client_port, node.inner_port, node.controller_port, node.metrics_port]
        rule = f"each broker's ports are {_PORTS_APART} above those of the one before"
        if max(ports) > _HIGHEST_PORT:
            raise ValueError(f"{rule}, and {max(ports)} is above {_HIGHEST_PORT}: choose a lower port")
        twice = sorted({port for port in ports if ports.count(port) > 1})
        if twice:
            raise ValueError(f"port {twice[0]} is wanted twice ({rule}): choose another")
        return self

    def save(self) -> None:
        """Remember these for the commands that come after ``up``."""
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "fabric.json").write_text(json.dumps(self.model_dump(mode="json"), indent=2) + "\n")

    @property
    def stand_in(self) -> bool:
        """Whether the stand-in for Globus Auth runs here."""
        return self.globus_auth_url is None

    @property
    def auth_url(self) -> str:
        """Globus Auth as this fabric's parts reach it, with a slash at its end."""
        return self.globus_auth_url or f"http://127.0.0.1:{self.globus_port}/"

    @property
    def groups_url(self) -> str:
        """Globus Groups as this fabric's parts reach it, with a slash at its end."""
        return self.auth_url if self.stand_in else self.globus_groups_url

    @property
    def aws_url(self) -> str:
        """The emulator."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def judge_url(self) -> str:
        """The judge."""
        return f"http://127.0.0.1:{self.judge_port}"

    @property
    def service_url(self) -> str:
        """The web service, under the one name that the published SDK knows for a local one."""
        return f"http://localhost:{self.service_port}"

    @property
    def nodes(self) -> list[BrokerNode]:
        """The brokers, by number."""
        return [
            BrokerNode(
                number=number,
                client_port=self.kafka_port + above,
                inner_port=self.kafka_inner_port + above,
                controller_port=self.kafka_controller_port + above,
                metrics_port=self.broker_metrics_port + above,
            )
            for number, above in enumerate(range(0, self.brokers * _PORTS_APART, _PORTS_APART), start=1)
        ]

    @property
    def remembered_brokers(self) -> int:
        """How many brokers the last ``up`` had; 1 before the first."""
        saved = self.home / "fabric.json"
        return int(json.loads(saved.read_text()).get("brokers", 1)) if saved.is_file() else 1

    @property
    def replication_factor(self) -> int:
        """Copies of each record."""
        return self.brokers

    @property
    def bootstrap_servers(self) -> str:
        """What Kafka clients are told."""
        return ",".join(f"127.0.0.1:{node.client_port}" for node in self.nodes)

    @property
    def identity_store(self) -> Path:
        """The stand-in's identities."""
        return self.home / "globus" / "identities.sqlite"

    @property
    def ca_bundle(self) -> Path:
        """The system's roots and this fabric's own authority, PEM: what ``SSL_CERT_FILE`` may point at."""
        return self.home / "tls" / "bundle.pem"
