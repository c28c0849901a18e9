"""The logical ids of what holds state: written down, so that moving or renaming a construct replaces nothing.

CloudFormation knows a resource by its logical id alone. The CDK makes one of the construct's path, so that a
table in another construct would be another table, and the old one left behind. Who moves such a construct
changes its path here and leaves its id.
"""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from constructs import IConstruct

from stacks.settings import Settings

PINNED: Mapping[str, Mapping[str, str]] = {
    "network": {
        "BrokerAccess/SecurityGroup/Resource": "BrokerAccessSecurityGroup5DAFCB5E",
        "Own/Rejections/Resource": "OwnRejections546D1E06",
        "Own/Vpc/PrivateSubnet1/Subnet": "OwnVpcPrivateSubnet1SubnetE4ED159F",
        "Own/Vpc/PrivateSubnet2/Subnet": "OwnVpcPrivateSubnet2Subnet71EDEE1E",
        "Own/Vpc/PrivateSubnet3/Subnet": "OwnVpcPrivateSubnet3Subnet4017355C",
        "Own/Vpc/PublicSubnet1/Subnet": "OwnVpcPublicSubnet1Subnet1C7C6DD1",
        "Own/Vpc/PublicSubnet2/Subnet": "OwnVpcPublicSubnet2SubnetB1142815",
        "Own/Vpc/PublicSubnet3/Subnet": "OwnVpcPublicSubnet3Subnet3D62727D",
        "Own/Vpc/Resource": "OwnVpc5076E31B",
    },
    "kafka": {
        "AuthorizerLogs/Bucket/Resource": "AuthorizerLogsBucket1D339ECD",
        "BrokerLogs/Resource": "BrokerLogs003CD6FC",
        "Cluster/Key/Resource": "ClusterKeyB247D7DD",
        "Cluster/Resource": "ClusterEB0386A7",
        "Configuration/Resource": "Configuration6A36F2CE",
        "Serverless/Resource": "Serverless54B8191B",
    },
    "foundation": {
        "Alarms/Key/Resource": "AlarmsKey3C2381B3",
        "Alarms/Topic/Resource": "AlarmsTopic3A2DFEBA",
        "Archive/Bucket/Resource": "ArchiveBucket49F1AC64",
        "CredentialStore/Credentials/Table/Resource": "CredentialStoreCredentialsTableC7154336",
        "CredentialStore/Key/Resource": "CredentialStoreKey99CCB195",
        "HeartbeatPrincipal/Policy/Resource": "HeartbeatPrincipalPolicy08142E9C",
        "HeartbeatPrincipal/User/Resource": "HeartbeatPrincipalUser927806CE",
        "JudgePrincipal/Policy/Resource": "JudgePrincipalPolicy95342B75",
        "JudgePrincipal/User/Resource": "JudgePrincipalUserC188ED73",
        "Logs/Bucket/Resource": "LogsBucket5C52C3D2",
        "PrincipalBoundary/Policy/Resource": "PrincipalBoundaryPolicyD5A1FAE9",
        "Registry/Table/Resource": "RegistryTableDB777839",
        "ServicePrincipal/Policy/Resource": "ServicePrincipalPolicy7435A6CA",
        "ServicePrincipal/PolicyAboutUsers/Resource": "ServicePrincipalPolicyAboutUsersE2F32B6A",
        "ServicePrincipal/User/Resource": "ServicePrincipalUser0704F2E9",
    },
    "hosting": {
        "Image/Build/In/Log/Resource": "ImageBuildInLog9A1F41F7",
        "Image/Build/Log/Resource": "ImageBuildLogCC14B6FD",
        "Tasks/Log/Resource": "TasksLog0BCAFA31",
    },
    "service": {
        "Authorizer/Log/Resource": "AuthorizerLogA5E42AA9",
        "Domain/Name/Resource": "DomainName3089E799",
        "Gateway/AccessLog/Resource": "GatewayAccessLogAEFA1E8A",
        "Gateway/Api/Resource": "GatewayApi4EDF2151",
    },
    "protection": {
        "Log/Resource": "Log95422804",
    },
}
"""By stack, as named behind the institution: the path of a construct below its stack, and its logical id.

``stacks/guard/stateful.py`` says what must stand here; a test holds it to the templates.
"""


def pin(app: cdk.App, settings: Settings) -> None:
    """Give each construct of the table that these settings make its id."""
    for stack, ids in PINNED.items():
        made = app.node.try_find_child(settings.named(stack))
        for path, logical_id in ids.items() if made else ():
            resource = _find(made, path)
            if isinstance(resource, cdk.CfnElement):
                resource.override_logical_id(logical_id)


def _find(above: IConstruct | None, path: str) -> IConstruct | None:
    for name in path.split("/"):
        above = above.node.try_find_child(name) if above else None
    return above
