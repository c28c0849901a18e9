"""From a login to the end of the process, and what is left of it."""

from __future__ import annotations

import signal
import stat
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from tests.integration.connect.command import Connect
from tests.integration.connect.conftest import program_token
from tests.integration.connect.institution import Institution
from tests.integration.globus import browser
from tests.integration.globus.process import StandIn
from tests.patience import PATIENCE_S
from tests.ports import free_ports

SDK_CLIENT_ID = "c5d4fab4-7f0d-422e-b0c8-5c74329b52fe"


class Runs:
    """Starts the command on ports of its own, as often as a test wants."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url
        self.port, self.auth_port = free_ports(2)

    def start(self, *options: str, **environment: str) -> Connect:
        """One run."""
        ports = ["--port", str(self.port), "--auth-port", str(self.auth_port)]
        return Connect(self.home, self.url, *ports, *options, environment=environment)

    def call(self, token: str) -> httpx.Response:
        """A program's call."""
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"http://localhost:{self.port}/api/v3/namespace", headers=headers)


@pytest.fixture
def runs(tmp_path: Path, institution: Institution) -> Runs:
    return Runs(tmp_path, institution.url)


def test_login_lasts_and_what_programs_got_does_not(runs: Runs) -> None:
    first = runs.start("--client-credentials")
    first.log_in("alice")
    variables = first.variables()
    token = program_token(variables)
    assert runs.call(token).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.stream("GET", f"http://localhost:{runs.port}/api/v3/stream", headers=headers) as under_way:
        assert next(under_way.iter_lines()) == "data: 1"
        assert first.stop(signal.SIGINT) == 0
    (kept,) = (runs.home / ".octopus" / "connect").rglob("tokens.db")
    assert [stat.S_IMODE(each.stat().st_mode) for each in (kept, kept.parent)] == [0o600, 0o700]
    assert list(runs.home.glob("octopus-connect-*")) == []

    second = runs.start("--client-credentials")
    again = second.variables()
    try:
        assert "Log in at" not in second.said.read_text()
        assert again["DIASPORA_SDK_CLIENT_ID"] == variables["DIASPORA_SDK_CLIENT_ID"]
        assert again["DIASPORA_SDK_CLIENT_SECRET"] != variables["DIASPORA_SDK_CLIENT_SECRET"]
        assert runs.call(token).status_code == 401
        assert runs.call(program_token(again)).status_code == 200
    finally:
        assert second.stop() == 0

    forgotten = runs.start("--logout")
    assert forgotten.ended() == (0, "")
    assert (forgotten.exported.read_text(), kept.exists()) == ("Logged out.\n", False)


def test_program_is_let_in_by_the_code_of_the_terminal_alone(runs: Runs) -> None:
    command = runs.start()
    command.log_in("alice")
    try:
        variables = command.variables()
        assert "DIASPORA_SDK_CLIENT_SECRET" not in variables
        auth_url = variables["GLOBUS_SDK_SERVICE_URL_AUTH"]
        address = _authorize_url(auth_url, f"{auth_url}v2/web/auth-code")
        with httpx.Client() as page:
            assert f"may use {runs.url} as alice@" in page.get(address).text
            form = browser.open_page(page, address)
            wrong = browser.send(page, address, form, decision="allow", confirmation="AAAAA-AAAAA")
            assert (wrong.status_code, "not the code" in wrong.text) == (400, True)
            code = command.confirmation()
            typed = code.lower().replace("-", " ")
            form = browser.Form(wrong.text)
            let_in = browser.send(page, address, form, decision="allow", confirmation=typed)
            assert let_in.headers["location"].startswith(f"{auth_url}v2/web/auth-code?code=")
            assert command.confirmation() != code
            used = browser.send(page, address, form, decision="allow", confirmation=code)
            assert used.status_code == 400
            elsewhere = page.get(_authorize_url(auth_url, f"http://localhost:{runs.port}/"))
            assert (elsewhere.status_code, "redirect_uri" in elsewhere.text) == (400, True)
    finally:
        assert command.stop() == 0


def test_program_with_a_client_of_its_own_connects_without_a_terminal(
    runs: Runs, stand_in: StandIn, institution: Institution
) -> None:
    robot = stand_in.identity("robot")
    credentials = {"DIASPORA_SDK_CLIENT_ID": robot.id, "DIASPORA_SDK_CLIENT_SECRET": robot.secret}
    command = runs.start("--client-credentials", **credentials)
    try:
        variables = command.variables()
        assert variables["DIASPORA_SDK_CLIENT_ID"] == robot.id
        assert variables["DIASPORA_SDK_CLIENT_SECRET"] != robot.secret
        assert runs.call(program_token(variables)).status_code == 200
        institution.stop()
        away = runs.call(program_token(variables))
        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        assert "does not answer, and nothing was sent" in away.json()["message"]
        said = command.said.read_text()
        assert [
            each for each in (robot.secret, variables["DIASPORA_SDK_CLIENT_SECRET"]) if each in said
        ] == []
    finally:
        assert command.stop() == 0
    assert not (runs.home / ".octopus").exists()


def test_login_that_globus_auth_renews_no_more_is_said_to_callers(tmp_path: Path) -> None:
    with ExitStack() as running:
        # globus-sdk renews a token from one minute before its end: one of half a minute is always due.
        auth = StandIn(_folder(tmp_path / "globus"), token_life=30)
        auth.start()
        running.callback(auth.stop)
        institution = Institution(auth.url)
        institution.start()
        running.callback(institution.stop)
        runs = Runs(_folder(tmp_path / "home"), institution.url)
        command = runs.start("--client-credentials")
        running.callback(command.stop)
        command.log_in("alice")
        token = program_token(command.variables())
        assert [runs.call(token).status_code for _ in range(2)] == [200, 200]
        assert institution.received[-1] != institution.received[-2]

        auth.stop()
        away = runs.call(token)
        assert (away.status_code, away.headers["retry-after"]) == (503, "5")
        assert "Globus Auth does not answer" in away.json()["message"]

        auth.store.unlink()
        auth.start()
        _await_end_of_patience(runs, token)
        ended = runs.call(token)
        assert (ended.status_code, ended.headers["www-authenticate"]) == (401, "Bearer")
        assert "start it again" in ended.json()["message"]


def _authorize_url(auth_url: str, redirect_uri: str) -> str:
    parameters = {
        "client_id": SDK_CLIENT_ID,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    }
    return f"{auth_url}v2/oauth2/authorize?{httpx.QueryParams(parameters)}"


def _await_end_of_patience(runs: Runs, token: str) -> None:
    @retry(
        retry=retry_if_result(lambda status: status == 503),
        stop=stop_after_delay(PATIENCE_S),
        wait=wait_fixed(0.3),
    )
    def asked() -> int:
        return runs.call(token).status_code

    asked()


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
