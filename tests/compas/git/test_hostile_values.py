"""Values that look like options, settings, addresses or programs, given to every operation of the git worker.

Whatever they are, nothing runs, git takes none of them for an option, and an answer or a GitError comes back.
"""

import contextlib
import os
import shutil
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compas.git.errors import GitError
from compas.git.protocol.request import Request
from compas.git.protocol.worktrees import EnsureWorktree
from compas.git.worker import OPERATIONS, Worker
from tests.kit.ceiling import CEILING
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system

MARK = "canary"
TAKES_A_VALUE = ("-m", "-b", "-c", "-F", "-p")
"""Options of git whose value is the next argument, whatever it begins with."""
END = "<end of command>"
RECORDER = """#!/bin/sh
printf '%s\\0' "$@" '{end}' >> '{log}'
exec '{real}' "$@"
"""


@dataclass(frozen=True)
class Stage:
    """A repository with a worktree, a program that must never run, and a record of every command given to git."""

    repo: Repo
    worktree: str
    commit: str
    script: Path
    ran: Path
    log: Path

    def commands(self) -> list[list[str]]:
        """Return what git was given since the last call, and forget it."""
        text = os.fsdecode(self.log.read_bytes()) if self.log.exists() else ""
        self.log.write_bytes(b"")
        return [command.split("\0") for command in text.removesuffix(f"\0{END}\0").split(f"\0{END}\0")]


@pytest.fixture
def stage(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    real = shutil.which("git")
    script, ran, log = tmp_path / "script", tmp_path / "ran", tmp_path / "commands"
    (tmp_path / "bin").mkdir()
    programs = {
        script: f"#!/bin/sh\necho ran >> '{ran}'\n",
        tmp_path / "bin/git": RECORDER.format(log=log, real=real, end=END),
    }
    for path, text in programs.items():
        path.write_text(text)
        path.chmod(0o755)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    made = trio.run(Worker(epoch=1).perform, EnsureWorktree(epoch=1, repo=str(repo), thread="t1", base="main"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    commit = repo.commit("more", at=made.path, c_txt="c\n")
    return Stage(repo, made.path, commit, script, ran, log)


def hostile(stage: Stage) -> st.SearchStrategy[str]:
    """Text that some parser of git's, or a shell, would take for something else than a name."""
    program = f"sh {stage.script} #{MARK}"
    known = [
        *(f"-{MARK}", f"--{MARK}", f"--output={MARK}", f"-o{MARK}", f"--upload-pack={program}", f"--exec={program}"),
        *(f"-c core.fsmonitor={program}", f"--ext-diff={program}", f"--git-dir={MARK}", f"--config-env={MARK}=PATH"),
        *(f"ext::{program}", f"x.update=!{program}", f"$({program})", f"`{program}`", f"|{program}", f"!{program}"),
        *(
            "--",
            "--end-of-options",
            "-",
            "",
            ".",
            "..",
            "/",
            "@",
            "@{u}",
            "@{-1}",
            ":/x",
            ":(glob)**",
            "HEAD:..",
            "a:b",
        ),
        *("a\nb", "main\n", "\nmain", "a=b", "a\0b", "\0", "é\x7f", "\x1b[31m", "x" * 300, "x" * 200_000),
        *(f"refs/heads/-{MARK}", "refs/../config", "refs/heads/a..b", "refs/heads/a\nb", "refs/heads/\0", "a/b/../c"),
        *(f"main..-{MARK}", "^main", "main^{tree}", "0" * 40, "f" * 64, f"{stage.commit}\n", stage.commit.upper()),
    ]
    return st.sampled_from(known) | st.text(max_size=8).filter(lambda text: text.isascii() or text.isprintable())


def values(stage: Stage, name: str, hint: object) -> st.SearchStrategy[object]:
    """Return what a field may be given: for text what is right and what is hostile, for all else what its type has."""
    fixed: dict[str, object] = {
        "epoch": 1, "command": "true", "log": str(stage.log.parent / "check.log"), "redaction_patterns": (),
        "timeout_secs": 5.0,
    }  # fmt: skip
    if name in fixed:
        return st.just(fixed[name])
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if hint is str:
        right = {"repo": [str(stage.repo)], "worktree": [stage.worktree], "path": [stage.worktree, str(stage.repo)]}
        usual = right.get(name, ["main", "compas/t1", "t1", stage.commit, "HEAD", "a.txt", "merge"])
        return st.sampled_from(usual * 3) | hostile(stage) if name in right else st.sampled_from(usual) | hostile(stage)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(values(stage, name, one) for one in inside))
    if origin is typing.Literal:
        return st.sampled_from(inside)
    if origin is tuple:
        return st.lists(values(stage, name, inside[0]), max_size=3).map(tuple)
    if origin in (dict, Mapping):
        return st.dictionaries(values(stage, name, inside[0]), values(stage, name, inside[1]), max_size=2)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return structs(stage, hint)
    simple = {type(None): st.none(), bool: st.booleans(), int: st.integers(0, 3), float: st.floats(0, 5)}
    return simple[hint]  # type: ignore[index]


def structs(stage: Stage, kind: type[msgspec.Struct]) -> st.SearchStrategy[object]:
    """Return requests of one kind."""
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{name: values(stage, name, hints[name]) for name in kind.__struct_fields__})


def taken_for_options(commands: list[list[str]]) -> Iterator[list[str]]:
    """Yield each command in which git could have taken one of our values for an option."""
    for command in commands:
        for at, argument in enumerate(command):
            ended = {"--end-of-options", "--"} & set(command[:at])
            if MARK in argument and argument.startswith("-") and not ended and command[at - 1] not in TAKES_A_VALUE:
                yield command


async def answer(request: Request) -> None:
    """Perform it, by a worker of its own, so that no number of an epoch carries over."""
    with trio.fail_after(CEILING):
        with contextlib.suppress(GitError):
            await Worker(epoch=1).perform(request)


def check(stage: Stage, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.one_of(*(structs(stage, kind) for kind in OPERATIONS)))
    def each(request: Request) -> None:
        trio.run(answer, request)
        commands = stage.commands()
        given_to_git.update(command[0] for command in commands)
        assert list(taken_for_options(commands)) == []
        assert not stage.ran.exists()

    given_to_git: set[str] = set()
    each()
    assert {"rev-parse", "worktree"} <= given_to_git


def test_no_value_given_to_the_worker_becomes_an_option_or_a_program(stage: Stage) -> None:
    check(stage, 60)


@pytest.mark.long
def test_none_of_very_many_values_does(stage: Stage) -> None:
    check(stage, 3000)
