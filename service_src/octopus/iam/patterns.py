"""IAM's wildcards: ``*`` is any text (``/`` and ``:`` too), ``?`` any one character."""

from __future__ import annotations

import re
from functools import lru_cache

_SPECIAL = re.compile(r"[\\*?]")
_PART = re.compile(r"\\.|\\\Z|\*+|\?|[^\\*?]+", re.DOTALL)


def escape(text: str) -> str:
    """A pattern that matches this text alone."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def from_policy(text: str) -> str:
    """A pattern from one as IAM writes it, where a backslash is a plain character."""
    return text.replace("\\", "\\\\")


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether the whole value fits. Actions ignore case, resources and text do not."""
    return _compile(pattern, ignore_case).fullmatch(value) is not None


@lru_cache(maxsize=8192)
def _compile(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    segments = [""]
    for part in _PART.findall(pattern):
        if part[0] == "*":
            segments.append("")
        elif part == "?":
            segments[-1] += "."
        else:
            segments[-1] += re.escape(part[1:] if part[0] == "\\" and len(part) > 1 else part)
    first, *rest = segments
    # Each inner segment is taken where it first occurs and never elsewhere (an atomic group), which is enough
    # for globs and keeps the time linear in the number of segments, whatever an operator's policy holds.
    inner = "".join(f"(?>.*?{segment})" for segment in rest[:-1])
    last = f".*{rest[-1]}" if rest else ""
    return re.compile(first + inner + last, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
