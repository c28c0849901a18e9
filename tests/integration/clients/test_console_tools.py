"""The console tools that come with Kafka, unmodified, with both of MSK's mechanisms.

Their main methods get the arguments that their scripts pass on. Most run one after another in one Java
process; the verifiable ones, which end their process themselves, in one each.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.clients.cluster import Cluster, Person
from tests.integration.clients.libraries import JAR, JAVA_AWS_MSK_IAM, JAVA_OAUTHBEARER, Library
from tests.integration.clients.program import Program
from tests.patience import PATIENCE_S

CONSOLE_PRODUCER = "org.apache.kafka.tools.ConsoleProducer"
CONSOLE_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"
VERIFIABLE_PRODUCER = "org.apache.kafka.tools.VerifiableProducer"
VERIFIABLE_CONSUMER = "org.apache.kafka.tools.VerifiableConsumer"
PRODUCER_PERF_TEST = "org.apache.kafka.tools.ProducerPerformance"
CONSUMER_GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
TOPICS = "org.apache.kafka.tools.TopicCommand"
CONFIGS = "kafka.admin.ConfigCommand"
GET_OFFSETS = "org.apache.kafka.tools.GetOffsetShell"
TRANSACTIONS = "org.apache.kafka.tools.TransactionsCommand"

CONFIG_OPTIONS = {
    CONSOLE_PRODUCER: "--producer.config",
    VERIFIABLE_PRODUCER: "--producer.config",
    PRODUCER_PERF_TEST: "--producer.config",
    CONSOLE_CONSUMER: "--consumer.config",
    VERIFIABLE_CONSUMER: "--consumer.config",
}
"""Where the option that takes a client's settings is not called --command-config."""


@dataclass(frozen=True)
class Done:
    """How a tool ended, and what it wrote."""

    status: int
    output: str
    errors: str

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()

    def values(self, event: str) -> list[str]:
        """Of the records that a verifiable tool tells of; its lines are JSON."""
        told = [json.loads(line) for line in self.lines]
        return [one["value"] for one in told if one["name"] == event]


