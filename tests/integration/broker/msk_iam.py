"""What AWS's client for Java sends as SASL/AWS_MSK_IAM, made here."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlencode, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signed_request(credentials: Credentials, *, host: str, region: str = "us-east-1") -> str:
    """The JSON text of a presigned ``kafka-cluster:Connect`` for one broker."""
    request = AWSRequest("GET", f"https://{host}/?" + urlencode({"Action": "kafka-cluster:Connect"}))
    SigV4QueryAuth(credentials, "kafka-cluster", region, expires=900).add_auth(request)
    fields = {name.lower(): value for name, value in parse_qsl(urlsplit(str(request.url)).query)}
    return json.dumps({"version": "2020_10_22", "host": host, "user-agent": "tests"} | fields)
