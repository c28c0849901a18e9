"""Where the service client's secret is kept. It goes there from Globus Auth's reply and is never shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from octopus.errors import InvalidError
from octopus.globus.database import check_private

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class SecretPlace(Protocol):
    """Holds one secret."""

    name: str
    """What a person calls the place."""

    def read(self) -> str | None:
        """The secret; None when there is none."""

    def write(self, secret: str) -> None:
        """Keep the secret, in place of the one before."""


class SecretsManagerPlace:
    """A secret of AWS Secrets Manager, as the stacks and the service read it."""

    def __init__(self, client: SecretsManagerClient, *, name: str, institution: str) -> None:
        self.name = f"{name} in Secrets Manager of {client.meta.region_name}"
        self._client = client
        self._secret = name
        self._institution = institution

    def read(self) -> str | None:
        """See `SecretPlace.read`.

        Raises:
            InvalidError: the secret is about to be deleted.
        """
        try:
            answer = self._client.get_secret_value(SecretId=self._secret)
        except self._client.exceptions.ResourceNotFoundException:
            return None
        except self._client.exceptions.InvalidRequestException as error:
            raise InvalidError(
                f"Secrets Manager is deleting {self._secret}: take it back with "
                f"`aws secretsmanager restore-secret --secret-id {self._secret}`, then run this again"
            ) from error
        return answer.get("SecretString", "").strip() or None

    def write(self, secret: str) -> None:
        """See `SecretPlace.write`."""
        try:
            self._client.create_secret(
                Name=self._secret,
                Description=f"Octopus {self._institution}: secret of the service's Globus Auth client",
                SecretString=secret,
                Tags=[{"Key": "octopus:fabric", "Value": self._institution}],
            )
        except self._client.exceptions.ResourceExistsException:
            self._client.put_secret_value(SecretId=self._secret, SecretString=secret)


class SecretFile:
    """A file that its owner alone can read."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            InvalidError: there is no folder for it, which is said before anything is made at Globus.
        """
        if not path.parent.is_dir():
            raise InvalidError(f"secret file: must be in a folder that is there, not {path}")
        self.name = f"the file {path}"
        self._path = path

    def read(self) -> str | None:
        """See `SecretPlace.read`.

        Raises:
            InvalidError: others can read the file.
        """
        if not self._path.is_file():
            return None
        try:
            check_private(self._path)
        except PermissionError as error:
            raise InvalidError(str(error)) from error
        return self._path.read_text().strip() or None

    def write(self, secret: str) -> None:
        """See `SecretPlace.write`.

        Raises:
            InvalidError: the file cannot be written.
        """
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(secret)
            new.replace(self._path)
        except OSError as error:
            raise InvalidError(f"secret file: {self._path} cannot be written: {error.strerror}") from error
