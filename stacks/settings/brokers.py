"""What Amazon MSK offers: versions, sizes of brokers, and how many partitions they hold.

Source: Amazon MSK Developer Guide, "Supported Apache Kafka versions", "Amazon MSK quota", "What is MSK
Serverless?" and the best practices for Standard and Express brokers, read in November 2026.
"""

from __future__ import annotations

VERSIONS = {
    "msk-standard": (
        "3.8.x",
        "3.8.x.kraft",
        "3.9.x",
        "3.9.x.kraft",
        "4.0.x.kraft",
        "4.1.x.kraft",
        "4.2.x.kraft",
    ),
    # 3.9 has no ZooKeeper there.
    "msk-express": ("3.8.x", "3.9.x.kraft", "4.2.x.kraft"),
}
"""Transactions under IAM need 3.8."""

LATEST = {"msk-standard": "3.9.x.kraft", "msk-express": "3.9.x.kraft"}
"""What is made when no version is given."""

_STANDARD = {
    "large": 1000,
    "xlarge": 1000,
    "2xlarge": 2000,
    "4xlarge": 4000,
    "8xlarge": 4000,
    "12xlarge": 4000,
    "16xlarge": 4000,
}
_EXPRESS = {
    "large": 1000,
    "xlarge": 1000,
    "2xlarge": 2500,
    "4xlarge": 6000,
    "8xlarge": 12_000,
    "12xlarge": 16_000,
    "16xlarge": 20_000,
}
SIZES = {
    "msk-standard": {
        "kafka.t3.small": 300,
        **{f"kafka.{family}.{size}": held for family in ("m5", "m7g") for size, held in _STANDARD.items()},
        "kafka.m5.24xlarge": 4000,
    },
    "msk-express": {f"express.m7g.{size}": held for size, held in _EXPRESS.items()},
}
"""Partitions, replicas counted, that AWS recommends at most for one broker of a size."""

EXPRESS_MB_PER_S = {
    "express.m7g.large": (15.6, 31.2),
    "express.m7g.xlarge": (31.2, 62.5),
    "express.m7g.2xlarge": (62.5, 125.0),
    "express.m7g.4xlarge": (124.9, 249.8),
    "express.m7g.8xlarge": (250.0, 500.0),
    "express.m7g.12xlarge": (375.0, 750.0),
    "express.m7g.16xlarge": (500.0, 1000.0),
}
"""MB a second that an Express broker of a size takes in, and gives out, for as long as it is asked."""

USUAL = {"msk-standard": "kafka.m7g.large", "msk-express": "express.m7g.large"}
"""What is made when no size is given."""

SERVERLESS_REGIONS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "us-east-1",
    "us-east-2",
    "us-west-2",
)

SERVERLESS_PARTITIONS = 2400
"""Of a whole serverless cluster, replicas not counted."""


def most_brokers(version: str) -> int:
    """Return how many brokers a cluster may have without asking AWS for more."""
    return 60 if version.endswith(".kraft") else 30


def partitions(kafka: str, *, size: str, count: int, copies: int) -> int:
    """Return how many partitions a cluster holds, replicas not counted."""
    return SERVERLESS_PARTITIONS if kafka == "msk-serverless" else SIZES[kafka][size] * count // copies
