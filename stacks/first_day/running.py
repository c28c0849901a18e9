"""A script's work in the operator's account, and what becomes of its errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from stacks.first_day import context
from stacks.first_day.account import Account
from stacks.settings import SettingsError


def run(given: Sequence[str], work: Callable[[Account], int], *, advice: str = "") -> int:
    """Return the exit status of ``work``: 2 instead for wrong settings, 1 when AWS does not do its part.

    Args:
        given: the settings, as words that follow ``-c``.
        advice: a line for the latter case.
    """
    try:
        return work(Account(context.read(given), words=context.as_words(given)))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (BotoCoreError, ClientError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n{advice}")
        return 1
