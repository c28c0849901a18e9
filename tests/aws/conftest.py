"""The lane on a real AWS account: left out unless ``OCTOPUS_AWS_LANE`` names an institution for it.

It says what it would make and cost, and makes nothing before ``OCTOPUS_AWS_LANE_ACCOUNT`` names the account.
``docs/real-account.md`` has every variable, and what each test asks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from tests.aws.confirmation import described, is_confirmed
from tests.aws.fixtures import boundary, new_user, queue, service, topic
from tests.aws_account import Account, Cdk, cdk_in, lane, real_account, run_script

__all__ = ["boundary", "new_user", "queue", "service", "topic"]

ORDER = ("test_deployment", "test_identity", "test_operation", "test_gateway", "test_brokers", "test_removal")
"""A story: each file finds what the ones before it left."""
DEPLOY = ("deploy", "--all", "--require-approval", "never")
LONGEST_S = 7200
"""A cluster takes most of an hour."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the lane out, or put it in its order."""
    ours = [item for item in items if item.get_closest_marker("aws")]
    if lane() is None:
        items[:] = [item for item in items if item not in ours]
        config.hook.pytest_deselected(items=ours)
    else:
        items.sort(key=lambda item: ORDER.index(item.path.stem) if item in ours else -1)


@pytest.fixture(scope="session")
def institution() -> str:
    """Whose fabric is made."""
    name = lane()
    assert name is not None
    return name


@pytest.fixture(scope="session")
def context(institution: str) -> dict[str, str]:
    """The variables of the deployment; a file may add some: the Globus client's, of mail, of a domain."""
    settings_file = os.environ.get("OCTOPUS_AWS_LANE_SETTINGS")
    return {
        "institution": institution,
        "preset": "trial",
        "broker_subnets": "public",
        "waf": "true",
        "allow_data_loss": "true",
        "tags": f"octopus-lane={institution}",
        **({"settings_file": settings_file} if settings_file else {}),
    }


@pytest.fixture(scope="session")
def account(context: Mapping[str, str]) -> Account:
    """The real account, once somebody confirmed what is going to be made in it."""
    found = real_account()
    account_id = found.client("sts").get_caller_identity()["Account"]
    if not is_confirmed(account_id):
        pytest.exit(described(context, account_id=account_id, region=found.region), returncode=2)
    return found


@pytest.fixture(scope="session")
def cdk(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    """The CDK's command line in that account, which its operator has bootstrapped."""
    return cdk_in(account, tmp_path_factory.mktemp("cdk"), seconds=LONGEST_S)


@pytest.fixture(scope="session")
def deployed(account: Account, cdk: Cdk, context: dict[str, str]) -> None:
    """The whole fabric, after a look at whether it can be."""
    looked = run_script(account, "preflight", context=context)
    assert looked.returncode in (0, 1), looked.stdout
    found = [line.split(maxsplit=1)[1] for line in looked.stdout.splitlines() if line.startswith("fails ")]
    # Without a Globus client everything is made, and nobody let in; letters are confirmed after they came.
    hindering = [each for each in found if not each.startswith(("Globus ", "mail of alarms"))]
    assert hindering == [], looked.stdout
    done = cdk(*DEPLOY, context=context)
    assert done.returncode == 0, done.stdout
