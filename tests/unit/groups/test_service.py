"""Groups of brokers that are not there."""

from __future__ import annotations

import pytest

from octopus.errors import UnavailableError
from octopus.groups import service
from octopus.groups.service import Groups


def test_groups_that_a_broker_does_not_tell_are_not_left_out_silently(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "ANSWER_S", 1.0)

    with pytest.raises(UnavailableError, match="Kafka does not answer"):
        Groups({"bootstrap.servers": "127.0.0.1:9"}).list()
