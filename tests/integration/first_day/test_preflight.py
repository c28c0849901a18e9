"""``scripts/preflight`` against the emulator, and against recorded answers where it has no such API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
)
from stacks.first_day.findings import Finding, State
from tests.integration.first_day.conftest import MakeAccount, words
from tests.integration.globus.process import SERVICE_CLIENT_ID, SERVICE_SECRET, StandIn
from tests.recorded_answers import recording


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
    make_account: MakeAccount,
) -> None:
    account = make_account(preset="trial")
    with recording() as record:
        record(account, "service-quotas").add_client_error(
            "get_service_quota", "AccessDeniedException", "you may not"
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


def test_fabric_whose_users_have_keys_cannot_go_over_to_sessions(make_account: MakeAccount) -> None:
    account = make_account(preset="facility")
    tags = [{"Key": one_fabric.FABRIC_TAG, "Value": "ornl"}]
    account.client("iam").create_user(UserName="two", Path=one_fabric.USERS_PATH, Tags=tags)
    assert only(one_fabric.check(account, fix=False)).state is State.OK
    tags = [{"Key": one_fabric.FABRIC_TAG, "Value": "anl"}]
    account.client("iam").create_user(UserName="one", Path=one_fabric.USERS_PATH, Tags=tags)
    found = only(one_fabric.check(account, fix=False))
    assert (found.state, "credentials=iam-user" in found.fix) == (State.FAILS, True)


ARN = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


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


def test_mail_that_nobody_has_set_up_is_told(make_account: MakeAccount) -> None:
    account = make_account(alarm_mail="a@example.org", mail_from="octopus@example.org")
    alarms, sender = mail.check(account, fix=False)
    assert (alarms.state, "run this again" in alarms.fix) == (State.UNKNOWN, True)
    assert (sender.state, "neither octopus@example.org nor example.org" in sender.says) == (State.FAILS, True)


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
