"""Versions: two builds between releases have two, a release has its number alone."""

import os
from pathlib import Path

from compas.distribution import with_build


def package(root: Path, content: str = "x = 1\n") -> str:
    folder = root / "package" / "inner"
    (folder / "__pycache__").mkdir(parents=True, exist_ok=True)
    (folder / "module.py").write_text(content)
    os.utime(folder / "module.py", ns=(1, 1))
    return str(root / "package")


def test_a_build_between_releases_is_told_from_the_next_one(tmp_path: Path) -> None:
    first = with_build("0.1.0.dev0", [package(tmp_path)])
    assert first.startswith("0.1.0.dev0+")
    assert with_build("0.1.0.dev0", [package(tmp_path)]) == first
    assert with_build("0.1.0.dev0", [package(tmp_path, "x = 12\n")]) != first


def test_neither_where_it_stands_nor_what_python_caches_makes_another_build(tmp_path: Path) -> None:
    first = with_build("0.1.0.dev0", [package(tmp_path / "here")])
    there = package(tmp_path / "there")
    (tmp_path / "there/package/inner/__pycache__/module.pyc").write_text("cached")
    assert with_build("0.1.0.dev0", [there]) == first


def test_a_release_has_its_number_alone(tmp_path: Path) -> None:
    assert with_build("1.0.0", [package(tmp_path)]) == "1.0.0"


def test_a_package_that_is_gone_is_no_error(tmp_path: Path) -> None:
    assert with_build("1.0.dev1", [str(tmp_path / "gone")]) == "1.0.dev1+00000000"