@dataclass(frozen=True)
class Console:
    """A person's terminal."""

    program: Program
    cluster: Cluster
    settings_file: Path

    def run(self, tool: str, *arguments: str, typed: str = "") -> Done:
        """Run a tool with the person's settings."""
        given = [*self._where(tool), *arguments]
        return Done(**self.program.ask("run_tool", tool=tool, arguments=given, typed=typed))

    def run_alone(self, tool: str, *arguments: str) -> Done:
        """The same, in a process of its own."""
        done = subprocess.run(
            ["java", "-XX:-UsePerfData", "-cp", f"{JAR.parent}/libs/*", tool, *self._where(tool), *arguments],
            env={**self.cluster.environment, **self.program.library.environment, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def _where(self, tool: str) -> list[str]:
        settings = [CONFIG_OPTIONS.get(tool, "--command-config"), str(self.settings_file)]
        if tool == PRODUCER_PERF_TEST:
            # It takes the servers from the settings.
            return settings
        return ["--bootstrap-server", self.cluster.node.bootstrap_servers, *settings]

    def succeed(self, tool: str, *arguments: str, typed: str = "") -> Done:
        """The same, of what must go well."""
        done = self.run(tool, *arguments, typed=typed)
        assert done.status == 0, done
        return done


@pytest.fixture(params=[pytest.param(JAVA_OAUTHBEARER, marks=pytest.mark.long), JAVA_AWS_MSK_IAM], ids=str)
def console(
    request: pytest.FixtureRequest, programs: Callable[[Library], Program], cluster: Cluster, alice: Person
) -> Console:
    """Alice's, with each mechanism in turn."""
    program = programs(request.param)
    settings_file = cluster.home / f"{program.library}.properties"
    settings = program.ask("settings", profile=alice.profile)
    settings_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return Console(program, cluster, settings_file)


def test_console_tools_publish_read_and_tell(console: Console, cluster: Cluster, alice: Person) -> None:
    topic = cluster.topic(alice, f"console-{console.program.library}")
    group = alice.name(f"console-{console.program.library}")

    console.succeed(CONSOLE_PRODUCER, "--topic", topic, typed="one\ntwo\nthree\n")
    read = console.succeed(
        CONSOLE_CONSUMER,
        *(
            "--topic",
            topic,
            "--group",
            group,
            "--from-beginning",
            "--max-messages",
            "3",
            "--timeout-ms",
            "60000",
        ),
    )
    assert read.lines == ["one", "two", "three"]

    assert console.succeed(GET_OFFSETS, "--topic", topic).lines == [f"{topic}:0:3"]
    described = console.succeed(CONSUMER_GROUPS, "--describe", "--group", group, "--offsets").output
    assert [group, topic, "0", "3", "3", "0"] in [line.split()[:6] for line in described.splitlines()]
    assert console.succeed(CONSUMER_GROUPS, "--list").lines.count(group) == 1
    console.succeed(
        CONSUMER_GROUPS, "--group", group, "--topic", topic, "--reset-offsets", "--to-earliest", "--execute"
    )
    console.succeed(CONSUMER_GROUPS, "--delete", "--group", group)
    assert group not in console.succeed(CONSUMER_GROUPS, "--list").lines

    assert topic in console.succeed(TOPICS, "--list").lines
    assert f"Topic: {topic}" in console.succeed(TOPICS, "--describe", "--topic", topic).output
    configs = console.succeed(CONFIGS, "--describe", "--entity-type", "topics", "--entity-name", topic)
    assert f"Dynamic configs for topic {topic} are:" in configs.output


@pytest.mark.long
def test_verifiable_tools_agree(console: Console, cluster: Cluster, alice: Person) -> None:
    topic = cluster.topic(alice, f"verified-{console.program.library}")
    group = alice.name(f"verified-{console.program.library}")
    sent = console.run_alone(VERIFIABLE_PRODUCER, "--topic", topic, "--max-messages", "200")
    values = [str(number) for number in range(200)]
    assert sorted(sent.values("producer_send_success"), key=int) == values
    for protocol in ("classic", "consumer"):
        read = console.run_alone(
            VERIFIABLE_CONSUMER,
            *("--topic", topic, "--group-id", f"{group}-{protocol}", "--group-protocol", protocol),
            *("--max-messages", "200", "--reset-policy", "earliest", "--verbose"),
        )
        assert read.values("record_data") == values


def test_perf_tool_commits_transactions(console: Console, cluster: Cluster, alice: Person) -> None:
    topic = cluster.topic(alice, f"measured-{console.program.library}")
    done = console.succeed(
        PRODUCER_PERF_TEST,
        *("--topic", topic, "--num-records", "300", "--record-size", "100", "--throughput", "-1"),
        *("--transactional-id", alice.name("measured"), "--transaction-duration-ms", "50"),
    )
    assert "300 records sent" in done.output
    listed = console.succeed(TRANSACTIONS, "describe", "--transactional-id", alice.name("measured"))
    assert "CompleteCommit" in listed.output


def test_console_tools_say_what_is_refused(
    console: Console, alice: Person, mallory: Person, cluster: Cluster
) -> None:
    topic = cluster.topic(mallory, f"private-{console.program.library}")
    refused = {
        CONSOLE_CONSUMER: (
            "TopicAuthorizationException",
            ("--topic", topic, "--group", alice.name("thieves"), "--timeout-ms", "30000"),
        ),
        CONSUMER_GROUPS: (
            "GroupAuthorizationException",
            ("--describe", "--group", mallory.name("readers"), "--offsets"),
        ),
        CONFIGS: (
            "TopicAuthorizationException",
            ("--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", "retention.ms=1"),
        ),
        TRANSACTIONS: (
            "failed due to authorization failure",
            ("describe", "--transactional-id", mallory.name("writer")),
        ),
    }
    for tool, (error, arguments) in refused.items():
        done = console.run(tool, *arguments)
        assert error in done.output + done.errors, done
    written = console.run(CONSOLE_PRODUCER, "--topic", topic, typed="forged\n")
    assert "Not authorized to access topics" in written.errors
    # Names of others are not told: to list is not to be refused.
    assert topic not in console.succeed(TOPICS, "--list").lines
