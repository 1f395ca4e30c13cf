"""What only Codex does: its sandbox, its settings, its MCP servers, and counts of whole conversations."""

import json
import signal
import sys
from pathlib import Path

import pytest

from compas.backends.backend import Task
from compas.backends.catalogue import build_backends
from compas.backends.environment import MARKS
from compas.domain.specs import AgentSpec
from tests.kit.system import process_tree
from tests.real_clis.stage import Stage

pytestmark = pytest.mark.system

SERVER = f"""
[mcp_servers.poke]
command = "{sys.executable}"
args = ["{Path(__file__).parent / "mcp_poke.py"}"]
"""
POKE = "SCENARIO:tool name=mcp__poke::poke"


LIST_AGENTS = "SCENARIO:tool name=mcp__compas::orch_list_agents"


def add_settings(codex: Stage, text: str) -> None:
    with (codex.workshop.root / ".codex" / "config.toml").open("a") as file:
        file.write(text)


@pytest.mark.parametrize("settings", [{"safety_mode": "auto_approve"}, {"safety_mode": None}])
@pytest.mark.parametrize("size", [20, 130_000], ids=["short", "long"])
def test_the_prompt_reaches_the_model_in_new_and_in_continued_conversations(
    codex: Stage, size: int, settings: dict[str, object]
) -> None:
    prompt = 'You are "dev" \\ ü.\n' + "x" * (size - 18)
    codex.configure(settings, {"prompt": prompt})
    codex.say("One.")
    codex.say("Two.")
    one, two = [f"{request.system}\n{request.prompts}" for request in codex.server.requests]
    told = [text.replace("\\n", "\n").replace("\\\\", "\\") for text in (one, two)]
    assert prompt in told[0]
    assert prompt in told[1]


def test_without_acknowledgement_it_edits_its_worktree_and_nothing_else_and_compas_commits(codex: Stage) -> None:
    # The workshop is in /tmp itself, where the sandbox lets everybody write.
    add_settings(codex, "[sandbox_workspace_write]\nexclude_slash_tmp = true\nexclude_tmpdir_env_var = true\n")
    codex.configure({"safety_mode": None, "commit": "auto"})
    outside = codex.workshop.root / "outside"
    task = f"SCENARIO:write path=new.txt content=written\nSCENARIO:shell cmd='touch {outside} || git commit -qam x'"
    assert "Read-only file system" in codex.say(task)
    assert codex.say("SCENARIO:write path=more.txt content=more\nSCENARIO:final text=Done.").startswith("Done.")
    assert not outside.exists()
    merged = codex.workshop.ask("merge", "t1")
    assert codex.workshop.ask("wait-merge", "--op-id", merged["op_id"])["status"] == "completed"
    assert (codex.workshop.repo / "more.txt").read_text().strip() == "more"


@pytest.mark.parametrize(
    ("settings", "approval", "says"),
    [
        ({"safety_mode": "auto_approve"}, "", "poked"),
        ({"safety_mode": None}, 'default_tools_approval_mode = "approve"\n', "poked"),
        ({"safety_mode": None}, "", "requires approval"),
    ],
    ids=["acknowledged", "approved", "neither"],
)
def test_a_tool_of_an_mcp_server_is_called_where_somebody_has_approved_it(
    codex: Stage, settings: dict[str, object], approval: str, says: str
) -> None:
    add_settings(codex, SERVER + approval)
    codex.configure(settings)
    assert says in codex.say(POKE)


def test_the_tools_of_compas_are_there_in_the_first_turn(codex: Stage) -> None:
    names = ("COMPAS_CONFIG", "COMPAS_RUNTIME_DIR", "PYTHONPATH")
    env = {name: value for name, value in codex.workshop.environ.items() if name in names}
    server = {"command": sys.executable, "args": ["-P", "-m", "compas", "mcp-server"]}
    lines = [f"{name} = {json.dumps(value)}" for name, value in server.items()]
    add_settings(codex, "\n".join(["[mcp_servers.compas]", *lines, "[mcp_servers.compas.env]"]) + "\n")
    add_settings(codex, "".join(f"{name} = {json.dumps(value)}\n" for name, value in env.items()))
    codex.configure({"safety_mode": "auto_approve"})
    assert '"alias":"dev"' in codex.say(LIST_AGENTS).replace("\\", "")


def test_it_works_outside_a_git_repository(codex: Stage) -> None:
    place = codex.workshop.root / "plain"
    place.mkdir()
    codex.configure({"workspace": "shared", "workdir": str(place)})
    assert codex.say("SCENARIO:write path=new.txt content=x\nSCENARIO:final text=Done.").startswith("Done.")
    assert (place / "new.txt").exists()


def test_after_a_failed_turn_the_next_ones_share_is_unknown_and_then_known_again(codex: Stage) -> None:
    codex.configure(codex.rig.at_once)
    for task in ("One.", "SCENARIO:shell cmd='echo x'\nSCENARIO:error code=400", "Three.", "Four."):
        codex.say(task)
    assert [end["usage"].get("tokens_in") for end in codex.ended()] == [111, None, None, 111]
    assert len(set(codex.sessions())) == 1


def test_after_a_stopped_turn_the_next_ones_share_is_unknown_and_the_conversation_goes_on(codex: Stage) -> None:
    codex.configure()
    codex.say("One.")
    seen = len(codex.workshop.events())
    codex.begin_tool()
    started = codex.workshop.until("execution.started", after=seen)
    process_tree.signal_group(started["data"]["pid"], signal.SIGKILL)
    codex.workshop.until("execution.ended", after=seen)
    assert codex.say("Three.").startswith("echo (prompt 3, ")
    assert codex.say("Four.").startswith("echo (prompt 4, ")
    assert [end["usage"].get("tokens_in") for end in codex.ended()] == [111, None, None, 111]


def test_a_server_that_is_down_is_not_waited_for_without_end(codex: Stage) -> None:
    codex.configure(codex.rig.at_once)
    codex.server.shutdown()
    codex.server.server_close()
    assert "Connection failed" in codex.say("Hello.")


def test_an_account_that_is_used_up_fails_with_the_time_it_resets(codex: Stage) -> None:
    codex.configure({"max_retries": 1, "retry_backoff_secs": 0})
    assert "Jan 1st, 2100" in codex.say("SCENARIO:limit resets=4102444800")
    (end,) = codex.ended()
    assert (end["category"], end["resets_at"]) == ("quota_exhausted", 4102444800)


def test_its_tools_see_that_they_are_its_children_and_their_marks_are_known(codex: Stage) -> None:
    codex.configure()
    body = codex.say('SCENARIO:shell cmd=\'env | grep ^CODEX_ | cut -d= -f1 | tr "\\n" " "\'')
    seen = {word for word in body.split() if word.startswith("CODEX_")}
    assert seen
    assert seen <= {*MARKS}


def test_a_name_that_is_no_uuid_silently_begins_a_new_conversation_which_is_why_none_is_resumed(codex: Stage) -> None:
    ran = codex.workshop.run(["codex", "exec", "--json", "resume", "my-thread", "Hello."], cwd=codex.workshop.repo)
    began = json.loads(ran.out.splitlines()[0])
    assert (ran.code, began["type"]) == (0, "thread.started")
    assert began["thread_id"] != "my-thread"
    agent = AgentSpec(alias="dev", backend="codex", workdir="/x")
    task = Task(instruction="Go.", workdir="/x", files="/f", session="my-thread")
    assert "resume" not in build_backends(())["codex"].command_line(agent, task).argv
