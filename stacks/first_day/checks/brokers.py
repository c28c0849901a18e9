"""What a deployment would change of brokers that are there: MSK changes one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stacks.first_day.account import Account
from stacks.first_day.checks import broker_changes
from stacks.first_day.checks.broker_changes import ABOUT, told
from stacks.first_day.findings import Finding, fails, ok
from stacks.first_day.stacks import Standing, standing


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield whether MSK would take the change, in which CloudFormation sees what was deployed last."""
    settings = account.settings
    # Of a serverless cluster nothing changes.
    if settings.kafka not in ("msk-standard", "msk-express"):
        return
    deployed = _deployed(account)
    if deployed is None:
        if settings.msk_public_access:
            yield fails(
                ABOUT, "there are none yet to be made public", "deploy without msk_public_access first"
            )
        else:
            yield ok(ABOUT, "none yet")
        return
    changed = {name: (old, getattr(settings, name)) for name, old in deployed.items()}
    changed = {name: (old, new) for name, (old, new) in changed.items() if old != new}
    old_gib, new_gib = changed.get("broker_storage_gib", (0, 0))
    # What is to grow may have grown further by itself.
    held_gib = max(old_gib, _held_gib(account)) if new_gib > old_gib else old_gib
    problems = list(broker_changes.problems(changed, deployed=deployed, held_gib=held_gib))
    yield from problems
    if not problems:
        yield ok(ABOUT, told(changed) if changed else "stay as they are")


def _deployed(account: Account) -> dict[str, Any] | None:
    """Return the variables that the cluster was deployed with, as far as its kind has them."""
    live = [each for each in standing(account) if each.part == "kafka" and each.standing is Standing.LIVE]
    if not live:
        return None
    template = account.client("cloudformation").get_template(StackName=live[0].name)["TemplateBody"]
    properties = {each["Type"]: each["Properties"] for each in template["Resources"].values()}
    if "AWS::MSK::Cluster" not in properties:
        return {"kafka": "msk-serverless"}
    return _variables(properties["AWS::MSK::Cluster"], properties["AWS::MSK::Configuration"])


def _variables(cluster: Mapping[str, Any], configuration: Mapping[str, Any]) -> dict[str, Any]:
    nodes = cluster["BrokerNodeGroupInfo"]
    express = nodes["InstanceType"].startswith("express.")
    told = dict(line.split("=", 1) for line in configuration["ServerProperties"].splitlines())
    found = {
        "kafka": "msk-express" if express else "msk-standard",
        "zones": len(nodes["ClientSubnets"]),
        "broker_count": cluster["NumberOfBrokerNodes"],
        "broker_type": nodes["InstanceType"],
        "kafka_version": cluster["KafkaVersion"],
        "kafka_monitoring": cluster["EnhancedMonitoring"].lower().replace("_", "-"),
        "open_monitoring": cluster["OpenMonitoring"]["Prometheus"]["JmxExporter"]["EnabledInBroker"],
        "msk_public_access": "SERVICE_PROVIDED_EIPS" in str(nodes.get("ConnectivityInfo")),
        "kafka_retention_hours": int(told["log.retention.ms"]) // 3_600_000,
    }
    if express:
        return found
    return found | {
        "broker_storage_gib": nodes["StorageInfo"]["EBSStorageInfo"]["VolumeSize"],
        "tiered_storage": cluster.get("StorageMode") == "TIERED",
        "min_insync_replicas": int(told["min.insync.replicas"]),
        "replication_factor": int(told["default.replication.factor"]),
    }


def _held_gib(account: Account) -> int:
    """Return the storage of a broker as it is now, 0 when MSK knows no such cluster."""
    name = account.settings.cluster_name
    for cluster in account.client("kafka").list_clusters_v2(ClusterNameFilter=name)["ClusterInfoList"]:
        if cluster["ClusterName"] == name:
            nodes = cluster["Provisioned"]["BrokerNodeGroupInfo"]
            return int(nodes["StorageInfo"]["EbsStorageInfo"]["VolumeSize"])
    return 0
