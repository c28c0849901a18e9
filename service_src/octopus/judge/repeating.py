"""Reading on, for ever, whether or not the source is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from octopus.judge.errors import SourceUnavailableError

_log = structlog.get_logger(__name__)


async def repeat(
    name: str, read: Callable[[], Awaitable[None]], *, every: float, failed: Callable[[], None]
) -> None:
    """Read, and again so many seconds after each beginning; log when the source goes away and comes back.

    Args:
        failed: called each time that reading failed.
    """
    clock = asyncio.get_running_loop().time
    failing = False
    while True:
        began = clock()
        try:
            await read()
        except SourceUnavailableError as unavailable:
            if not failing:
                _log.warning("reading.failed", what=name, reason=str(unavailable))
            failing = True
            failed()
        except Exception:  # noqa: BLE001 - whatever it was, readings grow too old to be used
            if not failing:
                _log.exception("reading.not_understood", what=name)
            failing = True
            failed()
        else:
            if failing:
                _log.info("reading.works_again", what=name)
            failing = False
        # Never at once again, however long it took.
        await asyncio.sleep(max(every - (clock() - began), every / 2))
