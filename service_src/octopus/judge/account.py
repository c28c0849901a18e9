"""IAM, read in two ways: one user in about seven calls, and the whole account in a few pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from botocore.exceptions import ClientError
from cachetools import LRUCache

from octopus.iam.models import Principal
from octopus.judge.errors import SourceUnavailableError, error_code, source
from octopus.judge.principals import UserPolicies, attachment, inline

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_PAGE = 1000
"""Entities that IAM gives at once at most."""

_log = structlog.get_logger(__name__)


class Account:
    """Users, their groups and their managed policies, as far as they bear on the fabric's users."""

    def __init__(self, client: IAMClient, *, paths: tuple[str, ...], cluster_arn: str) -> None:
        """Of the users below these IAM paths, as they ask this cluster."""
        self._client = client
        self._paths = paths
        self._cluster_arn = cluster_arn
        # What a version says never changes under the policy's unique id.
        self._versions: LRUCache[tuple[str, str], Any] = LRUCache(maxsize=4096)
        self._versions_lock = threading.Lock()

    def user(self, user_name: str) -> UserPolicies | None:
        """A user; None when IAM has no such user.

        Raises:
            SourceUnavailableError: IAM cannot be read, or what it said changed while it was read.
        """
        with source("IAM"):
            try:
                user: Mapping[str, Any] = self._client.get_user(UserName=user_name)["User"]
            except ClientError as error:
                if error_code(error) == "NoSuchEntity":
                    return None
                raise
            documents = {
                inline(name): self._client.get_user_policy(UserName=user_name, PolicyName=name)[
                    "PolicyDocument"
                ]
                for name in self._pages("list_user_policies", "PolicyNames", UserName=user_name)
            }
            for policy in self._pages("list_attached_user_policies", "AttachedPolicies", UserName=user_name):
                documents[attachment(policy["PolicyArn"])] = self._managed(policy["PolicyArn"])
            for group in self._pages("list_groups_for_user", "Groups", UserName=user_name):
                for place, document in self._group(group["GroupName"]):
                    documents[f"group/{group['GroupName']}/{place}"] = document
            return UserPolicies(
                principal=self._principal(user), documents=documents, boundary=self._boundary(user)
            )

    def users(self, in_use: Collection[str]) -> dict[str, UserPolicies]:
        """The fabric's users by name, from one listing of the account.

        Args:
            in_use: users that are asked for one by one when the listing shows no permissions boundary at all:
                AWS's does, emulators' do not. The others are missing then, as is one that changed while it
                was read.

        Raises:
            SourceUnavailableError: IAM cannot be read.
        """
        with source("IAM"):
            users, groups, policies = self._details()
        told = any("PermissionsBoundary" in user for user in users)
        managed: dict[str, Any] = {
            policy["Arn"]: version["Document"]
            for policy in policies
            for version in policy["PolicyVersionList"]
            if version["IsDefaultVersion"]
        }
        found = {}
        for user in users:
            name = user["UserName"]
            if not told and name not in in_use:
                continue
            try:
                with source("IAM"):
                    if not told:
                        user.update(self._client.get_user(UserName=name)["User"])
                    found[name] = self._listed(user, groups, managed)
            except (SourceUnavailableError, KeyError) as error:
                _log.info("user.changed_while_listed", user_name=name, reason=str(error))
        return found

    def _details(self) -> tuple[list[dict[str, Any]], dict[str, Any], list[Any]]:
        users: list[dict[str, Any]] = []
        groups: dict[str, Any] = {}
        policies: list[Any] = []
        pages = self._client.get_paginator("get_account_authorization_details").paginate(
            # AWS's own policies are not asked for: there are over a thousand, and users seldom hold one.
            Filter=["User", "Group", "LocalManagedPolicy"],
            PaginationConfig={"PageSize": _PAGE},
        )
        for page in pages:
            users += [dict(user) for user in page["UserDetailList"] if user["Path"].startswith(self._paths)]
            groups |= {group["GroupName"]: group for group in page["GroupDetailList"]}
            policies += page["Policies"]
        return users, groups, policies

    def _listed(
        self, user: Mapping[str, Any], groups: Mapping[str, Any], managed: dict[str, Any]
    ) -> UserPolicies:
        def policy(arn: str) -> Any:
            if arn not in managed:
                managed[arn] = self._managed(arn)
            return managed[arn]

        def hanging(entity: Mapping[str, Any], inline_policies: str) -> Iterator[tuple[str, Any]]:
            for own in entity.get(inline_policies, ()):
                yield inline(own["PolicyName"]), own["PolicyDocument"]
            for attached in entity.get("AttachedManagedPolicies", ()):
                yield attachment(attached["PolicyArn"]), policy(attached["PolicyArn"])

        documents = dict(hanging(user, "UserPolicyList"))
        for name in user.get("GroupList", ()):
            for place, document in hanging(groups[name], "GroupPolicyList"):
                documents[f"group/{name}/{place}"] = document
        return UserPolicies(
            principal=self._principal(user), documents=documents, boundary=self._boundary(user, policy)
        )

    def _group(self, name: str) -> Iterator[tuple[str, Any]]:
        for policy in self._pages("list_group_policies", "PolicyNames", GroupName=name):
            reply = self._client.get_group_policy(GroupName=name, PolicyName=policy)
            yield inline(policy), reply["PolicyDocument"]
        for attached in self._pages("list_attached_group_policies", "AttachedPolicies", GroupName=name):
            yield attachment(attached["PolicyArn"]), self._managed(attached["PolicyArn"])

    def _boundary(
        self, user: Mapping[str, Any], policy: Callable[[str], Any] | None = None
    ) -> tuple[Any, ...] | None:
        arn = user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        if arn is None:
            return None
        try:
            return ((policy or self._managed)(arn),)
        except ClientError as error:
            if error_code(error) == "NoSuchEntity":
                return ()  # A boundary that is gone still bounds: nothing is allowed.
            raise

    def _managed(self, arn: str) -> Any:
        """The default version's document of a managed policy."""
        policy = self._client.get_policy(PolicyArn=arn)["Policy"]
        version = policy["DefaultVersionId"]
        with self._versions_lock:
            document = self._versions.get((policy["PolicyId"], version))
        if document is None:
            reply = self._client.get_policy_version(PolicyArn=arn, VersionId=version)
            document = reply["PolicyVersion"]["Document"]
            with self._versions_lock:
                self._versions[policy["PolicyId"], version] = document
        return document

    def _principal(self, user: Mapping[str, Any]) -> Principal:
        return Principal(
            user_name=user["UserName"],
            user_id=user["UserId"],
            arn=user["Arn"],
            tags={tag["Key"]: tag["Value"] for tag in user.get("Tags", ())},
            cluster_arn=self._cluster_arn,
        )

    def _pages(self, operation: str, member: str, **parameters: str) -> Iterator[Any]:
        paginator: Any = self._client.get_paginator(operation)  # type: ignore[call-overload]
        for page in paginator.paginate(**parameters):
            yield from page[member]
