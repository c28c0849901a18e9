"""Kafka's own codec of every request and response, which is Java, as a process beside the tests."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any

from tests.integration.broker.node import BROKER, CLASS_PATH

TEST_CLASSES = BROKER / "target" / "test-classes"
"""Compiled with the plugin by `make setup`."""

_NAMES = (
    *("name", "topic", "topicName", "topicId", "groupId", "group", "transactionalId", "key", "resourceName"),
    *("memberId", "user"),
)

Body = dict[str, Any]
"""A message as JSON, its fields named as in Kafka's specification, with a small first letter."""


@dataclass(frozen=True)
class Api:
    """A request that this Kafka knows.

    Attributes:
        listeners: kinds of nodes that serve it, ``BROKER`` and ``CONTROLLER``.
    """

    name: str
    id: int
    listeners: frozenset[str]


@dataclass(frozen=True)
class Encoded:
    """A request, ready to be sent after its size."""

    request: str
    version: int
    message: bytes


class CodecError(Exception):
    """A body does not fit its request."""


class Codec:
    """Encodes and decodes; a context manager that ends the process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [
                *("java", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xmx64m"),
                *("-cp", f"{TEST_CLASSES}:{CLASS_PATH}", "org.octopus.broker.wire.Codec"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Codec:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def requests(self) -> list[Api]:
        """Every request of this Kafka's ``ApiKeys``."""
        found = self._ask({})["requests"]
        return [Api(each["name"], each["id"], frozenset(each["listeners"])) for each in found]

    def errors(self, response: Body) -> dict[str, str]:
        """Every error in a response, by what it is about, such as ``topics/ns.events/partitions/0``.

        Members of lists go by their names, those without one by their numbers; ``""`` is the whole response.
        """
        return {path: self._error_names[code] for path, code in _codes(response, []) if code != 0}

    def encode(self, request: str, body: Body, *, version: int | None = None) -> Encoded:
        """A request; fields that the body does not name have Kafka's defaults.

        Args:
            version: the latest stable one when None.

        Raises:
            CodecError: the body has a field that the request has not, or not in that version.
        """
        asked: dict[str, Any] = {"request": request, "body": body}
        if version is not None:
            asked["version"] = version
        answer = self._ask(asked)
        return Encoded(request, answer["version"], base64.b64decode(answer["bytes"]))

    def decode(self, asked: Encoded, message: bytes) -> Body:
        """The response to a request, complete."""
        encoded = base64.b64encode(message).decode()
        answer = self._ask({"response": asked.request, "version": asked.version, "bytes": encoded})
        return dict(answer["body"])

    @cached_property
    def _error_names(self) -> dict[int, str]:
        return {int(code): name for code, name in self._ask({})["errors"].items()}

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise CodecError(f"{command.get('request') or command.get('response')}: {answer['error']}")
        return answer


def _codes(value: Any, path: list[str]) -> Iterator[tuple[str, int]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name.lower().endswith("errorcode"):
                yield "/".join(path), each
            else:
                yield from _codes(each, [*path, name])
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _codes(each, [*path, _name(each) or str(number)])


def _name(member: Any) -> str | None:
    named = [member.get(key) for key in _NAMES] if isinstance(member, dict) else []
    return next((name for name in named if name), None)
