"""Condition operators, decided as far as the principal decides them.

Source: IAM user guide, "IAM JSON policy elements: Condition operators". An answer is ``True``, ``False``,
``None`` (cannot be decided here) or conditions on time, which are left for whoever sees the request.
"""

from __future__ import annotations

import ipaddress
import math
import operator as compare
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from octopus.iam import patterns
from octopus.iam.models import Condition, Principal, TimeCondition
from octopus.iam.variables import Missing, as_value, look_up

Answer = bool | None | tuple[TimeCondition, ...]

_OPERATOR = re.compile(r"(?:(?P<set>forallvalues|foranyvalue):)?(?P<name>[a-z]+?)(?P<if_exists>ifexists)?")
_TIME_KEYS = {"aws:currenttime": "aws:CurrentTime", "aws:epochtime": "aws:EpochTime"}
_DATE_OPERATORS = {
    name.lower(): name
    for name in (
        "DateEquals",
        "DateNotEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
    )
}


def decide(condition: Condition, principal: Principal, *, has_variables: bool) -> Answer:
    """Whether a condition holds for whatever this principal asks of a broker."""
    parts = _OPERATOR.fullmatch(condition.operator.lower())
    if parts is None:
        return None
    name, key = parts["name"], condition.key.lower()
    if name == "null":
        return _null(condition, principal, plain=not parts["set"] and not parts["if_exists"])
    if key in _TIME_KEYS:
        return _time(name, _TIME_KEYS[key], condition.values)
    actual = look_up(key, principal)
    if actual is Missing.UNKNOWN or name not in _TESTS:
        return None
    negated = "not" in name
    if isinstance(actual, Missing):
        absent_holds = negated and parts["set"] != "foranyvalue"
        return bool(parts["if_exists"]) or parts["set"] == "forallvalues" or absent_holds
    # Each known key has one value, for which a set operator says what the plain one says.
    found = _any(
        _test(name, actual, value, principal, has_variables=has_variables) for value in condition.values
    )
    return found if found is None or not negated else not found


def _null(condition: Condition, principal: Principal, *, plain: bool) -> bool | None:
    wanted = {"true": True, "false": False}.get(condition.values[0].lower()) if condition.values else None
    if not plain or wanted is None or len(condition.values) != 1:
        return None
    if condition.key.lower() in _TIME_KEYS:
        return not wanted
    actual = look_up(condition.key, principal)
    return None if actual is Missing.UNKNOWN else (actual is Missing.ABSENT) == wanted


def _test(name: str, actual: str, value: str, principal: Principal, *, has_variables: bool) -> bool | None:
    wildcards, test = _TESTS[name]
    expected = as_value(value, principal, has_variables=has_variables, wildcards=wildcards)
    if isinstance(expected, Missing):
        # Nothing equals a value that is absent, but nobody gains a right by differing from it.
        return None if expected is Missing.UNKNOWN or "not" in name else False
    return test(actual, expected)


def _any(answers: Iterable[bool | None]) -> bool | None:
    given = list(answers)
    if True in given:
        return True
    return None if None in given else False


def _numbers(test: Callable[[float, float], bool]) -> Callable[[str, str], bool | None]:
    def compared(actual: str, expected: str) -> bool | None:
        try:
            left, right = float(actual), float(expected)
        except ValueError:
            return None
        return test(left, right) if math.isfinite(left) and math.isfinite(right) else None

    return compared


def _dates(test: Callable[[int, int], bool]) -> Callable[[str, str], bool | None]:
    def compared(actual: str, expected: str) -> bool | None:
        left, right = _epoch_ms(actual), _epoch_ms(expected)
        return test(left, right) if left is not None and right is not None else None

    return compared


def _arn_like(actual: str, expected: str) -> bool | None:
    """Each of the six parts of an ARN is matched by itself, so that ``*`` stays within its part."""
    if expected == "*":
        return True
    wanted, given = expected.split(":", 5), actual.split(":", 5)
    if len(wanted) != 6 or len(given) != 6:
        return None
    return all(patterns.matches(part, value) for part, value in zip(wanted, given, strict=True))


def _in_network(actual: str, expected: str) -> bool | None:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(expected, strict=False)
    except ValueError:
        return None


_POSITIVE: dict[str, tuple[bool, Callable[[str, str], bool | None]]] = {
    "stringequals": (False, compare.eq),
    "stringequalsignorecase": (False, lambda actual, expected: actual.casefold() == expected.casefold()),
    "stringlike": (True, lambda actual, expected: patterns.matches(expected, actual)),
    "arnequals": (True, _arn_like),
    "arnlike": (True, _arn_like),
    "numericequals": (False, _numbers(compare.eq)),
    "dateequals": (False, _dates(compare.eq)),
    "ipaddress": (False, _in_network),
    "bool": (False, lambda actual, expected: actual.lower() == expected.lower()),
}
_TESTS = {
    **_POSITIVE,
    # The negated form holds when no value fits: the same test, turned round by the caller.
    "stringnotequals": _POSITIVE["stringequals"],
    "stringnotequalsignorecase": _POSITIVE["stringequalsignorecase"],
    "stringnotlike": _POSITIVE["stringlike"],
    "arnnotequals": _POSITIVE["arnequals"],
    "arnnotlike": _POSITIVE["arnlike"],
    "numericnotequals": _POSITIVE["numericequals"],
    "datenotequals": _POSITIVE["dateequals"],
    "notipaddress": _POSITIVE["ipaddress"],
    "numericlessthan": (False, _numbers(compare.lt)),
    "numericlessthanequals": (False, _numbers(compare.le)),
    "numericgreaterthan": (False, _numbers(compare.gt)),
    "numericgreaterthanequals": (False, _numbers(compare.ge)),
    "datelessthan": (False, _dates(compare.lt)),
    "datelessthanequals": (False, _dates(compare.le)),
    "dategreaterthan": (False, _dates(compare.gt)),
    "dategreaterthanequals": (False, _dates(compare.ge)),
}
"""Operator to (takes wildcards, test)."""


def _time(name: str, key: str, values: tuple[str, ...]) -> Answer:
    # IAM takes the epoch as a number too.
    wanted = name.replace("numeric", "date", 1) if key == "aws:EpochTime" else name
    operator = _DATE_OPERATORS.get(wanted)
    moments = [_epoch_ms(value) for value in values]
    known = sorted(moment for moment in moments if moment is not None)
    if operator is None or not known or len(known) != len(moments):
        return None
    if operator == "DateEquals":
        return (TimeCondition(operator, key, tuple(known)),)
    if operator == "DateNotEquals":
        return tuple(TimeCondition(operator, key, (moment,)) for moment in known)
    # Any value may fit, so the widest decides.
    return (TimeCondition(operator, key, (known[-1 if "Less" in operator else 0],)),)


def _epoch_ms(value: str) -> int | None:
    """Milliseconds since the epoch, from a date in one of W3C's ISO 8601 forms or from epoch seconds."""
    if re.fullmatch(r"-?[0-9]{5,15}(?:\.[0-9]+)?", value):
        return int(float(value) * 1000)
    # The forms of a year or a month alone, which Python does not read.
    padded = value + {4: "-01-01", 7: "-01"}.get(len(value), "")
    try:
        moment = datetime.fromisoformat(padded)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
