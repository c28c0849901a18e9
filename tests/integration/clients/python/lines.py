"""How a test speaks with a client in another environment: a request and a reply, each a line of JSON."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

BOOTSTRAP_SERVERS = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
CA_FILE = os.environ["KAFKA_CA_FILE"]
REGION = os.environ["AWS_REGION"]


def serve(
    client: object, name_of: Callable[[BaseException], str] = lambda error: type(error).__name__
) -> None:
    """Answer requests until standard input ends.

    Args:
        client: its methods are what can be asked for.
        name_of: how the client's library calls an error.
    """
    logging.basicConfig(level=logging.WARNING)
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        operation = getattr(client, request.pop("do"))
        try:
            reply = {"result": operation(**request)}
        except Exception as error:  # noqa: BLE001  # the test decides what was to be expected
            reply = {"error": name_of(error), "text": str(error)}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
