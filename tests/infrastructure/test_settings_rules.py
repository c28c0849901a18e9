"""What is known before anything is deployed: each rule between variables, broken once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stacks.settings import Settings, SettingsError, link_zones, network_rules
from tests.infrastructure.conftest import CAMPUS

STANDARD: Mapping[str, object] = {"institution": "anl", "preset": "lab"}
EXPRESS: Mapping[str, object] = {"institution": "anl", "preset": "facility"}
SERVERLESS: Mapping[str, object] = {"institution": "anl", "kafka": "msk-serverless"}
EXISTING: Mapping[str, object] = {**STANDARD, "vpc_id": "vpc-0a1b2c3d4e5f60718"}
SUBNETS = "subnet-0a1b2c3d4e5f60718,subnet-0a1b2c3d4e5f60719,subnet-0a1b2c3d4e5f6071a"
CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/octopus-anl/2b9d2f5c-fa32-45b5-875b-b24cd343b917-5"
PUBLIC: Mapping[str, object] = {
    **STANDARD,
    "msk_public_access": "true",
    "msk_cluster_arn": CLUSTER,
    "broker_subnets": "public",
    "kafka_allowed_cidrs": "192.0.2.0/24",
}
ELSEWHERE = {"hosting": "external", "service_url": "https://octopus-internal.anl.gov"}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/2b9d2f5c-fa32-45b5-875b-b24cd343b917"
DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    "given",
    [
        STANDARD,
        EXPRESS,
        SERVERLESS,
        CAMPUS,
        {**EXISTING, "private_subnet_ids": SUBNETS},
        PUBLIC,
        {**PUBLIC, "kafka_allowed_cidrs": "0.0.0.0/0", "kafka_open_reason": "Users are at every university."},
        {**STANDARD, "zones": "2", "broker_count": "2", "replication_factor": 2, "min_insync_replicas": 1},
        {**STANDARD, "region": "us-gov-west-1", "zone_ids": "usgw1-az1,usgw1-az2,usgw1-az3"},
        {**STANDARD, "region": "ap-southeast-2", "zone_ids": "apse2-az1,apse2-az2,apse2-az3"},
        {**STANDARD, "region": "ca-central-1", "zones": 2, "broker_count": 4},
        # Without the gateway's link any zone will do.
        {**STANDARD, **ELSEWHERE, "region": "af-south-1"},
        {**STANDARD, **ELSEWHERE, "region": "eu-west-3", "zone_ids": "euw3-az1,euw3-az2,euw3-az3"},
        {**STANDARD, **ELSEWHERE},
        {
            **STANDARD,
            "domain": "octopus.anl.gov",
            "certificate_arn": CERTIFICATE,
            "hosted_zone_id": "Z0123456789",
        },
        {**STANDARD, "key_days_most": "0"},
        {**CAMPUS, "key_days_most": "0"},
        {"institution": "anl", "key_days_most": "30"},
    ],
)
def test_settings_that_keep_every_rule_are_taken(given: Mapping[str, object]) -> None:
    assert Settings.from_context(given).institution == "anl"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        # Pairs.
        (
            {**CAMPUS, "triggers": "lambda"},
            "triggers must be runner when kafka=external, since Lambda polls topics of Amazon MSK only; "
            "the value given is 'lambda'.",
        ),
        (
            {**CAMPUS, "hosting": "fargate"},
            "hosting must be external when kafka=external, since such brokers know keys of IAM users and "
            "Fargate's tasks sign with a role; the value given is 'fargate'.",
        ),
        (
            {**CAMPUS, "credentials": "session"},
            "credentials must be iam-user when kafka=external, since sessions without a user are Amazon "
            "MSK's to check; the value given is 'session'.",
        ),
        (
            {**STANDARD, "bootstrap_servers": "b1.anl.gov:9098"},
            "bootstrap_servers must not be given with kafka=msk-standard, which has its own; "
            "the value given is 'b1.anl.gov:9098'.",
        ),
        (
            {name: value for name, value in CAMPUS.items() if name != "bootstrap_servers"},
            "bootstrap_servers must be given with kafka=external; no value was given.",
        ),
        (
            {**STANDARD, "service_url": "https://octopus.anl.gov"},
            "service_url must not be given with hosting=fargate, which has its own; "
            "the value given is 'https://octopus.anl.gov'.",
        ),
        (
            {name: value for name, value in CAMPUS.items() if name != "service_url"},
            "service_url must be given with hosting=external; no value was given.",
        ),
        # Network.
        (
            {**STANDARD, "region": "us-west-1"},
            "zones must be 2 in us-west-1, where MSK takes exactly two subnets; the default is 3.",
        ),
        (
            {**EXPRESS, "region": "us-west-1"},
            "region must not be us-west-1 with kafka=msk-express, which needs three zones; the value given "
            "is 'us-west-1'.",
        ),
        (
            {"institution": "anl", "kafka": "msk-express", "zones": "2"},
            "zones must be 3 with kafka=msk-express; the value given is '2'.",
        ),
        (
            {**STANDARD, "zone_ids": "use1-az1,use1-az2"},
            "zone_ids must be as many as zones (3); the value given is 'use1-az1,use1-az2'.",
        ),
        (
            {**STANDARD, "zone_ids": "use1-az1,use1-az2,use1-az3"},
            "zone_ids must not hold use1-az3, where MSK and the gateway's links have nothing; "
            "the value given is 'use1-az1,use1-az2,use1-az3'.",
        ),
        (
            {**STANDARD, "zone_ids": "usw2-az1,usw2-az2,usw2-az3"},
            "zone_ids must be of the region (us-east-1); the value given is 'usw2-az1,usw2-az2,usw2-az3'.",
        ),
        (
            {**STANDARD, "region": "us-gov-east-1"},
            f"region must be one of {', '.join(link_zones.ZONES)} with hosting=fargate, where the gateway's "
            "links are; the value given is 'us-gov-east-1'.",
        ),
        (
            {**STANDARD, "region": "ca-central-1"},
            "zones must be at most 2 in ca-central-1 with hosting=fargate, since the gateway's links are in "
            "cac1-az1, cac1-az2 alone; the default is 3.",
        ),
        (
            {**EXPRESS, "region": "eu-west-3"},
            "region must not be eu-west-3 with hosting=fargate and kafka=msk-express, which needs three "
            "zones: the gateway's links are in euw3-az1, euw3-az3 alone; the value given is 'eu-west-3'.",
        ),
        (
            {
                **STANDARD,
                "region": "eu-west-3",
                "zones": 2,
                "broker_count": 4,
                "zone_ids": "euw3-az1,euw3-az2",
            },
            "zone_ids must not hold euw3-az2 with hosting=fargate: the gateway's links are in euw3-az1, "
            "euw3-az3; the value given is 'euw3-az1,euw3-az2'.",
        ),
        (
            {**EXPRESS, "kafka": "msk-standard", "zones": "2", "broker_count": "4"},
            "nat_gateways must be at most one a zone (zones=2); the value of the preset facility is 3.",
        ),
        (
            EXISTING,
            "private_subnet_ids must be given with vpc_id and these values of egress and broker_subnets; "
            "no value was given.",
        ),
        (
            {**EXISTING, "private_subnet_ids": SUBNETS, "egress": "public-address"},
            "public_subnet_ids must be given with vpc_id and these values of egress and broker_subnets; "
            "no value was given.",
        ),
        (
            {**EXISTING, "private_subnet_ids": "subnet-0a1b2c3d4e5f60718"},
            "private_subnet_ids must be one a zone (zones=3); the value given is 'subnet-0a1b2c3d4e5f60718'.",
        ),
        (
            {**EXISTING, "private_subnet_ids": SUBNETS, "public_subnet_ids": SUBNETS},
            "private_subnet_ids must not hold a subnet that is in public_subnet_ids; the value given is "
            f"'{SUBNETS}'.",
        ),
        (
            {**STANDARD, "private_subnet_ids": SUBNETS},
            f"private_subnet_ids must not be given without vpc_id; the value given is '{SUBNETS}'.",
        ),
        # Brokers.
        (
            {**STANDARD, "kafka": "msk-express", "kafka_version": "3.9.x"},
            "kafka_version must be one of 3.8.x, 3.9.x.kraft, 4.2.x.kraft with kafka=msk-express; "
            "the value given is '3.9.x'.",
        ),
        (
            {**EXPRESS, "broker_type": "kafka.m7g.large"},
            "broker_type must be one of express.m7g.large, express.m7g.xlarge, express.m7g.2xlarge, "
            "express.m7g.4xlarge, express.m7g.8xlarge, express.m7g.12xlarge, express.m7g.16xlarge with "
            "kafka=msk-express; the value given is 'kafka.m7g.large'.",
        ),
        (
            {"institution": "anl", "kafka_version": "4.0.x.kraft"},
            "kafka_version must be below 4 with broker_type=kafka.t3.small, where nobody has seen it run; "
            "the value given is '4.0.x.kraft'.",
        ),
        (
            {"institution": "anl", "broker_count": "4"},
            "broker_count must be a multiple of zones (3); the value given is '4'.",
        ),
        (
            {"institution": "anl", "broker_count": "33"},
            "broker_count must be at most 30 with kafka_version=3.9.x; the value given is '33'.",
        ),
        (
            {**EXPRESS, "replication_factor": "2"},
            "replication_factor must be 3 with kafka=msk-express; the value given is '2'.",
        ),
        (
            {**EXPRESS, "min_insync_replicas": "1"},
            "min_insync_replicas must be 2 with kafka=msk-express; the value given is '1'.",
        ),
        (
            {**STANDARD, "replication_factor": "5"},
            "replication_factor must be at most broker_count (3); the value given is '5'.",
        ),
        (
            {**STANDARD, "replication_factor": "2"},
            "min_insync_replicas must be below replication_factor (2), or every patch of a broker stops "
            "writes; the default is 2.",
        ),
        (
            {**STANDARD, "broker_storage_gib": "2000"},
            "broker_storage_most_gib must be 0 or at least 10 more than broker_storage_gib (2000), since MSK "
            "adds no less; the value of the preset lab is 1000.",
        ),
        (
            {"institution": "anl", "broker_storage_most_gib": "19"},
            "broker_storage_most_gib must be 0 or at least 10 more than broker_storage_gib (10), since MSK "
            "adds no less; the value given is '19'.",
        ),
        (
            {"institution": "anl", "tiered_storage": "true"},
            "tiered_storage must be false with broker_type=kafka.t3.small; the value given is 'true'.",
        ),
        (
            {**EXPRESS, "tiered_storage": "true"},
            "tiered_storage must not be given with kafka=msk-express, which has no storage to size; "
            "the value given is 'true'.",
        ),
        (
            {**SERVERLESS, "broker_storage_most_gib": "500"},
            "broker_storage_most_gib must not be given with kafka=msk-serverless, which has no storage to "
            "size; the value given is '500'.",
        ),
        (
            {"institution": "anl", "topic_partitions_most": "301"},
            "topic_partitions_most must be at most 300, what these brokers hold with every copy counted; "
            "the value given is '301'.",
        ),
        (
            {**SERVERLESS, "quota_partitions": "2401"},
            "quota_partitions must be at most 2400, what these brokers hold with every copy counted; "
            "the value given is '2401'.",
        ),
        (
            {**SERVERLESS, "region": "sa-east-1"},
            "region must be one of ap-northeast-1, ap-northeast-2, ap-south-1, ap-southeast-1, "
            "ap-southeast-2, ca-central-1, eu-central-1, eu-north-1, eu-west-1, eu-west-2, eu-west-3, "
            "us-east-1, us-east-2, us-west-2 with kafka=msk-serverless; the value given is 'sa-east-1'.",
        ),
        # Public access.
        (
            {"institution": "anl", "msk_public_access": "true"},
            "msk_cluster_arn must be given with msk_public_access=true, since a cluster must be there "
            "before it can be made public (deploy without it first, which prints the next "
            "command); no value was given.",
        ),
        (
            {**PUBLIC, "msk_cluster_arn": CLUSTER.replace("octopus-anl", "octopus-ornl")},
            "msk_cluster_arn must be that of the cluster octopus-anl in us-east-1; "
            f"the value given is '{CLUSTER.replace('octopus-anl', 'octopus-ornl')}'.",
        ),
        (
            {**STANDARD, "msk_cluster_arn": CLUSTER, "region": "us-east-2"},
            "msk_cluster_arn must be that of the cluster octopus-anl in us-east-2; "
            f"the value given is '{CLUSTER}'.",
        ),
        (
            {**SERVERLESS, "msk_public_access": "true"},
            "msk_public_access must be false with kafka=msk-serverless; the value given is 'true'.",
        ),
        (
            {**CAMPUS, "msk_public_access": "true"},
            "msk_public_access must be false with kafka=external; the value given is 'true'.",
        ),
        (
            {**PUBLIC, "broker_subnets": "private"},
            "broker_subnets must be public with msk_public_access=true; the value given is 'private'.",
        ),
        (
            {**PUBLIC, "open_monitoring": "true"},
            "open_monitoring must be false with msk_public_access=true; the value given is 'true'.",
        ),
        (
            {**SERVERLESS, "open_monitoring": "true", "kafka_allowed_cidrs": "192.0.2.0/24"},
            "open_monitoring must be false with kafka=msk-serverless, which has nothing to read there; "
            "the value given is 'true'.",
        ),
        (
            {**STANDARD, "open_monitoring": "true"},
            "kafka_allowed_cidrs must be given with open_monitoring=true; no value was given.",
        ),
        (
            {name: value for name, value in PUBLIC.items() if name != "kafka_allowed_cidrs"},
            "kafka_allowed_cidrs must be given with msk_public_access=true; no value was given.",
        ),
        (
            {**STANDARD, "kafka_allowed_cidrs": "192.0.2.0/24,0.0.0.0/1,128.0.0.0/1"},
            "kafka_open_reason must be given with kafka_allowed_cidrs=0.0.0.0/1, beyond a /8; "
            "no value was given.",
        ),
        # Hosting.
        (
            {**STANDARD, "service_memory_mib": "3000"},
            "service_memory_mib must be from 2048 to 8192 in steps that Fargate offers for service_cpu=1024; "
            "the value given is '3000'.",
        ),
        (
            {**STANDARD, "service_replicas": "7"},
            "service_replicas_most must be at least service_replicas (7); the value of the preset lab is 6.",
        ),
        (
            {**STANDARD, "image": f"123456789012.dkr.ecr.us-west-2.amazonaws.com/octopus@{DIGEST}"},
            "image must be in the region of the stacks (us-east-1); "
            f"the value given is '123456789012.dkr.ecr.us-west-2.amazonaws.com/octopus@{DIGEST}'.",
        ),
        # Gateway.
        (
            {**STANDARD, "domain": "octopus.anl.gov"},
            "certificate_arn must be given with domain; no value was given.",
        ),
        (
            {**STANDARD, "certificate_arn": CERTIFICATE},
            f"certificate_arn must not be given without domain; the value given is '{CERTIFICATE}'.",
        ),
        (
            {
                **STANDARD,
                "domain": "octopus.anl.gov",
                "certificate_arn": CERTIFICATE.replace("us-east-1", "us-west-2"),
            },
            "certificate_arn must be of a certificate in the region of the stacks (us-east-1); "
            f"the value given is '{CERTIFICATE.replace('us-east-1', 'us-west-2')}'.",
        ),
        (
            {**STANDARD, "hosted_zone_id": "Z0123456789"},
            "hosted_zone_id must not be given without domain; the value given is 'Z0123456789'.",
        ),
        # Numbers.
        (
            {"institution": "anl", "key_days_most": "0"},
            "key_days_most must be from 1 to 90 with credentials=iam-user and kafka=msk-standard; "
            "the value given is '0'.",
        ),
        (
            {**STANDARD, "credentials": "iam-user", "key_days_most": "91"},
            "key_days_most must be from 1 to 90 with credentials=iam-user and kafka=msk-standard; "
            "the value given is '91'.",
        ),
        (
            {**STANDARD, "archive_infrequent_days": "7"},
            "archive_infrequent_days must be 0 or at least 30, as S3 wants it; the value given is '7'.",
        ),
        (
            {**STANDARD, "warning_days": "90"},
            "key_days_most must be 0 or more than warning_days (90), or a key's end is announced with the "
            "key; the value of the preset lab is 90.",
        ),
    ],
    ids=lambda each: each.split(";")[0] if isinstance(each, str) else "",
)
def test_broken_rule_ends_in_one_sentence(given: Mapping[str, object], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(given)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("given", "zones"),
    [
        ({}, ("use1-az1", "use1-az2", "use1-az4")),
        ({"region": "ap-northeast-1"}, ("apne1-az1", "apne1-az2", "apne1-az4")),
        ({"region": "eu-west-3", "zones": 2, "broker_count": 4}, ("euw3-az1", "euw3-az3")),
        # Whoever hosts the service: the subnets are for good.
        (ELSEWHERE, ("use1-az1", "use1-az2", "use1-az4")),
        ({**ELSEWHERE, "region": "eu-west-3"}, ()),
    ],
)
def test_zones_are_those_in_which_the_gateways_link_can_stand(
    given: Mapping[str, object], zones: tuple[str, ...]
) -> None:
    assert Settings.from_context({**STANDARD, **given}).zone_ids == zones


def test_zones_of_the_gateways_links_are_of_their_region() -> None:
    for region, zones in link_zones.ZONES.items():
        assert len(zones) >= 2
        assert {zone.split("-")[0] for zone in zones} == {network_rules.zone_prefix(region)}
