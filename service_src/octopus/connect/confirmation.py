"""A code that only the terminal of `octopus connect` shows, and that lets one login through."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without what is read as something else: 0 and O, 1 and I."""
_LENGTH = 10
"""Fifty bits: nobody guesses it within the life of a process."""


class Confirmation:
    """The code of the next login. Safe to share between threads.

    Args:
        show: tells the person a new code; called at once, and after each login.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._code = self._new()

    def take(self, typed: str) -> bool:
        """Whether that is the code, whatever its case, spaces and dashes; it is then used up."""
        text = "".join(each for each in typed.upper() if each not in "- ")
        with self._lock:
            if not hmac.compare_digest(text.encode(), self._code.encode()):
                return False
            self._code = self._new()
        return True

    def _new(self) -> str:
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        self._show(f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}")
        return code
