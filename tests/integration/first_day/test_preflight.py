"""``scripts/preflight`` against the emulator, and against recorded answers where it has no such API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from stacks.first_day import preflight
from stacks.first_day.account import Account
from stacks.first_day.checks import (
    bootstrap,
    certificate,
    existing_network,
    gateway_logs,
    globus,
    linked_roles,
    mail,
    one_fabric,
    quotas,
)
from stacks.first_day.findings import Finding, State
from stacks.settings import Settings
from tests.integration.first_day.conftest import MakeAccount, words
from tests.integration.globus.process import SERVICE_CLIENT_ID, SERVICE_SECRET, StandIn


@pytest.fixture
def stub() -> Iterator[Callable[[Account, str], Stubber]]:
    """Recorded answers of one service, all of which have to be asked for."""
    with ExitStack() as stack:
        made: list[Stubber] = []

        def make(account: Account, service: str) -> Stubber:
            made.append(stack.enter_context(Stubber(account.client(service))))
            return made[-1]

        yield make
        for each in made:
            each.assert_no_pending_responses()


def only(found: Iterator[Finding]) -> Finding:
    """The one finding that there must be."""
    (one,) = found
    return one


def test_empty_account_is_told_what_to_do_and_ends_with_1(
    make_account: MakeAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    account = make_account()
    assert preflight.main(words()) == 1
    told = capsys.readouterr().out
    assert f"account {account.id}" in told
    assert f"cdk bootstrap aws://{account.id}/us-east-1 -c institution=anl" in told
    assert "octopus globus setup --institution anl" in told
    assert "not measured on AWS" in told
    assert "Running a deployment again is safe" in told


def test_wrong_setting_ends_with_2_and_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert preflight.main(["-c", "institution=anl", "-c", "broker_cout=3"]) == 2
    assert "the name meant may be broker_count" in capsys.readouterr().err


def test_settings_file_is_read_as_the_cdk_reads_it(
    make_account: MakeAccount, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_account()
    (tmp_path / "settings.toml").write_text(
        'institution = "ornl"\nkafka = "external"\nhosting = "external"\n'
    )
    file = ["-c", f"settings_file={tmp_path / 'settings.toml'}"]
    preflight.main([*file, *words()[2:]])
    assert "octopus globus setup --institution ornl" in capsys.readouterr().out


def test_without_credentials_nothing_else_is_asked(
    monkeypatch: pytest.MonkeyPatch, make_account: MakeAccount, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    found = only(preflight.findings(make_account(), fix=False))
    assert (found.about, found.state) == ("credentials", State.FAILS)
    assert "aws sso login" in found.fix


def test_other_region_of_the_operator_is_told(make_account: MakeAccount) -> None:
    found = {each.about: each for each in preflight.findings(make_account(region="eu-west-1"), fix=False)}
    assert found["region"].state is State.FAILS
    assert "export AWS_REGION=eu-west-1" in found["region"].fix


def test_api_that_may_not_be_asked_is_told_and_stops_no_other_check(
    make_account: MakeAccount, stub: Callable[[Account, str], Stubber]
) -> None:
    account = make_account(preset="trial")
    stub(account, "service-quotas").add_client_error(
        "list_aws_default_service_quotas", "AccessDeniedException", "you may not"
    )
    found = {each.about: each for each in preflight.findings(account, fix=False)}
    assert (found["quotas"].state, "you may not" in found["quotas"].says) == (State.UNKNOWN, True)
    assert found["Globus client"].state is State.FAILS


@pytest.mark.parametrize(
    ("version", "state"), [(None, State.FAILS), (5, State.FAILS), (6, State.OK), (30, State.OK)]
)
def test_bootstrap_is_there_and_new_enough(
    make_account: MakeAccount, version: int | None, state: State
) -> None:
    account = make_account(bootstrap_qualifier="science")
    if version is not None:
        account.client("ssm").put_parameter(
            Name="/cdk-bootstrap/science/version", Value=str(version), Type="String"
        )
    found = only(bootstrap.check(account, fix=False))
    assert found.state is state
    assert state is State.OK or "--qualifier science --toolkit-stack-name CDKToolkit-science" in found.fix


def test_quotas_count_what_is_there_and_name_the_increase(
    make_account: MakeAccount, stub: Callable[[Account, str], Stubber]
) -> None:
    account = make_account(preset="lab")
    ec2 = account.client("ec2")
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    answers = stub(account, "service-quotas")
    vcpu = {
        "QuotaName": "Fargate On-Demand vCPU resource count",
        "QuotaCode": "L-3032A538",
        "Value": 6.0,
        "UsageMetric": {
            "MetricNamespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "MetricDimensions": {"Service": "Fargate", "Class": "None"},
        },
    }
    for service, usual in (
        ("vpc", {"QuotaName": "VPCs per Region", "QuotaCode": "L-F678F1CE", "Value": 5.0}),
        ("ec2", {"QuotaName": "EC2-VPC Elastic IPs", "QuotaCode": "L-0263D0A3", "Value": 5.0}),
        ("kafka", {"QuotaName": "Number of brokers per account", "QuotaCode": "L-1", "Value": 90.0}),
        ("fargate", vcpu),
    ):
        asked = {"ServiceCode": service}
        answers.add_response("list_aws_default_service_quotas", {"Quotas": [usual]}, asked)
        asked = {**asked, "QuotaCode": str(usual["QuotaCode"])}
        if service == "kafka":
            answers.add_response("get_service_quota", {"Quota": {**usual, "Value": 4.0}}, asked)
        else:
            answers.add_client_error("get_service_quota", "NoSuchResourceException", expected_params=asked)
    clusters: list[dict[str, Any]] = [
        {
            "Provisioned": {
                "NumberOfBrokerNodes": 2,
                "BrokerNodeGroupInfo": {"ClientSubnets": [], "InstanceType": "kafka.t3.small"},
            }
        },
        {"Serverless": {"VpcConfigs": []}},
    ]
    stub(account, "kafka").add_response("list_clusters_v2", {"ClusterInfoList": clusters})
    stub(account, "cloudwatch").add_response(
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

    found = {each.about: each for each in quotas.check(account, fix=False)}
    assert {about: each.state for about, each in found.items()} == {
        "quota VPCs per Region": State.OK,
        "quota EC2-VPC Elastic IPs": State.FAILS,
        "quota Number of brokers per account": State.FAILS,
        # Six tasks of a core each, beside three.
        "quota Fargate On-Demand vCPU resource count": State.FAILS,
    }
    assert found["quota EC2-VPC Elastic IPs"].says == "1 needed, 5 in use, 5 allowed"
    assert found["quota Number of brokers per account"].says == "3 needed, 2 in use, 4 allowed"
    assert (
        "--quota-code L-3032A538 --desired-value 9 "
        in found["quota Fargate On-Demand vCPU resource count"].fix
    )


def test_quota_without_a_name_or_a_number_cannot_be_told(
    make_account: MakeAccount, stub: Callable[[Account, str], Stubber]
) -> None:
    account = make_account(
        preset="trial", vpc_id="vpc-0a1b2c3d", public_subnet_ids=SUBNETS, private_subnet_ids=SUBNETS
    )
    answers = stub(account, "service-quotas")
    answers.add_response("list_aws_default_service_quotas", {"Quotas": []})
    spot = {"QuotaName": "Fargate Spot vCPU resource count", "QuotaCode": "L-36FBB829", "Value": 6.0}
    answers.add_response("list_aws_default_service_quotas", {"Quotas": [spot]})
    answers.add_response("get_service_quota", {"Quota": spot})
    assert [each.state for each in quotas.check(account, fix=False)] == [State.UNKNOWN, State.UNKNOWN]


SUBNETS = "subnet-0a1b2c31,subnet-0a1b2c32,subnet-0a1b2c33"


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


def test_service_linked_roles_are_made_once_on_request(make_account: MakeAccount) -> None:
    account = make_account(domain="octopus.example.org", certificate_arn=ARN)
    (before,) = linked_roles.check(account, fix=False)
    assert (before.state, "--fix makes it" in before.fix) == (State.FAILS, True)
    assert account.client("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"] == []

    (made,) = linked_roles.check(account, fix=True)
    assert (made.state, "made now" in made.says) == (State.OK, True)
    (again,) = linked_roles.check(account, fix=True)
    assert (again.state, "made now" in again.says) == (State.OK, False)


def test_log_role_of_the_gateway_is_made_where_there_is_none(make_account: MakeAccount) -> None:
    account = make_account(role_path="/science/")
    gateway, iam = account.client("apigateway"), account.client("iam")
    assert only(gateway_logs.check(account, fix=False)).state is State.FAILS
    assert not gateway.get_account().get("cloudwatchRoleArn")

    assert only(gateway_logs.check(account, fix=True)).state is State.OK
    made = gateway.get_account()["cloudwatchRoleArn"]
    assert made == f"arn:aws:iam::{account.id}:role/science/{gateway_logs.ROLE}"
    (policy,) = iam.list_attached_role_policies(RoleName=gateway_logs.ROLE)["AttachedPolicies"]
    assert policy["PolicyName"] == "AmazonAPIGatewayPushToCloudWatchLogs"


def test_log_role_of_somebody_else_is_never_replaced(make_account: MakeAccount) -> None:
    account = make_account()
    gateway, iam = account.client("apigateway"), account.client("iam")
    theirs = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=json.dumps(gateway_logs._TRUST))
    arn = theirs["Role"]["Arn"]
    gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}])
    assert only(gateway_logs.check(account, fix=True)).state is State.OK
    iam.delete_role(RoleName="theirs")
    gone = only(gateway_logs.check(account, fix=True))
    assert (gone.state, gateway.get_account()["cloudwatchRoleArn"]) == (State.FAILS, arn)


def test_users_of_another_fabric_are_told(make_account: MakeAccount) -> None:
    account = make_account()
    iam = account.client("iam")
    tags = [{"Key": one_fabric.FABRIC_TAG, "Value": "anl"}]
    iam.create_user(UserName="one", Path=one_fabric.USERS_PATH, Tags=tags)
    iam.create_user(UserName="elsewhere", Path="/", Tags=[{"Key": one_fabric.FABRIC_TAG, "Value": "ornl"}])
    assert only(one_fabric.check(account, fix=False)).state is State.OK
    other = [{"Key": one_fabric.FABRIC_TAG, "Value": "ornl"}]
    iam.create_user(UserName="two", Path=one_fabric.USERS_PATH, Tags=other)
    found = only(one_fabric.check(account, fix=False))
    assert (found.state, found.says) == (State.FAILS, "this account has users of ornl")
    facility = Account(Settings.from_context({"institution": "anl", "preset": "facility"}))
    assert list(one_fabric.check(facility, fix=False)) == []


ARN = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


@pytest.mark.parametrize(
    ("certificate_", "state", "told"),
    [
        ({"Status": "ISSUED", "DomainName": "octopus.example.org"}, State.OK, "issued"),
        ({"Status": "ISSUED", "DomainName": "*.example.org"}, State.OK, "issued"),
        ({"Status": "ISSUED", "DomainName": "example.org"}, State.FAILS, "for example.org, not for"),
        ({"Status": "ISSUED", "DomainName": "*.org"}, State.FAILS, "not for octopus.example.org"),
        (
            {
                "Status": "ISSUED",
                "DomainName": "a.org",
                "SubjectAlternativeNames": ["a.org", "octopus.example.org"],
            },
            State.OK,
            "issued",
        ),
        ({"Status": "EXPIRED", "DomainName": "octopus.example.org"}, State.FAILS, "EXPIRED"),
        (
            {
                "Status": "PENDING_VALIDATION",
                "DomainName": "octopus.example.org",
                "DomainValidationOptions": [
                    {
                        "DomainName": "octopus.example.org",
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
    make_account: MakeAccount,
    stub: Callable[[Account, str], Stubber],
    certificate_: dict[str, Any],
    state: State,
    told: str,
) -> None:
    account = make_account(domain="octopus.example.org", certificate_arn=ARN)
    answer = {"Certificate": certificate_}
    stub(account, "acm").add_response("describe_certificate", answer, {"CertificateArn": ARN})
    found = only(certificate.check(account, fix=False))
    assert found.state is state
    assert told in str(found)


def test_certificate_of_nobody_is_told(make_account: MakeAccount) -> None:
    account = make_account(domain="octopus.example.org", certificate_arn=ARN)
    assert only(certificate.check(account, fix=False)).says == f"this account has no {ARN}"


def test_globus_client_is_tried_by_its_secret_which_nobody_sees(
    make_account: MakeAccount, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in = StandIn(tmp_path)
    stand_in.start()
    given = {"globus_client_id": SERVICE_CLIENT_ID, "globus_auth_url": stand_in.url}
    try:
        account = make_account(**given)
        absent = only(globus.check(account, fix=False))
        assert absent.says == "Secrets Manager holds none as octopus/anl/globus-client-secret"

        secrets = account.client("secretsmanager")
        secrets.create_secret(Name="octopus/anl/globus-client-secret", SecretString="wrong-one")
        refused = only(globus.check(account, fix=False))
        assert refused.state is State.FAILS
        assert f"--client {SERVICE_CLIENT_ID}" in refused.fix

        secrets.put_secret_value(SecretId="octopus/anl/globus-client-secret", SecretString=SERVICE_SECRET)
        assert only(globus.check(account, fix=False)).state is State.OK
        preflight.main(words(**given))
        told = capsys.readouterr()
        assert "is let in" in told.out
        assert SERVICE_SECRET not in told.out + told.err
    finally:
        stand_in.stop()
    away = only(globus.check(account, fix=False))
    assert (away.state, SERVICE_SECRET in str(away)) == (State.UNKNOWN, False)


def test_receivers_of_alarms_have_to_confirm(
    make_account: MakeAccount, stub: Callable[[Account, str], Stubber]
) -> None:
    account = make_account(alarm_mail="a@example.org,b@example.org,c@example.org")
    before = only(mail.check(account, fix=False))
    assert (before.state, "run this again" in before.fix) == (State.UNKNOWN, True)

    topic = f"arn:aws:sns:us-east-1:{account.id}:octopus-anl-alarms"
    answer = {
        "Subscriptions": [
            {"Endpoint": "A@example.org", "SubscriptionArn": f"{topic}:0a1b2c3d"},
            {"Endpoint": "b@example.org", "SubscriptionArn": "PendingConfirmation"},
        ]
    }
    stub(account, "sns").add_response("list_subscriptions_by_topic", answer, {"TopicArn": topic})
    confirmed, pending, none = mail.check(account, fix=False)
    assert (confirmed.state, pending.state, none.state) == (State.OK, State.FAILS, State.FAILS)
    assert "b@example.org has not confirmed" in pending.says
    assert f"--topic-arn {topic}" in pending.fix


@pytest.mark.parametrize("identity", ["octopus@example.org", "example.org"])
def test_sender_of_mail_is_verified_by_itself_or_its_domain(
    make_account: MakeAccount, stub: Callable[[Account, str], Stubber], identity: str
) -> None:
    account = make_account(mail_from="octopus@example.org")
    assert "neither octopus@example.org nor example.org" in only(mail.check(account, fix=False)).says
    answers = stub(account, "sesv2")
    for production, state in ((False, State.FAILS), (True, State.OK)):
        for name in ("octopus@example.org", "example.org"):
            asked = {"EmailIdentity": name}
            if name == identity:
                answers.add_response("get_email_identity", {"VerifiedForSendingStatus": True}, asked)
            else:
                answers.add_client_error("get_email_identity", "NotFoundException", expected_params=asked)
        answers.add_response("get_account", {"ProductionAccessEnabled": production})
        assert only(mail.check(account, fix=False)).state is state


def test_subnets_of_an_existing_vpc_are_looked_at(make_account: MakeAccount) -> None:
    account = make_account()
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    public, private = (
        [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{third}.0/24", AvailabilityZone=f"us-east-1{zone}")[
                "Subnet"
            ]["SubnetId"]
            for third, zone in zip(range(start, start + 3), zones, strict=True)
        ]
        for start, zones in ((0, "abd"), (10, "abd"))
    )
    account.settings = _in_vpc(account, vpc, public, private)
    problems = [each.says for each in existing_network.check(account, fix=False)]
    assert [f"{subnet} has no internet gateway" for subnet in public] == problems[:3]
    assert [f"{subnet} has no way to the internet" for subnet in private] == problems[3:]

    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    main, outside = _main_table(ec2, vpc), ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=outside, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    for subnet in public:
        ec2.associate_route_table(RouteTableId=outside, SubnetId=subnet)
    # The private ones go by the VPC's main table.
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", TransitGatewayId="tgw-0a1b2c3d")
    found = list(existing_network.check(account, fix=False))
    assert [each.state for each in found] == [State.OK, State.OK], found

    beside = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.20.0/24", AvailabilityZone="us-east-1a")
    account.settings = _in_vpc(account, vpc, public, [beside["Subnet"]["SubnetId"], private[0], private[2]])
    assert "more than one is in" in list(existing_network.check(account, fix=False))[1].says
    account.settings = _in_vpc(account, "vpc-0a1b2c3d", public, private)
    assert f"is in {vpc}, not in vpc-0a1b2c3d" in next(existing_network.check(account, fix=False)).says
    account.settings = _in_vpc(account, vpc, ["subnet-0a1b2c3d", *public[1:]], private)
    absent = next(existing_network.check(account, fix=False))
    assert (absent.state, "subnet-0a1b2c3d" in absent.says) == (State.FAILS, True)


def test_zone_without_msk_is_told(make_account: MakeAccount) -> None:
    account = make_account()
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    names = {
        each["ZoneId"]: each["ZoneName"] for each in ec2.describe_availability_zones()["AvailabilityZones"]
    }
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{third}.0/24", AvailabilityZone=names[zone])["Subnet"]
        for third, zone in enumerate(("use1-az1", "use1-az2", "use1-az3"))
    ]
    account.settings = _in_vpc(account, vpc, [], [each["SubnetId"] for each in subnets])
    found = [each.says for each in existing_network.check(account, fix=False)]
    assert f"{subnets[2]['SubnetId']} is in use1-az3, where MSK has nothing" in found


def _in_vpc(account: Account, vpc: str, public: list[str], private: list[str]) -> Any:
    context = {
        "institution": "anl",
        "preset": "lab",
        "vpc_id": vpc,
        "private_subnet_ids": ",".join(private),
        **({"public_subnet_ids": ",".join(public)} if public else {}),
    }
    return type(account.settings).from_context(context, region="us-east-1")


def _main_table(ec2: Any, vpc: str) -> str:
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    return str(tables[0]["RouteTableId"])
