"""Is the process up, and can it do its work? Never under ``/api``: no token is needed."""

from __future__ import annotations

import asyncio
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
from octopus.kafka.admin import TopicAdmin
from octopus.settings import ServiceSettings
from octopus.web.errors import away

ANSWER_S = 2.0
"""A dependency that takes longer is away; the whole answer comes within a second more."""
_NOBODY = "00000000-0000-0000-0000-000000000000"

_log = structlog.get_logger(__name__)

router = APIRouter(prefix="/health", tags=["Health"])


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Which dependencies answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "ok",
                "checks": {"kafka": True, "dynamodb": True, "iam": True, "globus": True},
            }
        }
    )

    status: Literal["ok", "unavailable"]
    checks: dict[str, bool]


class Dependencies:
    """Asks every dependency a cheap question, all at once, each in a thread of its own."""

    def __init__(self, questions: Mapping[str, Callable[[], bool]]) -> None:
        self._questions = questions
        # One thread each: a question that hangs is not asked again before it has ended.
        self._threads = {
            name: ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"health-{name}") for name in questions
        }
        self._under_way: dict[str, asyncio.Future[bool]] = {}

    async def ask(self) -> dict[str, bool]:
        """Each dependency by name: whether it answered in time."""
        answers = await asyncio.gather(*(self._ask(name) for name in self._questions))
        return dict(zip(self._questions, answers, strict=True))

    def close(self) -> None:
        """End the threads."""
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, name: str) -> bool:
        asked = self._under_way.get(name)
        if asked is None or asked.done():
            loop = asyncio.get_running_loop()
            asked = loop.run_in_executor(self._threads[name], self._answer, name)
            self._under_way[name] = asked
        try:
            return await asyncio.wait_for(asyncio.shield(asked), ANSWER_S + 0.5)
        except TimeoutError:
            return False

    def _answer(self, name: str) -> bool:
        try:
            return self._questions[name]()
        except Exception as error:  # noqa: BLE001 - whatever it is, the dependency cannot be used
            _log.warning("health.away", dependency=name, reason=type(error).__name__)
            return False


def dependencies(settings: ServiceSettings, kafka: TopicAdmin) -> Dependencies:
    """The dependencies of the web service."""
    config = Config(
        connect_timeout=ANSWER_S / 2, read_timeout=ANSWER_S / 2, retries={"total_max_attempts": 1}
    )
    database, users = aws.dynamodb(config), aws.iam(config)

    def dynamodb() -> bool:
        nothing = {"pk": {"S": "HEALTH"}, "sk": {"S": "HEALTH"}}
        database.get_item(TableName=settings.registry_table, Key=nothing)
        return True

    def iam() -> bool:
        try:
            users.get_user(UserName=_NOBODY)
        except (ClientError, BotoCoreError) as error:
            return isinstance(error, ClientError) and not away(error)
        return True

    def globus() -> bool:
        return httpx.get(settings.globus_auth_url, timeout=ANSWER_S).status_code < 500

    return Dependencies(
        {
            "kafka": lambda: kafka.answers(timeout_s=ANSWER_S),
            "dynamodb": dynamodb,
            "iam": iam,
            "globus": globus,
        }
    )


@router.get("/live", summary="The process is up")
async def live() -> Live:
    """Answers as long as the process can."""
    return Live()


@router.get("/ready", summary="Everything that the service needs answers", responses={503: {"model": Ready}})
async def ready(request: Request, response: Response) -> Ready:
    """503 when a dependency is away; ``checks`` says which."""
    asked: Dependencies = request.app.state.dependencies
    checks = await asked.ask()
    if not all(checks.values()):
        response.status_code = 503
    return Ready(status="ok" if all(checks.values()) else "unavailable", checks=checks)
