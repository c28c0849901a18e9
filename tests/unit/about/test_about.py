"""What a fabric tells everybody."""

from __future__ import annotations

from typing import Any

import pytest

from octopus.about.service import describe
from octopus.settings import DeployedSettings

CLIENT = "9b1f5c3e-0d5c-4b0e-9f57-1d0a6f0b2c44"


def deployed(**changes: Any) -> DeployedSettings:
    values: dict[str, Any] = {
        "institution": "lab",
        "registry_table": "registry",
        "credentials_table": "credentials",
        "credentials_key_arn": "key",
        "archive_bucket": "archive",
        "client_role_arn": "role",
        "cluster_arn": "arn:aws:kafka:eu-west-1:123456789012:cluster/octopus-lab/b0b0",
        "globus_client_id": CLIENT,
        "globus_secret_name": "secret",
    }
    return DeployedSettings(**{**values, **changes})


def test_everybody_is_told_how_to_log_in_and_nothing_of_what_the_fabric_is_made_of() -> None:
    assert describe(deployed(cli_client_id="native")).model_dump() == {
        "status": "success",
        "message": "Log in at https://auth.globus.org/",
        "globus_auth_url": "https://auth.globus.org/",
        "globus_client_id": CLIENT,
        "globus_scope": f"https://auth.globus.org/scopes/{CLIENT}/action_all",
        "cli_client_id": "native",
        "kafka_regions": ["eu-west-1", "us-east-1"],
        "credentials": "iam-user",
    }


def test_fabric_without_a_globus_client_says_that_nobody_can_log_in() -> None:
    told = describe(deployed(globus_client_id=""))
    assert (told.globus_client_id, told.globus_scope, told.cli_client_id) == (None, None, None)
    assert told.message == "This fabric lets nobody log in yet"


@pytest.mark.parametrize("kafka", ["msk-standard", "msk-express", "msk-serverless"])
@pytest.mark.parametrize(
    ("partition", "region"), [("aws", "eu-west-1"), ("aws", "us-east-1"), ("aws-us-gov", "us-gov-west-1")]
)
def test_msk_takes_signatures_for_its_own_region_alone(kafka: str, partition: str, region: str) -> None:
    arn = f"arn:{partition}:kafka:{region}:123456789012:cluster/octopus-lab/b0b0"
    assert describe(deployed(kafka=kafka, cluster_arn=arn)).kafka_regions == [region]
