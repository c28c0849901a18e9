"""Sessions of 20 s: clients authenticate again in place, or connect again, and lose nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from octopus.iam.generate import principal_policies
from octopus.iam.holdings import own
from tests.integration.clients.cluster import SESSION_S, Cluster, Person
from tests.integration.clients.flow import Flow
from tests.integration.clients.libraries import LIBRARIES, Library
from tests.integration.clients.program import Program
from tests.integration.judge.institution import CLUSTER_ARN


@pytest.mark.parametrize(
    "seconds", [pytest.param(45, id="short"), pytest.param(180, id="long", marks=pytest.mark.long)]
)
def test_sessions_end_and_nothing_is_lost(
    seconds: int, programs: Callable[[Library], Program], cluster: Cluster
) -> None:
    flows = [_flow(cluster, programs(library), seconds) for library in LIBRARIES]
    try:
        with ThreadPoolExecutor(len(flows)) as together:
            list(together.map(Flow.open, flows))
            before = [flow.program.connections(cluster.port) for flow in flows]
            began = time.monotonic()
            running = [together.submit(flow.run, until=began + seconds) for flow in flows]
            # A session of its owner's takes the place of each client's first key, and then a second key.
            keys = [[flow.person.tenant.access_key_id] for flow in flows]
            for change, part in ((_use_session, 0.25), (_rotate, 0.5)):
                _sleep_until(began + part * seconds)
                for flow, used in zip(flows, keys, strict=True):
                    used.append(change(cluster, flow.person))
            for run in running:
                run.result()
        for flow, used, at_first in zip(flows, keys, before, strict=True):
            again = flow.check()
            held = at_first & flow.program.connections(cluster.port)
            library = flow.program.library
            print(f"{library}: {flow.sent} records, {again} read again, {len(held)} connections held")  # noqa: T201
            if library.reauthenticates:
                # One of the producer's and one of the consumer's at least are older than a session by now.
                assert len(held) >= 2
                assert again == 0
            else:
                assert len(held) < len(at_first)
            expected = used if library.new_key_at_reauthentication else used[:1]
            assert _keys_that_wrote(cluster, flow) == expected
    finally:
        for flow in flows:
            flow.program.close()


def _flow(cluster: Cluster, program: Program, seconds: int) -> Flow:
    assert seconds > 2 * SESSION_S
    person = cluster.person(f"flow-{program.library}")
    return Flow(program, person, cluster.topic(person, "flow", partitions=3))


def _use_session(cluster: Cluster, person: Person) -> str:
    """Let the profile sign with a session of its owner's."""
    policy = principal_policies(cluster_arn=CLUSTER_ARN, holdings=own(person.namespace)).inline
    session = cluster.institution.session(
        person.tenant, policy, expires=datetime.now(UTC) + timedelta(minutes=15)
    )
    person.use_key(session.access_key_id, session.secret, session.session_token)
    return session.access_key_id


def _rotate(cluster: Cluster, person: Person) -> str:
    """Let the profile sign with a second key of the same subject."""
    key = cluster.another_key(person)
    person.use_key(key.access_key_id, key.secret)
    return key.access_key_id


def _keys_that_wrote(cluster: Cluster, flow: Flow) -> list[str]:
    """In the order in which the broker first saw each."""
    lines = [json.loads(line) for line in cluster.node.audit_file.read_text().splitlines()]
    wrote = [
        line["access_key_id"]
        for line in lines
        if line.get("resource", "").endswith(f"/{flow.topic}")
        and (line["action"], line["outcome"], line["principal"])
        == ("kafka-cluster:WriteData", "allow", flow.person.tenant.subject)
    ]
    return list(dict.fromkeys(wrote))


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
