"""The web service: in Fargate, or somewhere else by its address."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.settings import values as read
from stacks.settings.variable import variable

MEMORY_MIB = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16_385, 1024)),
    4096: tuple(range(8192, 30_721, 1024)),
}
"""What Fargate offers for each number of CPU units. Source: ECS Developer Guide, "Task size"."""


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """The web service."""

    hosting: str = variable(
        read.choice(("external", "fargate")),
        "Who runs the web service; `external`: its address is given in `service_url`",
        default="external",
    )
    service_url: str = variable(
        read.url, "Address of the web service behind the gateway; needed by `hosting=external`", default=""
    )
    image: str = variable(
        read.image,
        "Image of the web service: `codebuild` makes it in AWS, `docker` where the CDK runs; or that of an"
        " ECR image, with its digest",
        default="codebuild",
    )
    service_cpu: int = variable(
        read.number_among(MEMORY_MIB), "CPU units of a task; 1024 are one core", default=512
    )
    service_memory_mib: int = variable(
        read.whole_number(512, 30_720),
        "Memory of a task in MiB, as Fargate offers it for its CPU",
        default=1024,
    )
    service_replicas: int = variable(
        read.whole_number(1, 1000),
        "Replicas of the web service, each of which lets its share of the rates through; in Fargate the"
        " fewest tasks",
        default=1,
    )
    service_replicas_most: int = variable(
        read.whole_number(1, 1000),
        "Most tasks in Fargate, by which rates are shared out, however many there are",
        default=4,
    )
    service_cpu_percent: int = variable(
        read.whole_number(10, 90), "Percent of their CPU that tasks are kept at by their number", default=60
    )
    service_spot: bool = variable(
        read.truth,
        "`true`: tasks are Fargate Spot, at a third of the price and ended at two minutes' notice",
        default=False,
    )
