"""``octopus globus setup`` with globus-sdk against the stand-in, and the emulator's Secrets Manager."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import boto3
import globus_sdk
import pytest
from globus_sdk.login_flows import CommandLineLoginFlowManager
from globus_sdk.scopes import AuthScopes
from typer.testing import CliRunner, Result

from octopus import aws
from octopus.cli.app import app
from octopus.errors import InvalidError
from octopus.globus.clients import CLI_CLIENT_ID
from octopus.registration import login
from octopus.registration.login import is_accepted
from octopus.registration.models import Mode, Wanted
from octopus.registration.secret import SecretFile
from octopus.registration.service import Registration
from tests.integration.globus.browser import code_from_page
from tests.integration.globus.process import StandIn

PARTS = ["project", "client", "scope", "native client", "secret"]


@dataclass
class Institution:
    """One of a test's own, with its administrator and its AWS account."""

    stand_in: StandIn
    name: str

    @property
    def secret_name(self) -> str:
        """In Secrets Manager."""
        return f"octopus/{self.name}/globus-client-secret"

    def secret(self) -> str:
        """What Secrets Manager holds."""
        return str(aws.secretsmanager().get_secret_value(SecretId=self.secret_name)["SecretString"])

    def run(self, *words: str) -> Result:
        """A command of the administrator."""
        return CliRunner().invoke(app, ["globus", *words, "--institution", self.name])

    def states(self, *words: str, settled: bool) -> dict[str, str]:
        """How each part stands, as the command says; it must end as told."""
        outcome = self.run(*words, "--json")
        assert outcome.exit_code == (0 if settled else 1), outcome.exception or outcome.output
        told = json.loads(outcome.stdout)
        assert told["status"] == ("success" if settled else "failure")
        return {each["part"]: each["state"] for each in told["parts"]}

    @contextmanager
    def auth(self) -> Iterator[globus_sdk.AuthClient]:
        """Globus Auth as the administrator sees it."""
        with self.stand_in.client_of(self.stand_in.identity("admin")) as client:
            scopes = [AuthScopes.manage_projects, AuthScopes.openid, AuthScopes.email]
            token = client.oauth2_client_credentials_tokens(scopes)["access_token"]
        authorizer = globus_sdk.AccessTokenAuthorizer(token)
        with globus_sdk.AuthClient(base_url=self.stand_in.url, authorizer=authorizer) as auth:
            yield auth

    def client(self, kind: str) -> dict[str, object]:
        """The institution's client of this kind."""
        with self.auth() as auth:
            (one,) = [
                each
                for each in auth.get_clients()
                if self.name in each["name"] and each["client_type"] == kind
            ]
        return dict(one)


@pytest.fixture
def institution(stand_in: StandIn, emulator: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Institution]:
    """An institution that is registered nowhere; its administrator's program is logged in by its client."""
    admin = stand_in.identity("admin")
    for name, value in {
        "OCTOPUS_GLOBUS_AUTH_URL": stand_in.url,
        "DIASPORA_SDK_CLIENT_ID": admin.id,
        "DIASPORA_SDK_CLIENT_SECRET": admin.secret,
        "AWS_ENDPOINT_URL": emulator,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        # The command sets it for globus-sdk; the patch takes it back.
        "GLOBUS_SDK_SERVICE_URL_AUTH": stand_in.url,
    }.items():
        monkeypatch.setenv(name, value)
    aws._session.cache_clear()
    yield Institution(stand_in, f"inst-{uuid4().hex[:8]}")
    aws._session.cache_clear()


