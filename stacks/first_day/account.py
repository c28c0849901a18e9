"""The AWS account and region that an installation is made in, as the operator's credentials reach them."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from stacks.settings import Settings

_PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 3})


def default_region() -> str | None:
    """Return the region of the operator's own configuration, as the CDK finds it."""
    # The AWS command line and the CDK know AWS_REGION, which boto3 does not read.
    return os.environ.get("AWS_REGION") or boto3.Session().region_name


class Account:
    """The account of one installation.

    Attributes:
        settings: of the installation.
        words: the settings as they were given, ``-c name=value ...``, for commands that are advised.
    """

    def __init__(self, settings: Settings, *, words: str = "", session: boto3.Session | None = None) -> None:
        self.settings = settings
        self.words = words or f"-c institution={settings.institution}"
        self._session = session or boto3.Session(region_name=settings.region)
        self._clients: dict[str, Any] = {}

    @cached_property
    def caller(self) -> str:
        """ARN of whoever the credentials are.

        Raises:
            BotoCoreError: there are none.
            ClientError: AWS does not take them.
        """
        return str(self.client("sts").get_caller_identity()["Arn"])

    @property
    def id(self) -> str:
        """The account's twelve digits."""
        return self.caller.split(":")[4]

    def client(self, service: str) -> Any:
        """Return the client of a service, made once."""
        if service not in self._clients:
            make: Any = self._session.client
            self._clients[service] = make(service, region_name=self.settings.region, config=_PATIENT)
        return self._clients[service]
