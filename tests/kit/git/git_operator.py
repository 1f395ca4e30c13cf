"""An operator at a repository: what a test does by hand, with the git command line."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from compas.git.protocol.thread_worktree import ThreadWorktree


class Repo:
    """One repository, worked on the way an operator does: with the git command line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def git(self, *arguments: str, at: str | Path | None = None, check: bool = True, stdin: str | None = None) -> str:
        done = subprocess.run(  # noqa: TID251 - the test plays the operator, outside the loop
            ["git", *arguments], cwd=at or self.path, check=False, capture_output=True, input=stdin,
            encoding="utf-8", errors="surrogateescape",
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"git {arguments} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout.removesuffix("\n")

    def write(self, name: str, content: str | bytes = "content\n", at: str | Path | None = None) -> Path:
        path = Path(at or self.path) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, name: str, at: str | Path | None = None) -> str:
        return (Path(at or self.path) / name).read_text()

    def commit(self, message: str = "work", at: str | Path | None = None, **files: str) -> str:
        """Commit these files (`a_txt` is `a.txt`) and everything else that is there; return the commit."""
        for name, content in files.items():
            self.write(name.replace("_", "."), content, at=at)
        self.git("add", "--all", at=at)
        self.git("commit", "--quiet", "--allow-empty", "-m", message, at=at)
        return self.git("rev-parse", "HEAD", at=at)

    def tip(self, revision: str = "HEAD") -> str:
        return self.git("rev-parse", "--verify", revision)

    def tree(self, revision: str = "HEAD") -> str:
        return self.git("rev-parse", f"{revision}^{{tree}}")

    def has(self, ref: str) -> bool:
        return bool(self.git("for-each-ref", ref))

    def contains(self, branch: str, commit: str) -> bool:
        return self.git("merge-base", commit, branch) == self.tip(commit)

    def hook(self, name: str, script: str) -> None:
        path = self.write(f".git/hooks/{name}", f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def status(self, at: str | Path | None = None) -> str:
        return self.git("status", "--short", at=at)


class Tree(Repo):
    """A thread's worktree, in which a test works as its agent does."""

    def __init__(self, path: Path, of: Repo) -> None:
        super().__init__(path)
        self.of = of

    @property
    def git_dir(self) -> Path:
        return self.of.path / ".git" / "worktrees" / self.path.name

    def hook(self, name: str, script: str) -> None:
        self.of.hook(name, script)


def tree_of(repo: object, path: object, *, thread: str | None = None, reading: bool = False) -> ThreadWorktree:
    """Name a worktree as the supervisor does."""
    return ThreadWorktree(repo=str(repo), thread=thread or Path(str(path)).name, path=str(path), reading=reading)


NewRepo = Callable[..., Repo]
