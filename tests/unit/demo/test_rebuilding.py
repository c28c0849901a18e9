from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from octopus.demo.errors import InvalidEventError
from octopus.demo.events import Event, Kind
from octopus.demo.rebuilding import DivergenceError, Rebuilder

Apply = Callable[..., None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


@pytest.fixture
def rebuilder(folder: Path, tmp_path: Path) -> Iterator[Rebuilder]:
    instance = Rebuilder(folder, staging=tmp_path / "staging")
    yield instance
    instance.close()


@pytest.fixture
def apply(rebuilder: Rebuilder) -> Apply:
    """Applies an event of these fields, with the sequence that is due."""
    sequence = iter(range(100))

    def _apply(kind: Kind, path: str, **fields: object) -> None:
        given = {"time_ns": 0, "sequence": next(sequence)} | fields
        rebuilder.apply(Event(kind=kind, path=path, **given))  # type: ignore[arg-type]

    return _apply


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _whole(content: bytes) -> dict[str, object]:
    return {"content": content, "size": len(content), "sha256": _sha256(content)}


def test_file_in_parts_appears_when_the_last_one_is_there(apply: Apply, folder: Path) -> None:
    sha256 = _sha256(b"onetwo")
    apply(Kind.FILE_WRITTEN, "file", content=b"one", sha256=sha256, part=0, parts=2)
    assert not (folder / "file").exists()
    apply(Kind.FILE_WRITTEN, "file", content=b"two", sha256=sha256, part=1, parts=2)
    assert (folder / "file").read_bytes() == b"onetwo"


def test_first_part_begins_a_file_anew(apply: Apply, folder: Path) -> None:
    apply(Kind.FILE_WRITTEN, "file", content=b"given up", sha256=_sha256(b"torn"), part=0, parts=2)
    apply(Kind.FILE_WRITTEN, "file", **_whole(b"in the end"))
    assert (folder / "file").read_bytes() == b"in the end"


def test_moved_directory_takes_its_files_along(apply: Apply, folder: Path) -> None:
    apply(Kind.DIRECTORY_CREATED, "a")
    apply(Kind.FILE_WRITTEN, "a/file", **_whole(b"1"))
    apply(Kind.DIRECTORY_MOVED, "b", moved_from="a")
    apply(Kind.FILE_MOVED, "file", moved_from="b/file", sha256=_sha256(b"1"))
    apply(Kind.DIRECTORY_DELETED, "b")
    assert [path.name for path in folder.iterdir()] == ["file"]
    apply(Kind.FILE_DELETED, "file", sha256=_sha256(b"1"))
    assert list(folder.iterdir()) == []


def test_last_event_ends_the_run(apply: Apply, rebuilder: Rebuilder) -> None:
    apply(Kind.RUN_BEGAN, "")
    assert not rebuilder.ended
    apply(Kind.RUN_ENDED, "")
    assert rebuilder.ended


@pytest.mark.parametrize("path", ["", "/etc/x", "../x", "a/../../x", "a//x", "./x", "x/", "a\0b"])
@pytest.mark.parametrize("kind", [Kind.FILE_WRITTEN, Kind.DIRECTORY_CREATED, Kind.FILE_DELETED])
def test_path_that_leaves_the_folder_is_refused(apply: Apply, folder: Path, kind: Kind, path: str) -> None:
    with pytest.raises(InvalidEventError, match="path"):
        apply(kind, path, **_whole(b"bad"))
    assert not (folder.parent / "x").exists()


def test_move_from_outside_the_folder_is_refused(apply: Apply, folder: Path) -> None:
    (folder.parent / "private").mkdir()
    with pytest.raises(InvalidEventError, match=r"\.\./private"):
        apply(Kind.DIRECTORY_MOVED, "mine", moved_from="../private")
    assert (folder.parent / "private").is_dir()


def test_link_that_somebody_put_into_the_folder_is_not_followed(apply: Apply, folder: Path) -> None:
    (folder.parent / "private").mkdir()
    (folder / "link").symlink_to(folder.parent / "private")
    with pytest.raises(InvalidEventError, match="leads out"):
        apply(Kind.FILE_WRITTEN, "link/file", **_whole(b"bad"))
    assert list((folder.parent / "private").iterdir()) == []


def test_missing_event_is_noticed(apply: Apply) -> None:
    apply(Kind.DIRECTORY_CREATED, "a")
    with pytest.raises(DivergenceError, match="event 1 was due, and 2 came"):
        apply(Kind.DIRECTORY_CREATED, "b", sequence=2)


def test_content_that_is_not_its_hash_is_noticed(apply: Apply, folder: Path) -> None:
    with pytest.raises(DivergenceError, match="not what its SHA-256 says"):
        apply(Kind.FILE_WRITTEN, "file", content=b"altered", sha256=_sha256(b"original"))
    assert not (folder / "file").exists()


def test_move_of_other_content_is_noticed(apply: Apply) -> None:
    apply(Kind.FILE_WRITTEN, "file", **_whole(b"mine"))
    with pytest.raises(DivergenceError, match="should have SHA-256"):
        apply(Kind.FILE_MOVED, "there", moved_from="file", sha256=_sha256(b"other"))


def test_part_out_of_turn_is_noticed(apply: Apply) -> None:
    apply(Kind.FILE_WRITTEN, "file", content=b"1", sha256="", part=0, parts=3)
    with pytest.raises(DivergenceError, match="part 2 of 'file' came out of turn"):
        apply(Kind.FILE_WRITTEN, "file", content=b"3", sha256="", part=2, parts=3)


def test_event_that_the_folder_does_not_allow_is_noticed(apply: Apply) -> None:
    apply(Kind.DIRECTORY_CREATED, "a")
    with pytest.raises(DivergenceError, match=r"directory.created 'a' can't be followed"):
        apply(Kind.DIRECTORY_CREATED, "a")
