"""Checks of ``scripts/preflight`` by what AWS would answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY

from stacks.first_day.checks import certificate, existing_network, linked_roles, mail, quotas
from stacks.first_day.findings import Finding, State
from stacks.first_day.stacks import PARTS
from tests.recorded_answers import Record
from tests.unit.first_day.conftest import MakeAccount

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
SUBNETS = "subnet-0a1b2c31,subnet-0a1b2c32,subnet-0a1b2c33"
DOMAIN = "octopus.example.org"


def only(found: Iterator[Finding]) -> Finding:
    """The one finding that there must be."""
    (one,) = found
    return one


@pytest.mark.parametrize(
    ("about", "state", "told"),
    [
        ({"Status": "ISSUED", "DomainName": DOMAIN}, State.OK, "issued"),
        ({"Status": "ISSUED", "DomainName": "*.example.org"}, State.OK, "issued"),
        ({"Status": "ISSUED", "DomainName": "example.org"}, State.FAILS, "for example.org, not for"),
        ({"Status": "ISSUED", "DomainName": "*.org"}, State.FAILS, f"not for {DOMAIN}"),
        (
            {"Status": "ISSUED", "DomainName": "a.org", "SubjectAlternativeNames": ["a.org", DOMAIN]},
            State.OK,
            "issued",
        ),
        ({"Status": "EXPIRED", "DomainName": DOMAIN}, State.FAILS, "EXPIRED"),
        (
            {
                "Status": "PENDING_VALIDATION",
                "DomainName": DOMAIN,
                "DomainValidationOptions": [
                    {
                        "DomainName": DOMAIN,
                        "ResourceRecord": {"Name": "_x.example.org", "Type": "CNAME", "Value": "_y.aws"},
                    }
                ],
            },
            State.FAILS,
            "_x.example.org CNAME _y.aws",
        ),
    ],
)
def test_certificate_is_issued_and_for_the_domain(
    make_account: MakeAccount, record: Record, about: dict[str, Any], state: State, told: str
) -> None:
    account = make_account(domain=DOMAIN, certificate_arn=CERTIFICATE)
    asked = {"CertificateArn": CERTIFICATE}
    record(account, "acm").add_response("describe_certificate", {"Certificate": about}, asked)
    found = only(certificate.check(account, fix=False))
    assert found.state is state
    assert told in str(found)


def test_each_setting_needs_its_service_linked_roles(make_account: MakeAccount) -> None:
    assert linked_roles.needed(make_account().settings) == []
    assert linked_roles.needed(make_account(preset="lab").settings) == [
        "kafka.amazonaws.com",
        "kafka.application-autoscaling.amazonaws.com",
        "ecs.amazonaws.com",
        "elasticloadbalancing.amazonaws.com",
        "ecs.application-autoscaling.amazonaws.com",
        "ops.apigateway.amazonaws.com",
    ]


def test_receivers_of_alarms_have_to_confirm(make_account: MakeAccount, record: Record) -> None:
    account = make_account(alarm_mail="a@example.org,b@example.org,c@example.org")
    topic = "arn:aws:sns:us-east-1:123456789012:octopus-anl-alarms"
    answer = {
        "Subscriptions": [
            {"Endpoint": "A@example.org", "SubscriptionArn": f"{topic}:0a1b2c3d"},
            {"Endpoint": "b@example.org", "SubscriptionArn": "PendingConfirmation"},
        ]
    }
    record(account, "sns").add_response("list_subscriptions_by_topic", answer, {"TopicArn": topic})
    confirmed, pending, none = mail.check(account, fix=False)
    assert (confirmed.state, pending.state, none.state) == (State.OK, State.FAILS, State.FAILS)
    assert "b@example.org has not confirmed" in pending.says
    assert f"--topic-arn {topic}" in pending.fix


@pytest.mark.parametrize("identity", ["octopus@example.org", "example.org"])
@pytest.mark.parametrize(("production", "state"), [(False, State.FAILS), (True, State.OK)])
def test_sender_of_mail_is_verified_by_itself_or_its_domain(
    make_account: MakeAccount, record: Record, identity: str, production: bool, state: State
) -> None:
    account = make_account(mail_from="octopus@example.org")
    answers = record(account, "sesv2")
    for name in ("octopus@example.org", "example.org"):
        asked = {"EmailIdentity": name}
        if name == identity:
            answers.add_response("get_email_identity", {"VerifiedForSendingStatus": True}, asked)
        else:
            answers.add_client_error("get_email_identity", "NotFoundException", expected_params=asked)
    answers.add_response("get_account", {"ProductionAccessEnabled": production})
    found = only(mail.check(account, fix=False))
    assert (found.state, identity in found.says) == (state, True)


def test_quotas_count_what_is_in_use_and_name_the_increase(make_account: MakeAccount, record: Record) -> None:
    account = make_account(preset="lab")
    stacks, ec2 = record(account, "cloudformation"), record(account, "ec2")
    for _ in PARTS:
        stacks.add_client_error("describe_stacks", "ValidationError", "it does not exist")
    ec2.add_response("describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1"}]})
    ec2.add_response("describe_addresses", {"Addresses": [{"PublicIp": str(each)} for each in range(5)]})
    answers = record(account, "service-quotas")
    metric = {
        "MetricNamespace": "AWS/Usage",
        "MetricName": "ResourceCount",
        "MetricDimensions": {"Service": "Fargate", "Class": "None"},
    }
    for service, code, usual, own in (
        ("vpc", "L-F678F1CE", 5.0, None),
        ("ec2", "L-0263D0A3", 5.0, None),
        ("kafka", "L-EDD31C36", 90.0, 4.0),
        ("fargate", "L-3032A538", 6.0, None),
        ("codebuild", "L-5ED1D25B", 1.0, None),
    ):
        asked = {"ServiceCode": service, "QuotaCode": code}
        if own is None:
            answers.add_client_error("get_service_quota", "NoSuchResourceException", expected_params=asked)
            quota = {"QuotaCode": code, "Value": usual, "UsageMetric": metric}
            answers.add_response("get_aws_default_service_quota", {"Quota": quota}, asked)
        else:
            answers.add_response("get_service_quota", {"Quota": {"QuotaCode": code, "Value": own}}, asked)
    brokers = {"ClientSubnets": [], "InstanceType": "kafka.t3.small"}
    clusters: list[dict[str, Any]] = [
        {"Provisioned": {"NumberOfBrokerNodes": 2, "BrokerNodeGroupInfo": brokers}},
        {"Serverless": {"VpcConfigs": []}},
    ]
    record(account, "kafka").add_response("list_clusters_v2", {"ClusterInfoList": clusters})
    record(account, "cloudwatch").add_response(
        "get_metric_statistics",
        {"Datapoints": [{"Maximum": 1.0}, {"Maximum": 3.0}]},
        {
            "Namespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "Dimensions": [{"Name": "Service", "Value": "Fargate"}, {"Name": "Class", "Value": "None"}],
            "StartTime": ANY,
            "EndTime": ANY,
            "Period": 3600,
            "Statistics": ["Maximum"],
        },
    )

    vpcs, addresses, kafka, cores, builds = quotas.check(account, fix=False)
    assert (vpcs.state, vpcs.says) == (State.OK, "1 needed, 1 in use, 5 allowed")
    assert (addresses.state, addresses.says) == (State.FAILS, "1 needed, 5 in use, 5 allowed")
    assert (kafka.state, kafka.says) == (State.FAILS, "3 needed, 2 in use, 4 allowed")
    # Six tasks of a core each, beside three.
    assert cores.state is State.FAILS
    assert "--quota-code L-3032A538 --desired-value 9 " in cores.fix
    assert (builds.state, "image=docker needs none" in builds.says) == (State.OK, True)


def test_addresses_are_needed_by_nat_alone(make_account: MakeAccount) -> None:
    outside = {"hosting": "external", "service_url": "https://octopus.example.org"}
    for preset, given, needed in (
        ("lab", {}, True),
        ("lab", outside, False),
        ("trial", {}, False),
    ):
        needs = quotas.needs(make_account(preset=preset, **given).settings)
        assert ("EC2-VPC Elastic IPs" in [need.name for need in needs]) is needed


def test_quota_without_a_name_or_a_number_cannot_be_told(make_account: MakeAccount, record: Record) -> None:
    account = make_account(
        preset="trial",
        vpc_id="vpc-0a1b2c3d",
        public_subnet_ids=SUBNETS.replace("c3", "c4"),
        private_subnet_ids=SUBNETS,
    )
    stacks, answers = record(account, "cloudformation"), record(account, "service-quotas")
    for _ in PARTS:
        stacks.add_client_error("describe_stacks", "ValidationError", "it does not exist")
    for ask in ("get_service_quota", "get_aws_default_service_quota"):
        answers.add_client_error(ask, "NoSuchResourceException")
    # Of the cores nobody measures how many are in use; of builds none may run.
    for value in (6.0, 0.0):
        answers.add_response("get_service_quota", {"Quota": {"QuotaCode": "L-1", "Value": value}})
    brokers, cores, builds = quotas.check(account, fix=False)
    assert (brokers.state, cores.state, builds.state) == (State.UNKNOWN, State.UNKNOWN, State.FAILS)


def test_subnet_that_the_gateways_link_cannot_stand_in_is_told(
    make_account: MakeAccount, record: Record
) -> None:
    vpc, (one, other) = "vpc-0a1b2c3d", SUBNETS.split(",")[:2]
    account = make_account(
        preset="lab",
        region="eu-west-3",
        zones=2,
        broker_count=4,
        vpc_id=vpc,
        private_subnet_ids=f"{one},{other}",
    )
    answers = record(account, "ec2")
    subnets = [
        {"SubnetId": subnet, "VpcId": vpc, "AvailabilityZoneId": zone}
        for subnet, zone in ((one, "euw3-az1"), (other, "euw3-az2"))
    ]
    answers.add_response("describe_subnets", {"Subnets": subnets}, {"SubnetIds": [one, other]})
    table = {
        "Associations": [{"Main": True}],
        "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}],
    }
    answers.add_response("describe_route_tables", {"RouteTables": [table]})
    found = only(existing_network.check(account, fix=False))
    assert (found.state, found.says) == (
        State.FAILS,
        f"{other} is in euw3-az2, and the gateway's links are in euw3-az1, euw3-az3 alone",
    )
