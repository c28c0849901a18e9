"""One file or snippet for each client, filled in for one caller of one fabric."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from octopus.errors import InvalidError
from octopus.kafka.client import TOKEN_REGION

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, kw_only=True)
class Key:
    """An access key in the open."""

    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What a client needs to know to work as one caller."""

    bootstrap_servers: str
    """Comma-separated ``host:port``."""
    topic: str
    """Full name at Kafka, for the examples."""
    group: str
    """Full name at Kafka: it begins with the caller's namespace."""
    ca_file: Path | None
    """PEM of who signs the brokers' certificates; None for the system's roots."""
    credential_process: str
    """Command line that prints fresh credentials as the AWS command line's configuration wants them."""
    region: str = TOKEN_REGION
    """In whose scope tokens are signed."""
    key: Key | None = None
    """Written into the text; None leaves it to AWS's default chain of the process that runs it."""


class ToolName(StrEnum):
    """A client, as the command line takes it."""

    AWS = "aws"
    PYTHON = "python"
    KAFKA_PYTHON = "kafka-python"
    AIOKAFKA = "aiokafka"
    LIBRDKAFKA = "librdkafka"
    JAVA = "java"
    JAVA_OAUTHBEARER = "java-oauthbearer"
    KAFKAJS = "kafkajs"
    CONSOLE = "console"


@dataclass(frozen=True)
class Tool:
    """A client, and what is printed for it."""

    name: ToolName
    title: str
    file: str
    """What the text is usually called, and the name of its template."""
    needs: str
    """What has to be installed, and how."""
    language: str
    """Of the text, as Markdown names it."""
    holds_key: bool = True
    """Whether the client takes a key from such a text at all."""


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            ToolName.AWS,
            "AWS profile, which every AWS-aware client can sign with",
            "aws-config.ini",
            "add it to `~/.aws/config` and set `AWS_PROFILE=octopus`",
            "ini",
        ),
        Tool(
            ToolName.PYTHON,
            "Python with confluent-kafka",
            "confluent_kafka_settings.py",
            "`pip install confluent-kafka aws-msk-iam-sasl-signer-python`",
            "python",
        ),
        Tool(
            ToolName.KAFKA_PYTHON,
            "Python with kafka-python",
            "kafka_python_settings.py",
            "`pip install kafka-python aws-msk-iam-sasl-signer-python`",
            "python",
        ),
        Tool(
            ToolName.AIOKAFKA,
            "Python with aiokafka",
            "aiokafka_settings.py",
            "`pip install aiokafka aws-msk-iam-sasl-signer-python`",
            "python",
        ),
        Tool(
            ToolName.LIBRDKAFKA,
            "librdkafka in any language",
            "librdkafka.properties",
            "AWS's MSK IAM signer for your language, called in your binding's token callback",
            "properties",
            holds_key=False,
        ),
        Tool(
            ToolName.JAVA,
            "Java, mechanism AWS_MSK_IAM",
            "client.properties",
            "`software.amazon.msk:aws-msk-iam-auth` on the class path, and `AWS_REGION` set",
            "properties",
            holds_key=False,
        ),
        Tool(
            ToolName.JAVA_OAUTHBEARER,
            "Java, mechanism OAUTHBEARER",
            "client-oauthbearer.properties",
            "`software.amazon.msk:aws-msk-iam-auth` on the class path, and `AWS_REGION` set",
            "properties",
            holds_key=False,
        ),
        Tool(
            ToolName.KAFKAJS,
            "JavaScript with KafkaJS",
            "kafkajs.cjs",
            "`npm install kafkajs aws-msk-iam-sasl-signer-js`",
            "javascript",
        ),
        Tool(
            ToolName.CONSOLE,
            "Kafka's console tools",
            "console.sh",
            "Kafka's `bin` on the `PATH`, and the `-all` jar of `aws-msk-iam-auth` on the `CLASSPATH`",
            "bash",
        ),
    )
}


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # late: every command would wait for it

    templates = Environment(
        loader=PackageLoader("octopus.clients"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML; each value is quoted as its language wants it
    )
    # A JSON string of ASCII is a string in Python and in JavaScript, too.
    templates.filters["quoted"] = lambda value: json.dumps(str(value))
    templates.filters["shell"] = lambda value: shlex.quote(str(value))
    return templates


def render(tool: str, connection: Connection) -> str:
    """The text for one of `TOOLS`, ending with a line end.

    Raises:
        InvalidError: the connection holds a key, and this client takes none from its settings.
    """
    about = TOOLS[tool]
    if connection.key is not None and not about.holds_key:
        raise InvalidError(
            f"with-secrets: settings of {tool} hold no key, since {about.title} takes it from AWS's default "
            "chain; `octopus config aws --with-secrets` prints a profile that holds it"
        )
    template = _templates().get_template(f"{about.file}.j2")
    return template.render(connection=connection, tool=about)
