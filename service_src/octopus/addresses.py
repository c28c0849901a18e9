"""Where brokers and fabric are reached: as the settings say or, where they leave it open, as AWS says.

MSK names its brokers only once they are there, and names public ones once public access is on; the gateway
has its address from a stack that is deployed after the service. So both are learnt at run time, and again
every ten minutes; what the process itself is connected to stays as it was when it connected.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octopus import aws
from octopus.errors import UnavailableError
from octopus.learnt import Learnt
from octopus.settings import DeployedSettings

if TYPE_CHECKING:
    from mypy_boto3_kafka import KafkaClient
    from mypy_boto3_ssm import SSMClient

LEARNT_AGAIN_S = 600.0


class AddressUnknownError(UnavailableError):
    """Nobody has said the address yet."""


@dataclass(frozen=True)
class Brokers:
    """Bootstrap servers of a cluster; comma-separated ``host:port``."""

    inside: str
    """From its own network."""
    outside: str
    """For users: from the internet where that is open, else the same."""


class Addresses:
    """Addresses of one fabric. Safe to share between threads."""

    def __init__(
        self, settings: DeployedSettings, *, msk: Callable[[], KafkaClient], ssm: Callable[[], SSMClient]
    ) -> None:
        self._settings = settings
        self._msk = msk
        self._ssm = ssm
        self._parameter = f"/octopus/{settings.institution}/gateway_url"
        self._brokers: Learnt[Brokers] = Learnt("brokers", self._ask_msk, lasts_s=LEARNT_AGAIN_S)
        self._gateway: Learnt[str] = Learnt("gateway", self._read_gateway, lasts_s=LEARNT_AGAIN_S)

    def brokers(self) -> Brokers:
        """Where the brokers are.

        Raises:
            AddressUnknownError: MSK has not said so yet.
        """
        given = self._settings.bootstrap_servers
        brokers = Brokers(given, given) if given else self._brokers.get()
        if brokers is None:
            # Its name alone: whoever asks for the health reads this without a token.
            cluster = self._settings.cluster_arn.split("/")[1]
            raise AddressUnknownError(
                f"The brokers' addresses are not known yet: MSK names none of {cluster}"
            )
        return brokers

    def public_url(self) -> str:
        """Where clients reach the fabric.

        Raises:
            AddressUnknownError: the gateway is not there yet.
        """
        url = self._settings.public_url or self._gateway.get()
        if url is None:
            raise AddressUnknownError(
                f"The fabric's address is not known yet: the service stack has written no SSM parameter"
                f" {self._parameter}"
            )
        return url

    def _ask_msk(self) -> Brokers | None:
        told = self._msk().get_bootstrap_brokers(ClusterArn=self._settings.cluster_arn)
        inside = told.get("BootstrapBrokerStringSaslIam")
        if not inside:
            return None
        return Brokers(inside, told.get("BootstrapBrokerStringPublicSaslIam") or inside)

    def _read_gateway(self) -> str | None:
        client = self._ssm()
        try:
            parameter = client.get_parameter(Name=self._parameter)["Parameter"]
        except client.exceptions.ParameterNotFound:
            return None
        return parameter["Value"].rstrip("/")


def open_addresses(settings: DeployedSettings) -> Addresses:
    """The addresses of one deployment; AWS is asked when they are first needed."""
    return Addresses(settings, msk=aws.msk, ssm=aws.ssm)
