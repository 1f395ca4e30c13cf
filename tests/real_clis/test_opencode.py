"""What only OpenCode does: its permissions, its profiles, and conversations that belong to a place."""

import pytest

from compas.backends.environment import MARKS
from tests.real_clis.stage import Stage

pytestmark = pytest.mark.system

OURS = {
    "OPENCODE_FAKE_KEY",
    "OPENCODE_DISABLE_AUTOUPDATE",
    "OPENCODE_DISABLE_MODELS_FETCH",
    "OPENCODE_DISABLE_LSP_DOWNLOAD",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS",
}


def test_without_acknowledgement_it_edits_its_worktree_and_nothing_outside_and_never_hangs(opencode: Stage) -> None:
    opencode.configure({"safety_mode": None})
    assert opencode.say("SCENARIO:write path=new.txt content=x\nSCENARIO:final text=Done.").startswith("Done.")
    assert (opencode.worktree / "new.txt").exists()
    outside = opencode.workshop.root / "outside.txt"
    opencode.say(f"SCENARIO:write path={outside} content=x\nSCENARIO:final text=Done.")
    assert not outside.exists()
    assert opencode.judged()[0] == "completed"
    assert opencode.judged()[1] != "timed_out timeout"


def test_a_profile_that_does_not_exist_is_a_failure_and_not_another_agents_work(opencode: Stage) -> None:
    opencode.configure({"prompt": "nobody"})
    assert "has no agent called 'nobody'" in opencode.say("Hello.")
    assert opencode.judged() == ["failed agent_error"]


def test_a_prompt_of_one_word_is_a_profile_of_the_operators(opencode: Stage) -> None:
    place = opencode.workshop.root / ".config" / "opencode" / "agent"
    place.mkdir()
    (place / "terse.md").write_text("---\ndescription: Says little\nmode: primary\n---\nAnswer in one word.\n")
    opencode.configure({"prompt": "terse"})
    opencode.say("Hello.")
    assert opencode.judged() == ["completed"]
    assert any("Answer in one word." in request.system for request in opencode.server.requests)


def test_a_conversation_is_not_gone_on_with_in_another_directory(opencode: Stage) -> None:
    for place in ("one", "two"):
        (opencode.workshop.root / place).mkdir()
        opencode.configure({"workspace": "shared", "workdir": str(opencode.workshop.root / place)})
        opencode.workshop("restart")
        assert opencode.say("Hello.").startswith("echo (prompt 1, ")
    assert opencode.judged() == ["completed"] * 2
    assert len(set(opencode.sessions())) == 2


def test_its_tools_see_that_they_are_its_children_and_their_marks_are_known(opencode: Stage) -> None:
    opencode.configure()
    body = opencode.say('SCENARIO:shell cmd=\'env | grep ^OPENCODE | cut -d= -f1 | tr "\\n" " "; echo\'')
    seen = {word for word in body.split() if word.startswith("OPENCODE")}
    assert seen
    assert seen <= {*MARKS} | OURS
