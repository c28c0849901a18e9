"""Checks of what enforces IAM off AWS: the judge, the brokers' listeners and clocks, the audit log."""

from __future__ import annotations

import os
import uuid
from http import HTTPStatus
from pathlib import Path

import httpx
from botocore.credentials import Credentials
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from octopus.doctor.clock import ahead_of, judge_clock, service_and_judge_clock
from octopus.doctor.findings import Finding, NotKnownError, failed, ok
from octopus.doctor.operator import Operator
from octopus.fabric.emulator import EmulatorState
from octopus.fabric.processes import EMULATOR, ready
from octopus.kafka.client import token_region
from octopus.kafka.sasl import NoVerdictError, Verdict, broker_ahead_s, present, sign
from octopus.kafka.servers import Address

MECHANISMS = ("OAUTHBEARER", "AWS_MSK_IAM")
"""What Kafka clients of MSK sign in by."""
_UNASKED = (
    "its plugin got no answer from the judge: compare that broker's octopus.judge.url and "
    "octopus.judge.secret.file with the judge's own"
)
_ANSWER_S = 10.0
_WRITTEN_S = 10.0


def check_judge(operator: Operator) -> Finding:
    """Whether the judge is up."""
    try:
        reply = httpx.get(f"{operator.judge_url}/health", timeout=_ANSWER_S)
    except httpx.HTTPError as error:
        return failed(
            f"no judge answers at {operator.judge_url} ({type(error).__name__})",
            "start it, or give its address with --judge-url (without TLS it answers its own machine alone): "
            "while it is away nobody new gets in, and within 50 s everybody is denied",
        )
    if not reply.is_success:
        return failed(
            f"{operator.judge_url}/health says HTTP {reply.status_code}", "something else is at that address"
        )
    return ok(f"{operator.judge_url} answers")


def check_judge_secret(operator: Operator) -> Finding:
    """Whether the judge takes the secret that the brokers have, and no other."""
    file = operator.judge_secret_file
    if file is None:
        raise NotKnownError("the file of octopus.judge.secret.file is not named (--judge-secret-file)")
    try:
        secret = file.read_text().strip()
    except OSError as error:
        return failed(
            f"{file} cannot be read ({error.strerror})", "run this as the user that runs the broker"
        )
    if _asked_judge(operator, secret) == HTTPStatus.UNAUTHORIZED:
        return failed(
            f"the judge does not take the secret in {file}",
            "the judge's OCTOPUS_JUDGE_SECRET and the brokers' octopus.judge.secret.file must be the same; "
            "both are read at the start",
        )
    if _asked_judge(operator, uuid.uuid4().hex) != HTTPStatus.UNAUTHORIZED:
        return failed("the judge takes any secret", f"something else is at {operator.judge_url}")
    if file.stat().st_mode & 0o077:
        return failed(f"others may read {file}", f"chmod 600 {file}, and make a new secret")
    return ok("the judge takes the brokers' secret, and no other")


def check_judge_clock(operator: Operator) -> Finding:
    """Whether the clock by which tokens are judged is near this machine's, taken to be the service's."""
    return service_and_judge_clock(ahead_of(f"{operator.judge_url}/health"))


def check_listeners(operator: Operator) -> Finding:
    """Whether each bootstrap server has the mechanisms that clients sign in by."""
    for address in operator.servers:
        try:
            verdict = _presented(operator, address, _nobody())
        except NoVerdictError as error:
            return failed(str(error), _UNASKED)
        missing = [name for name in MECHANISMS if name not in verdict.mechanisms]
        if missing:
            return failed(
                f"{address} has {', '.join(verdict.mechanisms)} and lacks {', '.join(missing)}",
                "add it to sasl.enabled.mechanisms of that listener: docs/broker.md",
            )
        if verdict.refusal is None:
            return failed(
                f"{address} let in a key that was never issued",
                "its listener does not ask the judge: at once, set the plugin's classes (docs/broker.md)",
            )
    return ok(f"each has {', '.join(MECHANISMS)}, and refuses a key that was never issued")


