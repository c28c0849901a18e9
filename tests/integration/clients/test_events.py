"""Events, consumer groups and transactions of every client."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.clients.cluster import Cluster, Person
from tests.integration.clients.libraries import LIBRARIES, Library
from tests.integration.clients.program import Program

PROTOCOLS = [(library, protocol) for library in LIBRARIES for protocol in library.protocols]


def test_events_come_back_in_order(program: Program, cluster: Cluster, alice: Person) -> None:
    topic = cluster.topic(alice, f"order-{program.library}")
    values = [str(number) for number in range(500)]
    program.open_producer(alice.profile)
    program.send(topic, values)
    program.open_consumer(alice.profile, topic, alice.name(f"order-{program.library}"))
    assert program.read(500) == [(0, number, value) for number, value in enumerate(values)]


@pytest.mark.parametrize(("library", "protocol"), PROTOCOLS, ids=str)
def test_group_goes_on_where_it_committed(
    library: Library,
    protocol: str,
    programs: Callable[[Library], Program],
    cluster: Cluster,
    alice: Person,
) -> None:
    topic = cluster.topic(alice, f"group-{library}-{protocol}")
    group = alice.name(f"group-{library}-{protocol}")
    program = programs(library)
    try:
        program.open_producer(alice.profile)
        program.send(topic, ["first", "second"])
        program.open_consumer(alice.profile, topic, group, protocol=protocol)
        assert [value for _, _, value in program.read(2)] == ["first", "second"]
        program.ask("commit_offsets")
        program.ask("close_consumer")
        program.send(topic, ["third"])
        program.open_consumer(alice.profile, topic, group, protocol=protocol)
        assert [value for _, _, value in program.read(1)] == ["third"]
    finally:
        program.close()


def test_transaction_shows_what_was_committed(program: Program, cluster: Cluster, alice: Person) -> None:
    topic = cluster.topic(alice, f"transactions-{program.library}")
    program.open_producer(alice.profile, transactional_id=alice.name(f"writer-{program.library}"))
    for value, ending in (("kept", "commit"), ("dropped", "abort"), ("kept too", "commit")):
        program.ask("begin")
        program.send(topic, [value])
        program.ask(ending)
    program.open_consumer(alice.profile, topic, alice.name(f"transactions-{program.library}"))
    assert [value for _, _, value in program.read(2)] == ["kept", "kept too"]
