"""Where brokers and web service stand, and who gets there."""

from __future__ import annotations

import json
from ipaddress import IPv4Network, ip_network
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2

from stacks.kafka_stack import KafkaStack
from stacks.network_stack import NetworkStack
from stacks.settings import Settings
from tests.infrastructure.msk import EXISTING, PUBLIC, Msk, made
from tests.infrastructure.synthesis import flags


def subnets(msk: Msk) -> dict[str, list[dict[str, Any]]]:
    """Return the properties of the subnets by the library's name of their kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    for subnet in msk.all("EC2::Subnet").values():
        tags = {tag["Key"]: tag["Value"] for tag in subnet["Properties"]["Tags"]}
        found.setdefault(tags["aws-cdk:subnet-name"], []).append(subnet["Properties"])
    return found


def internet_routes(msk: Msk) -> dict[str, list[str]]:
    """Return through what each subnet's default route goes: the types of its targets."""
    resources = msk.network["Resources"]
    found: dict[str, list[str]] = {"Public": [], "Private": []}
    for name, route in msk.all("EC2::Route").items():
        target = route["Properties"].get("GatewayId") or route["Properties"]["NatGatewayId"]
        assert route["Properties"]["DestinationCidrBlock"] == "0.0.0.0/0"
        found["Public" if "Public" in name else "Private"].append(resources[target["Ref"]]["Type"])
    return found


def inbound(msk: Msk) -> set[tuple[str, int, int]]:
    """Return from where the brokers' group lets whom in: network or ``members``, first and last port."""
    rules = msk.only("EC2::SecurityGroup")["Properties"].get("SecurityGroupIngress", [])
    found = {(rule["CidrIp"], rule["FromPort"], rule["ToPort"]) for rule in rules}
    for rule in msk.all("EC2::SecurityGroupIngress").values():
        properties = rule["Properties"]
        assert properties["SourceSecurityGroupId"] == properties["GroupId"]
        found.add(("members", properties["FromPort"], properties["ToPort"]))
    return found


def test_zones_are_named_by_id_where_they_are_known() -> None:
    for kind in subnets(made()).values():
        assert [subnet["AvailabilityZoneId"] for subnet in kind] == ["use1-az1", "use1-az2", "use1-az4"]
        assert all("AvailabilityZone" not in subnet for subnet in kind)


def test_zones_are_the_regions_first_where_none_are_known() -> None:
    without_links = made(
        region="eu-south-1",
        hosting="external",
        service_url="https://octopus.example.org",
        zones=2,
        broker_count=4,
    )
    for kind in subnets(without_links).values():
        assert [subnet["AvailabilityZone"]["Fn::Select"] for subnet in kind] == [
            [0, {"Fn::GetAZs": ""}],
            [1, {"Fn::GetAZs": ""}],
        ]


@pytest.mark.parametrize("cidr", ["10.42.0.0/16", "10.42.7.0/24"])
def test_subnets_share_the_vpcs_addresses(cidr: str) -> None:
    found = subnets(made(vpc_cidr=cidr))
    networks = [IPv4Network(subnet["CidrBlock"]) for kind in found.values() for subnet in kind]
    assert len(networks) == 6
    assert all(network.subnet_of(IPv4Network(cidr)) for network in networks)
    assert not any(one.overlaps(other) for one in networks for other in networks if one is not other)
    # A broker, a task and a balancer's node each take some; AWS itself five.
    assert min(network.num_addresses for network in networks) >= 32


def test_public_subnets_lead_to_the_internet_and_give_nobody_an_address_unasked() -> None:
    msk = made()
    assert internet_routes(msk)["Public"] == ["AWS::EC2::InternetGateway"] * 3
    assert not any(subnet["MapPublicIpOnLaunch"] for kind in subnets(msk).values() for subnet in kind)


@pytest.mark.parametrize("gateways", [1, 3])
def test_private_subnets_reach_the_internet_by_as_many_nat_gateways_as_are_asked_for(gateways: int) -> None:
    msk = made(nat_gateways=gateways)
    assert len(msk.all("EC2::NatGateway")) == len(msk.all("EC2::EIP")) == gateways
    assert internet_routes(msk)["Private"] == ["AWS::EC2::NatGateway"] * 3


@pytest.mark.parametrize(
    "variables",
    [
        {"egress": "public-address"},
        {"hosting": "external", "service_url": "https://octopus.example.org"},
    ],
    ids=["tasks-with-addresses", "no-tasks"],
)
def test_without_need_of_it_there_is_no_nat_and_private_subnets_lead_nowhere(
    variables: dict[str, str],
) -> None:
    msk = made(**variables)
    assert not msk.all("EC2::NatGateway")
    assert not msk.all("EC2::EIP")
    assert internet_routes(msk)["Private"] == []


def test_nat_comes_and_goes_without_another_subnet() -> None:
    def lasting(msk: Msk) -> dict[str, str]:
        return {name: subnet["Properties"]["CidrBlock"] for name, subnet in msk.all("EC2::Subnet").items()}

    assert lasting(made()) == lasting(made(egress="public-address"))


def test_s3_and_dynamodb_are_reached_without_nat() -> None:
    msk = made()
    endpoints = [endpoint["Properties"] for endpoint in msk.all("EC2::VPCEndpoint").values()]
    services = {json.dumps(endpoint["ServiceName"]).rsplit(".", 1)[1][:2] for endpoint in endpoints}
    tables = {json.dumps({"Ref": name}) for name in msk.all("EC2::RouteTable")}
    assert services == {"s3", "dy"}
    for endpoint in endpoints:
        assert endpoint["VpcEndpointType"] == "Gateway"
        assert {json.dumps(table) for table in endpoint["RouteTableIds"]} == tables


