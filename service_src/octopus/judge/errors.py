"""Why the judge gives no allow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from octopus.errors import UnavailableError


class RefusedError(Exception):
    """A final no. The text goes to the broker and the log, and holds nothing of the token but its key id."""


class SourceUnavailableError(Exception):
    """A source that the answer rests on cannot be read now, so the answer is *unknown*."""


@contextmanager
def source(name: str) -> Iterator[None]:
    """Turn whatever AWS answers instead of data into :class:`SourceUnavailableError`."""
    try:
        yield
    except ClientError as error:
        raise SourceUnavailableError(f"{name}: {error_code(error)}") from error
    except BotoCoreError as error:
        raise SourceUnavailableError(f"{name}: {type(error).__name__}") from error
    except UnavailableError as error:
        raise SourceUnavailableError(f"{name}: {error.message}") from error


def error_code(error: ClientError) -> str:
    """AWS's code of an error, such as ``NoSuchEntity``."""
    return error.response.get("Error", {}).get("Code", "unknown")
