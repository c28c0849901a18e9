"""A process that dies at any call of any operation leaves nothing that is not completed or undone.

``recorded_calls.json`` holds the calls of each operation, in order; each is a case: the process dies right
before it and right after it. The short form has every third of those that leave something else behind than
the one before, by turns for the next call to go on with and for the background.
`test_every_call_has_its_cases` fails when an operation makes other calls; with ``OCTOPUS_RECORD_CALLS=1`` in
the environment it writes them down instead.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from octopus.registry.leases import LIFE_S
from tests.integration.accounts.crash import (
    DEATHS,
    RECORDED,
    RECORDING,
    SHORT,
    Death,
    ProcessDiedError,
    background_completes,
    next_call_completes,
    record,
    require_sound,
    settle,
    watched,
)
from tests.integration.accounts.fabric import Fabric
from tests.integration.accounts.operations import OPERATIONS


def test_every_operation_is_recorded() -> None:
    assert set(RECORDED) == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_call_has_its_cases(fabric: Fabric, operation: str) -> None:
    made = record(fabric, OPERATIONS[operation])

    if "OCTOPUS_RECORD_CALLS" in os.environ:
        RECORDING.write_text(
            json.dumps({**json.loads(RECORDING.read_text()), operation: made}, indent=2) + "\n"
        )
    else:
        assert made == RECORDED[operation]


@pytest.mark.parametrize("death", SHORT[::2], ids=str)
def test_next_call_completes_what_a_dead_process_left(fabric: Fabric, iam: Any, death: Death) -> None:
    next_call_completes(fabric, iam, death)


@pytest.mark.parametrize("death", SHORT[1::2], ids=str)
def test_background_completes_or_undoes_what_a_dead_process_left(
    fabric: Fabric, iam: Any, death: Death
) -> None:
    background_completes(fabric, iam, death)


def test_what_one_death_left_is_not_forgotten_for_another_change(fabric: Fabric, iam: Any) -> None:
    keys = fabric.features.keys
    first, second = (keys.add(fabric.subject).access_key_id for _ in range(2))
    with watched(fabric) as calls:
        calls.dies_at = (RECORDED["revoke"].index("iam.DeleteAccessKey"), "before")
        with pytest.raises(ProcessDiedError):
            keys.revoke(fabric.subject, first)
    fabric.clock.now += LIFE_S + 1

    fabric.replica().features.keys.revoke(fabric.subject, second)

    settle(fabric)
    require_sound(fabric, iam)


@pytest.mark.long
@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_death_at_any_call_is_completed_by_the_next_call(fabric: Fabric, iam: Any, death: Death) -> None:
    next_call_completes(fabric, iam, death)


@pytest.mark.long
@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_death_at_any_call_is_completed_in_the_background(fabric: Fabric, iam: Any, death: Death) -> None:
    background_completes(fabric, iam, death)
