"""A git that waits for a person, in a hook or a signing program: bounded, said, and ended by whoever abandons."""

import os
import stat

import pytest

from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system


@pytest.fixture
def signer(workshop: Workshop) -> Workshop:
    """A repository that signs with a program that waits for a passphrase nobody gives."""
    program = workshop.root / "gpg"
    workshop.fifo("passphrase")
    here = workshop.fifo("here")
    program.write_text(f"#!/bin/sh\necho $$ > {here}\ncat {workshop.root}/passphrase\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    workshop.git("config", "commit.gpgSign", "true")
    workshop.git("config", "gpg.program", str(program))
    return workshop


def configure(workshop: Workshop, limit: int) -> None:
    work = [{"write": "health.py", "text": "OK = 1\n"}, {"reply": "Done."}]
    dev = workshop.agent("dev", work, workspace="worktree", commit="auto")
    workshop.configure([dev], orchestration={"git_timeout_secs": limit})


def test_a_commit_that_waits_for_a_passphrase_ends_at_the_limit_and_the_work_is_kept(signer: Workshop) -> None:
    configure(signer, 2)
    reader = os.open(signer.root / "here", os.O_RDWR)  # so that the program finds one, and goes on to wait
    answer = signer.ask("dispatch", "dev", "work", "--thread", "t1", "--wait")
    os.close(reader)
    assert answer["body"].startswith("Done.")
    assert "git_timeout_secs" in answer["body"]
    assert "passphrase" in answer["body"]
    ended = next(one for one in signer.events("t1") if one["type"] == "execution.ended")
    assert ended["data"]["snapshot"]["files"] == ["health.py"]


def test_what_is_waited_for_is_said_and_abandoning_ends_it(signer: Workshop) -> None:
    configure(signer, 600)
    signer.ask("dispatch", "dev", "work", "--thread", "t1")
    with (signer.root / "here").open() as here:
        waiting = int(here.readline())
    said = signer("why", "t1").out
    assert "git was to commit what it left" in said
    assert "600 s (git_timeout_secs)" in said
    signer.ask("abandon", "t1")
    stopped = signer.until("execution.stopped")
    assert stopped["data"]["snapshot"]["files"] == ["health.py"]
    assert not process_tree.is_alive(waiting)
