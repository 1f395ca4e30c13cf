"""What an agent can put in place of its worktree, or of what ties it to the repository; each says what it put there."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.kit.git.git_operator import Repo, Tree

Tamper = Callable[[Tree], str]
"""Does something to a worktree; returns a part of the sentence that has to name it."""


def _say(tree: Tree, content: str | bytes) -> None:
    git_file = tree.path / ".git"
    git_file.unlink()
    git_file.write_bytes(content.encode() if isinstance(content, str) else content)


def _away(tree: Tree) -> Path:
    away = tree.path.with_name(f"{tree.path.name}-away")
    tree.path.rename(away)
    return away


def names_the_main_repository(tree: Tree) -> str:
    _say(tree, f"gitdir: {tree.of.path}/.git\n")
    return f"{tree.of.path}/.git"


def names_another_thread(tree: Tree) -> str:
    _say(tree, f"gitdir: {tree.of.path}/.git/worktrees/t2\n")
    return "worktrees/t2"


def names_its_own_by_another_path(tree: Tree) -> str:
    alias = tree.of.path.parent / "alias"
    alias.symlink_to(tree.git_dir)
    _say(tree, f"gitdir: {alias}\n")
    return str(alias)


def names_it_with_dots(tree: Tree) -> str:
    _say(tree, f"gitdir: {tree.git_dir}/../{tree.path.name}\n")
    return f"../{tree.path.name}"


def names_a_repository_of_its_own(tree: Tree) -> str:
    tree.git("init", "-q", str(tree.of.path.parent / "own"))
    _say(tree, f"gitdir: {tree.of.path.parent}/own/.git\n")
    return "own/.git"


def is_empty(tree: Tree) -> str:
    _say(tree, "")
    return "names no git directory"


def is_noise(tree: Tree) -> str:
    _say(tree, b"\xff\xfe" * 9000)
    return "names no git directory"


def holds_a_zero(tree: Tree) -> str:
    _say(tree, b"gitdir: /a\0b\n")
    return "holds no path"


def is_gone(tree: Tree) -> str:
    (tree.path / ".git").unlink()
    return ".git"


def is_a_link_to_the_main_repository(tree: Tree) -> str:
    (tree.path / ".git").unlink()
    (tree.path / ".git").symlink_to(tree.of.path / ".git")
    return f"a link to {tree.of.path}/.git"


def is_a_link_to_the_same_content(tree: Tree) -> str:
    (tree.path / ".git").rename(tree.path / "dot-git")
    (tree.path / ".git").symlink_to("dot-git")
    return "a link to dot-git"


def is_a_repository(tree: Tree) -> str:
    (tree.path / ".git").unlink()
    tree.git("init", "-q")
    return ".git is a directory"


def is_a_copy_of_the_main_repository(tree: Tree) -> str:
    (tree.path / ".git").unlink()
    shutil.copytree(tree.of.path / ".git", tree.path / ".git")
    return ".git is a directory"


def is_a_pipe(tree: Tree) -> str:
    (tree.path / ".git").unlink()
    os.mkfifo(tree.path / ".git")
    return ".git is a special file"


def leads_to_the_operators_checkout(tree: Tree) -> str:
    _away(tree)
    tree.path.symlink_to(tree.of.path)
    return f"a link to {tree.of.path}"


def leads_to_where_it_was_moved(tree: Tree) -> str:
    tree.path.symlink_to(_away(tree))
    return "a link to"


def is_another_directory_that_says_the_same(tree: Tree) -> str:
    away = _away(tree)
    tree.path.mkdir()
    shutil.copy(away / ".git", tree.path / ".git")
    (tree.path / "theirs").write_text("theirs\n")
    return "another directory"


def is_a_copy_of_the_operators_checkout(tree: Tree) -> str:
    _away(tree)
    shutil.copytree(tree.of.path, tree.path, ignore=shutil.ignore_patterns(".compas-worktrees"))
    return ".git is a directory"


def is_a_file(tree: Tree) -> str:
    _away(tree)
    tree.path.write_text("not a directory\n")
    return "a file"


def has_a_root_that_is_a_link(tree: Tree) -> str:
    root = tree.path.parent
    away = root.with_name("roots")
    root.rename(away)
    root.symlink_to(away)
    return f"{root} is a link"


def has_the_main_repository_for_git_directory(tree: Tree) -> str:
    tree.git_dir.rename(tree.git_dir.with_name("kept"))
    tree.git_dir.symlink_to(tree.of.path / ".git")
    return f"a link to {tree.of.path}/.git"


def has_worktrees_that_are_a_link(tree: Tree) -> str:
    worktrees = tree.git_dir.parent
    away = worktrees.with_name("moved-worktrees")
    worktrees.rename(away)
    worktrees.symlink_to(away)
    return f"{worktrees} is a link"


def has_another_repository_in_common(tree: Tree) -> str:
    shutil.copytree(tree.of.path / ".git", tree.of.path.parent / "copy.git")
    (tree.git_dir / "commondir").write_text(f"{tree.of.path.parent}/copy.git\n")
    return "copy.git"


def points_back_elsewhere(tree: Tree) -> str:
    (tree.git_dir / "gitdir").write_text(f"{tree.of.path}/.git\n")
    return "gitdir says"


def points_back_at_another_thread(tree: Tree) -> str:
    (tree.git_dir / "gitdir").write_text(f"{tree.path.parent}/t2/.git\n")
    return "gitdir says"


def has_the_operators_index(tree: Tree) -> str:
    (tree.git_dir / "index").unlink()
    (tree.git_dir / "index").symlink_to(tree.of.path / ".git" / "index")
    return "index is a link"


def has_the_operators_head(tree: Tree) -> str:
    (tree.git_dir / "HEAD").unlink()
    (tree.git_dir / "HEAD").symlink_to(tree.of.path / ".git" / "HEAD")
    return "HEAD is a link"


def has_a_pipe_for_its_index(tree: Tree) -> str:
    (tree.git_dir / "index").unlink()
    os.mkfifo(tree.git_dir / "index")
    return "index is a special file"


def has_the_operators_reflog(tree: Tree) -> str:
    shutil.rmtree(tree.git_dir / "logs")
    (tree.git_dir / "logs").symlink_to(tree.of.path / ".git" / "logs")
    return "logs is a link"


def has_a_branch_that_is_a_link(tree: Tree) -> str:
    branch = tree.of.path / ".git/refs/heads/compas/t1"
    branch.unlink()
    branch.symlink_to(tree.of.path / ".git/refs/heads/main")
    return f"{branch} is a link"


def has_branches_in_a_link(tree: Tree) -> str:
    branches = tree.of.path / ".git/refs/heads/compas"
    branches.rename(tree.of.path / ".git/refs/heads/moved")
    branches.symlink_to("moved")
    return f"{branches} is a link"


def _record(tree: Tree) -> Path:
    return tree.of.path / ".git/compas/worktrees/t1.json"


def is_recorded_as_the_operators_checkout(tree: Tree) -> str:
    record = _record(tree)
    record.write_text(record.read_text().replace(str(tree.path), str(tree.of.path)))
    return str(tree.of.path)


def is_recorded_as_another_threads(tree: Tree) -> str:
    other = _record(tree).with_name("t2.json").read_text()
    _record(tree).write_text(other.replace('"thread":"t2"', '"thread":"t1"'))
    return "t2"


REPLACED: tuple[Tamper, ...] = (
    names_the_main_repository,
    names_another_thread,
    names_its_own_by_another_path,
    names_it_with_dots,
    names_a_repository_of_its_own,
    is_empty,
    is_noise,
    holds_a_zero,
    is_gone,
    is_a_link_to_the_main_repository,
    is_a_link_to_the_same_content,
    is_a_repository,
    is_a_copy_of_the_main_repository,
    is_a_pipe,
    leads_to_the_operators_checkout,
    leads_to_where_it_was_moved,
    is_another_directory_that_says_the_same,
    is_a_copy_of_the_operators_checkout,
    is_a_file,
    has_a_root_that_is_a_link,
    has_the_main_repository_for_git_directory,
    has_worktrees_that_are_a_link,
    has_another_repository_in_common,
    points_back_elsewhere,
    points_back_at_another_thread,
    has_the_operators_index,
    has_the_operators_head,
    has_a_pipe_for_its_index,
    has_the_operators_reflog,
    has_a_branch_that_is_a_link,
    has_branches_in_a_link,
    is_recorded_as_the_operators_checkout,
    is_recorded_as_another_threads,
)


def fingerprint(repo: Repo) -> dict[str, object]:
    """Everything of the operator's that must stay as it is: branch, index, files, configuration."""
    files = {
        str(path.relative_to(repo.path)): path.read_bytes()
        for path in repo.path.rglob("*")
        if path.is_file() and not {".git", ".compas-worktrees", "roots"} & set(path.relative_to(repo.path).parts)
    }
    return {
        "HEAD": repo.git("symbolic-ref", "HEAD"),
        "main": repo.tip("refs/heads/main"),
        "index": (repo.path / ".git" / "index").read_bytes(),
        "config": (repo.path / ".git" / "config").read_bytes(),
        "files": files,
    }
