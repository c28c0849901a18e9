"""The image of the web service, built in AWS from this folder: no Docker where the CDK runs."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import ArnFormat, CustomResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from stacks.constructs.image_project import BUILD_MINUTES, ImageProject
from stacks.constructs.source_function import source_function

SOURCE = Path(__file__).parents[2] / "lambda_src" / "image_build"
_ENDED = ("SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED")


class ImageBuild(Construct):
    """The image of one source: built, unless it is there already, before whoever refers to it is made.

    :attr:`uri` names the image in :attr:`repository` by its digest.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        source: s3_assets.Asset,
        name: str,
        parameters: str,
        log_retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make it.

        Args:
            source: a folder with a Dockerfile.
            name: of repository and project.
            parameters: path of the parameters in which CloudFormation's open questions are kept.
            removal_policy: of the logs.
        """
        super().__init__(scope, id_)
        self._parameters = parameters
        built_in = ImageProject(
            self, "In", source=source, name=name, log_retention=log_retention, removal_policy=removal_policy
        )
        self.repository = built_in.repository
        function, role = source_function(
            self,
            source=SOURCE,
            description="Has the image of the web service built, and tells CloudFormation when it is",
            # While IAM spreads the rights that its role and the project's just got, it waits.
            timeout=Duration.minutes(5),
            environment={
                "PROJECT": built_in.project.project_name,
                "REPOSITORY": self.repository.repository_name,
                "PARAMETERS": parameters,
            },
            log_retention=log_retention,
            removal_policy=removal_policy,
        )
        self._grant(role, built_in)
        ended = built_in.project.on_state_change(
            "Ended",
            description="CloudFormation waits for the image",
            event_pattern=events.EventPattern(detail={"build-status": list(_ENDED)}),
            target=targets.LambdaFunction(function),
        )
        image = CustomResource(
            self,
            "Image",
            resource_type="Custom::ImageBuild",
            service_token=function.function_arn,
            service_timeout=Duration.minutes(BUILD_MINUTES + 10),
            properties={"Tag": built_in.tag},
        )
        # No build is started before its project has this source, and before its end is heard.
        image.node.add_dependency(built_in, ended, function)
        self.uri = self.repository.repository_uri_for_digest(image.get_att_string("Digest"))

    def _grant(self, role: iam.Role, built_in: ImageProject) -> None:
        self.repository.grant(role, "ecr:DescribeImages")
        kept = Stack.of(self).format_arn(
            service="ssm",
            resource="parameter",
            resource_name=f"{self._parameters.strip('/')}/*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        for actions, resource in (
            (["codebuild:StartBuild"], built_in.project.project_arn),
            (["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"], kept),
        ):
            iam.Grant.add_to_principal(grantee=role, actions=actions, resource_arns=[resource])
