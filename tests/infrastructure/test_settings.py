"""What an operator may say, and the one sentence that answers everything else."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

import pytest

from stacks.settings import Settings, SettingsError
from tests.infrastructure.conftest import CAMPUS


def test_defaults_are_the_documented_ones() -> None:
    settings = Settings.from_context(CAMPUS)
    assert settings.triggers == "runner"
    assert settings.archive == "none"
    assert settings.credentials == "iam-user"
    assert settings.allow_data_loss is False
    assert settings.globus_auth_url == "https://auth.globus.org"
    assert settings.globus_secret_name == "octopus/anl/globus-client-secret"
    assert settings.cluster_uuid == str(uuid5(NAMESPACE_URL, "octopus/anl"))


def test_text_of_the_command_line_is_read_by_type() -> None:
    settings = Settings.from_context(
        {**CAMPUS, "allow_data_loss": "false", "authorizer_cache_seconds": "0", "log_retention_days": "365"}
    )
    assert settings.allow_data_loss is False
    assert settings.authorizer_cache_seconds == 0
    assert settings.log_retention_days == 365


def test_values_of_json_are_read_by_type() -> None:
    settings = Settings.from_context({**CAMPUS, "allow_data_loss": True, "gateway_rate_limit": 50})
    assert settings.allow_data_loss is True
    assert settings.gateway_rate_limit == 50


def test_addresses_and_uuids_are_brought_to_one_form() -> None:
    settings = Settings.from_context(
        {
            **CAMPUS,
            "globus_client_id": CAMPUS["globus_client_id"].upper(),
            "globus_auth_url": "https://auth.globus.org/",
        }
    )
    assert settings.globus_client_id == CAMPUS["globus_client_id"]
    assert settings.globus_auth_url == "https://auth.globus.org"


def test_keys_of_the_cdk_itself_are_passed_over() -> None:
    given = {**CAMPUS, "@aws-cdk/core:explicitStackTags": True, "aws:cdk:version-reporting": True, "aws-x": 1}
    assert Settings.from_context(given) == Settings.from_context(CAMPUS)


def test_what_is_given_goes_before_the_preset() -> None:
    settings = Settings.from_context({"preset": "local", "service_url": "http://127.0.0.1:9000"})
    assert settings.institution == "local"
    assert settings.service_url == "http://127.0.0.1:9000"


URL_RULE = "must be an https:// address without user, query or fragment (http:// only for this machine)"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"instituton": "anl"},
            "instituton is not a variable listed in docs/deploying.md; the value given is 'anl', "
            "and the name meant may be institution.",
        ),
        (
            {"brokercount": "6"},
            "brokercount is not a variable listed in docs/deploying.md; the value given is '6'.",
        ),
        (
            {"institution": "ANL Lab"},
            "institution must be 1 to 18 characters of a-z, 0-9 and -, with a letter or digit at both ends; "
            "the value given is 'ANL Lab'.",
        ),
        (
            {"institution": "a" * 19},
            "institution must be 1 to 18 characters of a-z, 0-9 and -, with a letter or digit at both ends; "
            f"the value given is '{'a' * 19}'.",
        ),
        (
            {"kafka": "msk-express"},
            "kafka must be external in this release, which does not install Amazon MSK; "
            "the value given is 'msk-express'.",
        ),
        (
            {"kafka": "extrenal"},
            "kafka must be external (did you mean external?); the value given is 'extrenal'.",
        ),
        (
            {"hosting": "fargate"},
            "hosting must be external in this release, which does not install the web service in Fargate; "
            "the value given is 'fargate'.",
        ),
        (
            {"archive": "worker"},
            "archive must be none in this release, which does not install the archive worker; "
            "the value given is 'worker'.",
        ),
        (
            {"credentials": "session"},
            "credentials must be iam-user in this release, which does not install session credentials; "
            "the value given is 'session'.",
        ),
        (
            {"triggers": "lambda"},
            "triggers must be runner when kafka=external, since Lambda polls topics of Amazon MSK only; "
            "the value given is 'lambda'.",
        ),
        (
            {"allow_data_loss": "yes"},
            "allow_data_loss must be true or false; the value given is 'yes'.",
        ),
        (
            {"allow_data_loss": 1},
            "allow_data_loss must be true or false; the value given is 1.",
        ),
        (
            {"authorizer_cache_seconds": "301"},
            "authorizer_cache_seconds must be a whole number from 0 to 300; the value given is '301'.",
        ),
        (
            {"gateway_rate_limit": "ten"},
            "gateway_rate_limit must be a whole number from 1 to 10000; the value given is 'ten'.",
        ),
        (
            {"gateway_burst_limit": True},
            "gateway_burst_limit must be a whole number from 1 to 5000; the value given is True.",
        ),
        (
            {"log_retention_days": "31"},
            "log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 180, 365, 400, 731, 1827, 3653; "
            "the value given is '31'.",
        ),
        (
            {"globus_client_id": "octopus"},
            "globus_client_id must be a UUID such as 2b9d2f5c-fa32-45b5-875b-b24cd343b917; "
            "the value given is 'octopus'.",
        ),
        (
            {"service_url": "http://octopus.example.org"},
            f"service_url {URL_RULE}; the value given is 'http://octopus.example.org'.",
        ),
        (
            {"globus_auth_url": "https://me@auth.globus.org"},
            f"globus_auth_url {URL_RULE}; the value given is 'https://me@auth.globus.org'.",
        ),
        (
            {"public_url": "https://octopus.example.org/{proxy}"},
            f"public_url {URL_RULE}; the value given is 'https://octopus.example.org/{{proxy}}'.",
        ),
        (
            {"bootstrap_servers": "b1.example.org"},
            "bootstrap_servers must be host:port, or several with commas between; "
            "the value given is 'b1.example.org'.",
        ),
        (
            {"bootstrap_servers": "b1.example.org:65536"},
            "bootstrap_servers must be host:port, or several with commas between; "
            "the value given is 'b1.example.org:65536'.",
        ),
        (
            {"globus_secret_name": "a secret"},
            "globus_secret_name must be 1 to 512 characters of A-Z, a-z, 0-9 and /_+=.@-; "
            "the value given is 'a secret'.",
        ),
        (
            {"preset": "locla"},
            "preset must be local (did you mean local?); the value given is 'locla'.",
        ),
    ],
    ids=lambda value: (
        "-".join(f"{name}={text}" for name, text in value.items()) if isinstance(value, dict) else ""
    ),
)
def test_a_wrong_value_ends_in_one_sentence(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context({**CAMPUS, **given})
    assert str(refused.value) == sentence


@pytest.mark.parametrize("name", ["institution", "kafka", "hosting", "public_url", "globus_client_id"])
def test_a_missing_value_is_named(name: str) -> None:
    given = {key: value for key, value in CAMPUS.items() if key != name}
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(given)
    assert (
        str(refused.value)
        == f"{name} must be given with -c {name}=VALUE and has no default; no value was given."
    )


@pytest.mark.parametrize(
    ("name", "needed_by"), [("bootstrap_servers", "kafka=external"), ("service_url", "hosting=external")]
)
def test_what_another_variable_needs_is_asked_for(name: str, needed_by: str) -> None:
    given = {key: value for key, value in CAMPUS.items() if key != name}
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(given)
    assert str(refused.value) == f"{name} must be given with {needed_by}; no value was given."