def test_setup_registers_all_and_the_new_client_knows_its_callers(institution: Institution) -> None:
    done = institution.run("setup")
    assert done.exit_code == 0, done.exception or done.output
    service = str(institution.client("hybrid_confidential_client_resource_server")["id"])
    native = str(institution.client("public_installed_client")["id"])
    assert f'globus_client_id = "{service}"\ncli_client_id = "{native}"\n' in done.stdout
    assert institution.secret() not in done.output

    scope = f"https://auth.globus.org/scopes/{service}/action_all"
    url = institution.stand_in.url
    with globus_sdk.NativeAppAuthClient(native, base_url=url) as people:
        people.oauth2_start_flow(["openid", scope], refresh_tokens=True)
        code = code_from_page(people.oauth2_get_authorize_url(), "alice")
        token = people.oauth2_exchange_code_for_tokens(code).by_resource_server[service]
    with globus_sdk.ConfidentialAppAuthClient(service, institution.secret(), base_url=url) as client:
        told = client.oauth2_token_introspect(token["access_token"])
    assert (told["active"], told["sub"], told["scope"]) == (
        True,
        institution.stand_in.identity("alice").id,
        scope,
    )
    assert service in told["aud"]
    assert token["refresh_token"]


def test_setup_again_changes_nothing_and_says_what_is_there(institution: Institution) -> None:
    assert institution.states("check", settled=False) == dict.fromkeys(PARTS, "missing")
    with institution.auth() as auth:
        assert f"Octopus {institution.name}" not in [each["display_name"] for each in auth.get_projects()]

    assert institution.states("setup", settled=True) == dict.fromkeys(PARTS, "made")
    secret = institution.secret()
    assert institution.states("setup", settled=True) == dict.fromkeys(PARTS, "there")
    assert institution.states("check", settled=True) == dict.fromkeys(PARTS, "there")
    assert institution.secret() == secret
    with institution.auth() as auth:
        client = institution.client("hybrid_confidential_client_resource_server")
        assert len(list(auth.get_client_credentials(str(client["id"])))) == 1


def test_new_secret_takes_the_place_of_the_old_which_works_on(institution: Institution) -> None:
    institution.states("setup", settled=True)
    client = str(institution.client("hybrid_confidential_client_resource_server")["id"])
    old = institution.secret()
    assert institution.states("setup", "--new-secret", settled=True)["secret"] == "made"
    assert institution.secret() != old
    assert all(is_accepted(institution.stand_in.url, client, each) for each in (old, institution.secret()))


def test_what_differs_is_named_and_mended_on_request_alone(institution: Institution) -> None:
    institution.states("setup", settled=True)
    client = institution.client("hybrid_confidential_client_resource_server")
    with institution.auth() as auth:
        (scope,) = [each for each in auth.get_scopes() if each["client"] == client["id"]]
        auth.update_scope(scope["id"], allows_refresh_token=False)
    aws.secretsmanager().put_secret_value(SecretId=institution.secret_name, SecretString="of-another-client")

    further = ("--redirect", "https://octopus.example.org/login")
    differs = dict.fromkeys(("scope", "native client", "secret"), "differs")
    for command in ("check", "setup"):
        found = institution.states(command, *further, settled=False)
        assert found == dict.fromkeys(PARTS, "there") | differs
    assert institution.secret() == "of-another-client"
    assert "allows no refresh tokens" in institution.run("check").stdout

    mended = institution.states("setup", "--fix", *further, settled=True)
    assert mended == dict.fromkeys(PARTS, "there") | dict.fromkeys(differs, "mended")
    assert institution.states("check", *further, settled=True) == dict.fromkeys(PARTS, "there")
    assert is_accepted(institution.stand_in.url, str(client["id"]), institution.secret())


def test_client_of_another_kind_is_named_and_fix_makes_one_beside_it(institution: Institution) -> None:
    with institution.auth() as auth:
        name = f"Octopus {institution.name}"
        admin = institution.stand_in.identity("admin")
        project = auth.create_project(name, admin.username, admin_ids=admin.id)["project"]["id"]
        auth.create_client(name, project, client_type="client_identity")
    found = institution.states("setup", settled=False)
    assert (found["project"], found["client"], found["secret"]) == ("there", "differs", "missing")
    assert "client_identity, which cannot be changed" in institution.run("check").stdout
    assert institution.states("setup", "--fix", settled=True)["client"] == "mended"
    assert institution.states("setup", settled=True) == dict.fromkeys(PARTS, "there")


