"""People, ends and settings as the commands of sharing take them."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from octopus.cli import project, sharing
from octopus.cli.app import app
from octopus.cli.grantees import named
from octopus.cli.times import moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-04-01", "2027-04-01T00:00:00+00:00"),
        ("2027-04-01T12:30", "2027-04-01T12:30:00+00:00"),
        ("2027-04-01T12:30+02:00", "2027-04-01T12:30:00+02:00"),
    ],
)
def test_time_without_a_zone_is_utc(text: str, expected: str) -> None:
    assert moment(text) == expected


def test_person_or_group_is_named() -> None:
    assert named("ada@example.org", None) == {"who": "ada@example.org"}
    assert named(None, "c3a1") == {"group": "c3a1"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("topic", "share", "readings", "--read"), "name a person, or a Globus group"),
        (("topic", "share", "readings", "ada", "--group", "c3a1", "--read"), "one of the two"),
        (("topic", "share", "readings", "ada"), "name at least one of --read, --write and --manage"),
        (("topic", "share", "readings", "ada", "--read", "--until", "soon"), "a time is written 2027-04-01"),
        (("project", "add", "lab"), "name a person, or a Globus group"),
        (("project", "create", "lab", "--default", "partitions"), "a setting is written SETTING=VALUE"),
        (("project", "set", "lab", "--ends", "soon"), "a time is written 2027-04-01"),
    ],
)
def test_words_that_mean_nothing_are_refused_before_anybody_is_asked(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    class Nobody:
        subject = "7d8d8c1e-0d5c-4b0e-9f57-3f2a5c1b9e44"

        def call(self, *_asked: object) -> None:
            pytest.fail("the web service was asked")

    for module in (project, sharing):
        monkeypatch.setattr(module, "open_session", lambda _name: Nobody())

    refused = CliRunner().invoke(app, words, env={"COLUMNS": "200"})

    assert refused.exit_code == 2
    assert said in refused.output
