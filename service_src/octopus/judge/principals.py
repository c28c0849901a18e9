"""A principal's effective policies, as IAM holds them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from botocore.exceptions import ClientError
from cachetools import LRUCache

from octopus.iam.document import PolicyDocumentError, parse
from octopus.iam.generate import INLINE_POLICY_NAME, policy_sha256
from octopus.iam.models import Document, Layer, Layers, Principal
from octopus.iam.normalise import DENY_ALL, normalise
from octopus.judge.errors import error_code, source

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class EffectivePolicies:
    """Everything that limits or grants rights to one IAM user."""

    principal: Principal | None
    """None when IAM has no such user."""
    layers: Layers
    """Identity policies, then the permissions boundary if there is one."""
    inline_sha256: str
    """Of the inline policy that the fabric writes; empty when the user has none of that name."""


class PolicyReader:
    """Reads users, their groups and their managed policies; one reading is about 7 calls for a tenant."""

    def __init__(self, client: IAMClient) -> None:
        self._client = client
        # What a version says never changes under the policy's unique id.
        self._versions: LRUCache[tuple[str, str], Any] = LRUCache(maxsize=4096)
        self._versions_lock = threading.Lock()

    def read(self, user_name: str) -> EffectivePolicies | None:
        """The policies of a user; None when IAM has no such user.

        Raises:
            SourceUnavailableError: IAM cannot be read, or what it said changed while it was read.
        """
        with source("IAM"):
            try:
                user = self._client.get_user(UserName=user_name)["User"]
            except ClientError as error:
                if error_code(error) == "NoSuchEntity":
                    return None
                raise
            principal = Principal(
                user_name=user["UserName"],
                user_id=user["UserId"],
                arn=user["Arn"],
                tags={tag["Key"]: tag["Value"] for tag in user.get("Tags", [])},
            )
            inline = {
                name: self._client.get_user_policy(UserName=user_name, PolicyName=name)["PolicyDocument"]
                for name in self._pages("list_user_policies", "PolicyNames", UserName=user_name)
            }
            documents = [
                *inline.values(),
                *self._attached("list_attached_user_policies", UserName=user_name),
                *self._of_groups(user_name),
            ]
            layers = [_layer(documents, principal)]
            boundary = user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
            if boundary is not None:
                layers.append(_layer(self._boundary(boundary), principal))
        own: Any = inline.get(INLINE_POLICY_NAME)
        return EffectivePolicies(
            principal=principal,
            layers=tuple(layers),
            inline_sha256=policy_sha256(own) if isinstance(own, dict) else "",
        )

    def _of_groups(self, user_name: str) -> Iterator[Any]:
        for group in self._pages("list_groups_for_user", "Groups", UserName=user_name):
            name = group["GroupName"]
            for policy in self._pages("list_group_policies", "PolicyNames", GroupName=name):
                yield self._client.get_group_policy(GroupName=name, PolicyName=policy)["PolicyDocument"]
            yield from self._attached("list_attached_group_policies", GroupName=name)

    def _attached(self, operation: str, **of: str) -> Iterator[Any]:
        for attached in self._pages(operation, "AttachedPolicies", **of):
            yield self._managed(attached["PolicyArn"])

    def _boundary(self, arn: str) -> list[Any]:
        try:
            return [self._managed(arn)]
        except ClientError as error:
            if error_code(error) == "NoSuchEntity":
                return []  # A boundary that is gone still bounds: nothing is allowed.
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

    def _pages(self, operation: str, member: str, **parameters: str) -> Iterator[Any]:
        paginator: Any = self._client.get_paginator(operation)  # type: ignore[call-overload]
        for page in paginator.paginate(**parameters):
            yield from page[member]


def _layer(documents: list[Any], principal: Principal) -> Layer:
    parsed: list[Document] = []
    for document in documents:
        try:
            parsed.append(parse(document))
        except PolicyDocumentError as error:
            # IAM holds only valid documents, so this is a part of the language that is not known here.
            _log.error("policy.unreadable", user_name=principal.user_name, reason=str(error))
            return (DENY_ALL,)
    return normalise(parsed, principal)
