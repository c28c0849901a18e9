"""What the web service's tasks, balancer and image are made of."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_logs as logs

from stacks.constructs import service_image
from stacks.constructs.service_image import ServiceImage
from tests.infrastructure.synthesis import ROOT, Made


class Hosting:
    """One institution's stack."""

    def __init__(self, made: Made) -> None:
        self.templates = made.templates
        self.resources: dict[str, dict[str, Any]] = made.templates["hosting"]["Resources"]

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of a type's resources by logical id."""
        return {
            name: resource["Properties"]
            for name, resource in self.resources.items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def only(self, kind: str) -> dict[str, Any]:
        """Return those of its only one."""
        (found,) = self.all(kind).values()
        return found

    @property
    def container(self) -> dict[str, Any]:
        (found,) = self.only("ECS::TaskDefinition")["ContainerDefinitions"]
        assert isinstance(found, dict)
        return found

    def statements(self, role: str) -> list[dict[str, Any]]:
        """Return what the policies of a role allow."""
        return [
            statement
            for policy in self.all("IAM::Policy").values()
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]


def named(institutions: list[Made], name: str) -> Hosting:
    (made,) = (each for each in institutions if each.name == name)
    return Hosting(made)


@pytest.fixture(scope="module")
def trial(institutions: list[Made]) -> Hosting:
    """The least: Spot, public addresses, no domain, an image built in AWS."""
    return named(institutions, "tiny-trial")


@pytest.fixture(scope="module")
def everything(institutions: list[Made]) -> Hosting:
    """The most: NAT, a domain, the longest name."""
    return named(institutions, "everything")


@pytest.fixture(scope="module")
def laboratory(institutions: list[Made]) -> Hosting:
    """With an image that somebody else made."""
    return named(institutions, "govcloud-existing-vpc")


def test_task_can_do_little_but_serve(trial: Hosting) -> None:
    task, container = trial.only("ECS::TaskDefinition"), trial.container
    assert task["RuntimePlatform"] == {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}
    assert (task["Cpu"], task["Memory"]) == ("512", "1024")
    assert container["User"] == "10001:10001"
    assert container["ReadonlyRootFilesystem"] is True
    assert container["LinuxParameters"] == {"Capabilities": {"Drop": ["ALL"]}}
    assert "Privileged" not in container
    written = {"ContainerPath": "/tmp", "ReadOnly": False, "SourceVolume": "tmp"}  # noqa: S108 - the task's own
    assert container["MountPoints"] == [written]
    assert task["Volumes"] == [{"Name": "tmp"}]
    assert container["PortMappings"] == [{"ContainerPort": 8000, "Protocol": "tcp"}]
    assert container["StopTimeout"] == 120
    assert trial.only("ECS::Service")["EnableExecuteCommand"] is False


def test_image_is_made_for_the_task(trial: Hosting) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"\nUSER {trial.container['User']}\n" in dockerfile
    assert f"\nEXPOSE {trial.container['PortMappings'][0]['ContainerPort']}\n" in dockerfile
    assert f'\nVOLUME ["{trial.container["MountPoints"][0]["ContainerPath"]}"]\n' in dockerfile
    assert re.search(r"^ARG BASE=\S+@sha256:[0-9a-f]{64}$", dockerfile, re.MULTILINE)


def test_task_is_told_what_the_foundation_writes_down(trial: Hosting, everything: Hosting) -> None:
    for hosting in (trial, everything):
        written = {
            f"OCTOPUS_{parameter['Properties']['Name'].rpartition('/')[2].upper()}"
            for parameter in hosting.templates["foundation"]["Resources"].values()
            if parameter["Type"] == "AWS::SSM::Parameter"
        }
        told = {each["Name"]: each["Value"] for each in hosting.container["Environment"]}
        assert "OCTOPUS_REGISTRY_TABLE" in written
        assert set(told) == written | {"OCTOPUS_LISTEN_HOST", "OCTOPUS_LISTEN_PORT", "OCTOPUS_METRICS_LOG"}
        assert told["OCTOPUS_LISTEN_HOST"] == "0.0.0.0"  # noqa: S104 - behind its security group
        assert told["OCTOPUS_LISTEN_PORT"] == "8000"
        assert told["OCTOPUS_METRICS_LOG"] == "true"


def test_deployment_keeps_all_tasks_and_takes_a_failed_one_back(trial: Hosting) -> None:
    service = trial.only("ECS::Service")
    assert service["DeploymentConfiguration"] == {
        "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
        "MaximumPercent": 200,
        "MinimumHealthyPercent": 100,
    }
    assert service["HealthCheckGracePeriodSeconds"] == 120
    # A number here would undo the scaling with each deployment.
    assert "DesiredCount" not in service


def test_tasks_are_spot_with_public_addresses_or_neither(trial: Hosting, everything: Hosting) -> None:
    for hosting, provider, address in (
        (trial, "FARGATE_SPOT", "ENABLED"),
        (everything, "FARGATE", "DISABLED"),
    ):
        service = hosting.only("ECS::Service")
        assert service["CapacityProviderStrategy"] == [{"CapacityProvider": provider, "Weight": 1}]
        assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == address
        cluster = hosting.only("ECS::Cluster")
        assert cluster["CapacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
        assert cluster["ClusterSettings"] == [{"Name": "containerInsights", "Value": "disabled"}]


def test_tasks_are_as_many_as_their_cpu_asks_for(everything: Hosting) -> None:
    target = everything.only("ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (3, 24)
    policy = everything.only("ApplicationAutoScaling::ScalingPolicy")
    tracked = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracked["TargetValue"] == 60
    assert (
        tracked["PredefinedMetricSpecification"]["PredefinedMetricType"] == "ECSServiceAverageCPUUtilization"
    )


def test_targets_are_asked_whether_they_live_and_drained_for_half_a_minute(trial: Hosting) -> None:
    targets = trial.only("ElasticLoadBalancingV2::TargetGroup")
    assert (targets["HealthCheckPath"], targets["Matcher"]) == ("/health/live", {"HttpCode": "200"})
    assert (targets["Protocol"], targets["Port"], targets["TargetType"]) == ("HTTP", 8000, "ip")
    attributes = {each["Key"]: each["Value"] for each in targets["TargetGroupAttributes"]}
    assert attributes["deregistration_delay.timeout_seconds"] == "30"


def test_balancer_is_internal_and_logs_where_it_may(everything: Hosting) -> None:
    balancer = everything.only("ElasticLoadBalancingV2::LoadBalancer")
    attributes = {each["Key"]: each["Value"] for each in balancer["LoadBalancerAttributes"]}
    assert balancer["Scheme"] == "internal"
    assert attributes["idle_timeout.timeout_seconds"] == "60"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["access_logs.s3.enabled"] == "true"
    bucket = attributes["access_logs.s3.bucket"]["Fn::GetStackOutput"]["OutputName"]
    foundation = everything.templates["foundation"]
    log_bucket = foundation["Outputs"][bucket]["Value"]
    allowed = [
        statement["Resource"]["Fn::Join"][1]
        for policy in foundation["Resources"].values()
        if policy["Type"] == "AWS::S3::BucketPolicy" and policy["Properties"]["Bucket"] == log_bucket
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    ]
    assert [parts[1] for parts in allowed] == [f"/{attributes['access_logs.s3.prefix']}/AWSLogs/"]
    names = {balancer["Name"], everything.only("ElasticLoadBalancingV2::TargetGroup")["Name"]}
    assert names == {"octopus-synchrotron-fabric-web"}
    assert max(map(len, names)) <= 32


def test_balancer_speaks_tls_where_there_is_a_certificate(trial: Hosting, everything: Hosting) -> None:
    plain, secured = (hosting.only("ElasticLoadBalancingV2::Listener") for hosting in (trial, everything))
    assert (plain["Protocol"], plain["Port"]) == ("HTTP", 80)
    assert (secured["Protocol"], secured["Port"]) == ("HTTPS", 443)
    assert secured["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-Res")
    (certificate,) = secured["Certificates"]
    assert certificate["CertificateArn"].endswith(":certificate/6f5e4d3c-2b1a-4098-8765-4321fedcba98")


def test_only_the_gateway_reaches_the_balancer_and_only_it_and_tasks_reach_tasks(
    trial: Hosting, everything: Hosting
) -> None:
    for hosting, port in ((trial, 80), (everything, 443)):
        wanted = {
            ("link", "balancer", port),
            ("balancer", "tasks", 8000),
            ("tasks", "tasks", 8000),
            ("tasks", "brokers", 9098),
        }
        ingress, egress = (hosting.all(f"EC2::SecurityGroup{way}").values() for way in ("Ingress", "Egress"))
        assert {
            (_group(rule["SourceSecurityGroupId"]), _group(rule["GroupId"]), rule["FromPort"])
            for rule in ingress
        } == wanted
        assert {
            (_group(rule["GroupId"]), _group(rule["DestinationSecurityGroupId"]), rule["FromPort"])
            for rule in egress
        } == wanted
        assert all(rule["FromPort"] == rule["ToPort"] for rule in (*ingress, *egress))
        groups = hosting.all("EC2::SecurityGroup")
        assert not [group for group in groups.values() if "SecurityGroupIngress" in group]
        outbound = [rule for group in groups.values() for rule in group.get("SecurityGroupEgress", [])]
        assert [(rule["CidrIp"], rule["FromPort"], rule["ToPort"]) for rule in outbound] == [
            ("0.0.0.0/0", 443, 443)
        ]


def _group(reference: dict[str, Any]) -> str:
    if "Fn::GetStackOutput" in reference:
        return "brokers"
    logical: str = reference["Fn::GetAtt"][0]
    return {"TasksA": "tasks", "Balanc": "balancer"}[logical[:6]] if "Linked" not in logical else "link"


def test_link_stands_in_the_balancers_subnets_and_outlives_its_replacement(everything: Hosting) -> None:
    link = everything.only("ApiGatewayV2::VpcLink")
    assert link["SubnetIds"] == everything.only("ElasticLoadBalancingV2::LoadBalancer")["Subnets"]
    assert [_group(group) for group in link["SecurityGroupIds"]] == ["link"]
    (resource,) = (
        each for each in everything.resources.values() if each["Type"] == "AWS::ApiGatewayV2::VpcLink"
    )
    assert (resource["UpdateReplacePolicy"], resource["DeletionPolicy"]) == ("Retain", "Delete")


def test_service_signs_with_the_foundations_role_and_is_started_by_one_that_pulls_and_logs(
    trial: Hosting,
) -> None:
    task = trial.only("ECS::TaskDefinition")
    output = task["TaskRoleArn"]["Fn::GetStackOutput"]
    assert output["StackName"] == "octopus-beamline-foundation"
    role = task["ExecutionRoleArn"]["Fn::GetAtt"][0]
    (repository,) = trial.all("ECR::Repository")
    log = task["ContainerDefinitions"][0]["LogConfiguration"]["Options"]["awslogs-group"]["Ref"]
    assert {json.dumps(each["Resource"]): each["Action"] for each in trial.statements(role)} == {
        json.dumps({"Fn::GetAtt": [repository, "Arn"]}): [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        ],
        # A registry has no ARN.
        '"*"': "ecr:GetAuthorizationToken",
        json.dumps({"Fn::GetAtt": [log, "Arn"]}): ["logs:CreateLogStream", "logs:PutLogEvents"],
    }
    # No task is started before its role may pull.
    (service,) = (each for each in trial.resources.values() if each["Type"] == "AWS::ECS::Service")
    assert [name for name in trial.all("IAM::Policy") if name in service["DependsOn"]]


def test_image_is_built_on_arm_into_a_repository_that_takes_each_tag_once(trial: Hosting) -> None:
    repository = trial.only("ECR::Repository")
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository["EmptyOnDelete"] is True
    (rule,) = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert (rule["selection"]["countType"], rule["selection"]["countNumber"]) == ("imageCountMoreThan", 10)
    project = trial.only("CodeBuild::Project")
    environment = project["Environment"]
    assert environment["Type"] == "ARM_CONTAINER"
    variables = {each["Name"]: each["Value"] for each in environment["EnvironmentVariables"]}
    (asked,) = (each for each in trial.resources.values() if each["Type"] == "Custom::ImageBuild")
    assert variables["TAG"] == asked["Properties"]["Tag"]
    assert f"{variables['TAG']}.zip" in project["Source"]["Location"]["Fn::Join"][1][-1]
    commands = json.loads(project["Source"]["BuildSpec"])["phases"]["build"]["commands"]
    assert [command for command in commands if command.startswith("docker push")] == [
        'docker push "$REPOSITORY:$TAG"'
    ]


def test_build_may_read_its_source_and_push_its_image(trial: Hosting) -> None:
    project = trial.only("CodeBuild::Project")
    (role,) = (name for name in trial.all("IAM::Role") if name in json.dumps(project["ServiceRole"]))
    statements = trial.statements(role)
    everywhere = [each["Action"] for each in statements if each["Resource"] == "*"]
    assert everywhere == ["ecr:GetAuthorizationToken"]
    (read,) = (each["Resource"] for each in statements if "s3:GetObject" in each["Action"])
    assert read["Fn::Join"][1][-1] == project["Source"]["Location"]["Fn::Join"][1][-1]
    assert not [action for each in statements for action in each["Action"] if "*" in action]


def test_task_runs_the_image_that_was_built_by_its_digest(trial: Hosting) -> None:
    (name,) = (name for name, each in trial.resources.items() if each["Type"] == "Custom::ImageBuild")
    image = trial.container["Image"]["Fn::Join"][1]
    assert image[-2:] == ["@", {"Fn::GetAtt": [name, "Digest"]}]
    # The end of the build is heard, and the project has this source, before a build is asked for.
    kinds = {trial.resources[each]["Type"] for each in trial.resources[name]["DependsOn"]}
    assert {
        "AWS::CodeBuild::Project",
        "AWS::Events::Rule",
        "AWS::Lambda::Permission",
        "AWS::IAM::Policy",
        "AWS::ECR::Repository",
    } <= kinds


def test_function_that_has_images_built_is_told_what_it_reads(trial: Hosting) -> None:
    source = (ROOT / "lambda_src" / "image_build" / "handler.py").read_text()
    variables = trial.only("Lambda::Function")["Environment"]["Variables"]
    assert set(re.findall(r"""os\.environ\[["']([A-Z]+)["']\]""", source)) == set(variables)
    assert variables["PARAMETERS"] == "/octopus/beamline/image-build"
    rule = trial.only("Events::Rule")["EventPattern"]
    (project,) = trial.all("CodeBuild::Project")
    assert rule["source"] == ["aws.codebuild"]
    assert rule["detail"]["project-name"] == [{"Ref": project}]
    assert set(rule["detail"]["build-status"]) == {"SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED"}


def test_function_that_has_images_built_may_do_that_alone(trial: Hosting) -> None:
    statements = trial.statements(trial.only("Lambda::Function")["Role"]["Fn::GetAtt"][0])
    may = {json.dumps(each["Resource"]): each["Action"] for each in statements}
    arn = {
        kind: json.dumps({"Fn::GetAtt": [name, "Arn"]})
        for kind in ("CodeBuild::Project", "ECR::Repository")
        for name in trial.all(kind)
    }
    assert may.pop(arn["CodeBuild::Project"]) == "codebuild:StartBuild"
    assert may.pop(arn["ECR::Repository"]) == "ecr:DescribeImages"
    (kept,) = (name for name in may if ":parameter/octopus/beamline/image-build/*" in name)
    assert may.pop(kept) == ["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"]
    assert list(may.values()) == [["logs:CreateLogStream", "logs:PutLogEvents"]]


def test_image_of_somebody_else_is_pulled_and_nothing_is_built(laboratory: Hosting) -> None:
    digest = "3b1f4a6c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a"
    assert laboratory.container["Image"]["Fn::Join"][1] == [
        "210987654321.dkr.ecr.us-gov-west-1.",
        {"Ref": "AWS::URLSuffix"},
        f"/science/octopus@sha256:{digest}",
    ]
    for kind in ("CodeBuild::Project", "ECR::Repository", "Lambda::Function"):
        assert laboratory.all(kind) == {}
    role = laboratory.only("ECS::TaskDefinition")["ExecutionRoleArn"]["Fn::GetAtt"][0]
    (pulled,) = (
        each["Resource"]["Fn::Join"][1]
        for each in laboratory.statements(role)
        if "ecr:BatchGetImage" in each["Action"]
    )
    assert pulled == [
        "arn:",
        {"Ref": "AWS::Partition"},
        ":ecr:us-gov-west-1:210987654321:repository/science/octopus",
    ]


def test_image_of_the_cdks_own_machine_is_built_when_it_is_deployed_and_for_arm(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    _image(cdk.Stack(app, "docker"), "docker")
    app.synth()
    (image,) = json.loads((tmp_path / "docker.assets.json").read_text())["dockerImages"].values()
    assert image["source"]["platform"] == "linux/arm64"
    assert (tmp_path / image["source"]["directory"] / "Dockerfile").is_file()


def test_same_source_makes_the_same_tag_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    stack = cdk.Stack(cdk.App(outdir=str(tmp_path / "out")))
    shutil.copytree(ROOT / "service_src" / "octopus", elsewhere / "service_src" / "octopus")
    for name in (".dockerignore", "Dockerfile", "LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, elsewhere)
    for name in ("locks", "scripts"):
        shutil.copytree(ROOT / name, elsewhere / name)
    here = _image(stack, "codebuild", "Here")
    monkeypatch.setattr(service_image, "ROOT", elsewhere)
    for name in ("node_modules/x.js", "service_src/octopus/__pycache__/x.cpython-311.pyc", "docs/x.md"):
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / name).write_text("not of the image")
    assert _tag(_image(stack, "codebuild", "There")) == _tag(here)
    changed = elsewhere.rename(tmp_path / "changed")
    (changed / "service_src" / "octopus" / "new.py").write_text("of the image")
    monkeypatch.setattr(service_image, "ROOT", changed)
    assert _tag(_image(stack, "codebuild", "Changed")) != _tag(here)


def _image(stack: cdk.Stack, image: str, id_: str = "Image") -> ServiceImage:
    return ServiceImage(
        stack,
        id_,
        image=image,
        name="octopus-anl-web",
        parameters="/octopus/anl/image-build",
        log_retention=logs.RetentionDays.ONE_DAY,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )


def _tag(image: ServiceImage) -> str:
    source = image.node.find_child("Source")
    assert isinstance(source, cdk.aws_s3_assets.Asset)
    return source.asset_hash
