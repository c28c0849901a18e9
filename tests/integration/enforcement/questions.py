"""What Kafka asked the authorizer, as the recording authorizer wrote it down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.integration.broker.node import CLUSTER_ARN, arn
from tests.integration.enforcement.operations import Operation

_ARN_KINDS = {"TOPIC": "topic", "GROUP": "group", "TRANSACTIONAL_ID": "transactional-id"}


@dataclass(frozen=True)
class Question:
    """One question, and its answer.

    Attributes:
        listener: where the request came in; forwarded ones come in at the controller's.
        operation: on which kind of resource, as in ``READ TOPIC``.
        name: of the resource.
        decides: whether the answer is anything to Kafka; else it only tells a caller what he may do.
        audited: whether this answer is to be in the audit.
    """

    principal: str
    listener: str
    request: str
    operation: str
    name: str
    allowed: bool
    decides: bool
    audited: bool

    def resource(self) -> str:
        """The ARN that policies know the resource by."""
        kind = _ARN_KINDS.get(self.operation.split()[1])
        return CLUSTER_ARN if kind is None else arn(kind, self.name)

    def action(self, operation: Operation) -> str:
        """What the audit calls it."""
        asked = self.operation.split()[0]
        return f"kafka-cluster:{operation.action}" if operation.action else f"kafka:{asked}"


class Questions:
    """The record, read from where the last reading ended."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = file.stat().st_size

    def new(self, principal: str) -> list[Question]:
        """What was asked about a principal since."""
        with self._file.open("rb") as file:
            file.seek(self._read)
            written = file.read()
        # A line may be half written: it is read the next time.
        whole = written[: written.rfind(b"\n") + 1]
        self._read += len(whole)
        found = [_question(json.loads(line)) for line in whole.splitlines()]
        return [question for question in found if question.principal == principal]


def _question(line: dict[str, str | bool]) -> Question:
    allowed, if_denied = bool(line["allowed"]), bool(line["logged_if_denied"])
    return Question(
        principal=str(line["principal"]),
        listener=str(line["listener"]),
        request=str(line["request"]),
        operation=f"{line['operation']} {line['resource']}",
        name=str(line["name"]),
        allowed=allowed,
        decides=bool(line["logged_if_allowed"]) or if_denied,
        audited=if_denied and (not allowed or bool(line["logged_if_allowed"])),
    )
