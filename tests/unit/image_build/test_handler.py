"""What CloudFormation is told of an image, and when."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from lambda_src.image_build import handler as image_build
from lambda_src.image_build.handler import AnswerRefusedError, handler

TAG = "5d1f0c"
NAME = "octopus-anl-web"
PARAMETERS = "/octopus/anl/image-build"
SIGNATURE = "X-Amz-Signature-0123"


class _Store(BaseHTTPRequestHandler):
    """CloudFormation's store of answers."""

    def do_PUT(self) -> None:
        assert SIGNATURE in self.path
        assert self.headers["Content-Type"] == ""
        answers: list[dict[str, Any]] = self.server.answers  # type: ignore[attr-defined]
        answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


class World:
    """An account with a project and a repository, and CloudFormation."""

    def __init__(self, cloud: boto3.Session, server: ThreadingHTTPServer) -> None:
        self.ecr = cloud.client("ecr")
        self.codebuild = cloud.client("codebuild")
        self.ssm = cloud.client("ssm")
        self.server = server
        self.answers: list[dict[str, Any]] = []
        server.answers = self.answers  # type: ignore[attr-defined]
        self.store_says(200)
        self.ecr.create_repository(repositoryName=NAME)
        self.codebuild.create_project(
            name=NAME,
            source={"type": "S3", "location": "assets/source.zip"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "ARM_CONTAINER",
                "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole="arn:aws:iam::123456789012:role/service-role/build",
        )

    def store_says(self, status: int) -> None:
        self.server.status = status  # type: ignore[attr-defined]

    def push(self, tag: str = TAG) -> str:
        """Put an image into the repository, as a build does, and return its digest."""
        manifest = json.dumps({"schemaVersion": 2, "tag": tag})
        pushed = self.ecr.put_image(
            repositoryName=NAME,
            imageManifest=manifest,
            imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
            imageTag=tag,
        )
        digest: str = pushed["image"]["imageId"]["imageDigest"]
        return digest

    def ask(self, request_type: str = "Create") -> None:
        """Have CloudFormation ask for the image."""
        handler(
            {
                "RequestType": request_type,
                "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:image-build",
                "ResponseURL": f"http://127.0.0.1:{self.server.server_port}/answer?{SIGNATURE}",
                "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/octopus-anl-hosting/1",
                "RequestId": "6c6b3f0e",
                "LogicalResourceId": "Image",
                "ResourceType": "Custom::ImageBuild",
                "ResourceProperties": {"Tag": TAG},
            },
            None,
        )

    def builds(self) -> list[str]:
        return [
            build["arn"]
            for build_id in self.codebuild.list_builds_for_project(projectName=NAME)["ids"]
            for build in self.codebuild.batch_get_builds(ids=[build_id])["builds"]
        ]

    def end(self, build: str, status: str, *, after: tuple[str, ...] = ("PRE_BUILD", "BUILD")) -> None:
        """Have EventBridge tell that a build ended, with these as the last of its phases."""
        handler(
            {
                "source": "aws.codebuild",
                "detail-type": "CodeBuild Build State Change",
                "detail": {
                    "build-status": status,
                    "project-name": NAME,
                    "build-id": build,
                    "additional-information": {
                        "logs": {"deep-link": "https://console/its-log"},
                        "phases": [{"phase-type": each} for each in ("SUBMITTED", *after, "COMPLETED")],
                    },
                },
            },
            None,
        )

    def deny(self, monkeypatch: pytest.MonkeyPatch, service: str, operation: str, times: int) -> list[str]:
        """Have IAM deny the function's first calls of an operation; what was denied is in the list."""
        denied: list[str] = []

        def reply(**_event: object) -> tuple[object, dict[str, object]] | None:
            if len(denied) == times:
                return None
            denied.append(operation)
            error = {"Code": "AccessDeniedException", "Message": "no identity-based policy allows it"}
            return SimpleNamespace(status_code=400), {"Error": error, "ResponseMetadata": {}}

        events = image_build._client(service).meta.events
        events.register(f"before-call.{service}.{operation}", reply)
        monkeypatch.setattr(image_build, "_WAITS_S", (0, 0))
        return denied

    def kept(self) -> list[str]:
        return [parameter["Type"] for parameter in self._parameters()]

    def waited_for(self) -> str:
        """ARN of the build whose end CloudFormation waits for."""
        (parameter,) = self._parameters()
        (build,) = (each for each in self.builds() if each.endswith(parameter["Name"].rpartition("/")[2]))
        return build

    def _parameters(self) -> list[Any]:
        pages = self.ssm.get_paginator("describe_parameters").paginate()
        return [parameter for page in pages for parameter in page["Parameters"]]


@pytest.fixture
def world(cloud: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("PROJECT", NAME)
    monkeypatch.setenv("REPOSITORY", NAME)
    monkeypatch.setenv("PARAMETERS", PARAMETERS)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", cloud)
    image_build._client.cache_clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Store)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield World(cloud, server)
    server.shutdown()
    server.server_close()
    image_build._client.cache_clear()


def answer(**rest: object) -> dict[str, object]:
    return {
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/octopus-anl-hosting/1",
        "RequestId": "6c6b3f0e",
        "LogicalResourceId": "Image",
        "PhysicalResourceId": NAME,
        **rest,
    }


def test_image_that_is_there_is_told_at_once_and_not_built(world: World) -> None:
    digest = world.push()
    world.ask("Update")
    assert world.answers == [answer(Status="SUCCESS", Data={"Digest": digest})]
    assert world.builds() == []


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_image_that_is_not_there_is_told_when_its_build_has_ended(world: World, request_type: str) -> None:
    world.push("another")
    world.ask(request_type)
    (build,) = world.builds()
    assert world.answers == []
    assert world.kept() == ["SecureString"]

    digest = world.push()
    world.end(build, "SUCCEEDED")

    assert world.answers == [answer(Status="SUCCESS", Data={"Digest": digest})]
    assert world.kept() == []


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "STOPPED", "SUCCEEDED"])
def test_build_without_an_image_fails_with_its_status_and_log(world: World, status: str) -> None:
    world.ask()
    world.end(world.builds()[0], status)
    reason = f"The build of the image ended as {status}; its log: https://console/its-log"
    assert world.answers == [answer(Status="FAILED", Reason=reason)]
    assert world.kept() == []


