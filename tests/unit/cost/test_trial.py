"""The bill of the trial preset, made again by hand: nothing of the code but the file of prices is used."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from stacks.cost import bill, load
from stacks.settings import Settings

FILE = Path(__file__).parents[3] / "stacks" / "cost" / "prices.toml"


def test_bill_of_the_trial_is_what_its_prices_make_by_hand() -> None:
    price = {name: each["usd"] for name, each in tomllib.loads(FILE.read_text())["prices"].items()}
    hours, seconds, days = 730, 2_628_000, 730 / 24
    gib = 1024**3

    # 10 events of 1,000 bytes a second, kept for a week, read twice; a tenth of them over HTTPS, in hundreds.
    written = 10 * 1000 * seconds / gib
    read = 2 * written
    writing_requests = 10 * 0.1 * seconds / 100
    event_requests = 3 * writing_requests
    # 20 people, 100 requests a day each; 2,000 bytes there and 2,000 back.
    other_requests = 20 * 100 * days
    other_gib = other_requests * 2000 / gib
    requests = event_requests + other_requests
    # Fewer than one a minute of each person, which is when the gateway would begin to remember.
    assert requests < 20 * seconds / 60

    # A third of the partitions has its leader in the client's zone. A tenth of what is read leaves AWS.
    by_kafka = 0.9 * (written + 0.9 * read)
    by_tasks = 0.1 * (written + read)
    across = (by_kafka + by_tasks) * 2 / 3
    by_https = 0.1 * (written + read) + 2 * other_gib

    # Of the catalogue: 11 of the service, 3 of the authorizer, 3 of the account, 7 of the heartbeat.
    own_metrics = 11 + 3 + 3 + 7
    # Of one metric each: both heartbeats, errors of the gateway, partitions without a leader, IAM users and
    # policies. Of one on each broker: disks, copies in step. Of three: CPU credits. Two scale tasks.
    looked_at = 6 + 3 * 2 + 3 * 3 + 2
    beats = seconds / 60

    rows = (20 * 50_000 + other_requests / 4 * (400 / days) * 500) / gib
    broker_logs, rejections, decisions = 3 * 1.0, 1 * 0.1, 3 * 0.5
    # Each request leaves a line in three logs, a call of the authorizer one that counts it, and a task one a
    # minute with what it counts.
    lines = (3 * requests * 500 + requests * 200 + beats * 2000) / gib

    by_hand = {
        "3 x kafka.t3.small": 3 * hours * price["kafka.t3.small"],
        "storage, as given": 3 * 10 * price["broker-storage"],
        "tasks in Fargate Spot, CPU": 0.5 * hours * price["fargate-spot-vcpu"],
        "tasks in Fargate Spot, memory": 1 * hours * price["fargate-spot-memory"],
        "internal load balancer": hours * price["balancer"],
        "its capacity units": by_https * price["balancer-capacity"],
        "builds of the image": 4 * 6 * price["image-build"],
        "images": 10 * 0.15 * price["image-storage"],
        "public IPv4 addresses": 1 * hours * price["public-ipv4"],
        "clients and brokers in different zones": 2 * across * price["between-zones"],
        "to the internet, first 10 TB": (0.1 * read + other_gib) * price["egress-first-10-tb"],
        "requests": requests / 1_000_000 * price["gateway-requests"],
        "calls of the authorizer": requests / 1_000_000 * price["function-requests"],
        "time of the authorizer": requests * 0.25 * 0.3 * price["function-time"],
        "table reads": (5 * requests + 0.2 * seconds) / 1_000_000 * price["table-reads"],
        "table writes": other_requests / 1_000_000 * price["table-writes"],
        "table storage": rows * price["table-storage"],
        "point-in-time recovery": rows * price["table-recovery"],
        "KMS keys": 3 * price["key"],
        "uses of keys": 0.1 * requests / 10_000 * price["key-requests"],
        "the Globus client's secret": 1 * price["secret"],
        "reads of the secret": requests / 100 / 10_000 * price["secret-requests"],
        "logs in buckets": decisions * 30 / days * price["bucket-storage"],
        "writes to buckets": decisions * gib / 100_000 / 1000 * price["bucket-writes"],
        "logs of gateway, authorizer and service": lines * price["logs-in"],
        "logs of brokers and network": (broker_logs + rejections) * price["vended-logs-in"],
        "logs of who is let in, to a bucket": decisions * price["vended-logs-to-bucket"],
        "logs kept": 0.15 * (lines + broker_logs + rejections) * 30 / days * price["logs-stored"],
        "requests of the heartbeat": 2 * beats / 1_000_000 * price["gateway-requests"],
        "calls of its function": beats / 1_000_000 * price["function-requests"],
        "time of its function": beats * 0.25 * 0.5 * price["function-time"],
        "rows of the status": 6 * beats / 1_000_000 * price["table-writes"],
        "metrics": own_metrics * price["metric"],
        "calls that write metrics": beats * (2 + 0.2) / 1000 * price["metric-requests"],
        "alarms": looked_at * price["alarm"],
        "dashboard": price["dashboard"],
    }

    settings = Settings.from_context({"institution": "anl", "preset": "trial"}, region="us-east-1")
    made = bill.of(settings, load.of({}, settings))

    assert {line.what: line.usd for line in made.lines} == {
        what: pytest.approx(usd, abs=0.0051) for what, usd in by_hand.items()
    }
    assert made.usd == pytest.approx(sum(by_hand.values()), abs=0.005 * len(by_hand))
    assert 145 < made.usd < 155
