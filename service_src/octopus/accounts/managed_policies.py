"""Managed policies of accounts' principals in IAM, numbered from 1 for each user.

Those of one user that exist are the first so many: they are made in that order and removed from the last on,
so that a change cut short leaves none that is not found again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from octopus.aws import until_unused, until_user_known
from octopus.errors import Failure
from octopus.iam.generate import MOST_MANAGED_POLICIES, canonical_json
from octopus.iam.policy_names import MANAGED_POLICY_PATH, managed_policy_name

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


class PoliciesFullError(Failure):
    """IAM will have no more managed policies, in the AWS account or of the user.

    Attributes:
        usable: how many of the user's, from the first, there is room for: those that it has.
    """

    def __init__(self, message: str, *, usable: int) -> None:
        super().__init__(message)
        self.usable = usable


NOTHING: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
"""In the place of a policy that is not there; IAM would not take it."""
_NUMBERS = range(1, MOST_MANAGED_POLICIES + 1)


class ManagedPolicies:
    """Managed policies of one fabric's users. Each call may be repeated."""

    def __init__(self, client: IAMClient, *, institution: str, boundary_arn: str) -> None:
        """In the AWS account of this permissions boundary."""
        self._client = client
        self._institution = institution
        self._account = boundary_arn.partition(":policy/")[0]

    def arns(self, user_name: str) -> list[str]:
        """Of the user's that it holds or that exist without it, by number from 1."""
        held = self._held(user_name)
        last = max((number for number in _NUMBERS if self._arn(user_name, number) in held), default=0)
        while last < MOST_MANAGED_POLICIES and self._exists(self._arn(user_name, last + 1)):
            last += 1
        return [self._arn(user_name, number) for number in range(1, last + 1)]

    def documents(self, user_name: str) -> list[dict[str, Any]]:
        """What those say that the user holds, by number, as IAM shows it; `NOTHING` for one between them."""
        held = self._held(user_name)
        documents = [
            self._document(arn) if arn in held else NOTHING
            for arn in (self._arn(user_name, number) for number in _NUMBERS)
        ]
        while documents and documents[-1] is NOTHING:
            documents.pop()
        return documents

    def put(self, user_name: str, number: int, document: dict[str, Any]) -> str:
        """The policy exists and says this from now on; returns its ARN.

        Raises:
            PoliciesFullError: the AWS account holds as many as it may.
            Failure: it holds one of that name that is not the fabric's.
        """
        arn = self._arn(user_name, number)
        # Always, whatever IAM shows: that may be the policy of a while ago.
        try:
            self._new_version(arn, document)
        except self._client.exceptions.NoSuchEntityException:
            self._create(user_name, number, document)
        return arn

    def attach(self, user_name: str, arn: str) -> None:
        """The user holds the policy.

        Raises:
            PoliciesFullError: it holds as many as it may, with those that somebody gave it by hand.
        """
        try:
            until_user_known(self._client)(self._client.attach_user_policy, UserName=user_name, PolicyArn=arn)
        except self._client.exceptions.LimitExceededException as ceiling:
            told = ceiling.response["Error"].get("Message", "")
            raise PoliciesFullError(
                f"Failed to attach {arn} to IAM user {user_name}: it may hold {MOST_MANAGED_POLICIES} managed"
                f" policies ({told}): take away what somebody gave it by hand",
                usable=self._attached_from_first(user_name),
            ) from None

    def detach(self, user_name: str, arn: str) -> None:
        """The user does not hold the policy."""
        try:
            self._client.detach_user_policy(UserName=user_name, PolicyArn=arn)
        except self._client.exceptions.NoSuchEntityException:
            return

    def delete(self, arns: Sequence[str]) -> None:
        """These policies, which no user of the fabric holds any more, are gone: the last first.

        Raises:
            Failure: somebody attached one to something else by hand.
        """
        for arn in reversed(arns):
            try:
                self._prune(arn)
                until_unused(self._client)(self._client.delete_policy, PolicyArn=arn)
            except self._client.exceptions.NoSuchEntityException:
                continue
            except self._client.exceptions.DeleteConflictException as conflict:
                raise Failure(
                    f"Failed to delete the managed policy {arn}: somebody attached it to something by hand"
                    f" ({conflict.response['Error'].get('Message', '')}): take it away first"
                ) from None

    def _create(self, user_name: str, number: int, document: dict[str, Any]) -> None:
        name = self._name(user_name, number)
        try:
            self._client.create_policy(
                PolicyName=name,
                Path=MANAGED_POLICY_PATH,
                PolicyDocument=canonical_json(document),
                Description=f"Octopus {self._institution}: what {user_name} may do, part {number}",
            )
        except self._client.exceptions.EntityAlreadyExistsException:
            try:
                until_user_known(self._client)(self._new_version, self._arn(user_name, number), document)
            except self._client.exceptions.NoSuchEntityException:
                raise Failure(
                    f"Failed to write the policies of IAM user {user_name}: a managed policy {name} exists"
                    " elsewhere in the AWS account and belongs to something else"
                ) from None
        except self._client.exceptions.LimitExceededException:
            # IAM counts for us; its figures are asked for only when they are needed.
            figures = self._client.get_account_summary()["SummaryMap"]
            raise PoliciesFullError(
                f"Failed to write the policies of IAM user {user_name}: the AWS account holds"
                f" {figures['Policies']} managed policies and may hold {figures['PoliciesQuota']}; its"
                " operator can have AWS raise the quota 'Customer managed policies per account'",
                usable=number - 1,
            ) from None

    def _new_version(self, arn: str, document: dict[str, Any]) -> None:
        def create() -> None:
            self._client.create_policy_version(
                PolicyArn=arn, PolicyDocument=canonical_json(document), SetAsDefault=True
            )

        try:
            create()
        except self._client.exceptions.LimitExceededException:
            self._prune(arn)
            create()

    def _prune(self, arn: str) -> None:
        """Of the five versions that IAM keeps, the policy has only the one that is in force."""
        pages = self._client.get_paginator("list_policy_versions").paginate(PolicyArn=arn)
        for version in [version for page in pages for version in page["Versions"]]:
            if not version["IsDefaultVersion"]:
                self._client.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])

    def _held(self, user_name: str) -> set[str]:
        pages = self._client.get_paginator("list_attached_user_policies").paginate(UserName=user_name)
        try:
            return {policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]}
        except self._client.exceptions.NoSuchEntityException:
            return set()

    def _attached_from_first(self, user_name: str) -> int:
        held = self._held(user_name)
        arns = (self._arn(user_name, number) for number in _NUMBERS)
        return sum(1 for _ in takewhile(held.__contains__, arns))

    def _exists(self, arn: str) -> bool:
        try:
            self._client.get_policy(PolicyArn=arn)
        except self._client.exceptions.NoSuchEntityException:
            return False
        return True

    def _document(self, arn: str) -> dict[str, Any]:
        version = self._client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        reply = self._client.get_policy_version(PolicyArn=arn, VersionId=version)
        return as_document(reply["PolicyVersion"]["Document"])

    def _arn(self, user_name: str, number: int) -> str:
        return f"{self._account}:policy{MANAGED_POLICY_PATH}{self._name(user_name, number)}"

    def _name(self, user_name: str, number: int) -> str:
        return managed_policy_name(institution=self._institution, user_name=user_name, number=number)


