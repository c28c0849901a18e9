"""What a person is told of an error that ends a command."""

from __future__ import annotations

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from globus_sdk import GlobusError
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from octopus.connect.errors import ConnectError
from octopus.credentials.issuer import PrincipalGoneError
from octopus.errors import OctopusError
from octopus.fabric.errors import FabricError
from octopus.registry.transactions import OVERTAKEN, ConditionFailedError


def sentence(error: Exception) -> str | None:
    """One message for an error that is expected; None for one that is not."""
    match error:
        case ConnectError() | FabricError() | OctopusError():
            return str(error)
        case ValidationError():
            return "\n".join(_problem(problem) for problem in error.errors())
        case httpx.ConnectError():
            return f"No answer from {error.request.url}: is the fabric up? Try `octopus status`."
        case httpx.HTTPError():
            return f"The web service did not answer as it should: {type(error).__name__}: {error}"
        case ConditionFailedError():
            return OVERTAKEN
        case PrincipalGoneError():
            return f"IAM has no user {error}: it was deleted by hand, or is too new; try again"
        case BotoCoreError() | ClientError():
            return f"AWS: {error}"
        case GlobusError():
            return f"Globus Auth refused: {error}"
        case _:
            return None


def _problem(problem: ErrorDetails) -> str:
    """What is wrong with a setting; a rule between several settings names them itself."""
    rule = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return rule
    variable = f"OCTOPUS_{problem['loc'][0]}".upper()
    return f"{variable} is {problem['input']!r}: {rule}"
