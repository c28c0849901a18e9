"""A registry that the tests of one module share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.unit.access_matrix.world import World


@pytest.fixture(scope="module")
def world(simulation: Any, aws_session: boto3.Session) -> Iterator[World]:
    """Everybody and everything of the law; nothing but projects' own roles is given yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        simulation.reset()
        yield World(aws_session.client("dynamodb"))
