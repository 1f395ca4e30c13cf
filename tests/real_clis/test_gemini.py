"""What only Gemini CLI does: its own syntax in tasks, a file of defaults, conversations that belong to a place."""

import json
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from compas.backends.environment import MARKS
from compas.backends.gemini.adapter import ATTEMPTS
from tests.model_server.model_http import ModelServer
from tests.real_clis.rigs import RIGS
from tests.real_clis.stage import Stage, open_with

pytestmark = pytest.mark.system

OURS = {"GEMINI_API_KEY", "GEMINI_CLI_NO_RELAUNCH", "GEMINI_CLI_SYSTEM_DEFAULTS_PATH", "GEMINI_CLI_TRUST_WORKSPACE"}


@pytest.fixture
def private(server: ModelServer) -> Iterator[Stage]:
    """Return Gemini CLI with a home below directories that only the operator can write to: it trusts no settings below
    others."""
    place = Path.home() / ".cache"
    open_to_all = [str(above) for above in place.parents if above.stat().st_mode & stat.S_IWOTH]
    assert not open_to_all, f"HOME is below {open_to_all}, to which anybody can write; run this test with another"
    place.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as root, open_with(RIGS["gemini"], Path(root), server) as workshop:
        yield Stage(RIGS["gemini"], workshop, server)


@pytest.mark.parametrize("task", ["/help", "@README.md", "!ls", "Look at @README.md and /etc/hosts, then !ls."])
def test_what_is_syntax_of_its_own_prompt_reaches_the_model_as_written(gemini: Stage, task: str) -> None:
    gemini.configure()
    gemini.say(task)
    assert [request.prompts[-1] for request in gemini.server.requests if request.tools] == [task]


def test_requests_are_repeated_a_bounded_number_of_times(private: Stage) -> None:
    settings = private.workshop.root / ".gemini" / "settings.json"
    found = json.loads(settings.read_text())
    del found["general"]["maxAttempts"]
    settings.write_text(json.dumps(found))
    private.configure({"timeout_secs": 150})
    assert "(429)" in private.say("SCENARIO:ratelimit retry_after=1", seconds=160)
    assert private.judged() == ["failed transient"]
    assert len(private.server.requests) == ATTEMPTS


def test_a_conversation_is_not_gone_on_with_in_another_directory(gemini: Stage) -> None:
    for place in ("one", "two"):
        (gemini.workshop.root / place).mkdir()
        gemini.configure({"workspace": "shared", "workdir": str(gemini.workshop.root / place)})
        gemini.workshop("restart")
        assert gemini.say("Hello.").startswith("echo (prompt 1, ")
    assert gemini.judged() == ["completed"] * 2
    assert len(set(gemini.sessions())) == 2


def test_its_tools_see_that_they_are_its_children_and_their_marks_are_known(gemini: Stage) -> None:
    gemini.configure()
    body = gemini.say('SCENARIO:shell cmd=\'env | grep ^GEMINI_ | cut -d= -f1 | tr "\\n" " "; echo\'')
    seen = {word for word in body.replace("\\n", " ").split() if word.startswith("GEMINI_")}
    assert seen
    assert seen <= {*MARKS} | OURS
