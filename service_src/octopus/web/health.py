"""Is the process up, and can it do its work? Never under ``/api``: no token is needed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import httpx
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from octopus import aws
from octopus.errors import UnavailableError
from octopus.quotas.rates import KafkaRates
from octopus.settings import ServiceSettings
from octopus.web.assembly import Features
from octopus.web.errors import away
from octopus.web.requests import HEALTH

ANSWER_S = 2.0
"""A dependency that takes longer is away; the whole answer comes within a second more."""
KEPT_S: Mapping[bool, float] = {True: 5.0, False: 1.0}
"""How long an answer counts, good or not: anybody may ask, and IAM counts what the whole account asks."""
_NO_ANSWER = "It does not answer"
_NOBODY = "00000000-0000-0000-0000-000000000000"

_log = structlog.get_logger(__name__)

router = APIRouter(prefix=HEALTH, tags=["Health"])


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Which dependencies answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "unavailable",
                "checks": {"kafka": True, "dynamodb": True, "iam": True, "globus": False},
                "reasons": {"globus": "Nobody can log in to this fabric yet: it has no globus_client_id, …"},
                "notes": [],
            }
        }
    )

    status: Literal["ok", "unavailable"]
    checks: dict[str, bool]
    reasons: dict[str, str]
    """Of each check that failed: why, or what its operator has to do."""
    notes: list[str]
    """What does not work and keeps nothing else from working."""


class Dependencies:
    """Asks every dependency a cheap question, all at once, each in a thread of its own.

    Args:
        questions: by name of the dependency; one that raises `UnavailableError` says why.
        clock: seconds, of this process.
    """

    def __init__(
        self, questions: Mapping[str, Callable[[], bool]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._questions = questions
        self._clock = clock
        self._known: dict[str, tuple[str | None, float]] = {}
        # One thread each: a question that hangs is not asked again before it has ended.
        self._threads = {
            name: ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"health-{name}") for name in questions
        }
        self._under_way: dict[str, asyncio.Future[str | None]] = {}

    async def ask(self) -> dict[str, str | None]:
        """Each dependency by name: None when it answered in time, else why it cannot be used."""
        answers = await asyncio.gather(*(self._ask(name) for name in self._questions))
        return dict(zip(self._questions, answers, strict=True))

    def close(self) -> None:
        """End the threads."""
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, name: str) -> str | None:
        if name in self._known:
            answer, since = self._known[name]
            if self._clock() - since < KEPT_S[answer is None]:
                return answer
        asked = self._under_way.get(name)
        if asked is None or asked.done():
            loop = asyncio.get_running_loop()
            asked = loop.run_in_executor(self._threads[name], self._learn, name)
            self._under_way[name] = asked
        try:
            return await asyncio.wait_for(asyncio.shield(asked), ANSWER_S + 0.5)
        except TimeoutError:
            return _NO_ANSWER

    def _learn(self, name: str) -> str | None:
        answer = self._answer(name)
        self._known[name] = answer, self._clock()
        return answer

    def _answer(self, name: str) -> str | None:
        try:
            return None if self._questions[name]() else _NO_ANSWER
        except UnavailableError as error:
            _log.warning("health.away", dependency=name, reason=error.message)
            return error.message
        except Exception as error:  # noqa: BLE001 - whatever it is, the dependency cannot be used
            _log.warning("health.away", dependency=name, reason=type(error).__name__)
            return _NO_ANSWER


def dependencies(settings: ServiceSettings, features: Features) -> Dependencies:
    """The dependencies of the web service.

    Args:
        settings: of the deployment.
        features: what it works with.
    """
    config = Config(
        connect_timeout=ANSWER_S / 2, read_timeout=ANSWER_S / 2, retries={"total_max_attempts": 1}
    )
    database = aws.dynamodb(config)

    def dynamodb() -> bool:
        nothing = {"pk": {"S": "HEALTH"}, "sk": {"S": "HEALTH"}}
        database.get_item(TableName=settings.registry_table, Key=nothing)
        return True

    def globus() -> bool:
        features.globus.secret()
        return httpx.get(settings.globus_auth_url, timeout=ANSWER_S).status_code < 500

    questions = {
        "kafka": lambda: features.kafka.answers(timeout_s=ANSWER_S),
        "dynamodb": dynamodb,
        **({"sts": _sts(config)} if settings.credentials == "session" else {"iam": _iam(config)}),
        "globus": globus,
    }
    if not settings.public_url:
        questions["gateway"] = lambda: bool(features.addresses.public_url())
    return Dependencies(questions)


def _iam(config: Config) -> Callable[[], bool]:
    users = aws.iam(config)

    def answers() -> bool:
        try:
            users.get_user(UserName=_NOBODY)
        except (ClientError, BotoCoreError) as error:
            return isinstance(error, ClientError) and not away(error)
        return True

    return answers


def _sts(config: Config) -> Callable[[], bool]:
    sessions = aws.sts(config)
    return lambda: bool(sessions.get_caller_identity()["Arn"])


@router.get("/live", summary="The process is up")
async def live() -> Live:
    """Answers as long as the process can."""
    return Live()


@router.get("/ready", summary="Everything that the service needs answers", responses={503: {"model": Ready}})
async def ready(request: Request, response: Response) -> Ready:
    """503 when a dependency is away, or something is not set up yet; ``checks`` says which."""
    asked: Dependencies = request.app.state.dependencies
    rates: KafkaRates = request.app.state.rates
    found = await asked.ask()
    reasons = {name: reason for name, reason in found.items() if reason is not None}
    if reasons:
        response.status_code = 503
    return Ready(
        status="unavailable" if reasons else "ok",
        checks={name: name not in reasons for name in found},
        reasons=reasons,
        notes=[rates.refused] if rates.refused else [],
    )
