from __future__ import annotations

from pathlib import Path

from octopus.demo.workload import FILES, LARGEST, Workload, choose_files


def test_chosen_files_are_real_small_and_the_same_each_time() -> None:
    chosen = choose_files()
    assert chosen == choose_files()
    assert len({relative for _, relative in chosen}) == FILES
    assert all((root / relative).stat().st_size <= LARGEST for root, relative in chosen)


def test_work_leaves_a_thousand_files_and_the_same_ones_each_time(tmp_path: Path) -> None:
    trees = []
    for name in ("first", "second"):
        work = Workload(tmp_path / name)
        work.copy()
        work.rename()
        work.modify()
        work.delete()
        assert [phase.title for phase in work.phases] == ["copied", "renamed", "changed", "deleted"]
        assert all(phase.files > 50 for phase in work.phases)
        trees.append(
            {
                path.relative_to(work.folder): path.read_bytes()
                for path in work.folder.rglob("*")
                if path.is_file()
            }
        )
    assert len(trees[0]) >= 1000
    assert trees[0] == trees[1]