def order_of_writing(held: Sequence[dict[str, Any]], wanted: Sequence[dict[str, Any]]) -> list[int]:
    """Indices of policies in an order in which to write them one by one, so that no right is lost between.

    A policy that takes over what another one said is written before that one. Names keep their order over all
    policies (`octopus.iam.generate`), so what passes a border between two policies passes it in one
    direction, and going along the borders finds such an order. Only when a whole namespace gives way to
    topics of it, and other names come down into its place, must one direction wait for the other: then what
    comes down is away between two calls.
    """
    order = [0]
    for index in range(1, max(len(held), len(wanted))):
        below = _resources(held[:index])
        rises = any(name in below or _whole_namespace(name) in below for name in _resources(wanted[index:]))
        order.insert(0 if rises else len(order), index)
    return order


def as_document(document: Any) -> dict[str, Any]:
    """A policy as IAM gives it: botocore decodes it; the stubs, and older emulators, hand over its text."""
    return dict(json.loads(unquote(document)) if isinstance(document, str) else document)


def _resources(policies: Sequence[dict[str, Any]]) -> set[str]:
    """Resources of statements as the fabric writes them; whatever else somebody wrote does not count."""
    return {
        resource
        for policy in policies
        for statement in policy["Statement"]
        if isinstance(statement, dict) and isinstance(statement.get("Resource"), list)
        for resource in statement["Resource"]
    }


def _whole_namespace(resource: str) -> str:
    path, _, name = resource.rpartition("/")
    return f"{path}/{name.partition('.')[0]}.*"
