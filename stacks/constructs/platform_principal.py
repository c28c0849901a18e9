"""A process of the platform, as IAM knows it."""

from __future__ import annotations

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct


class PlatformPrincipal(Construct):
    """A role of tasks in Fargate, or an IAM user off AWS, with a managed policy of the same name.

    Grant to :attr:`policy`. The user has no access key: a template would show it. Whoever starts the process
    issues one.
    """

    def __init__(
        self, scope: Construct, id_: str, *, name: str, institution: str, in_tasks: bool = False
    ) -> None:
        super().__init__(scope, id_)
        self._name = name
        self.role: iam.Role | None = None
        self._user: iam.User | None = None
        if in_tasks:
            self.role = iam.Role(
                self,
                "Role",
                role_name=name,
                description=f"What {name} signs with in its tasks",
                assumed_by=iam.ServicePrincipal(
                    "ecs-tasks.amazonaws.com",
                    conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
                ),
            )
            self.arn = self.role.role_arn
        else:
            self._user = iam.User(self, "User", user_name=name, path=f"/octopus/{institution}/")
            self.arn = self._user.user_arn
        self.policy = self._attached("Policy", name, f"What {name} may do")

    def policy_about(self, what: str) -> iam.ManagedPolicy:
        """Return a further policy of it, named after ``what``: IAM takes 6,144 characters in each."""
        name = f"{self._name}-{what}"
        return self._attached(f"PolicyAbout{what.title()}", name, f"What {self._name} may do with {what}")

    def _attached(self, id_: str, name: str, description: str) -> iam.ManagedPolicy:
        return iam.ManagedPolicy(
            self,
            id_,
            managed_policy_name=name,
            description=description,
            roles=[self.role] if self.role else None,
            users=[self._user] if self._user else None,
        )

    def grant_read_principals(self, *paths: str) -> None:
        """Let it read the users under these IAM paths and every policy that bears on them."""
        iam.Grant.add_to_principal(
            grantee=self.policy,
            # Read by itself at first sight and after each change of its own.
            actions=[
                "iam:GetUser",
                "iam:GetUserPolicy",
                "iam:ListAttachedUserPolicies",
                "iam:ListGroupsForUser",
                "iam:ListUserPolicies",
            ],
            resource_arns=[self._iam_arn("user", f"{path.strip('/')}/*") for path in paths],
        )
        # A user may hold any policy of the account, through any group: which, only IAM can say.
        iam.Grant.add_to_principal(
            grantee=self.policy,
            actions=["iam:GetPolicy", "iam:GetPolicyVersion"],
            resource_arns=[self._iam_arn("policy", "*"), self._iam_arn("policy", "*", account="aws")],
        )
        iam.Grant.add_to_principal(
            grantee=self.policy,
            actions=["iam:GetGroupPolicy", "iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies"],
            resource_arns=[self._iam_arn("group", "*")],
        )
        # Everybody together for edits made by hand, in a few calls: user by user, a thousand of them would
        # take IAM's limits from the whole account. IAM has no narrower right for it: it tells of every user,
        # group and policy of the account, and of roles.
        iam.Grant.add_to_principal(
            grantee=self.policy, actions=["iam:GetAccountAuthorizationDetails"], resource_arns=["*"]
        )

    def _iam_arn(self, kind: str, name: str, account: str | None = None) -> str:
        return Stack.of(self).format_arn(
            service="iam",
            region="",
            account=account,
            resource=kind,
            resource_name=name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
