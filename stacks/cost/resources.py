"""Every type of resource that the stacks make: on which part of the bill it stands, or why it is on none."""

from __future__ import annotations

from collections.abc import Mapping

from stacks.cost import brokers, gateway, hosting, network, state, watching

PRICED: Mapping[str, str] = {
    "AWS::ApiGateway::RestApi": gateway.PART,
    "AWS::ApplicationAutoScaling::ScalingPolicy": watching.PART,
    "AWS::CloudWatch::Alarm": watching.PART,
    "AWS::CloudWatch::Dashboard": watching.PART,
    "AWS::CodeBuild::Project": hosting.PART,
    "AWS::DynamoDB::Table": state.PART,
    "AWS::EC2::EIP": network.PART,
    "AWS::EC2::NatGateway": network.PART,
    "AWS::ECR::Repository": hosting.PART,
    "AWS::ECS::Service": hosting.PART,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": hosting.PART,
    "AWS::KMS::Key": state.PART,
    "AWS::Lambda::Function": gateway.PART,
    "AWS::Logs::LogGroup": watching.PART,
    "AWS::MSK::Cluster": brokers.PART,
    "AWS::MSK::ServerlessCluster": brokers.PART,
    "AWS::S3::Bucket": state.PART,
    "AWS::SNS::Topic": watching.PART,
    "AWS::WAFv2::WebACL": gateway.PART,
}

_PART_OF_THE_API = "requests are paid for, not what describes the API"
_NO_CHARGE = "AWS makes no charge for it"
FREE: Mapping[str, str] = {
    "AWS::ApiGateway::Authorizer": "calls of its function are paid for",
    "AWS::ApiGateway::BasePathMapping": _PART_OF_THE_API,
    "AWS::ApiGateway::Deployment": _PART_OF_THE_API,
    "AWS::ApiGateway::DomainName": _PART_OF_THE_API,
    "AWS::ApiGateway::GatewayResponse": _PART_OF_THE_API,
    "AWS::ApiGateway::Method": _PART_OF_THE_API,
    "AWS::ApiGateway::RequestValidator": _PART_OF_THE_API,
    "AWS::ApiGateway::Resource": _PART_OF_THE_API,
    "AWS::ApiGateway::Stage": "only a cache is paid for, and it has none",
    "AWS::ApiGatewayV2::VpcLink": "API Gateway charges for calls and for what leaves AWS, no more",
    "AWS::ApplicationAutoScaling::ScalableTarget": "the alarms of its policies are paid for",
    "AWS::Budgets::Budget": "AWS charges for a budget's actions, and it has none",
    "AWS::EC2::FlowLog": "what it writes is paid for, with the log",
    "AWS::EC2::InternetGateway": "what leaves through it is paid for",
    "AWS::EC2::Route": _NO_CHARGE,
    "AWS::EC2::RouteTable": _NO_CHARGE,
    "AWS::EC2::SecurityGroup": _NO_CHARGE,
    "AWS::EC2::SecurityGroupEgress": _NO_CHARGE,
    "AWS::EC2::SecurityGroupIngress": _NO_CHARGE,
    "AWS::EC2::Subnet": _NO_CHARGE,
    "AWS::EC2::SubnetRouteTableAssociation": _NO_CHARGE,
    "AWS::EC2::VPC": _NO_CHARGE,
    "AWS::EC2::VPCEndpoint": "gateway endpoints, to S3 and DynamoDB, are not charged",
    "AWS::EC2::VPCGatewayAttachment": _NO_CHARGE,
    "AWS::ECS::Cluster": "its tasks are paid for",
    "AWS::ECS::TaskDefinition": "its tasks are paid for",
    "AWS::ElasticLoadBalancingV2::Listener": "the balancer is paid for",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "the balancer is paid for",
    "AWS::Events::Rule": "events of AWS's own services, and schedules, are not charged",
    "AWS::IAM::ManagedPolicy": _NO_CHARGE,
    "AWS::IAM::Policy": _NO_CHARGE,
    "AWS::IAM::Role": _NO_CHARGE,
    "AWS::IAM::User": _NO_CHARGE,
    "AWS::KMS::Alias": "the key is paid for",
    "AWS::Lambda::EventInvokeConfig": "calls are paid for, each try as one",
    "AWS::Lambda::Permission": _NO_CHARGE,
    "AWS::MSK::Configuration": "the brokers are paid for",
    "AWS::Route53::RecordSet": "an alias of the gateway is asked for free; the zone is the operator's",
    "AWS::S3::BucketPolicy": _NO_CHARGE,
    "AWS::SNS::Subscription": "what is mailed is paid for",
    "AWS::SNS::TopicPolicy": _NO_CHARGE,
    "AWS::SSM::Parameter": "standard parameters are not charged",
    "AWS::WAFv2::LoggingConfiguration": "what it writes is paid for, with the log",
    "AWS::WAFv2::WebACLAssociation": "the ACL is paid for",
    "Custom::ImageBuild": "the build is paid for; its function runs at deployments alone",
}
