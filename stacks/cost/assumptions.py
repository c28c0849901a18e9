"""What no setting and no load says, and a bill needs: each with its source, or marked as an estimate."""

HOURS = 730
"""Of a month, as AWS's own calculator counts: 365 * 24 / 12."""
SECONDS = HOURS * 3600
GIB = 1 << 30
"""What AWS's bills call a GB."""

LOCAL_TIER_HOURS = 72
"""Of tiered storage, what stays on the brokers' disks: the least that MSK's guide allows, three days."""

EXPRESS_MB_PER_SECOND = {
    "large": (15.6, 31.2),
    "xlarge": (31.2, 62.5),
    "2xlarge": (62.5, 125),
    "4xlarge": (125, 250),
    "8xlarge": (250, 500),
    "12xlarge": (375, 750),
    "16xlarge": (500, 1000),
}
"""What an Express broker takes and gives for good, by its size. Source: Amazon MSK Developer Guide,
"Amazon MSK quota". For standard brokers AWS names no such number."""

BROKER_METRICS = {"msk-standard": 44, "msk-express": 33}
"""Of each broker with ``kafka_monitoring=per-broker``. Counted in the tables of the MSK Developer Guide;
those of the default level are free."""

REQUEST_BYTES = 2_000
"""Of a request that carries no events, and of its reply, either way."""
NAT_BYTES_PER_REQUEST = 20_000
"""What the service exchanges with Globus, IAM, STS and KMS for one. An estimate."""

REQUESTS_OF_A_CAPACITY_UNIT = 25
"""New connections a second that one LCU of a balancer holds; each request is taken for a new one."""

AUTHORIZER_GB_SECONDS = 0.25 * 0.3
"""Of one call: its memory, and 300 ms for one question to Globus Auth. An estimate."""
CALLS_PER_SECRET_READ = 100
"""A function reads its secret when it starts, and then serves for a while. An estimate."""

READS_PER_REQUEST = 5
"""Units of one request at the tables: identity, membership, grants, each read consistently. An estimate."""
WRITES_PER_REQUEST = 1
"""Units: one request in four changes something, with its audit, in a transaction. An estimate."""
BACKGROUND_READS_PER_TASK_SECOND = 0.2
"""Units: what each replica looks up by itself. An estimate."""
BYTES_OF_A_USER = 50_000
"""In the tables: identity, keys, grants, topics. An estimate."""
BYTES_OF_AN_AUDIT_LINE = 500
AUDITED_PER_REQUEST = 0.25
KEY_REQUESTS_PER_REQUEST = 0.1
"""Encryptions and decryptions. An estimate."""

LOG_BYTES_PER_REQUEST = 500
"""In each log that a request leaves a line in: the gateway's, the authorizer's, the service's."""
LOG_GIB_PER_BROKER = 1
"""In a month, at level INFO. An estimate."""
DECISION_GIB_PER_BROKER = 0.5
"""Of decisions on who may do what, in a month. An estimate: clients that reconnect often write more."""
REJECTION_GIB_PER_ADDRESS = 0.1
"""Of refused packets at a public address, in a month: what scans the internet. An estimate."""
LOG_COMPRESSION = 0.15
"""What is left of a log when it is stored. Source: examples of Amazon CloudWatch pricing."""
BYTES_OF_A_LOG_OBJECT = 100_000
"""In a bucket of logs. An estimate."""

HEARTBEAT_REQUESTS = 2
"""Of one beat over HTTPS: which event is the newest, and that event."""
HEARTBEAT_GB_SECONDS = 0.25 * 0.5
"""Of one: its function's memory, and half a second for both requests. An estimate."""
PARTS_OF_THE_STATUS = 6
"""Rows that are written with each beat."""
METRIC_LINE_BYTES = 2_000
"""Of the line with a task's own metrics, one a minute. An estimate."""
METRIC_BYTES_PER_TOKEN = 200
"""Of the line that counts a call of the authorizer."""
ACCOUNT_METRIC_REQUESTS = 2 / 10
"""A minute: the ceilings of IAM and the age of the secret, each in ten minutes."""

BUILDS = 4
"""Of the image, in a month, each of six minutes. An estimate."""
BUILD_MINUTES = 6
IMAGE_GIB = 0.15
IMAGES = 10
"""As many as the repository keeps."""

ALARM_MAILS = 50
"""To each address, in a month. An estimate."""
MAILS_PER_USER = 4
"""In a month: ends of keys, grants and projects. An estimate."""
