"""How an error ends the command line."""

from __future__ import annotations

import pytest

from octopus.cli import app
from octopus.credentials.issuer import PrincipalGoneError
from octopus.registry.transactions import ConditionFailedError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConditionFailedError([3]), "done in part or not at all: call again"),
        (PrincipalGoneError("octopus-t-judge"), "IAM has no user octopus-t-judge"),
    ],
    ids=["turn lost", "user gone"],
)
def test_error_of_the_stores_ends_it_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, said: str
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(app, "app", fail)

    with pytest.raises(SystemExit) as ended:
        app.main()

    assert ended.value.code == 1
    assert said in capsys.readouterr().err
