"""Keys of the platform's own processes, in a file that boto3's default chain reads."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

from octopus.credentials.platform import issue_platform_key
from octopus.fabric.settings import INSTITUTION, FabricSettings
from octopus.settings import DeployedSettings

_PROCESSES = ("service", "judge", "heartbeat")


def credentials_file(settings: FabricSettings) -> Path:
    """An AWS credentials file with one profile for each platform process."""
    return settings.home / "aws" / "credentials"


def ensure_platform_keys(settings: FabricSettings, deployed: DeployedSettings) -> list[str]:
    """Give each platform process a key of its own, recorded in the registry like any other.

    Returns:
        The processes whose key is another one than before: they must start again.
    """
    path = credentials_file(settings)
    before, after = configparser.RawConfigParser(), configparser.RawConfigParser()
    before.read(path)
    for process in _PROCESSES:
        access_key_id, secret = issue_platform_key(
            principal=process, user_name=f"octopus-{INSTITUTION}-{process}", settings=deployed
        )
        after[process] = {"aws_access_key_id": access_key_id, "aws_secret_access_key": secret}
    changed = [
        process for process in _PROCESSES if process not in before or before[process] != after[process]
    ]
    if changed:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            after.write(file)
    return changed
