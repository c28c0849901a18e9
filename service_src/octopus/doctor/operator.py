"""An operator's fabric: what is asked of its deployment and its brokers, each thing once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from botocore.credentials import Credentials as Key
from confluent_kafka.admin import AdminClient

from octopus.addresses import Addresses, AddressUnknownError, open_addresses
from octopus.credentials.models import UsableKey
from octopus.credentials.service import Credentials, open_platform_credentials
from octopus.doctor.findings import NotKnownError
from octopus.fabric.settings import FabricSettings
from octopus.kafka.client import client_settings, token_region
from octopus.kafka.servers import Address, parse_servers
from octopus.parameters import read_deployed_settings
from octopus.settings import DeployedSettings

SERVICE = "service"
JUDGE = "judge"


@dataclass(kw_only=True)
class Operator:
    """A fabric in the hands of its operator: AWS's default chain, and the files beside the brokers."""

    institution: str
    judge_url: str
    judge_secret_file: Path | None = None
    """What the judge shares with the brokers' plugin; None where the file is not at hand."""
    audit_files: tuple[Path, ...] = ()
    """Where the brokers write their decisions, as far as they are on this machine."""
    ca_file: Path | None = None
    fabric: FabricSettings | None = None
    """Of this machine's fabric, when it is that."""

    @cached_property
    def deployed(self) -> DeployedSettings:
        """What the stacks decided."""
        return read_deployed_settings(self.institution)

    @cached_property
    def addresses(self) -> Addresses:
        """Where it is reached."""
        return open_addresses(self.deployed)

    @cached_property
    def credentials(self) -> Credentials:
        """The keys of the fabric's processes."""
        return open_platform_credentials(self.deployed)

    @cached_property
    def servers(self) -> tuple[Address, ...]:
        """What clients are told.

        Raises:
            NotKnownError: MSK does not say.
        """
        try:
            return parse_servers(self.addresses.brokers().outside)
        except AddressUnknownError as unknown:
            raise NotKnownError(unknown.message) from None

    @cached_property
    def service_key(self) -> Key:
        """The key with which the web service administers topics.

        Raises:
            NotKnownError: it has none that works.
        """
        key = self.platform_key(SERVICE)
        if key is None:
            raise NotKnownError("the service has no key that works")
        return Key(key.access_key_id, key.secret)

    @cached_property
    def admin(self) -> AdminClient:
        """Kafka's admin protocol, as the web service speaks it."""
        settings = client_settings(
            bootstrap_servers=self.addresses.brokers().outside,
            ca_file=self.ca_file,
            credentials=self.service_key,
            region=token_region(self.deployed),
        )
        return AdminClient({**settings, "log_level": 0}, logger=logging.getLogger("librdkafka"))

    def user_name(self, principal: str) -> str:
        """The IAM user that the stacks made for a process of the platform."""
        return f"octopus-{self.institution}-{principal}"

    def platform_key(self, principal: str) -> UsableKey | None:
        """The recorded key of a process while it works; none is issued."""
        return self.credentials.current(principal, self.user_name(principal))
