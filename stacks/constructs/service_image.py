"""The image of the web service: built in AWS, built where the CDK runs, or somebody else's."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import ArnFormat, IgnoreMode, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from stacks.constructs.image_build import ImageBuild

ROOT = Path(__file__).parents[2]


class ServiceImage(Construct):
    """An image for ARM, and the repository that its task must be allowed to pull from.

    Nothing is built at synth; what an image is made of is said in ``.dockerignore`` alone.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        image: str,
        name: str,
        parameters: str,
        log_retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make what there is to make.

        Args:
            image: ``codebuild``, ``docker``, or ``<registry>/<repository>@sha256:<digest>``.
            name: of what builds it in AWS; so the rest (`ImageBuild`).
        """
        super().__init__(scope, id_)
        if image == "codebuild":
            build = ImageBuild(
                self,
                "Build",
                source=self._source(),
                name=name,
                parameters=parameters,
                log_retention=log_retention,
                removal_policy=removal_policy,
            )
            self.repository: ecr.IRepository = build.repository
            self.container_image: ecs.ContainerImage = ecs.ContainerImage.from_registry(build.uri)
        elif image == "docker":
            asset = ecr_assets.DockerImageAsset(
                self, "Docker", directory=str(ROOT), platform=ecr_assets.Platform.LINUX_ARM64
            )
            self.repository = asset.repository
            self.container_image = ecs.ContainerImage.from_docker_image_asset(asset)
        else:
            self.repository = self._existing(image)
            self.container_image = ecs.ContainerImage.from_ecr_repository(
                self.repository, image.partition("@")[2]
            )

    def _source(self) -> s3_assets.Asset:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        return s3_assets.Asset(
            self,
            "Source",
            path=str(ROOT),
            exclude=[line for line in lines if line and not line.startswith("#")],
            ignore_mode=IgnoreMode.DOCKER,
        )

    def _existing(self, image: str) -> ecr.IRepository:
        registry, _, name = image.partition("@")[0].partition("/")
        account, _, _, region, *_ = registry.split(".")
        arn = Stack.of(self).format_arn(
            service="ecr",
            account=account,
            region=region,
            resource="repository",
            resource_name=name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        return ecr.Repository.from_repository_attributes(
            self, "Existing", repository_arn=arn, repository_name=name
        )
