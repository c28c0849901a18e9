"""Has the image of the web service built while CloudFormation waits.

- CloudFormation asks for the image of a tag: if the repository has it, the answer is its digest, at once;
  else a build is started, and what is to be answered is kept until it ends
- EventBridge tells that a build ended: the answer is the digest of its image, or where its log is; a build
  that ended before it ran a command is started again
- CloudFormation deletes: nothing to do, the images go with their repository

The rights of this function and of the project are seconds old when it is first asked, and IAM spreads them
slowly: what is denied is tried again for a while. Nothing polls a build, and one may take longer than a
function lives. Whoever knows the address of an answer may give it: it is kept encrypted, and in no log line.
Nothing but the runtime's own libraries is needed.
Source of the messages' form: CloudFormation User Guide, "Custom resource request and response reference";
CodeBuild User Guide, "Build notifications input format reference".
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import boto3
import urllib3
from botocore.exceptions import ClientError

Result = TypeVar("Result")

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

_ECHOED = ("StackId", "RequestId", "LogicalResourceId", "ResponseURL")
_WAITS_S = (2, 4, 8, 16, 30, 30)
"""Between attempts at what is denied; two calls that wait this long are within the function's time."""
_STARTS = 3
"""Builds of one image, if each ends before it runs a command."""


class AnswerRefusedError(Exception):
    """CloudFormation did not take an answer; the event is tried again."""


def handler(event: Mapping[str, Any], _context: object) -> None:
    """Answer CloudFormation, or leave the answer to the end of a build."""
    if "RequestType" in event:
        _asked(event)
    else:
        _ended(event["detail"])


def _asked(request: Mapping[str, Any]) -> None:
    echoed = {name: request[name] for name in _ECHOED}
    if request["RequestType"] == "Delete":
        _answer(echoed, {"Status": "SUCCESS"})
        return
    _have(request["ResourceProperties"]["Tag"], echoed, start=1)


def _have(tag: str, echoed: Mapping[str, str], *, start: int) -> None:
    """Answer with the image of this tag, or start the build that is the ``start``-th for it."""
    try:
        digest = _digest(tag)
        if digest is None:
            _start(tag, echoed, start)
            return
    except Exception as error:  # whatever it is: without an answer CloudFormation waits its time out
        logger.exception("The build of %s was not started", tag)
        _answer(echoed, _failed(f"The build of {tag} was not started: {type(error).__name__}: {error}"))
        return
    logger.info("The image %s is there already", tag)
    _answer(echoed, _made(digest))


def _start(tag: str, echoed: Mapping[str, str], start: int) -> None:
    build = _allowed(lambda: _client("codebuild").start_build(projectName=os.environ["PROJECT"])["build"])
    kept = json.dumps({**echoed, "Tag": tag, "Start": start})
    name = _parameter(build["arn"])
    _allowed(lambda: _client("ssm").put_parameter(Name=name, Value=kept, Type="SecureString"))
    logger.info("%s builds the image %s", build["id"], tag)


def _ended(build: Mapping[str, Any]) -> None:
    ssm, name = _client("ssm"), _parameter(build["build-id"])
    try:
        asked = json.loads(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        logger.info("%s was started by somebody else", build["build-id"])
        return
    logger.info("%s ended as %s", build["build-id"], build["build-status"])
    tag, start = asked["Tag"], asked["Start"]
    if _never_began(build) and start < _STARTS:
        # The rights that it lacked spread meanwhile.
        time.sleep(_WAITS_S[-1])
        _have(tag, {each: asked[each] for each in _ECHOED}, start=start + 1)
    else:
        # What counts is the image: another build of this tag may have been first, and then this one failed.
        digest = _digest(tag)
        log = build["additional-information"]["logs"].get("deep-link", "none")
        failed = _failed(f"The build of the image ended as {build['build-status']}; its log: {log}")
        _answer(asked, failed if digest is None else _made(digest))
    ssm.delete_parameter(Name=name)


def _never_began(build: Mapping[str, Any]) -> bool:
    """Whether it failed before any command: its role could not yet be assumed, write the log, or read."""
    phases = {phase["phase-type"] for phase in build["additional-information"].get("phases", ())}
    return build["build-status"] in ("FAILED", "FAULT") and "BUILD" not in phases


def _digest(tag: str) -> str | None:
    """Digest of the image of this tag, None when the repository has none."""
    ecr = _client("ecr")
    try:
        found = _allowed(
            lambda: ecr.describe_images(repositoryName=os.environ["REPOSITORY"], imageIds=[{"imageTag": tag}])
        )
    except ecr.exceptions.ImageNotFoundException:
        return None
    digest: str = found["imageDetails"][0]["imageDigest"]
    return digest


def _allowed(call: Callable[[], Result]) -> Result:
    """Return what ``call`` does, tried again while it is denied, for a minute and a half at most."""
    for wait_s in _WAITS_S:
        try:
            return call()
        except ClientError as error:
            if not error.response["Error"]["Code"].startswith("AccessDenied"):
                raise
            logger.info("Denied as yet: %s", error.operation_name)
        time.sleep(wait_s)
    return call()


def _made(digest: str) -> dict[str, Any]:
    return {"Status": "SUCCESS", "Data": {"Digest": digest}}


def _failed(reason: str) -> dict[str, Any]:
    return {"Status": "FAILED", "Reason": reason}


def _answer(asked: Mapping[str, str], outcome: Mapping[str, Any]) -> None:
    echoed = {name: asked[name] for name in _ECHOED if name != "ResponseURL"}
    # One id for good: with another, CloudFormation would delete what it takes for the former resource.
    body = {**echoed, "PhysicalResourceId": os.environ["REPOSITORY"], **outcome}
    content = json.dumps(body)
    try:
        # The address is signed for a request without a type of content.
        reply = _http().request("PUT", asked["ResponseURL"], body=content, headers={"Content-Type": ""})
    except urllib3.exceptions.HTTPError as error:
        # Not its message: the address stands in it.
        raise AnswerRefusedError(f"CloudFormation did not hear the answer: {type(error).__name__}") from None
    if reply.status != 200:
        raise AnswerRefusedError(f"CloudFormation's store of answers said {reply.status}")


def _parameter(build_arn: str) -> str:
    return f"{os.environ['PARAMETERS']}/{build_arn.rpartition(':')[2]}"


@cache
def _client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]


@cache
def _http() -> urllib3.PoolManager:
    # Tried again with the whole event: urllib3 would write the address down with each attempt.
    return urllib3.PoolManager(timeout=10, retries=False)
