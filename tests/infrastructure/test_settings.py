"""Where a value comes from, how it is read, and the one sentence that answers everything else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest

from stacks.settings import Settings, SettingsError
from stacks.settings.presets import PRESETS
from tests.infrastructure.conftest import CAMPUS

TRIAL: Mapping[str, object] = {"institution": "anl"}
"""All that must be said."""


def refusal(given: Mapping[str, object]) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(given)
    return str(refused.value)


def test_name_of_an_institution_is_all_that_must_be_said() -> None:
    settings = Settings.from_context(TRIAL)
    assert {name: getattr(settings, name) for name in PRESETS["trial"]} == PRESETS["trial"]
    assert settings.allow_data_loss is False
    assert settings.cluster_uuid == str(uuid5(NAMESPACE_URL, "octopus/anl"))
    assert settings.globus_secret_name == "octopus/anl/globus-client-secret"
    assert refusal({}) == (
        "institution must be given with -c institution=VALUE and has no default; no value was given."
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_keeps_every_rule(preset: str) -> None:
    settings = Settings.from_context({**TRIAL, "preset": preset})
    for name, value in PRESETS[preset].items():
        if name not in TRIAL:
            # Addresses lose their last slash.
            assert getattr(settings, name) == (value.rstrip("/") if isinstance(value, str) else value)


def test_each_source_goes_before_the_one_behind_it(tmp_path: Path) -> None:
    file = tmp_path / "anl.toml"
    file.write_text(
        'institution = "anl"\npreset = "lab"\nservice_replicas = 3\nzones = 2\nbroker_count = 4\n'
    )
    from_file = Settings.from_context({"settings_file": str(file)})
    assert from_file.service_replicas == 3, "the file goes before the preset"
    assert from_file.kafka_monitoring == "per-broker", "the preset goes before the default"
    assert from_file.log_retention_days == 30, "what nobody gives has its default"

    from_line = Settings.from_context(
        {"settings_file": str(file), "service_replicas": "4", "preset": "trial", "service_replicas_most": "4"}
    )
    assert from_line.service_replicas == 4, "the command line goes before the file"
    assert from_line.kafka_monitoring == "default", "and names the preset"
    assert from_line.zones == 2, "and leaves what it does not name"


@pytest.mark.parametrize("preset", ["trial", "lab", "facility"])
@pytest.mark.parametrize(
    ("kafka", "version", "size"),
    [
        ("msk-standard", "3.9.x.kraft", "kafka.m7g.large"),
        ("msk-express", "3.9.x.kraft", "express.m7g.large"),
        ("msk-serverless", "", ""),
    ],
)
def test_brokers_other_than_the_preset_s_get_a_version_and_a_size_that_they_have(
    preset: str, kafka: str, version: str, size: str
) -> None:
    settings = Settings.from_context({**TRIAL, "preset": preset, "kafka": kafka})
    if kafka != PRESETS[preset]["kafka"]:
        assert (settings.kafka_version, settings.broker_type) == (version, size)
        assert settings.broker_storage_most_gib == 0


def test_values_of_a_file_are_read_as_toml_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "anl.toml"
    file.write_text(
        """
        institution = "anl"
        zone_ids = ["use1-az1", "use1-az2", "use1-az6"]
        broker_count = 6
        service_spot = false
        [tags]
        project = "beam lines"
        cost-center = 4711
        """
    )
    settings = Settings.from_context({"settings_file": str(file)})
    assert settings.zone_ids == ("use1-az1", "use1-az2", "use1-az6")
    assert settings.broker_count == 6
    assert settings.service_spot is False
    assert settings.tags == (("cost-center", "4711"), ("project", "beam lines"))


def test_text_of_the_command_line_is_read_by_type() -> None:
    settings = Settings.from_context(
        {
            **TRIAL,
            "msk_public_access": "false",
            "authorizer_cache_seconds": "0",
            "log_retention_days": "365",
            "alarm_mail": "on-call@anl.gov, octopus@anl.gov",
            "tags": "project=beam lines,owner=",
        }
    )
    assert settings.msk_public_access is False
    assert settings.authorizer_cache_seconds == 0
    assert settings.log_retention_days == 365
    assert settings.alarm_mail == ("on-call@anl.gov", "octopus@anl.gov")
    assert settings.tags == (("owner", ""), ("project", "beam lines"))


def test_values_of_json_are_read_by_type() -> None:
    settings = Settings.from_context({**TRIAL, "allow_data_loss": True, "gateway_rate_limit": 50})
    assert settings.allow_data_loss is True
    assert settings.gateway_rate_limit == 50


def test_addresses_networks_and_uuids_are_brought_to_one_form() -> None:
    settings = Settings.from_context(
        {
            **TRIAL,
            "globus_client_id": CAMPUS["globus_client_id"].upper(),
            "globus_auth_url": "https://auth.globus.org/",
            "api_allowed_cidrs": "10.0.0.0/255.0.0.0",
            "vpc_cidr": "10.80.0.0/255.255.240.0",
            "browser_origins": "https://hub.anl.gov/",
            "image": "docker",
        }
    )
    assert settings.globus_client_id == CAMPUS["globus_client_id"]
    assert settings.globus_auth_url == "https://auth.globus.org"
    assert settings.api_allowed_cidrs == ("10.0.0.0/8",)
    assert settings.vpc_cidr == "10.80.0.0/20"
    assert settings.browser_origins == ("https://hub.anl.gov",)
    assert settings.image == "docker"


def test_keys_of_the_cdk_itself_are_passed_over() -> None:
    given = {**CAMPUS, "@aws-cdk/core:explicitStackTags": True, "aws:cdk:version-reporting": True, "aws-x": 1}
    assert Settings.from_context(given) == Settings.from_context(CAMPUS)


def test_region_is_the_one_given_else_the_one_that_the_cdk_finds() -> None:
    assert Settings.from_context(TRIAL).region == "us-east-1"
    assert Settings.from_context(TRIAL, region="eu-west-1").region == "eu-west-1"
    assert Settings.from_context({**TRIAL, "region": "us-west-2"}, region="eu-west-1").region == "us-west-2"


def test_public_address_is_the_domain_s_when_there_is_one() -> None:
    domain = {
        "domain": "octopus.anl.gov",
        "certificate_arn": f"arn:aws:acm:us-east-1:123456789012:certificate/{CAMPUS['globus_client_id']}",
    }
    assert Settings.from_context(TRIAL).public_url == ""
    assert Settings.from_context({**TRIAL, **domain}).public_url == "https://octopus.anl.gov"


URL_RULE = "must be an https:// address without user, query or fragment (http:// only for this machine)"
NETWORK_RULE = "must be an IPv4 network such as 10.42.0.0/16, without bits beyond its prefix"
UUID_RULE = "must be a UUID such as 2b9d2f5c-fa32-45b5-875b-b24cd343b917"
NAME_RULE = "must be 1 to 18 characters of a-z, 0-9 and -, with a letter or digit at both ends"
MAIL_RULE = "must be an address such as octopus@example.org"
TAGS_RULE = (
    "must be name=value, or several with commas between: names of 1 to 128 and values of up to 256 characters"
    " of a-z, A-Z, 0-9, space and _.:/+@-, no name beginning aws:"
)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("institution", "ANL Lab", NAME_RULE),
        ("institution", "a" * 19, NAME_RULE),
        ("institution", "", NAME_RULE),
        ("region", "us-east", "must be a region such as us-east-1"),
        ("region", "cn-north-1", "must not be a region of China, where nothing of this was tried"),
        (
            "archive",
            "worker",
            "must be none in this release, which does not install the archive worker",
        ),
        (
            "triggers",
            "lambda",
            "must be runner in this release, which does not install triggers in Lambda",
        ),
        (
            "kafka_monitoring",
            "per-topic-per-broker",
            "must be default or per-broker in this release, which does not install metrics for each topic",
        ),
        (
            "kafka",
            "extrenal",
            "must be external or msk-standard or msk-express or msk-serverless (did you mean external?)",
        ),
        ("hosting", "lambda", "must be external or fargate"),
        ("allow_data_loss", "yes", "must be true or false"),
        ("allow_data_loss", 1, "must be true or false"),
        ("authorizer_cache_seconds", "301", "must be a whole number from 0 to 300"),
        ("gateway_rate_limit", "ten", "must be a whole number from 1 to 10000"),
        ("gateway_rate_limit", "nan", "must be a whole number from 1 to 10000"),
        ("gateway_rate_limit", float("nan"), "must be a whole number from 1 to 10000"),
        ("gateway_rate_limit", 10.0, "must be a whole number from 1 to 10000"),
        ("gateway_rate_limit", "", "must be a whole number from 1 to 10000"),
        ("gateway_burst_limit", True, "must be a whole number from 1 to 5000"),
        ("kafka_retention_hours", "-1", "must be a whole number from 1 to 876000"),
        ("kafka_retention_hours", -1, "must be a whole number from 1 to 876000"),
        ("zones", "4", "must be one of 2, 3"),
        ("zones", True, "must be one of 2, 3"),
        ("zones", 3.0, "must be one of 2, 3"),
        (
            "log_retention_days",
            "31",
            "must be one of 1, 3, 5, 7, 14, 30, 60, 90, 180, 365, 400, 731, 1827, 3653",
        ),
        *(
            (
                "session_minutes_most",
                minutes,
                "must be a whole number from 20 to 60, since AWS's tools renew a session 15 minutes before"
                " its end, and a role that assumes a role gets an hour at most",
            )
            for minutes in ("19", "90")
        ),
        ("globus_client_id", "octopus", UUID_RULE),
        ("globus_client_id", "{2b9d2f5c-fa32-45b5-875b-b24cd343b9}", UUID_RULE),
        ("service_url", "http://octopus.example.org", URL_RULE),
        ("globus_auth_url", "https://me@auth.globus.org", URL_RULE),
        ("public_url", "https://octopus.example.org/{proxy}", URL_RULE),
        ("public_url", "https://octopus.example.org:https", URL_RULE),
        ("bootstrap_servers", "b1.example.org", "must be host:port, or several with commas between"),
        ("bootstrap_servers", "b1.example.org:65536", "must be host:port, or several with commas between"),
        ("bootstrap_servers", 9098, "must be host:port, or several with commas between"),
        (
            "browser_origins",
            "https://hub.anl.gov/lab",
            "must be * or origins such as https://hub.example.org",
        ),
        ("browser_origins", "hub.anl.gov", "must be * or origins such as https://hub.example.org"),
        ("globus_secret_name", "a secret", "must be 1 to 512 characters of A-Z, a-z, 0-9 and /_+=.@-"),
        ("vpc_cidr", "10.42.0.1/16", NETWORK_RULE),
        ("vpc_cidr", "10.42.0.0", NETWORK_RULE),
        ("vpc_cidr", "fd00::/64", NETWORK_RULE),
        ("vpc_cidr", "10.0.0.0/8", "must be a network from /16 to /24"),
        ("kafka_allowed_cidrs", "192.0.2.0/24,192.0.2.0/24", "must not hold a value twice"),
        ("kafka_allowed_cidrs", "192.0.2.0/24,", NETWORK_RULE),
        ("kafka_allowed_cidrs", [], "must be a list, or values with commas between"),
        ("kafka_allowed_cidrs", [f"10.{each}.0.0/16" for each in range(26)], "must hold at most 25 values"),
        ("api_allowed_cidrs", [f"10.{each}.0.0/16" for each in range(101)], "must hold at most 100 values"),
        ("kafka_allowed_cidrs", {"home": "192.0.2.0/24"}, "must be a list, or values with commas between"),
        ("alarm_mail", ["on-call@anl.gov", 7], MAIL_RULE),
        ("domain", "", "must be a domain name such as octopus.example.org"),
        ("tags", "project", TAGS_RULE),
        ("tags", 4711, TAGS_RULE),
        ("tags", {"aws:owner": "anl"}, TAGS_RULE),
        ("tags", {"project": {"name": "beam lines"}}, TAGS_RULE),
        ("tags", "a=1,a=2", "must not hold a name twice"),
        (
            "image",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/octopus:latest",
            "must be codebuild, docker, or an image in ECR with its digest, as"
            " <registry>/<name>@sha256:<digest>",
        ),
        ("preset", "facilty", "must be local or trial or lab or facility (did you mean facility?)"),
    ],
)
def test_wrong_value_ends_in_one_sentence(name: str, value: object, rule: str) -> None:
    assert refusal({**TRIAL, name: value}) == f"{name} {rule}; the value given is {value!r}."


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("instituton", "institution"),
        ("brokercount", "broker_count"),
        ("aws_region", "region"),
        ("settings", "settings_file"),
        ("qqq", None),
    ],
)
def test_unknown_name_ends_in_one_sentence_with_the_name_meant(name: str, meant: str | None) -> None:
    hint = f", and the name meant may be {meant}" if meant else ""
    assert refusal({**TRIAL, name: "6"}) == (
        f"{name} is not a variable listed in docs/deploying.md; the value given is '6'{hint}."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("zones = 5", "zones must be one of 2, 3; the value in FILE is 5."),
        ("institution = ''", f"institution {NAME_RULE}; the value in FILE is ''."),
        (
            "[kafka]\nbroker_count = 3",
            "kafka must be external or msk-standard or msk-express or msk-serverless; the value in FILE is "
            "{'broker_count': 3}.",
        ),
        (
            "[network]\nzones = 3",
            "network is not a variable listed in docs/deploying.md; the value in FILE is {'zones': 3}.",
        ),
        ("preset = 3", "preset must be local or trial or lab or facility; the value in FILE is 3."),
        (
            "settings_file = 'other.toml'",
            "settings_file must be given on the command line alone; the value in FILE is 'other.toml'.",
        ),
        (
            "zones = ",
            "settings_file must be a file in TOML (Invalid value (at end of document)); the value given is "
            "'FILE'.",
        ),
    ],
)
def test_wrong_settings_file_ends_in_one_sentence_that_names_it(
    text: str, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "anl.toml"
    file.write_text(text)
    assert refusal({"settings_file": str(file)}) == sentence.replace("FILE", str(file))


def test_settings_file_that_is_not_there_ends_in_one_sentence() -> None:
    assert refusal({"settings_file": "nowhere.toml"}) == (
        "settings_file must be a file that can be read (No such file or directory); "
        "the value given is 'nowhere.toml'."
    )
