"""Where brokers, tasks and balancer stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2


@dataclass(frozen=True, kw_only=True)
class Network:
    """Subnets, one a zone, of one VPC."""

    vpc: ec2.IVpc
    broker_subnets: Sequence[ec2.ISubnet]
    """Of the brokers, for good: MSK moves none."""
    broker_access: ec2.ISecurityGroup
    """Says who reaches the brokers."""
    task_subnets: Sequence[ec2.ISubnet]
    """Of the web service's tasks, with a way to the internet."""
    tasks_have_public_address: bool
    """Whether that way is an address of their own; without one it is NAT."""
    balancer_subnets: Sequence[ec2.ISubnet]
    """Of the internal balancer and the gateway's link: without a route in from the internet."""
