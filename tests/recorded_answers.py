"""Recorded answers of AWS, for what no emulator holds and for faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from botocore.stub import Stubber

from stacks.first_day.account import Account

Record = Callable[[Account, str], Stubber]


@contextmanager
def recording() -> Iterator[Record]:
    """Gives a service's client answers to be asked for: all of them, in order, by the end of the block."""
    with ExitStack() as stack:
        made: list[Stubber] = []

        def record(account: Account, service: str) -> Stubber:
            made.append(stack.enter_context(Stubber(account.client(service))))
            return made[-1]

        yield record
        for each in made:
            each.assert_no_pending_responses()
