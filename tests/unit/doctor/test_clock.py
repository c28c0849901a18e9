"""Clocks apart: the other side's is set wrong, since one's own can't be."""

from __future__ import annotations

import pytest

from octopus.doctor.clock import ahead_of, judge_clock, service_and_judge_clock
from octopus.doctor.findings import NotKnownError, Status
from tests.ports import free_port
from tests.unit.doctor.servers import web_server


@pytest.mark.parametrize(
    ("server_ahead_s", "status"),
    [
        (0, Status.OK),
        (-200, Status.OK),
        (-400, Status.FAILED),
        (600, Status.OK),
        (1000, Status.FAILED),
    ],
)
def test_clock_is_held_to_what_a_token_bears(server_ahead_s: float, status: Status) -> None:
    with web_server(lambda _method, _path: (200, "{}"), ahead_s=server_ahead_s) as url:
        ahead = ahead_of(url)
    assert ahead == pytest.approx(-server_ahead_s, abs=30)
    finding = judge_clock(ahead, "the service's")
    assert finding.status is status
    assert ("behind" if server_ahead_s > 0 else "") in finding.detail
    assert finding.fix is None or "NTP" in finding.fix


def test_server_that_is_away_tells_no_time() -> None:
    with pytest.raises(NotKnownError, match="did not answer"):
        ahead_of(f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    ("ahead", "good"), [(0, True), (240, True), (241, False), (-240, True), (-241, False)]
)
def test_judge_sees_changes_of_a_service_up_to_four_minutes_away(ahead: float, good: bool) -> None:
    finding = service_and_judge_clock(ahead)

    assert (finding.fix is None) is good
    assert good or "may overlook the service's changes" in finding.detail
