"""Where the image of the web service is built in AWS, and kept."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration, Fn, RemovalPolicy
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

BUILD_MINUTES = 30
_COMMANDS = (
    'aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"',
    'docker build --tag "$REPOSITORY:$TAG" .',
    'docker push "$REPOSITORY:$TAG"',
)


class ImageProject(Construct):
    """A project that builds one source, and the repository that it pushes to.

    An image's tag is the hash of its source; :attr:`tag` is this one's.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        source: s3_assets.Asset,
        name: str,
        log_retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make it.

        Args:
            source: a folder with a Dockerfile.
            name: of repository and project.
            removal_policy: of the log. Images go with their repository: they can be built again.
        """
        super().__init__(scope, id_)
        self.tag = source.asset_hash
        self.repository = ecr.Repository(
            self,
            "Repository",
            repository_name=name,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            image_scan_on_push=True,
            lifecycle_rules=[ecr.LifecycleRule(description="The last ten: ways back", max_image_count=10)],
            removal_policy=RemovalPolicy.DESTROY,
            empty_on_delete=True,
        )
        log = logs.LogGroup(self, "Log", retention=log_retention, removal_policy=removal_policy)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("codebuild.amazonaws.com"))
        log.grant_write(role)
        self.repository.grant_pull_push(role)
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject", "s3:GetObjectVersion"],
                resources=[source.bucket.arn_for_objects(source.s3_object_key)],
            )
        )
        self.project = codebuild.Project(
            self,
            "Project",
            project_name=name,
            description="Builds the image of the web service",
            source=codebuild.Source.s3(bucket=source.bucket, path=source.s3_object_key),
            build_spec=codebuild.BuildSpec.from_object(
                {"version": "0.2", "phases": {"build": {"commands": list(_COMMANDS)}}}
            ),
            environment=codebuild.BuildEnvironment(
                # As the tasks, so that nothing is emulated.
                build_image=codebuild.LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0,
                compute_type=codebuild.ComputeType.SMALL,
                # Docker's daemon runs in the build's own container, which is gone with the build.
                privileged=True,
            ),
            environment_variables={
                "REGISTRY": codebuild.BuildEnvironmentVariable(value=self.repository.registry_uri),
                "REPOSITORY": codebuild.BuildEnvironmentVariable(value=self.repository.repository_uri),
                "TAG": codebuild.BuildEnvironmentVariable(value=self.tag),
            },
            timeout=Duration.minutes(BUILD_MINUTES),
            # The library would let it read the whole bucket of assets, and write logs of every name.
            role=role.without_policy_updates(),
            grant_report_group_permissions=False,
            logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log)),
        )
        # The library's own validation (E3050) takes the ARN of a role with a path for its name, but not so.
        cast("codebuild.CfnProject", self.project.node.default_child).service_role = Fn.sub(
            "${Arn}", {"Arn": role.role_arn}
        )
        self.project.node.add_dependency(role)
