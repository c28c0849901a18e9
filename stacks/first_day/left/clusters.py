"""The Kafka cluster, which costs by the hour whether anybody uses it or not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from stacks.first_day.account import Account
from stacks.first_day.left.leftover import Leftover

KIND = "MSK cluster"
_BROKER_USD_A_MONTH = {
    "kafka.t3.small": 33,
    "kafka.m7g.large": 149,
    "kafka.m5.large": 153,
    "express.m7g.large": 298,
}
"""On demand in us-east-1, without storage, recalled in November 2026 and not checked."""
_SERVERLESS_USD_A_MONTH = 550
_GONE_S = 3600
_LOOK_S = 15


def find(account: Account, live: frozenset[str], unused: frozenset[str]) -> Iterator[Leftover]:
    """Yield the cluster if no live stack has it; ``unused`` belonged to stacks that never came to be."""
    if not account.settings.on_msk:
        return
    name = account.settings.cluster_name
    pages = account.client("kafka").get_paginator("list_clusters_v2").paginate(ClusterNameFilter=name)
    for cluster in (each for page in pages for each in page["ClusterInfoList"]):
        arn = cluster["ClusterArn"]
        if cluster["ClusterName"] == name and arn not in live and cluster["State"] != "DELETING":
            yield Leftover(
                kind=KIND,
                name=arn,
                # Nothing but a client of Kafka could tell whether there are records.
                holds_data=arn not in unused,
                cost=_cost(cluster),
                remove=partial(_remove, account, arn),
            )


def _cost(cluster: dict[str, Any]) -> str:
    brokers = cluster.get("Provisioned")
    if brokers is None:
        return f"about {_SERVERLESS_USD_A_MONTH} USD, idle"
    count, size = brokers["NumberOfBrokerNodes"], brokers["BrokerNodeGroupInfo"]["InstanceType"]
    each = _BROKER_USD_A_MONTH.get(size)
    if each is None:
        return f"{count} brokers {size}, idle or not: see the price list of MSK"
    return f"about {count * each} USD, idle, and its storage ({count} brokers {size})"


def _remove(account: Account, arn: str) -> None:
    kafka = account.client("kafka")
    kafka.delete_cluster(ClusterArn=arn)

    def there() -> bool:
        try:
            kafka.describe_cluster_v2(ClusterArn=arn)
        except kafka.exceptions.NotFoundException:
            return False
        return True

    try:
        Retrying(retry=retry_if_result(bool), stop=stop_after_delay(_GONE_S), wait=wait_fixed(_LOOK_S))(there)
    except RetryError:
        raise RuntimeError(f"{arn} is still being deleted after an hour") from None
