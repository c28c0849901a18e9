"""Other people's Kafka clients, and how each behaves and calls what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PYTHON = ROOT / ".venv-clients" / "bin" / "python"
JAR = HERE / "java" / "target" / "clients.jar"


@dataclass(frozen=True)
class Library:
    """A client library with AWS's signer for its language.

    Attributes:
        command: what runs it; it answers requests, a line of JSON each.
        installed: what is there once its environment is made.
        reauthenticates: in place, before its session ends (KIP-368); others connect again.
        new_key_at_reauthentication: asks for credentials so often that a changed key is seen soon.
        protocols: of consumer groups.
        longest_wait_ms: for which a fetch may be parked.
        topic_refused, group_refused, transaction_refused: its own name of what Kafka answers.
        token_refused: the same, of a token that the broker does not take.
        reading_refused_in_log: where a consumer of a refused topic is told nothing, what its log says.
    """

    name: str
    command: tuple[str, ...]
    installed: Path
    topic_refused: str
    group_refused: str
    transaction_refused: str
    token_refused: str
    reading_refused_in_log: str | None = None
    reauthenticates: bool = True
    new_key_at_reauthentication: bool = True
    protocols: tuple[str, ...] = ("classic",)
    longest_wait_ms: int = 300_000
    environment: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def _python(module: str) -> tuple[str, ...]:
    return (str(PYTHON), "-m", f"tests.integration.clients.python.{module}")


def _java(mechanism: str, *, new_key_at_reauthentication: bool) -> Library:
    return Library(
        name=f"java-{mechanism.lower().replace('_', '-')}",
        command=(
            "java",
            *("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            *("-cp", f"{JAR}:{JAR.parent}/libs/*", "org.octopus.clients.Client"),
        ),
        installed=JAR,
        topic_refused="TopicAuthorizationException",
        group_refused="GroupAuthorizationException",
        transaction_refused="TransactionalIdAuthorizationException",
        token_refused="SaslAuthenticationException",
        new_key_at_reauthentication=new_key_at_reauthentication,
        protocols=("classic", "consumer"),
        # It keeps a key until 15 s before its end; the others ask their credential_process for every token.
        environment={"KAFKA_SASL_MECHANISM": mechanism, "KEY_LIFE_S": "30"},
    )


CONFLUENT_KAFKA = Library(
    name="confluent-kafka",
    command=_python("with_confluent_kafka"),
    installed=PYTHON,
    topic_refused="TOPIC_AUTHORIZATION_FAILED",
    group_refused="GROUP_AUTHORIZATION_FAILED",
    transaction_refused="TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    token_refused="_AUTHENTICATION",
    protocols=("classic", "consumer"),
)
KAFKA_PYTHON = Library(
    name="kafka-python",
    command=_python("with_kafka_python"),
    installed=PYTHON,
    topic_refused="TopicAuthorizationFailedError",
    group_refused="GroupAuthorizationFailedError",
    transaction_refused="TransactionalIdAuthorizationFailedError",
    # It tries until its time is over.
    token_refused="KafkaTimeoutError",
    reading_refused_in_log="is not authorized for this client",
    reauthenticates=False,
)
AIOKAFKA = Library(
    name="aiokafka",
    command=_python("with_aiokafka"),
    installed=PYTHON,
    topic_refused="TopicAuthorizationFailedError",
    group_refused="GroupAuthorizationFailedError",
    transaction_refused="TransactionalIdAuthorizationFailed",
    # It takes the broker's refusal for a welcome, and the closed connection for a fault of the network.
    token_refused="TimeoutError",
    reauthenticates=False,
)
KAFKAJS = Library(
    name="kafkajs",
    # No heartbeat is sent while it waits, and its group would go on without it.
    longest_wait_ms=20_000,
    command=("node", str(HERE / "js" / "client.js")),
    installed=HERE / "js" / "node_modules" / "kafkajs",
    topic_refused="TOPIC_AUTHORIZATION_FAILED",
    # That it is not authorised stands in its log alone.
    group_refused="KafkaJSGroupCoordinatorNotFound",
    transaction_refused="KafkaJSGroupCoordinatorNotFound",
    # It takes the broker's refusal for a welcome, too.
    token_refused="KafkaJSConnectionClosedError",
)
# Its login signs once for the whole life of a token, 15 minutes.
JAVA_OAUTHBEARER = _java("OAUTHBEARER", new_key_at_reauthentication=False)
JAVA_AWS_MSK_IAM = _java("AWS_MSK_IAM", new_key_at_reauthentication=True)

LIBRARIES = (CONFLUENT_KAFKA, KAFKA_PYTHON, AIOKAFKA, KAFKAJS, JAVA_OAUTHBEARER, JAVA_AWS_MSK_IAM)
