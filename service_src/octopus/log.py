"""Structured logs: one JSON object a line, with the request's id, and never a secret."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_SECRET_WORDS = ("secret", "token", "authorization", "password", "signature", "cookie", "code")
REDACTED = "[redacted]"


def configure(*, process: str, level: str = "info", stream: TextIO | None = None) -> None:
    """Send this process's logs, its libraries' too, to ``stream`` (standard output) as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        lambda _logger, _method, event: {"process": process, **event},
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("botocore", "boto3", "urllib3", "httpx", "httpcore", "globus_sdk"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # kafka-python logs as errors, with tracebacks, what it raises as well.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank every field whose name says that it may hold a secret, whatever the caller meant."""
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS) and not name.lower().endswith("_name"):
            event[name] = REDACTED
    return event
