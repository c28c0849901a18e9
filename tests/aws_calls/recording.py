"""Writes down what IAM is asked for each call that a process makes to AWS, and holds it against a record.

``recorded.json`` holds what service and judge asked while the integration tests used them. A run that asks
for something new fails; with ``OCTOPUS_RECORD_CALLS=1`` in the environment it writes that down instead. The
policies of the stacks are held to it by `tests/infrastructure/test_recorded_calls.py`, which starts nothing.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore import handlers

from tests.aws_calls.requests import ACCOUNT, SUBJECT, Call, Request, UnknownCallError, requests_of

ROOT = Path(__file__).parents[2]
RECORD = Path(__file__).with_name("recorded.json")
CALLS_FILE = "OCTOPUS_TEST_CALLS"
"""Variable that names the file to which a process writes its calls."""
_BEFORE, _AFTER = "before-parameter-build", "after-call"
_PARAMS = "octopus_params"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Recorder:
    """Two handlers of botocore's events that tell of each new request.

    Args:
        tell: gets each request once, of the institution, account, person and key that stand for every other.
        institution: whose calls these are.
        key_arn: of the key of its credentials.
    """

    def __init__(self, tell: Callable[[Request], object], *, institution: str, key_arn: str) -> None:
        self._tell = tell
        self._institution = institution
        self._key_arn = key_arn
        self._told: set[Request] = set()

    def before(self, params: Mapping[str, Any], context: dict[str, Any], **_others: object) -> None:
        """Keep what the call is made with: its end does not tell."""
        context[_PARAMS] = params

    def after(
        self, parsed: Mapping[str, Any], model: Any, context: dict[str, Any], **_others: object
    ) -> None:
        """Tell what IAM would have been asked."""
        call = Call(
            model.service_model.service_name,
            model.name,
            context[_PARAMS],
            self._institution,
            absent="user with name" in parsed.get("Error", {}).get("Message", ""),
        )
        try:
            asked = requests_of(call)
        except UnknownCallError as unknown:
            asked = [Request(f"unknown:{unknown}", "*")]
        for request in set(map(self._named, asked)) - self._told:
            self._told.add(request)
            self._tell(request)

    def _named(self, request: Request) -> Request:
        context = tuple((self._text(key), self._text(value)) for key, value in request.context)
        return Request(request.action, self._text(request.resource), context)

    def _text(self, value: str) -> str:
        value = value.replace(self._key_arn, f"arn:aws:kms:us-east-1:{ACCOUNT}:key/credentials")
        value = re.sub(rf"(?<![a-z0-9]){re.escape(self._institution)}(?![a-z0-9])", "anl", value)
        value = re.sub(r"(?<=:)0{12}(?=:)", ACCOUNT, value)
        value = re.sub(r"A[KS]IA[A-Z0-9]+", "AKIAEXAMPLE", value)
        if ":user/" in value or ":policy/" in value or _UUID.fullmatch(value):
            value = re.sub(r"(?<=-)[0-9]{1,3}$", "1", _UUID.sub(SUBJECT, value))
        return value


def record_process() -> None:
    """Write down every call of this process from here on, as its variables say."""
    path = Path(os.environ[CALLS_FILE])

    def write(request: Request) -> None:
        with path.open("a") as lines:
            lines.write(json.dumps(_plain(request)) + "\n")

    recorder = Recorder(
        write,
        institution=os.environ["OCTOPUS_INSTITUTION"],
        key_arn=os.environ["OCTOPUS_CREDENTIALS_KEY_ARN"],
    )
    handlers.BUILTIN_HANDLERS.extend([(_BEFORE, recorder.before), (_AFTER, recorder.after)])


def recorded_command(module: str) -> list[str]:
    """The command that runs ``module`` as ``python -m`` does, its calls written to :data:`CALLS_FILE`."""
    return [sys.executable, "-m", "tests.aws_calls", module]


@contextmanager
def recording(principal: str, path: Path) -> Iterator[Path]:
    """Hold what processes write to ``path`` in the block against what is known of ``principal``."""
    path.touch()
    yield path
    _compare(principal, {_request(json.loads(line)) for line in path.read_text().splitlines()})


@contextmanager
def recording_clients(
    principal: str, clients: Iterable[Any], *, institution: str, key_arn: str
) -> Iterator[None]:
    """Hold what these AWS clients ask in the block against what is known of ``principal``."""
    asked: set[Request] = set()
    recorder = Recorder(asked.add, institution=institution, key_arn=key_arn)
    for client in clients:
        client.meta.events.register(_BEFORE, recorder.before)
        client.meta.events.register(_AFTER, recorder.after)
    yield
    _compare(principal, asked)


def _compare(principal: str, asked: set[Request]) -> None:
    new = asked - set(recorded(principal))
    if "OCTOPUS_RECORD_CALLS" in os.environ:
        _keep(principal, new)
    else:
        assert not new, f"{RECORD.name} does not know that {principal} asks for these: {sorted(new)}"


def recorded(principal: str) -> list[Request]:
    """Every request of a principal of the platform that is known."""
    return [_request(each) for each in json.loads(RECORD.read_text())[principal]]


def _keep(principal: str, new: Iterable[Request]) -> None:
    known: dict[str, list[Any]] = json.loads(RECORD.read_text())
    known[principal] = [_plain(request) for request in sorted({*recorded(principal), *new})]
    blocks = [
        f'  "{name}": [\n' + ",\n".join(f"    {json.dumps(each)}" for each in requests) + "\n  ]"
        for name, requests in sorted(known.items())
    ]
    RECORD.write_text("{\n" + ",\n".join(blocks) + "\n}\n")


def _plain(request: Request) -> dict[str, Any]:
    context = {"context": dict(request.context)} if request.context else {}
    return {"action": request.action, "resource": request.resource, **context}


def _request(plain: Mapping[str, Any]) -> Request:
    return Request(plain["action"], plain["resource"], tuple(sorted(plain.get("context", {}).items())))
