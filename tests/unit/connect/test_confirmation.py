from __future__ import annotations

import re

from octopus.connect.confirmation import Confirmation


def test_code_lets_one_login_through_and_the_next_is_shown() -> None:
    shown: list[str] = []
    confirmation = Confirmation(shown.append)
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{5}-[2-9A-HJ-NP-Z]{5}", shown[0])

    assert not confirmation.take("")
    assert not confirmation.take("AAAAA-AAAAA")
    assert not confirmation.take("ÄÄÄÄÄ-AAAAA")
    assert shown[1:] == []
    assert confirmation.take(f"  {shown[0].lower().replace('-', ' ')} ")
    assert not confirmation.take(shown[0])
    assert confirmation.take(shown[1])
    assert len(set(shown)) == 3
