"""The features of the fabric on this machine, at its brokers as the web service is."""

from __future__ import annotations

import configparser
from typing import TYPE_CHECKING

from botocore.credentials import Credentials

from octopus.fabric.platform_keys import credentials_file
from octopus.fabric.settings import FabricSettings
from octopus.settings import DeployedSettings, ServiceSettings

if TYPE_CHECKING:
    from octopus.web.assembly import Features


def open_features(settings: FabricSettings, deployed: DeployedSettings) -> Features:
    """The features, on AWS's default credential chain; whoever opens them closes them."""
    from octopus.web.assembly import assemble  # late: it is half of what every command would wait for

    return assemble(
        ServiceSettings(
            **{**deployed.model_dump(), "replication_factor": settings.replication_factor},
            kafka_ca_file=settings.home / "tls" / "ca.pem",
        ),
        kafka_key=_service_key(settings),
    )


def _service_key(settings: FabricSettings) -> Credentials:
    profiles = configparser.RawConfigParser()
    profiles.read(credentials_file(settings))
    profile = profiles["service"]
    return Credentials(profile["aws_access_key_id"], profile["aws_secret_access_key"])