def test_secret_file_is_private_and_one_that_is_not_is_refused(
    institution: Institution, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    assert institution.states("setup", "--secret-file", str(file), settled=True)["secret"] == "made"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    client = institution.client("hybrid_confidential_client_resource_server")
    assert is_accepted(institution.stand_in.url, str(client["id"]), file.read_text())
    assert institution.states("check", "--secret-file", str(file), settled=True)["secret"] == "there"
    file.chmod(0o644)
    refused = institution.run("check", "--secret-file", str(file))
    assert isinstance(refused.exception, InvalidError)
    assert "chmod 600" in str(refused.exception)


def test_secret_file_without_a_folder_is_refused_before_anything_is_made(
    institution: Institution, tmp_path: Path
) -> None:
    refused = institution.run("setup", "--secret-file", str(tmp_path / "none" / "secret"))
    assert isinstance(refused.exception, InvalidError)
    assert "must be in a folder that is there" in str(refused.exception)
    assert institution.states("check", settled=False) == dict.fromkeys(PARTS, "missing")


def test_secret_that_cannot_be_kept_is_taken_back(institution: Institution, tmp_path: Path) -> None:
    class FullDisk(SecretFile):
        def write(self, secret: str) -> None:
            raise InvalidError("no space left")

    with institution.auth() as auth:
        registration = Registration(
            auth,
            wanted=Wanted(project=institution.name, client=institution.name, redirects=()),
            secret=FullDisk(tmp_path / "secret"),
            accepts=lambda client_id, secret: False,
            mode=Mode.MAKE,
        )
        with pytest.raises(InvalidError, match="no space left"):
            registration.run()
        client = institution.client("hybrid_confidential_client_resource_server")
        assert list(auth.get_client_credentials(str(client["id"]))) == []


def test_client_under_another_name_is_taken_by_its_id(institution: Institution) -> None:
    with institution.auth() as auth:
        admin = institution.stand_in.identity("admin")
        project = auth.create_project("By hand", admin.username, admin_ids=admin.id)["project"]["id"]
        made = auth.create_client("By hand", project, public_client=False)["client"]["id"]
    states = institution.states("setup", "--client", made, settled=True)
    assert (states["project"], states["client"], states["scope"]) == ("there", "there", "made")
    assert f'globus_client_id = "{made}"' in institution.run("check", "--client", made).stdout
    unknown = institution.run("check", "--client", str(uuid4()))
    assert "you administer no Globus client" in str(unknown.exception)


def test_person_logs_in_for_the_run_and_no_token_outlives_it(
    institution: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PersonAtThePage(CommandLineLoginFlowManager):
        def print_authorize_url(self, authorize_url: str) -> None:
            asked.append(authorize_url)

        def prompt_for_code(self) -> str:
            return code_from_page(asked[-1], "admin")

    asked: list[str] = []
    revoked: list[str] = []
    revoke = globus_sdk.NativeAppAuthClient.oauth2_revoke_token

    def watched(self: globus_sdk.NativeAppAuthClient, token: str, **more: object) -> object:
        revoked.append(token)
        return revoke(self, token)

    monkeypatch.setattr(login, "CommandLineLoginFlowManager", PersonAtThePage)
    monkeypatch.setattr(globus_sdk.NativeAppAuthClient, "oauth2_revoke_token", watched)
    monkeypatch.delenv("DIASPORA_SDK_CLIENT_ID")
    assert institution.states("setup", settled=True) == dict.fromkeys(PARTS, "made")
    assert CLI_CLIENT_ID in asked[0]
    assert "manage_projects" in asked[0]
    for token in revoked:
        authorizer = globus_sdk.AccessTokenAuthorizer(token)
        with (
            globus_sdk.AuthClient(base_url=institution.stand_in.url, authorizer=authorizer) as auth,
            pytest.raises(globus_sdk.AuthAPIError) as refused,
        ):
            auth.get_projects()
        assert refused.value.http_status == 401
    assert revoked


def test_secret_that_is_being_deleted_is_told(institution: Institution) -> None:
    institution.states("setup", settled=True)
    boto3.client("secretsmanager", region_name="us-east-1").delete_secret(SecretId=institution.secret_name)
    outcome = institution.run("setup")
    assert "restore-secret --secret-id" in str(outcome.exception)
