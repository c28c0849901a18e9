"""``scripts/cost``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from stacks.cost.command import main


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's own region is the one of the prices."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")


def test_table_adds_up_and_ends_with_what_is_not_estimated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-c", "institution=anl"]) == 0
    table, foot = capsys.readouterr().out.split("\n\nNot estimated:\n")
    rows = [line.split() for line in table.splitlines()[4:]]
    total = next(float(row[1]) for row in rows if row[0] == "total")
    assert sum(float(row[-1]) for row in rows[:-2]) == pytest.approx(total)
    assert foot.splitlines()[0].strip().startswith("tax")


def test_script_runs_from_anywhere(tmp_path: Path) -> None:
    script = Path(__file__).parents[3] / "scripts" / "cost"
    done = subprocess.run(
        [script, "-c", "institution=anl"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Octopus anl, a month of --events-per-second 10 ")


def test_json_names_the_source_of_every_price(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-c", "institution=anl", "-c", "preset=lab", "--users", "7", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["load"]["users"] == 7
    assert made["usd"] == pytest.approx(sum(line["usd"] for line in made["lines"]))
    assert all(line["page"] and bool(line["read"]) == bool(line["through"]) for line in made["lines"])
    untraced = sum(line["usd"] for line in made["lines"] if not line["traced"])
    assert made["usd_at_untraced_prices"] == pytest.approx(untraced)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--evens", "3"], "--evens is not an option of scripts/cost, which --help lists.\n"),
        (["--event", "3"], "--event is not an option of scripts/cost, which --help lists.\n"),
        (
            ["-c", "institution=anl", "--users", "all"],
            "--users must be a whole number from 0 to 1000000; the value given is 'all'.\n",
        ),
        (["-c", "institution"], "-c must be followed by name=value; the value given is 'institution'.\n"),
    ],
)
def test_wrong_words_are_refused_in_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", sentence)
