"""Deploys the project's own CDK app to the emulator, with the real CDK command line."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
from botocore.exceptions import ClientError

from octopus import aws
from octopus.fabric.errors import FabricError
from octopus.fabric.settings import ACCOUNT, INSTITUTION, REGION, FabricSettings, project_root
from octopus.globus.clients import CLI_CLIENT_ID

GLOBUS_SECRET_NAME = f"octopus/{INSTITUTION}/globus-client-secret"
_FINGERPRINT = f"/octopus-fabric/{INSTITUTION}/fingerprint"
"""Kept in the emulator itself, so that it is lost or restored together with what it stands for."""
_BOOTSTRAPPED = "/cdk-bootstrap/hnb659fds/version"
"""Where the CDK notes that an account is bootstrapped."""
_SECONDS = 900


def use_operator_credentials(settings: FabricSettings) -> None:
    """Point this process's AWS calls at the emulator, as its operator."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(_operator_environment(settings))


def context(settings: FabricSettings) -> dict[str, str]:
    """Context variables of the local fabric: the app is the one that deploys to AWS."""
    return {
        "preset": "local",
        "institution": INSTITUTION,
        "service_url": f"http://127.0.0.1:{settings.service_port}",
        "public_url": settings.service_url,
        "bootstrap_servers": settings.bootstrap_servers,
        "globus_auth_url": settings.auth_url,
        "globus_groups_url": settings.groups_url,
        "globus_client_id": settings.globus_client_id,
        "globus_secret_name": GLOBUS_SECRET_NAME,
        **({"cli_client_id": CLI_CLIENT_ID} if settings.stand_in else {}),
    }


def deploy(settings: FabricSettings, *, log: Path) -> bool:
    """Bring the emulator to what the app says, unless nothing changed since the last time.

    Returns:
        Whether anything was deployed.

    Raises:
        FabricError: the CDK failed; its output is in ``log``.
    """
    wanted = _fingerprint(settings)
    if _parameter(_FINGERPRINT) == wanted:
        return False
    arguments = [f"{name}={value}" for name, value in context(settings).items()]
    flags = [word for argument in arguments for word in ("-c", argument)]
    output = ["--output", str(settings.home / "cdk.out"), "--no-notices", *flags]
    log.unlink(missing_ok=True)
    if _parameter(_BOOTSTRAPPED) is None:
        # From a folder without an app: with one in sight, the CDK would synthesise it here too.
        _cdk(
            settings,
            ["bootstrap", f"aws://{ACCOUNT}/{REGION}", "--no-notices"],
            log=log,
            folder=settings.home,
        )
    deploy_all = ["deploy", "--all", "--require-approval", "never", *output]
    _cdk(settings, deploy_all, log=log, folder=project_root())
    aws.ssm().put_parameter(Name=_FINGERPRINT, Value=wanted, Type="String", Overwrite=True)
    return True


def ensure_globus_secret(secret: str) -> None:
    """Hold the Globus client's secret where service and authorizer look for it."""
    client = aws.secretsmanager()
    try:
        if client.get_secret_value(SecretId=GLOBUS_SECRET_NAME)["SecretString"] != secret:
            client.put_secret_value(SecretId=GLOBUS_SECRET_NAME, SecretString=secret)
    except client.exceptions.ResourceNotFoundException:
        client.create_secret(Name=GLOBUS_SECRET_NAME, SecretString=secret)


def _parameter(name: str) -> str | None:
    try:
        return aws.ssm().get_parameter(Name=name)["Parameter"]["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            return None
        raise


def _fingerprint(settings: FabricSettings) -> str:
    root = project_root()
    digest = hashlib.sha256(json.dumps(context(settings), sort_keys=True).encode())
    sources = [root / "app.py", root / "cdk.json", root / "package-lock.json", root / "locks" / "octopus.txt"]
    for folder in ("stacks", "lambda_src"):
        sources += sorted(path for path in (root / folder).rglob("*") if path.suffix in (".py", ".json"))
    for source in sources:
        digest.update(str(source.relative_to(root)).encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _operator_environment(settings: FabricSettings) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": settings.aws_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _cdk(settings: FabricSettings, arguments: list[str], *, log: Path, folder: Path) -> None:
    root = project_root()
    cache = Path(os.environ.get("OCTOPUS_CACHE", root / ".cache"))
    environment: Mapping[str, str] = {
        **plain_environment(settings.home),
        **_operator_environment(settings),
        "CDK_HOME": str(cache / "cdk"),
        "HOME": str(cache / "cdk"),  # the library keeps its fingerprints there, whatever CDK_HOME says
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_VALIDATION": "false",  # two thirds of the synthesis; the tests hold the templates to its rules
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache / "jsii"),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "20",
    }
    command = [str(root / "node_modules" / ".bin" / "cdk"), *arguments]
    with log.open("ab") as output:
        process = psutil.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            status = process.wait(timeout=_SECONDS)
        except BaseException as error:
            for child in [*process.children(recursive=True), process]:
                child.kill()
            if isinstance(error, psutil.TimeoutExpired):
                raise FabricError(f"cdk {arguments[0]} took over {_SECONDS} s; see {log}") from error
            raise
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise FabricError(f"cdk {arguments[0]} failed (status {status}); the end of {log}:\n{tail}")


def plain_environment(home: Path) -> dict[str, str]:
    """What any process of the fabric gets from ours: nothing that could change what it does."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "JAVA_HOME")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    scripts = str(Path(sys.executable).parent)
    environment["PATH"] = f"{scripts}{os.pathsep}{environment.get('PATH', os.defpath)}"
    environment["TMPDIR"] = str(home / "tmp")
    environment["PYTHONUNBUFFERED"] = "1"
    return environment
