"""Findings of cdk-nag, cfn-lint and checkov that are known and meant, each with its reason.

Whatever else one of them finds in the templates of any institution is a failure; so is a line here that no
tool needs any more. What can be mended is mended, not written here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Acknowledgement:
    """Why some findings of one tool are left alone."""

    tool: str
    rules: tuple[str, ...]
    """As the tool names them, with ``<institution>``, ``<cluster>`` and ``<region>`` for what differs."""
    where: tuple[str, ...]
    """Paths of constructs, from the stack; what is below them is meant too."""
    reason: str

    def covers(self, *, tool: str, rule: str, where: str) -> bool:
        """Return whether a finding is one of these."""
        inside = any(where == each or where.startswith(f"{each}/") for each in self.where)
        return tool == self.tool and rule in self.rules and inside


def _wildcard(*resources: str) -> tuple[str, ...]:
    return tuple(f"AwsSolutions-IAM5[Resource::{resource}]" for resource in resources)


_IAM = "arn:<AWS::Partition>:iam::<AWS::AccountId>:"
_KAFKA = "arn:<AWS::Partition>:kafka:<region>:<AWS::AccountId>:"
_CLUSTER = "octopus-<institution>/<cluster>"
_FUNCTIONS = (
    "service/Authorizer/Function",
    "hosting/Image/Build/Function",
    "monitoring/Heartbeat/Function",
)

ACKNOWLEDGED = (
    # Who may call the gateway.
    Acknowledgement(
        "cdk-nag",
        ("AwsSolutions-COG4",),
        ("service/Gateway/Api/Default",),
        "People are known to Globus Auth, whose tokens our authorizer asks about; there is no Cognito pool.",
    ),
    Acknowledgement(
        "cdk-nag",
        ("AwsSolutions-APIG4",),
        (
            "service/Gateway/Api/Default/api/{proxy+}/OPTIONS",
            "service/Gateway/Api/Default/api/v3/{proxy+}/OPTIONS",
        ),
        "A browser's preflight carries no token, and the answer tells nothing of anybody.",
    ),
    Acknowledgement(
        "cdk-nag",
        ("AwsSolutions-APIG4",),
        (
            "service/Gateway/Api/Default/api/v3/public/about/GET",
            "service/Gateway/Api/Default/api/v3/public/{proxy+}/GET",
            "service/Gateway/Api/Default/api/v3/status/GET",
            "service/Gateway/Api/Default/health/{proxy+}/GET",
        ),
        "Public records, where to log in and what works are for everybody, at a limited rate.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_59",),
        (
            "service/Gateway/Api/Default/api/v3/public/about/GET",
            "service/Gateway/Api/Default/api/v3/public/{proxy+}/GET",
            "service/Gateway/Api/Default/api/v3/status/GET",
            "service/Gateway/Api/Default/health/{proxy+}/GET",
        ),
        "Public records, where to log in and what works are for everybody, at a limited rate.",
    ),
    # The gateway.
    Acknowledgement(
        "cdk-nag",
        ("AwsSolutions-APIG3",),
        ("service/Gateway/Api/DeploymentStage.live",),
        "The web ACL is made on request (waf=true), in a stack of its own.",
    ),
    Acknowledgement(
        "cdk-nag",
        ("AwsSolutions-APIG6",),
        ("service/Gateway/Api/DeploymentStage.live",),
        "The gateway's own log holds headers, and so tokens; the access log, which is on, does not.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_120",),
        ("service/Gateway/Api/DeploymentStage.live",),
        "A cache would answer one person with another's reply, and cost by the hour.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_73",),
        ("service/Gateway/Api/DeploymentStage.live",),
        "A request is found by its id in the access log and in the service's; traces are paid for each.",
    ),
    # Functions.
    Acknowledgement(
        "cfn-lint",
        ("W3005",),
        ("service/Authorizer/Function", "hosting/Image/Build", "monitoring/Heartbeat/Function"),
        "The library names among dependencies what is also referred to; that is not wrong, only said twice.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_115",),
        _FUNCTIONS,
        "A reserved share would be taken from an account that may have ten; the rate of calls is bounded.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_116",),
        _FUNCTIONS,
        "The gateway and CloudFormation wait for their answers; a heartbeat that is lost is followed by the"
        " next one.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_117",),
        _FUNCTIONS,
        "They ask Globus Auth, AWS's APIs and the gateway, all on the internet, and nothing inside the VPC.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_173",),
        _FUNCTIONS,
        "Their environment holds addresses and names; the client's secret is read from Secrets Manager.",
    ),
    # Keys that encrypt what is stored.
    Acknowledgement(
        "checkov",
        ("CKV_AWS_119",),
        ("foundation/CredentialStore/Credentials", "foundation/Registry"),
        "Secrets are encrypted with our own key before they are stored; for the rest DynamoDB's key will do.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_158",),
        (
            "hosting/Image/Build",
            "hosting/Tasks/Log",
            "kafka/BrokerLogs",
            "monitoring/Heartbeat/Log",
            "network/Own/Rejections",
            "protection/Log",
            "service/Authorizer/Log",
            "service/Gateway/AccessLog",
        ),
        "CloudWatch encrypts logs at rest; they hold no token and no secret that an own key would guard.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_136",),
        ("hosting/Image/Build/In/Repository",),
        "The image is built of public source; ECR encrypts it at rest with a key of its own.",
    ),
    Acknowledgement(
        "cdk-nag",
        ("AwsSolutions-CB4",),
        ("hosting/Image/Build/In/Project",),
        "A build leaves no artifact that a key would encrypt: it pushes an image, and that is all.",
    ),
    # Buckets of logs.
    Acknowledgement(
        "checkov",
        ("CKV_AWS_18",),
        ("foundation/Logs/Bucket",),
        "It takes the access logs of the others; logs of its own would log themselves.",
    ),
    Acknowledgement(
        "cdk-nag",
        ("AwsSolutions-S1",),
        ("kafka/AuthorizerLogs/Bucket",),
        "It holds logs; AWS's own delivery alone writes to it.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_18",),
        ("kafka/AuthorizerLogs/Bucket",),
        "It holds logs; AWS's own delivery alone writes to it.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_21",),
        ("foundation/Logs/Bucket", "kafka/AuthorizerLogs/Bucket"),
        "AWS writes each of its objects once, under a new name, and they expire.",
    ),
    # Brokers that are reached over the internet.
    Acknowledgement(
        "checkov",
        ("CKV_AWS_291",),
        ("kafka/Cluster",),
        "Public access is off unless the operator asks for it, for networks that he names.",
    ),
    Acknowledgement(
        "cdk-nag",
        ("AwsSolutions-EC23",),
        ("network/BrokerAccess/SecurityGroup",),
        "The operator names the networks, and writes down why when he names all of the internet.",
    ),
    # The web service.
    Acknowledgement(
        "cdk-nag",
        ("AwsSolutions-ECS2",),
        ("hosting/Tasks/Task",),
        "What it is told are addresses, names and bounds; the client's secret is read from Secrets Manager.",
    ),
    Acknowledgement(
        "cdk-nag",
        ("AwsSolutions-ECS4",),
        ("hosting/Tasks/Cluster",),
        "Container Insights are paid by the metric; CPU, memory and the balancer's metrics come without.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_65",),
        ("hosting/Tasks/Cluster",),
        "Container Insights are paid by the metric; CPU, memory and the balancer's metrics come without.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_2", "CKV_AWS_103"),
        ("hosting/Balancer/Balancer/Listener",),
        "There is a certificate only with a domain; without one TLS ends at the gateway, whose link into the"
        " VPC alone reaches this internal balancer.",
    ),
    Acknowledgement(
        "checkov",
        ("CKV_AWS_192",),
        ("protection/WebAcl",),
        "Nothing behind the gateway writes a log with Java, and a body is somebody's data, not to be read.",
    ),
    # Wildcards in policies.
    Acknowledgement(
        "cdk-nag",
        _wildcard("*"),
        ("hosting/Image/Build/In/Role", "hosting/Tasks/Task/ExecutionRole"),
        "ecr:GetAuthorizationToken knows no resource; what may be pulled and pushed is named.",
    ),
    Acknowledgement(
        "cdk-nag",
        _wildcard(
            "arn:<AWS::Partition>:ssm:<region>:<AWS::AccountId>:parameter/octopus/<institution>/image-build/*"
        ),
        ("hosting/Image/Build/Role",),
        "Each of CloudFormation's questions is kept under its own id until its build answers it.",
    ),
    Acknowledgement(
        "cdk-nag",
        _wildcard(
            f"{_IAM}user/msk-users/*",
            f"{_IAM}policy/msk-policies/octopus-<institution>-????????-????-????-????-????????????-*",
        ),
        ("foundation/ServicePrincipal/PolicyAboutUsers",),
        "The service makes users and policies while it runs, under these paths and with the boundary alone.",
    ),
    Acknowledgement(
        "cdk-nag",
        _wildcard("*"),
        ("foundation/ServicePrincipal/PolicyAboutUsers",),
        "iam:GetAccountSummary knows no resource, and tells of no user by name.",
    ),
    Acknowledgement(
        "cdk-nag",
        _wildcard("*"),
        (
            "foundation/ServicePrincipal/Policy",
            "foundation/HeartbeatPrincipal/Policy",
            "monitoring/Heartbeat/Role",
        ),
        "cloudwatch:PutMetricData knows no resource; it has the fabric's own namespace as condition.",
    ),
    Acknowledgement(
        "cdk-nag",
        _wildcard(
            *(
                f"{_KAFKA}{kind}/{_CLUSTER}/{name}"
                for kind, name in (
                    ("topic", "*"),
                    ("topic", "octopus.*"),
                    ("group", "*"),
                    ("transactional-id", "*"),
                )
            )
        ),
        (
            "foundation/ServicePrincipal/Policy",
            "foundation/PrincipalBoundary/Policy",
            "foundation/ClientRole/Policy",
        ),
        "Topics and groups of a cluster come and go while it runs; each user's policy says which are his.",
    ),
    Acknowledgement(
        "cdk-nag",
        _wildcard("arn:<AWS::Partition>:ses:<region>:<AWS::AccountId>:identity/*"),
        ("foundation/ServicePrincipal/Policy",),
        "Whether SES knows the sender's address or its domain is unknown here; ses:FromAddress is required.",
    ),
    Acknowledgement(
        "cdk-nag",
        _wildcard(
            "*",
            f"{_IAM}user/msk-users/*",
            f"{_IAM}user/octopus/<institution>/*",
            f"{_IAM}policy/*",
            "arn:<AWS::Partition>:iam::aws:policy/*",
            f"{_IAM}group/*",
        ),
        ("foundation/JudgePrincipal/Policy",),
        "The judge only reads, and a user may hold any policy of the account through any group.",
    ),
)
