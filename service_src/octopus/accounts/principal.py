"""An account's principal in IAM: a user with the fabric's boundary and tag, and policies of its rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from octopus.accounts.managed_policies import (
    NOTHING,
    ManagedPolicies,
    PoliciesFullError,
    as_document,
    order_of_writing,
)
from octopus.accounts.principals import Principals
from octopus.aws import until_unused, until_user_known
from octopus.errors import Failure
from octopus.iam.generate import (
    MOST_MANAGED_POLICIES,
    PolicySet,
    canonical_json,
    fitting,
    principal_policies,
)
from octopus.iam.holdings import Holdings
from octopus.iam.policy_names import INLINE_POLICY_NAME

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import UserTypeDef

_log = structlog.get_logger(__name__)

PATH = "/msk-users/"
FABRIC_TAG = "octopus:fabric"
SUSPENDED_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Suspended", "Effect": "Deny", "Action": "*", "Resource": "*"}],
}
"""In place of the policies of a user that is suspended: an explicit deny wins over whatever else it holds."""


class _InlineFullError(Failure):
    """IAM takes no inline policy of this length of a user that holds others besides."""


class IamPrincipals(Principals):
    """IAM users of one fabric's accounts. Each call may be repeated."""

    def __init__(self, client: IAMClient, *, institution: str, boundary_arn: str, cluster_arn: str) -> None:
        self._client = client
        self._institution = institution
        self._boundary_arn = boundary_arn
        self._cluster_arn = cluster_arn
        self._managed = ManagedPolicies(client, institution=institution, boundary_arn=boundary_arn)

    def fitting(self, subject: str, holdings: Holdings) -> Holdings:
        """As many of these rights as IAM takes of one principal, the most senior first; mostly all of them.

        So that somebody with whom too much is shared loses what is withdrawn all the same, and nothing else.
        """
        return self._fitting(subject, holdings, MOST_MANAGED_POLICIES)

    def policy_sha256(self, holdings: Holdings) -> str:
        """Hash of the policies that a principal with these rights has.

        Raises:
            PolicyTooLargeError: IAM takes fewer rights of one principal; says how many.
        """
        return self._policies(holdings).sha256

    def in_order(self, subject: str, holdings: Holdings) -> bool:
        """Whether IAM holds the user with exactly the boundary and the policies that it should have."""
        user = self._find(subject)
        if user is None:
            return False
        boundary = user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return boundary == self._boundary_arn and self._held(subject) == self._policies(holdings)

    def is_foreign(self, subject: str) -> bool:
        """Whether a user of that name exists that is not this fabric's: nothing of it is ours to change."""
        user = self._find(subject)
        return user is not None and self._is_foreign(user)

    def exists(self, subject: str) -> bool:
        """Whether this fabric has a user of that name."""
        user = self._find(subject)
        return user is not None and not self._is_foreign(user)

    def ensure(self, subject: str, holdings: Holdings) -> Holdings:
        """Make or mend the user, its boundary and its policies.

        Returns:
            The rights that they give now: all of them, unless IAM has no room for another managed policy.
            Then as many as fit into those that there are, so that nothing stays that was withdrawn. And none
            that are spare where what somebody gave the user by hand takes their room.

        Raises:
            Failure: IAM will not have it: another fabric's user, or a ceiling of the AWS account.
            PolicyTooLargeError: IAM takes fewer rights of one principal; nothing was done.
        """
        policies = self._policies(holdings)
        self._ensure_user(subject)
        while True:
            try:
                self._write(subject, policies)
            except PoliciesFullError as full:
                if full.usable >= len(policies.managed):
                    raise  # what it has is being taken away meanwhile
                _log.warning("principal.no_room", subject=subject, reason=full.message)
                holdings = self._fitting(subject, holdings, full.usable)
                policies = self._policies(holdings)
            except _InlineFullError:
                needed = frozenset(right for right in holdings if not right.spare)
                if needed == holdings:
                    raise
                holdings, policies = needed, self._policies(needed)
            else:
                return holdings

    def suspend(self, subject: str) -> None:
        """The user, which exists, is denied everything; `ensure` gives its rights back.

        Raises:
            Failure: somebody attached one of its managed policies to something else by hand; it is denied
                everything nevertheless.
        """
        self._write(subject, PolicySet(SUSPENDED_POLICY))

    def withdraw(self, subject: str) -> None:
        """The user, which exists, has no policy any more: neither ours nor any that it was given by hand.

        Groups that it was put into by hand are not ours to change; without keys it gets nothing of them.

        Raises:
            Failure: somebody attached one of our managed policies to something else by hand; the user has
                none nevertheless.
        """
        left = self.policies_left(subject)
        for page in self._client.get_paginator("list_user_policies").paginate(UserName=subject):
            for name in page["PolicyNames"]:
                self._unless_gone(self._client.delete_user_policy, UserName=subject, PolicyName=name)
        for attached in self._client.get_paginator("list_attached_user_policies").paginate(UserName=subject):
            for policy in attached["AttachedPolicies"]:
                self._managed.detach(subject, policy["PolicyArn"])
        self._managed.delete(left)

    def policies_left(self, subject: str) -> list[str]:
        """ARNs of the subject's managed policies that IAM has, attached or not, the first first."""
        return self._managed.arns(subject)

    def delete(self, subject: str) -> None:
        """No such user exists any more; its keys and its rights must be gone before.

        Raises:
            Failure: somebody gave the user by hand what the fabric never does, such as a password, or put it
                into a group.
        """
        if groups := self._groups(subject):
            raise Failure(
                f"Failed to delete IAM user: {subject} is in IAM groups, into which somebody put it by hand "
                f"({', '.join(groups)}): take it out of them first"
            )
        self._managed.delete(self.policies_left(subject))
        try:
            until_unused(self._client)(self._unless_gone, self._client.delete_user, UserName=subject)
        except self._client.exceptions.DeleteConflictException as conflict:
            raise Failure(
                f"Failed to delete IAM user: {subject} holds what somebody gave it by hand, such as a "
                f"password ({conflict.response['Error'].get('Message', '')}): take it away first"
            ) from None

    def _unless_gone(self, call: Any, **arguments: str) -> None:
        try:
            call(**arguments)
        except self._client.exceptions.NoSuchEntityException:
            return

    def _groups(self, subject: str) -> list[str]:
        pages = self._client.get_paginator("list_groups_for_user").paginate(UserName=subject)
        try:
            return [group["GroupName"] for page in pages for group in page["Groups"]]
        except self._client.exceptions.NoSuchEntityException:
            return []

    def _find(self, subject: str) -> UserTypeDef | None:
        try:
            return self._client.get_user(UserName=subject)["User"]
        except self._client.exceptions.NoSuchEntityException:
            return None

    def _write(self, subject: str, policies: PolicySet) -> None:
        """These policies in place of the old ones: what both allow is allowed all the while, never more."""
        there = self.policies_left(subject)
        held = self._held(subject).all if there or policies.managed else ()
        # Made in order, so that none is lost track of; they count when they are attached.
        made = {
            number: self._managed.put(subject, number, document)
            for number, document in enumerate(policies.managed, start=1)
            if number > len(there)
        }
        for number in order_of_writing(held, policies.all):
            if number == 0:
                self._put_policy(subject, policies.inline)
            elif number > len(policies.managed):
                self._managed.detach(subject, there[number - 1])
            else:
                arn = made.get(number) or self._managed.put(subject, number, policies.managed[number - 1])
                self._managed.attach(subject, arn)
        self._managed.delete(there[len(policies.managed) :])

    def _put_policy(self, subject: str, policy: dict[str, Any]) -> None:
        # Always, whatever IAM shows: that may be the policy of a while ago, and then this one be left out.
        try:
            until_user_known(self._client)(
                self._client.put_user_policy,
                UserName=subject,
                PolicyName=INLINE_POLICY_NAME,
                PolicyDocument=canonical_json(policy),
            )
        except self._client.exceptions.LimitExceededException as ceiling:
            told = ceiling.response["Error"].get("Message", "")
            raise _InlineFullError(
                f"Failed to write the policy of IAM user {subject}: with what it holds besides, its inline "
                f"policies are longer than IAM lets them be ({told}): take away what somebody gave it by hand"
            ) from None

    def _ensure_user(self, subject: str) -> None:
        try:
            self._client.create_user(
                UserName=subject,
                Path=PATH,
                PermissionsBoundary=self._boundary_arn,
                Tags=[{"Key": FABRIC_TAG, "Value": self._institution}],
            )
        except self._client.exceptions.EntityAlreadyExistsException:
            self._mend_user(subject)
        except self._client.exceptions.LimitExceededException:
            # IAM counts for us; its figures are asked for only when they are needed.
            figures = self._client.get_account_summary()["SummaryMap"]
            raise Failure(
                f"Failed to create IAM user: the AWS account holds {figures['Users']} IAM users and may hold "
                f"{figures['UsersQuota']}; its operator can have AWS raise the quota 'Users per account'"
            ) from None

    def _mend_user(self, subject: str) -> None:
        user = until_user_known(self._client)(self._client.get_user, UserName=subject)["User"]
        if self._is_foreign(user):
            raise Failure(f"Failed to create IAM user: {subject} exists and belongs to something else")
        if FABRIC_TAG not in _tags(user):
            self._client.tag_user(UserName=subject, Tags=[{"Key": FABRIC_TAG, "Value": self._institution}])
        boundary = user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        if boundary != self._boundary_arn:
            self._client.put_user_permissions_boundary(
                UserName=subject, PermissionsBoundary=self._boundary_arn
            )

    def _is_foreign(self, user: UserTypeDef) -> bool:
        # Names of users are one space per AWS account, which fabrics and people share.
        fabric = _tags(user).get(FABRIC_TAG, self._institution)
        return user["Path"] != PATH or fabric != self._institution

    def _fitting(self, subject: str, holdings: Holdings, managed: int) -> Holdings:
        fit = fitting(cluster_arn=self._cluster_arn, holdings=holdings, managed=managed)
        if not all(right.spare for right in holdings - fit):
            _log.warning("principal.rights_left_out", subject=subject, held=len(holdings), written=len(fit))
        return fit

    def _policies(self, holdings: Holdings) -> PolicySet:
        return principal_policies(cluster_arn=self._cluster_arn, holdings=holdings)

    def _held(self, subject: str) -> PolicySet:
        """As IAM shows it."""
        try:
            reply = self._client.get_user_policy(UserName=subject, PolicyName=INLINE_POLICY_NAME)
            inline = as_document(reply["PolicyDocument"])
        except self._client.exceptions.NoSuchEntityException:
            inline = NOTHING
        return PolicySet(inline, tuple(self._managed.documents(subject)))


def _tags(user: UserTypeDef) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])}
