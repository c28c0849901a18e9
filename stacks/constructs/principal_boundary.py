"""The most that a user of the fabric can ever be allowed, and the right to make such users."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.constructs.kafka_cluster import KafkaCluster

PATH = "/msk-users/"
"""IAM path of every user of the fabric."""
POLICY_PATH = "/msk-policies/"
"""IAM path of every managed policy of such a user."""
USER_NAMES = "-".join("?" * length for length in (8, 4, 4, 4, 12))
"""Names of users are UUIDs."""
Conditions = dict[str, dict[str, str]]

FABRIC_TAG = "octopus:fabric"
"""Tag of every such user: the institution whose fabric made it."""


class PrincipalBoundary(Construct):
    """A permissions boundary: the data plane of one cluster, and no more.

    The service that makes users holds :meth:`grant_make_principals`: it can neither leave the boundary out
    nor change it, so that whoever takes the service over reaches one cluster's records and nothing in AWS.
    """

    def __init__(
        self, scope: Construct, id_: str, *, policy_name: str, institution: str, cluster: KafkaCluster
    ) -> None:
        super().__init__(scope, id_)
        self._institution = institution
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            managed_policy_name=policy_name,
            description="The most that a user of the fabric can be allowed",
            statements=cluster.data_plane(),
        )
        self.arn = self.policy.managed_policy_arn

    def grant_make_principals(self, grantee: iam.IGrantable) -> None:
        """Let ``grantee`` make, read, key and remove users of this fabric, inside the boundary only.

        The managed policies that it writes are named after these users, and attached to them alone.
        """
        mark = {f"aws:RequestTag/{FABRIC_TAG}": self._institution}
        ours = {f"aws:ResourceTag/{FABRIC_TAG}": self._institution}
        bounded = {"iam:PermissionsBoundary": self.arn}
        self._allow(grantee, {"StringEquals": {**bounded, **mark}}, "iam:CreateUser")
        self._allow(grantee, {"StringEquals": mark, "StringEqualsIfExists": ours}, "iam:TagUser")
        self._allow(grantee, {"StringEquals": {**bounded, **ours}}, "iam:PutUserPolicy")
        self._allow(
            grantee,
            {"StringEquals": bounded, "StringEqualsIfExists": ours},
            "iam:PutUserPermissionsBoundary",
        )
        self._allow(
            grantee,
            # These requests carry no boundary: path and tag hold them. A user that is not there has no tag,
            # and the answer to that must be "no such user", not "forbidden".
            {"StringEqualsIfExists": ours},
            "iam:CreateAccessKey",
            "iam:DeleteAccessKey",
            "iam:DeleteUser",
            "iam:DeleteUserPolicy",
            "iam:DetachUserPolicy",
            "iam:UpdateAccessKey",
        )
        self._allow(
            grantee,
            {},
            "iam:GetAccessKeyLastUsed",
            "iam:GetUser",
            "iam:GetUserPolicy",
            "iam:ListAccessKeys",
            "iam:ListAttachedUserPolicies",
            "iam:ListGroupsForUser",
            "iam:ListUserPolicies",
        )
        policies = self._iam_arn(
            "policy", f"{POLICY_PATH.strip('/')}/octopus-{self._institution}-{USER_NAMES}-*"
        )
        self._allow(
            grantee,
            {"StringEquals": {**bounded, **ours}, "ArnLike": {"iam:PolicyARN": policies}},
            "iam:AttachUserPolicy",
        )
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=[
                "iam:CreatePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:ListPolicyVersions",
            ],
            resource_arns=[policies],
        )
        # The figures of an error's text, and of alarms: how many users and policies there are, and may be.
        iam.Grant.add_to_principal(grantee=grantee, actions=["iam:GetAccountSummary"], resource_arns=["*"])
        # These come before anybody knows whether the user is there; every other call comes after.
        self.grant_find_absent(grantee, "iam:GetUser", "iam:GetUserPolicy", "iam:ListAccessKeys")
        self._deny_escape(grantee)

    def grant_find_absent(self, grantee: iam.IGrantable, *actions: str) -> None:
        """Let ``grantee`` be told by these reads that a user is not there: IAM names it without its path."""
        iam.Grant.add_to_principal(
            grantee=grantee, actions=list(actions), resource_arns=[self._iam_arn("user", USER_NAMES)]
        )

    def _allow(self, grantee: iam.IGrantable, conditions: Conditions, *actions: str) -> None:
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=list(actions),
            resource_arns=[self._iam_arn("user", f"{PATH.strip('/')}/*")],
            conditions=conditions or None,
        )

    def _deny_escape(self, grantee: iam.IGrantable) -> None:
        """Forbid outright, whatever is granted elsewhere, to take a boundary off or to widen it."""
        # Of every user: the platform's own included.
        every_user = self._iam_arn("user", "*")
        self._deny(grantee, {}, every_user, "iam:DeleteUserPermissionsBoundary")
        another = {"StringNotEquals": {"iam:PermissionsBoundary": self.arn}}
        self._deny(grantee, another, every_user, "iam:PutUserPermissionsBoundary")
        self._deny(
            grantee,
            {},
            self.arn,
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:SetDefaultPolicyVersion",
        )

    def _deny(
        self, grantee: iam.IGrantable, conditions: Conditions, resource_arn: str, *actions: str
    ) -> None:
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY, actions=list(actions), resources=[resource_arn], conditions=conditions
            )
        )

    def _iam_arn(self, kind: str, name: str) -> str:
        return Stack.of(self).format_arn(
            service="iam",
            region="",
            resource=kind,
            resource_name=name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
