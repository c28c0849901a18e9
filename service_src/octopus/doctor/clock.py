"""How far this machine's clock is from others', and how much of it a token bears."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import httpx

from octopus.doctor.findings import Finding, NotKnownError, failed, ok
from octopus.judge.signature import CLOCK_SKEW, LONGEST_LIFE
from octopus.judge.store import MOST_SKEW

_ANSWER_S = 10.0
_BY_NTP = "set the clock by NTP (`timedatectl set-ntp true`): the one of the two that is wrong"


def ahead_of(url: str) -> float:
    """By how many seconds this machine's clock is ahead of a web server's, to within a second.

    Raises:
        NotKnownError: the server does not answer, or says no date.
    """
    before = time.time()
    try:
        reply = httpx.get(url, timeout=_ANSWER_S)
    except httpx.HTTPError as error:
        raise NotKnownError(f"{url} did not answer ({type(error).__name__})") from None
    ours = (before + time.time()) / 2
    date = reply.headers.get("Date")
    if date is None:
        raise NotKnownError(f"{url} says no date")
    return ours - parsedate_to_datetime(date).timestamp()


def judge_clock(ahead_s: float, whose: str) -> Finding:
    """Whether tokens signed on this machine are good where the other clock is."""
    seen = f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} {whose}"
    if ahead_s > CLOCK_SKEW:
        return failed(f"{seen}: a token from over {CLOCK_SKEW} s ahead is refused", _BY_NTP)
    if -ahead_s > LONGEST_LIFE:
        return failed(
            f"{seen}: a token lives for {LONGEST_LIFE} s, so it has ended before it gets there",
            _BY_NTP,
        )
    return ok(f"{seen} (a token bears {CLOCK_SKEW} s ahead and {LONGEST_LIFE} s behind)")


def service_and_judge_clock(ahead_s: float) -> Finding:
    """Whether the judge, by its clock, sees the changes that the service, by this machine's, writes down."""
    finding = judge_clock(ahead_s, "the judge's")
    most = MOST_SKEW.total_seconds()
    if finding.fix is not None or abs(ahead_s) <= most:
        return finding
    seen = finding.detail.partition(" (")[0]
    return failed(f"{seen}: beyond {most:.0f} s the judge may overlook the service's changes", _BY_NTP)