def check_sign_in(operator: Operator) -> Finding:
    """Whether the web service is let in, as users would be."""
    for address in operator.servers:
        try:
            verdict = _presented(operator, address, operator.service_key)
        except NoVerdictError as error:
            return failed(str(error), _UNASKED)
        if verdict.refusal is not None:
            return failed(
                f"{address} refused the service's own key: {verdict.refusal}",
                "the judge's log says why: a clock, another credentials table or key, or octopus.cluster.arn",
            )
    return ok(f"the service's key is let in by {', '.join(map(str, operator.servers))}")


def check_broker_clocks(operator: Operator) -> Finding:
    """Whether each broker's clock is near this machine's, by the sessions that it gives."""
    seen = []
    for address in operator.servers:
        ahead = broker_ahead_s(
            address, operator.ca_file, operator.service_key, token_region(operator.deployed)
        )
        if ahead is None:
            raise NotKnownError(f"{address} ends sessions before their tokens, so they do not tell its clock")
        finding = judge_clock(-ahead, f"that of {address}")
        if finding.fix is not None:
            return finding
        seen.append(finding.detail.partition(" (")[0])
    return ok("; ".join(seen))


def check_audit(operator: Operator) -> Finding:
    """Whether a decision gets into the audit log: a made-up key is presented and looked for there."""
    files = operator.audit_files
    if not files:
        raise NotKnownError("no audit log is on this machine; --audit-log names one")
    for file in files:
        if not file.is_file():
            return failed(
                f"there is no {file}", "start the broker with -Doctopus.audit.file=<a file it may write>"
            )
    before = {file: file.stat().st_size for file in files}
    keys = []
    for address in operator.servers:
        nobody = _nobody()
        _presented(operator, address, nobody)
        keys.append(nobody.access_key)

    def missing() -> list[str]:
        written = "".join(_since(file, size) for file, size in before.items())
        return [key for key in keys if key not in written]

    attempts = Retrying(
        retry=retry_if_result(bool),
        wait=wait_fixed(0.2),
        stop=stop_after_delay(_WRITTEN_S),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    if attempts(missing):
        return failed(
            f"a refusal just made is not in {', '.join(map(str, files))} after {_WRITTEN_S:.0f} s",
            "see that the disk is not full, that the broker may write the file, and that it is the one of "
            "-Doctopus.audit.file",
        )
    free = os.statvfs(files[0])
    return ok(
        f"each broker's decisions arrive in {', '.join(map(str, files))}; "
        f"{free.f_bavail * free.f_frsize / 2**30:.1f} GB free"
    )


def check_emulator(operator: Operator) -> Finding:
    """Whether the emulator's state outlives the next stop; it writes it at a clean one only."""
    if operator.fabric is None:
        raise NotKnownError("only a fabric on one machine has an emulator")
    state = EmulatorState(operator.fabric.home / "aws")
    saved = f"{state.saved_at:%Y-%m-%d %H:%M} UTC" if state.saved_at is not None else None
    if EMULATOR in ready(operator.fabric, [EMULATOR]):
        return ok(f"runs; its state is written by `octopus down`, last {saved or 'never yet'}")
    if state.unclean:
        return failed(
            "it ended without writing its state",
            f"`octopus up` goes back to the state of {saved or 'the beginning'} and says what was lost",
        )
    return failed("it does not run", "`octopus up`")


def _nobody() -> Credentials:
    """A key that no fabric issued."""
    return Credentials(f"DOCTOR{uuid.uuid4().hex[:14].upper()}", uuid.uuid4().hex)


def _presented(operator: Operator, address: Address, key: Credentials) -> Verdict:
    token, _ = sign(key, region=token_region(operator.deployed))
    return present(address, operator.ca_file, token)


def _asked_judge(operator: Operator, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.post(
        f"{operator.judge_url}/policies", json={"principals": []}, headers=headers, timeout=_ANSWER_S
    ).status_code


def _since(file: Path, size: int) -> str:
    """What was written to a file after it had ``size`` bytes; all of it when it was begun anew since."""
    with file.open("rb") as opened:
        end = opened.seek(0, os.SEEK_END)
        opened.seek(size if end >= size else 0)
        return opened.read().decode(errors="replace")
