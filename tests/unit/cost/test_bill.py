"""What makes a bill larger or smaller, and what it warns of."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.cost import bill, load
from stacks.cost.bill import Bill
from stacks.cost.load import OPTIONS
from stacks.settings import Settings, SettingsError, brokers

EXTERNAL: dict[str, Any] = {
    "kafka": "external",
    "hosting": "external",
    "service_url": "https://octopus.example.org",
    "bootstrap_servers": "b1.example.org:9098",
}


def _bill(preset: str = "lab", words: dict[str, str] | None = None, **context: object) -> Bill:
    settings = Settings.from_context(
        {"institution": "anl", "preset": preset, **context}, region=str(context.get("region", "us-east-1"))
    )
    return bill.of(settings, load.of(words or {}, settings))


def _quantities(made: Bill) -> dict[str, float]:
    return {line.what: line.quantity for line in made.lines}


@pytest.mark.parametrize(
    "more",
    [
        {"broker_count": 6},
        {"broker_type": "kafka.m7g.xlarge"},
        {"broker_storage_gib": 200},
        {"nat_gateways": 2},
        {"service_cpu": 2048, "service_memory_mib": 4096},
        {"service_replicas": 3},
        {"waf": True},
        {"log_retention_days": 365},
        {"mail_from": "octopus@example.org"},
    ],
    ids=str,
)
def test_settings_that_ask_for_more_cost_more(more: dict[str, Any]) -> None:
    assert _bill(**more).usd > _bill().usd


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("events-per-second", "1000"),
        ("event-bytes", "100000"),
        ("consumers", "50"),
        ("internet-share", "1"),
        ("users", "500"),
        ("requests-per-user", "5000"),
        ("tasks", "4"),
    ],
)
@pytest.mark.parametrize("preset", ["trial", "lab", "facility"])
def test_more_load_costs_more(preset: str, name: str, value: str) -> None:
    assert _bill(preset, {name: value}).usd > _bill(preset).usd


def test_nat_is_paid_for_where_it_is_made_alone() -> None:
    assert _quantities(_bill())["1 NAT gateway"] == 730
    existing: dict[str, Any] = {
        "vpc_id": "vpc-0c4d5e6f708192a3b",
        "private_subnet_ids": [f"subnet-01a2b3c4d5e6f708{zone}" for zone in (1, 2, 3)],
    }
    for without in (_bill("trial"), _bill(**existing), _bill("trial", **EXTERNAL)):
        assert not any("NAT" in line.what for line in without.lines)


def test_brokers_that_somebody_else_runs_are_not_on_the_bill() -> None:
    made = _bill("trial", **EXTERNAL)
    assert {line.part for line in made.lines} == {"network", "gateway", "state", "heartbeat", "watching"}
    assert made.usd < 20


def test_watching_costs_more_with_more_to_watch() -> None:
    def usd(preset: str = "lab", **context: Any) -> float:
        return sum(line.usd for line in _bill(preset, **context).lines if line.part == "watching")

    full, essential = usd(), usd(alarms="essential")
    # Of the brokers, essential ones look at two metrics each and at one of the cluster.
    assert essential < full - 3
    # Alarms and detailed metrics of three brokers more.
    assert usd(broker_count=6) - full > 3 * 44 * 0.3
    assert usd("trial", alarms="full") > usd("trial")


def test_heartbeat_that_nobody_reads_over_https_costs_less() -> None:
    def heartbeat(**context: Any) -> set[str]:
        return {line.what for line in _bill(**context).lines if line.part == "heartbeat"}

    assert heartbeat(public_requests=0) == {"rows of the status"}
    assert len(heartbeat()) == 4
    off_aws = {line.what for line in _bill("trial", **EXTERNAL).lines if line.part == "heartbeat"}
    assert off_aws == {"requests of the heartbeat", "rows of the status"}


def test_serverless_brokers_are_paid_for_by_what_goes_through_them() -> None:
    context: dict[str, Any] = {"kafka": "msk-serverless", "zones": 3}
    idle = _bill("lab", {"events-per-second": "0", "partitions": "0"}, **context)
    assert [line.usd for line in idle.lines if line.part == "brokers"] == [547.5, 0, 0, 0, 0]
    partitions = _bill("lab", {"events-per-second": "0", "partitions": "100"}, **context)
    assert partitions.usd - idle.usd == pytest.approx(100 * 730 * 0.0015, abs=0.01)


def test_every_size_of_a_broker_has_a_price_and_a_larger_one_costs_more() -> None:
    for kafka, preset in (("msk-standard", "lab"), ("msk-express", "facility")):
        by_family: dict[str, list[float]] = {}
        for size in brokers.SIZES[kafka]:
            small: dict[str, Any] = {"kafka_version": "3.8.x", "quota_partitions": 100}
            made = _bill(preset, {"events-per-second": "0"}, broker_type=size, **small)
            by_family.setdefault(size.rpartition(".")[0], []).append(made.usd)
        assert all(sorted(set(costs)) == costs for costs in by_family.values()), kafka


def test_storage_grows_to_hold_the_load_and_never_shrinks() -> None:
    def of(**words: str) -> float:
        given = {name.replace("_", "-"): value for name, value in words.items()}
        return _quantities(_bill("lab", given, broker_storage_most_gib=1000))["storage, as given"]

    assert of(events_per_second="0") == 3 * 100
    # 168 h of 1 MB a second, three copies, on three brokers that are at most 60 % full.
    assert of(events_per_second="1000") == 3 * 939
    assert of(events_per_second="10000") == 3 * 1000


def test_tiered_storage_keeps_one_copy_of_what_is_older_than_three_days() -> None:
    words = {"events-per-second": "1000", "retention-hours": "744"}
    made = _quantities(_bill("lab", words, tiered_storage=True))
    assert made["tiered storage"] == pytest.approx(1000 * 1000 * 3600 * (744 - 72) / 2**30)
    assert made["storage, as given"] < _quantities(_bill("lab", words))["storage, as given"]


def test_load_that_the_brokers_do_not_hold_is_warned_of() -> None:
    assert list(_bill("trial").warnings()) == []
    (warning,) = _bill("trial", {"events-per-second": "100"}).warnings()
    assert warning == (
        "The load does not fit: its copies take 169 GB, and the brokers' storage is 30 GB. Keep records for a"
        " shorter time, or give brokers more."
    )
    assert list(_bill("trial", {"events-per-second": "100", "retention-hours": "24"}).warnings()) == []


def test_load_that_keeps_more_express_brokers_busy_is_warned_of() -> None:
    words = {"events-per-second": "46000", "consumers": "1"}
    assert list(_bill("facility", words).warnings()) == []
    (warning,) = _bill("facility", {**words, "consumers": "3"}).warnings()
    assert warning == (
        "The load does not fit: it keeps 5 brokers of express.m7g.large busy, and there are 3."
    )


def test_gateway_that_remembers_longer_asks_its_authorizer_less_often() -> None:
    words = {"users": "5", "requests-per-user": "10000"}
    calls = [
        _quantities(_bill("lab", words, authorizer_cache_seconds=seconds))["calls of the authorizer"]
        for seconds in (0, 60, 300)
    ]
    requests = _quantities(_bill("lab", words))["requests"]
    assert calls == [requests, 5 * 2_628_000 / 60 / 1e6, 5 * 2_628_000 / 300 / 1e6]


def test_another_region_is_warned_of() -> None:
    (warning,) = _bill("lab", region="eu-central-1").warnings()
    assert warning.startswith("Prices are those of us-east-1; in eu-central-1 ")


def test_what_leaves_aws_is_cheaper_beyond_ten_terabytes() -> None:
    made = _bill("facility", {"events-per-second": "100000", "internet-share": "1", "consumers": "1"})
    out = {line.what: line.quantity for line in made.lines if line.what.startswith("to the internet")}
    assert list(out) == [
        "to the internet, first 10 TB",
        "to the internet, next 40 TB",
        "to the internet, next 100 TB",
        "to the internet, beyond",
    ]
    assert out["to the internet, next 40 TB"] == 40 * 1024
    assert sum(out.values()) == pytest.approx(100_000 * 1000 * 2_628_000 / 2**30, rel=1e-4)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("value", ["-1", "many", "nan", ""])
def test_load_that_breaks_a_rule_is_refused_with_its_name_and_value(name: str, value: str) -> None:
    settings = Settings.from_context({"institution": "anl"})
    with pytest.raises(SettingsError, match=rf"^--{name} must be a .*; the value given is '{value}'\.$"):
        load.of({name: value}, settings)