def test_rejected_traffic_is_logged_for_as_long_as_logs_are_kept() -> None:
    msk = made(log_retention_days=90)
    flow_log = msk.only("EC2::FlowLog")["Properties"]
    log_group = msk.network["Resources"][flow_log["LogGroupName"]["Ref"]]
    assert flow_log["TrafficType"] == "REJECT"
    assert msk.network["Resources"][flow_log["ResourceId"]["Ref"]]["Type"] == "AWS::EC2::VPC"
    assert log_group["Properties"]["RetentionInDays"] == 90
    assert log_group["DeletionPolicy"] == "RetainExceptOnCreate"


def test_no_function_of_the_library_is_hidden_in_it() -> None:
    types = {resource["Type"] for resource in made().network["Resources"].values()}
    assert not [kind for kind in types if kind.startswith(("AWS::Lambda", "Custom::", "AWS::CloudFormation"))]


def test_in_an_existing_vpc_only_the_brokers_group_is_made() -> None:
    msk = made(**EXISTING, egress="public-address")
    assert {resource["Type"] for resource in msk.network["Resources"].values()} == {
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
    }
    assert msk.only("EC2::SecurityGroup")["Properties"]["VpcId"] == EXISTING["vpc_id"]
    assert msk.cluster["BrokerNodeGroupInfo"]["ClientSubnets"] == EXISTING["private_subnet_ids"].split(",")
    # That nobody knows its routes is no news to an operator.
    assert msk.warnings == []


def test_brokers_stand_where_they_are_told_to() -> None:
    for kind in ("public", "private"):
        msk = made(**EXISTING, broker_subnets=kind)
        assert msk.cluster["BrokerNodeGroupInfo"]["ClientSubnets"] == EXISTING[f"{kind}_subnet_ids"].split(
            ","
        )


def test_brokers_are_reached_by_members_of_their_group_alone_unless_networks_are_named() -> None:
    assert inbound(made()) == {("members", 9098, 9098)}


def test_named_networks_reach_brokers_through_the_vpc_and_on_request_over_the_internet() -> None:
    inside = made(kafka_allowed_cidrs="10.0.0.0/8", open_monitoring=True)
    assert inbound(inside) == {
        ("members", 9098, 9098),
        ("10.0.0.0/8", 9098, 9098),
        ("10.0.0.0/8", 11001, 11002),
    }
    # Who came through the VPC before the brokers were public comes that way still.
    assert inbound(made(**PUBLIC)) == {("members", 9098, 9098)} | {
        (network, port, port) for network in ("192.0.2.0/24", "198.51.100.0/24") for port in (9098, 9198)
    }


def test_from_the_brokers_group_nothing_is_reached_but_its_members() -> None:
    msk = made()
    group = msk.only("EC2::SecurityGroup")["Properties"]
    # A group without a rule for outbound traffic gets one that allows all of it.
    assert [(rule["CidrIp"], rule["IpProtocol"]) for rule in group["SecurityGroupEgress"]] == [
        ("255.255.255.255/32", "icmp")
    ]
    assert ip_network("255.255.255.255/32").is_reserved
    rule = msk.only("EC2::SecurityGroupEgress")["Properties"]
    assert rule["DestinationSecurityGroupId"] == rule["GroupId"]
    assert (rule["FromPort"], rule["ToPort"]) == (9098, 9098)


def test_the_brokers_group_is_never_replaced_and_stays_with_them() -> None:
    before, after = made(), made(**PUBLIC)
    lasting = ("GroupDescription", "GroupName", "VpcId")
    group, changed = before.only("EC2::SecurityGroup"), after.only("EC2::SecurityGroup")
    assert [group["Properties"].get(name) for name in lasting] == [
        changed["Properties"].get(name) for name in lasting
    ]
    assert group["DeletionPolicy"] == "RetainExceptOnCreate"
    assert group["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("kafka", ["msk-standard", "msk-serverless"])
def test_cloudformation_takes_no_network_from_under_the_brokers(kafka: str) -> None:
    msk = made(kafka=kafka)
    exported = {output["Export"]["Name"] for output in msk.network["Outputs"].values()}
    # What is exported and imported cannot change: three subnets, and the group.
    assert len(exported) == 4
    place = json.dumps(msk.all(f"MSK::{'Cluster' if kafka == 'msk-standard' else 'ServerlessCluster'}"))
    assert all(json.dumps({"Fn::ImportValue": name}) in place for name in exported)


def test_who_is_let_in_later_changes_neither_network_nor_brokers() -> None:
    settings = Settings.from_context({"institution": "anl", "preset": "lab"})
    app = cdk.App(context=flags())
    here = cdk.Environment(region=settings.region)
    network = NetworkStack(app, "network", settings=settings, env=here)
    kafka = KafkaStack(app, "kafka", settings=settings, network=network.network, env=here)
    later = cdk.Stack(app, "later", env=here)
    tasks = ec2.SecurityGroup(later, "Tasks", vpc=network.network.vpc, allow_all_outbound=False)
    tasks.connections.allow_to_default_port(kafka.connections)

    templates = {stack.stack_name: stack.template for stack in app.synth().stacks}

    rules = [
        resource["Properties"]
        for resource in templates["later"]["Resources"].values()
        if resource["Type"] == "AWS::EC2::SecurityGroupIngress"
    ]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in rules] == [(9098, 9098)]
    assert "later" not in json.dumps([templates["network"], templates["kafka"]])
