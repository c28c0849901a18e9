"""What a deployment would change of brokers that are there: MSK changes one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stacks.first_day.account import Account
from stacks.first_day.findings import Finding, fails, ok
from stacks.first_day.stacks import Standing, standing

ABOUT = "brokers"
_OF_THE_CONFIGURATION = ("kafka_retention_hours", "min_insync_replicas", "replication_factor")
_NEVER_LESS = ("broker_count", "broker_storage_gib")


def check(account: Account, *, fix: bool) -> Iterator[Finding]:
    """Yield whether MSK would take the change, in which CloudFormation sees what was deployed last."""
    settings = account.settings
    # Of a serverless cluster nothing changes.
    if settings.kafka not in ("msk-standard", "msk-express"):
        return
    made = _made(account)
    if made is None:
        if settings.msk_public_access:
            yield fails(
                ABOUT, "there are none yet to be made public", "deploy without msk_public_access first"
            )
        else:
            yield ok(ABOUT, "none yet")
        return
    changed = {name: (old, getattr(settings, name)) for name, old in made.items()}
    changed = {name: (old, new) for name, (old, new) in changed.items() if old != new}
    problems = list(_kind(changed)) or [
        *_less(changed),
        *_too_small(account, changed),
        *_together(changed),
    ]
    yield from problems
    if not problems:
        yield ok(ABOUT, _told(changed) if changed else "stay as they are")


def _made(account: Account) -> dict[str, Any] | None:
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


def _kind(changed: Mapping[str, tuple[Any, Any]]) -> Iterator[Finding]:
    if "kafka" in changed:
        old, new = changed["kafka"]
        yield fails(
            ABOUT,
            f"they are {old} and never become {new}",
            f"give kafka={old}, or make another cluster under another institution's name",
        )


def _less(changed: Mapping[str, tuple[Any, Any]]) -> Iterator[Finding]:
    for name in _NEVER_LESS:
        old, new = changed.get(name, (0, 0))
        if new < old:
            yield fails(ABOUT, f"{name} never goes down, from {old} to {new}", f"give {name}={old}")


def _too_small(account: Account, changed: Mapping[str, tuple[Any, Any]]) -> Iterator[Finding]:
    """Storage that is to grow may have grown further by itself."""
    old, new = changed.get("broker_storage_gib", (0, 0))
    if new <= old:
        return
    name = account.settings.cluster_name
    for cluster in account.client("kafka").list_clusters_v2(ClusterNameFilter=name)["ClusterInfoList"]:
        if cluster["ClusterName"] == name:
            nodes = cluster["Provisioned"]["BrokerNodeGroupInfo"]
            held = nodes["StorageInfo"]["EbsStorageInfo"]["VolumeSize"]
            if new < held:
                yield fails(
                    ABOUT,
                    f"broker_storage_gib would be {new}, where storage has grown to {held} by itself",
                    f"give broker_storage_gib={held} or more",
                )


def _together(changed: Mapping[str, tuple[Any, Any]]) -> Iterator[Finding]:
    things = {"configuration" if name in _OF_THE_CONFIGURATION else name for name in changed}
    if len(things) > 1:
        yield fails(
            ABOUT,
            f"{_told(changed)}, and MSK changes one thing of a cluster at a time",
            "deploy with one of them, then with the next",
        )


def _told(changed: Mapping[str, tuple[Any, Any]]) -> str:
    return "change " + ", ".join(f"{name} from {old} to {new}" for name, (old, new) in changed.items())
