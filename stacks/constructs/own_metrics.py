"""What the fabric measures of itself, in CloudWatch."""

from __future__ import annotations

from aws_cdk import aws_iam as iam

from stacks.monitoring.series import namespace


def grant_put(grantee: iam.IGrantable, *, institution: str) -> None:
    """Let ``grantee`` write metrics of this installation, and into no other namespace."""
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=["cloudwatch:PutMetricData"],
        # CloudWatch knows metrics by no ARN.
        resource_arns=["*"],
        conditions={"StringEquals": {"cloudwatch:namespace": namespace(institution)}},
    )
