"""What an AWS account's owner demands of every role that is made in it."""

from __future__ import annotations

import jsii
from aws_cdk import ArnFormat, CfnResource, IAspect, Stack
from constructs import IConstruct


@jsii.implements(IAspect)
class RoleRules:
    """Gives every role of a tree a path and a permissions boundary, those that the library makes too."""

    def __init__(self, *, path: str, boundary: str) -> None:
        """Take the rules.

        Args:
            path: IAM path, as ``/science/``.
            boundary: name, with its path, of a managed policy of the same account; "" for none.
        """
        self._path = path
        self._boundary = boundary

    def visit(self, node: IConstruct) -> None:
        """Change ``node`` if it is a role."""
        # By its type: roles of the library's own functions are of no class.
        if not isinstance(node, CfnResource) or node.cfn_resource_type != "AWS::IAM::Role":
            return
        node.add_property_override("Path", self._path)
        if self._boundary:
            node.add_property_override(
                "PermissionsBoundary",
                Stack.of(node).format_arn(
                    service="iam",
                    region="",
                    resource="policy",
                    resource_name=self._boundary,
                    arn_format=ArnFormat.SLASH_RESOURCE_NAME,
                ),
            )
