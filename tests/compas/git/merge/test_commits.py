"""Whose commit a merge is: its author, its words, its signature; and nobody's where nobody is configured."""

from pathlib import Path

import pytest

from compas.git.merge.message import compose_message
from compas.git.merge.prepare import prepare_merge
from compas.git.protocol.merging import Prepared, PrepareMerge, PrepareResult, Refused
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system

STRATEGIES = ("merge", "rebase", "squash")
TRAILER = "Compas-Thread: t1"


async def prepare(repo: Repo, strategy: str, message: str = "Add side") -> PrepareResult:
    request = PrepareMerge(
        repo=str(repo), op="op1", source="side", target="main",
        message=message, trailer=TRAILER, strategy=strategy,
    )  # fmt: skip
    return await prepare_merge(request)


async def made(repo: Repo, strategy: str, message: str = "Add side") -> str:
    found = await prepare(repo, strategy, message)
    assert isinstance(found, Prepared), found
    return found.new


@pytest.fixture
def parted(repo: Repo) -> Repo:
    """A side branch of two commits by somebody else, one of them with a body, and a main that went on."""
    repo.git("checkout", "-q", "-b", "side")
    repo.write("b.txt", "one\n")
    repo.git("add", "--all")
    who = ("--author", "Ágent <agent@example.org>", "--date", "2020-02-03T04:05:06+0700")
    repo.git("commit", "-q", *who, "-m", "One: é\n\nWhy it is so.\n")
    repo.commit("two", b_txt="two\n")
    repo.git("checkout", "-q", "main")
    repo.commit("main goes on", c_txt="c\n")
    return repo


def signer(repo: Repo, place: Path) -> None:
    """Have the repository sign with a program that says who called it."""
    program = place / "signer"
    program.write_text("#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho signature\n")
    program.chmod(0o755)
    repo.git("config", "gpg.program", str(program))
    repo.git("config", "commit.gpgSign", "true")


def ssh_signer(repo: Repo, place: Path) -> None:
    """Have the repository sign the way ssh does: the program writes the signature beside what it signs."""
    program = place / "ssh-signer"
    program.write_text('#!/bin/sh\nfor last; do :; done\necho "ssh signature" > "$last.sig"\n')
    program.chmod(0o755)
    repo.git("config", "gpg.format", "ssh")
    repo.git("config", "gpg.ssh.program", str(program))
    repo.git("config", "user.signingKey", "key::ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample")
    repo.git("config", "commit.gpgSign", "true")


@pytest.mark.parametrize("strategy", ["merge", "squash"])
async def test_the_commit_is_the_operators_and_its_last_line_names_the_thread(parted: Repo, strategy: str) -> None:
    new = await made(parted, strategy)
    people = parted.git("log", "-1", "--format=%an <%ae>, %cn <%ce>", new)
    assert people == "Operator <operator@example.org>, Operator <operator@example.org>"
    assert parted.git("log", "-1", "--format=%(trailers:only)", new).strip() == TRAILER
    assert parted.git("log", "-1", "--format=%s", new) == "Add side"


async def test_a_squash_lists_what_was_squashed(parted: Repo) -> None:
    new = await made(parted, "squash")
    assert parted.git("log", "-1", "--format=%B", new) == f"Add side\n\n* One: é\n* two\n\n{TRAILER}\n"


async def test_a_replayed_commit_keeps_author_date_and_message(parted: Repo) -> None:
    new = await made(parted, "rebase")
    form = "--format=%an|%ae|%ad|%cn|%B"
    was = parted.git("log", "-1", form, "--date=raw", "side^")
    assert parted.git("log", "-1", form, "--date=raw", f"{new}^") == was
    assert was == "Ágent|agent@example.org|1580677506 +0700|Operator|One: é\n\nWhy it is so.\n"


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("sign", [signer, ssh_signer], ids=["gpg", "ssh"])
@pytest.mark.parametrize("hook", [False, True], ids=["plumbing", "checkout"])
async def test_every_new_commit_is_signed_where_the_repository_signs(
    parted: Repo, tmp_path: Path, strategy: str, sign: object, hook: bool
) -> None:
    sign(parted, tmp_path)  # type: ignore[operator]
    if hook:
        parted.hook("prepare-commit-msg", "exit 0")
    new = await made(parted, strategy)
    for commit in parted.git("rev-list", "--first-parent", f"main..{new}").split():
        assert "gpgsig " in parted.git("cat-file", "commit", commit)
        assert "signature" in parted.git("cat-file", "commit", commit)


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_signing_program_that_fails_is_said_with_gits_words(
    parted: Repo, tmp_path: Path, strategy: str
) -> None:
    signer(parted, tmp_path)
    (tmp_path / "signer").write_text("#!/bin/sh\necho 'no secret key' >&2\nexit 2\n")
    found = await prepare(parted, strategy)
    assert isinstance(found, Refused)
    assert found.code == "commit_failed"
    assert "failed to sign" in found.sentence


# proves: b-mcp-cli-merge 89
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("hook", [False, True], ids=["plumbing", "checkout"])
async def test_nobody_to_commit_as_is_refused_in_words(parted: Repo, strategy: str, hook: bool) -> None:
    if hook:
        parted.hook("prepare-commit-msg", "exit 0")
    parted.git("config", "--unset", "user.name")
    parted.git("config", "--unset", "user.email")
    found = await prepare(parted, strategy)
    assert isinstance(found, Refused)
    assert found.code == "no_identity"
    assert "git config user.email" in found.sentence


async def test_a_text_with_trailers_of_its_own_keeps_them_last(parted: Repo) -> None:
    new = await made(parted, "squash", "Add side\n\nMore words.\n\nReviewed-by: R <r@example.org>\n")
    body = f"Add side\n\nMore words.\n\n* One: é\n* two\n\nReviewed-by: R <r@example.org>\n{TRAILER}\n"
    assert parted.git("log", "-1", "--format=%B", new) == body


def test_a_long_list_of_squashed_commits_says_how_many_it_leaves_out() -> None:
    lines = compose_message("Subject", "", [f"s{n}" for n in range(130)]).split("\n")
    assert (lines[0], lines[2], lines[-2]) == ("Subject", "* s0", "* … and 30 more")


def test_a_subject_that_looks_like_a_trailer_is_none() -> None:
    assert compose_message("git: Move it", TRAILER) == f"git: Move it\n\n{TRAILER}\n"