@pytest.mark.parametrize(
    ("service", "operation"),
    [("ecr", "DescribeImages"), ("codebuild", "StartBuild"), ("ssm", "PutParameter")],
)
def test_what_iam_does_not_yet_allow_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, service: str, operation: str
) -> None:
    denied = world.deny(monkeypatch, service, operation, times=2)
    world.ask()
    assert denied == [operation] * 2
    assert world.answers == []
    assert (len(world.builds()), world.kept()) == (1, ["SecureString"])


def test_what_iam_never_allows_fails_with_its_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deny(monkeypatch, "codebuild", "StartBuild", times=3)
    world.ask()
    (told,) = world.answers
    assert told["Status"] == "FAILED"
    assert told["Reason"].startswith(f"The build of {TAG} was not started: ClientError: ")
    assert "(AccessDeniedException) when calling the StartBuild operation" in told["Reason"]
    assert world.builds() == []


@pytest.mark.parametrize("after", [("QUEUED",), ("QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE")])
def test_build_that_ends_before_its_first_command_is_started_again(
    world: World, monkeypatch: pytest.MonkeyPatch, after: tuple[str, ...]
) -> None:
    monkeypatch.setattr(image_build, "_WAITS_S", (0,))
    world.ask()
    (first,) = world.builds()
    world.end(first, "FAILED", after=after)
    (second,) = set(world.builds()) - {first}
    assert world.answers == []
    assert world.kept() == ["SecureString"]

    digest = world.push()
    world.end(second, "SUCCEEDED")
    assert world.answers == [answer(Status="SUCCESS", Data={"Digest": digest})]
    assert world.kept() == []


def test_build_that_never_begins_fails_at_the_third_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_build, "_WAITS_S", (0,))
    world.ask()
    for started in range(1, 4):
        assert (len(world.builds()), world.answers) == (started, [])
        world.end(world.waited_for(), "FAILED", after=("QUEUED",))
    assert [told["Status"] for told in world.answers] == ["FAILED"]
    assert (len(world.builds()), world.kept()) == (3, [])


def test_build_that_was_stopped_before_it_began_stays_so(world: World) -> None:
    world.ask()
    world.end(world.builds()[0], "STOPPED", after=("QUEUED",))
    assert [told["Status"] for told in world.answers] == ["FAILED"]
    assert len(world.builds()) == 1


def test_build_that_was_second_with_its_image_is_no_failure(world: World) -> None:
    world.ask()
    digest = world.push()
    world.end(world.builds()[0], "FAILED")
    assert world.answers == [answer(Status="SUCCESS", Data={"Digest": digest})]


def test_deletion_is_answered_and_deletes_nothing(world: World) -> None:
    digest = world.push()
    world.ask("Delete")
    assert world.answers == [answer(Status="SUCCESS")]
    images = world.ecr.describe_images(repositoryName=NAME)["imageDetails"]
    assert [image["imageDigest"] for image in images] == [digest]


def test_build_that_somebody_else_started_is_answered_to_nobody(world: World) -> None:
    build = world.codebuild.start_build(projectName=NAME)["build"]["arn"]
    world.end(build, "SUCCEEDED")
    assert world.answers == []


def test_build_that_cannot_be_started_fails_at_once(world: World) -> None:
    world.codebuild.delete_project(name=NAME)
    world.ask()
    (told,) = world.answers
    assert told["Status"] == "FAILED"
    assert told["Reason"].startswith(f"The build of {TAG} was not started: ResourceNotFoundException: ")


def test_answer_that_was_not_taken_is_given_again_with_the_next_event(world: World) -> None:
    world.ask()
    digest = world.push()
    world.store_says(503)
    with pytest.raises(AnswerRefusedError, match="503"):
        world.end(world.builds()[0], "SUCCEEDED")
    world.store_says(200)
    world.end(world.builds()[0], "SUCCEEDED")
    assert world.answers == [answer(Status="SUCCESS", Data={"Digest": digest})] * 2


def test_address_of_the_answer_is_in_no_log_and_no_error(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.ask()
    world.push()
    world.server.shutdown()
    world.server.server_close()
    with pytest.raises(AnswerRefusedError) as raised:
        world.end(world.builds()[0], "SUCCEEDED")
    assert raised.value.__suppress_context__
    assert SIGNATURE not in f"{raised.value}{caplog.text}"
    assert "ended as SUCCEEDED" in caplog.text
