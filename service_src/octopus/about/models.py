"""What a fabric says of itself to everybody."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_CLIENT = "9b1f5c3e-0d5c-4b0e-9f57-1d0a6f0b2c44"


class AboutFabric(BaseModel):
    """How to log in to a fabric, and how its Kafka clients sign."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "success",
                "message": "Log in at https://auth.globus.org/",
                "globus_auth_url": "https://auth.globus.org/",
                "globus_client_id": _CLIENT,
                "globus_scope": f"https://auth.globus.org/scopes/{_CLIENT}/action_all",
                "cli_client_id": "5e0d7a52-33b7-4d0b-8f0e-7b3f6d1c9a10",
                "kafka_regions": ["us-east-1"],
                "credentials": "iam-user",
            }
        }
    )

    status: Literal["success"] = "success"
    message: str
    globus_auth_url: str = Field(description="Globus Auth, with a slash at its end.")
    globus_client_id: str | None = Field(
        description="Client of the service: the resource server of its tokens. Null: nobody can log in yet."
    )
    globus_scope: str | None = Field(description="The scope that a token needs.")
    cli_client_id: str | None = Field(
        description="Native client with which a person logs in at a terminal, if the fabric has one."
    )
    kafka_regions: list[str] = Field(description="AWS regions that a Kafka client may sign for.")
    credentials: Literal["iam-user", "session"] = Field(
        description="What Kafka clients sign with: keys that last, or sessions alone."
    )
