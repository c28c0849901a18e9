"""Records the calls that an operation makes to AWS and to Kafka, and ends a process at one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from octopus import aws
from tests.integration.accounts.conftest import Fabric

When = Literal["before", "after"]

READS = ("Get", "List", "Query", "BatchGet", "Decrypt", "Encrypt", "AssumeRole")
"""Beginnings of AWS calls that leave everything as it was."""
LEASES = ("dynamodb.PutItem", "dynamodb.UpdateItem", "dynamodb.DeleteItem")
"""Single items that the service writes are leases; everything else is written in transactions."""


class ProcessDiedError(BaseException):
    """The process is no more: nothing that it would still do happens, not even its cleaning up."""


class Calls:
    """Every call from here on, by name (``dynamodb.PutItem``, ``kafka.create``), until the process dies.

    Attributes:
        made: names of the calls, in order.
        dies_at: position of the call at which the process dies, and whether it is made before.
    """

    def __init__(self) -> None:
        self.made: list[str] = []
        self.dies_at: tuple[int, When] | None = None
        self._dead = False

    def saw(self, call: str, when: str) -> None:
        """Note a call, and die if it is the one."""
        if self._dead:
            raise ProcessDiedError(call)
        if when == "before":
            self.made.append(call)
        if self.dies_at == (len(self.made) - 1, when):
            self._dead = True
            raise ProcessDiedError(call)


@contextmanager
def watched(fabric: Fabric) -> Iterator[Calls]:
    """The calls of everything that is done in the block."""
    calls = Calls()

    def before(model: Any, **_others: Any) -> None:
        calls.saw(f"{model.service_model.service_name}.{model.name}", "before")

    def after(model: Any, **_others: Any) -> None:
        calls.saw(f"{model.service_model.service_name}.{model.name}", "after")

    clients: list[Any] = [aws.dynamodb(), aws.iam(), aws.kms(), aws.sts()]
    for client in clients:
        client.meta.events.register("before-call", before)
        client.meta.events.register("after-call", after)
    fabric.kafka.watch = calls.saw
    try:
        yield calls
    finally:
        fabric.kafka.watch = lambda _call, _when: None
        for client in clients:
            client.meta.events.unregister("before-call", before)
            client.meta.events.unregister("after-call", after)


def changes_something(call: str) -> bool:
    """Whether a call may leave anything but a lease otherwise than it was."""
    service, _, name = call.partition(".")
    if service == "kafka":
        return name in ("create", "delete", "delete_groups")
    return call not in LEASES and not name.startswith(READS)
