"""A registry that the tests of one module share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.unit.access_matrix.world import World, make_table


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Everybody and everything of the law; nothing but projects' own roles is given yet."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield World(make_table("registry"), "registry")
