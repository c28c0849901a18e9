from __future__ import annotations

from pathlib import Path

import pytest

from octopus.demo.compare import compare


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("here", "there"):
        (tmp_path / name / "folder").mkdir(parents=True)
        (tmp_path / name / "folder/file").write_text("content")
        (tmp_path / name / "empty").mkdir()
    return tmp_path / "here", tmp_path / "there"


def test_equal_trees_are_equal(trees: tuple[Path, Path]) -> None:
    result = compare(*trees)
    assert result.equal
    assert (result.files, result.same, result.directories, result.bytes) == (1, 1, 2, 7)


def test_content_of_the_same_size_is_told_apart(trees: tuple[Path, Path]) -> None:
    (trees[1] / "folder/file").write_text("CONTENT")
    result = compare(*trees)
    assert (result.equal, result.same, result.different) == (False, 0, ["folder/file"])


def test_missing_and_extra_paths_are_named_empty_directories_too(trees: tuple[Path, Path]) -> None:
    (trees[1] / "empty").rmdir()
    (trees[1] / "more").mkdir()
    (trees[1] / "more/file").touch()
    result = compare(*trees)
    assert not result.equal
    assert (result.missing, result.extra) == (["empty"], ["more", "more/file"])


def test_file_in_a_directorys_place_is_different(trees: tuple[Path, Path]) -> None:
    (trees[1] / "empty").rmdir()
    (trees[1] / "empty").touch()
    assert compare(*trees).different == ["empty"]
