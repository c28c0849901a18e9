"""The end of the lane: nothing is left that costs anything."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from tests.aws.conftest import LONGEST_S
from tests.aws_account import Account, Cdk, run_script

pytestmark = [pytest.mark.aws, pytest.mark.timeout(LONGEST_S)]

FORGOTTEN_S = 1800
"""The list of what carries a tag is behind by minutes."""
STAY = (":key/", ":task-definition/")
"""Kinds that AWS keeps after they are gone: keys for days, task definitions for the record."""


def test_destroying_leaves_nothing(
    account: Account, institution: str, cdk: Cdk, context: Mapping[str, str]
) -> None:
    emptied = run_script(account, "empty-buckets", "--yes", institution, context=context)
    assert emptied.returncode == 0, emptied.stdout
    done = cdk("destroy", "--all", "--force", context=context)
    assert done.returncode == 0, done.stdout

    pages = account.client("resourcegroupstaggingapi").get_paginator("get_resources")

    def left() -> list[str]:
        found = pages.paginate(TagFilters=[{"Key": "octopus-lane", "Values": [institution]}])
        arns = (each["ResourceARN"] for page in found for each in page["ResourceTagMappingList"])
        return [arn for arn in arns if not any(kind in arn for kind in STAY)]

    attempts = Retrying(
        retry=retry_if_result(bool),
        stop=stop_after_delay(FORGOTTEN_S),
        wait=wait_fixed(30),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )
    assert attempts(left) == []
