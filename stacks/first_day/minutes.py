"""How long each stack takes to make, roughly: estimates of November 2026, **not measured on AWS**."""

from __future__ import annotations

from stacks.settings import Settings

_KAFKA = {"msk-standard": (20, 40), "msk-express": (15, 35), "msk-serverless": (3, 8)}
_FIXED = {
    "network": (3, 5),
    "foundation": (3, 5),
    "hosting": (5, 8),
    "service": (2, 4),
    "monitoring": (1, 2),
    "protection": (1, 3),
    "budget": (1, 2),
}
_IMAGE_BUILT_IN_AWS = (4, 8)


def expected(settings: Settings) -> dict[str, tuple[int, int]]:
    """Return the least and the most minutes of each stack that the settings ask for, in order."""
    found = {}
    if settings.on_msk or settings.in_fargate:
        found["network"] = _FIXED["network"]
    if settings.on_msk:
        found["kafka"] = _KAFKA[settings.kafka]
    found["foundation"] = _FIXED["foundation"]
    if settings.in_fargate:
        least, most = _FIXED["hosting"]
        if settings.image == "codebuild":
            least, most = least + _IMAGE_BUILT_IN_AWS[0], most + _IMAGE_BUILT_IN_AWS[1]
        found["hosting"] = (least, most)
    found["service"] = _FIXED["service"]
    found["monitoring"] = _FIXED["monitoring"]
    if settings.waf:
        found["protection"] = _FIXED["protection"]
    if settings.budget_usd:
        found["budget"] = _FIXED["budget"]
    return found


def told(settings: Settings) -> str:
    """Return what a person is told of them."""
    minutes = expected(settings)
    parts = ", ".join(f"{part} {least}-{most}" for part, (least, most) in minutes.items())
    least, most = (sum(each[end] for each in minutes.values()) for end in (0, 1))
    return (
        f"Minutes to expect (estimates, not measured on AWS): {parts}; {least}-{most} in all. "
        "Running a deployment again is safe; after a first one that failed, run scripts/clean-failed before."
    )
