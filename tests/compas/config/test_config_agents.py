"""Agents: their defaults, names, backends, flags, handoffs and prompts."""

import pytest

from tests.kit.config.config_desk import Desk

TWO = """\
default_workdir: .
agent_defaults: {backend: claude, safety_mode: auto_approve, %s}
agents:
  - alias: dev
  - alias: reviewer
"""


# proves: c-config-dashboard 3
@pytest.mark.parametrize("agents", ["agents: []", "agents:", ""])
def test_a_file_without_agents_is_refused(desk: Desk, agents: str) -> None:
    said = desk.error(f"default_workdir: .\n{agents}\n")
    assert "agents" in said
    assert "at least one" in said


def test_an_agent_has_every_default_filled_in(desk: Desk) -> None:
    config = desk.config(desk.agent("workdir: sub\n"))
    agent = config.agents["dev"]
    assert agent.workdir == str(desk.directory / "sub")
    assert (agent.role, agent.timeout_secs, agent.max_retries, agent.retry_backoff_secs) == (
        "worker",
        600,
        0,
        30,
    )
    assert (agent.commit, agent.may, agent.on_crash, agent.env_pass) == (
        "agent",
        ("dispatch",),
        "resume",
        None,
    )
    assert (agent.backend_args, agent.env, agent.handoff, agent.max_concurrent) == ((), {}, None, None)


def test_what_an_agent_says_is_what_it_gets(desk: Desk) -> None:
    agent = desk.config(
        desk.agent(
            """\
            model: m
            timeout_secs: 5
            workspace: worktree
            commit: auto
            may: [dispatch, merge]
            max_concurrent: 1
            on_crash: fail
            env_pass: [PATH, "LC_*"]
            retry_backoff_secs: 0
            handoff: {on_response: operator, handoff_prompt: look, max_chain_depth: 5, until: approved}
            """
        )
    ).agents["dev"]
    assert (agent.model, agent.timeout_secs, agent.workspace, agent.commit) == ("m", 5, "worktree", "auto")
    assert (agent.may, agent.max_concurrent, agent.on_crash) == (("dispatch", "merge"), 1, "fail")
    assert (agent.env_pass, agent.retry_backoff_secs) == (("PATH", "LC_*"), 0)
    assert agent.handoff is not None
    assert (agent.handoff.targets, agent.handoff.prompt) == (("operator",), "look")
    assert (agent.handoff.max_chain_depth, agent.handoff.until) == (5, "approved")


def test_agents_keep_the_order_of_the_file(desk: Desk) -> None:
    text = desk.with_agent("") + "".join(
        f"  - {{alias: {alias}, backend: claude, safety_mode: auto_approve}}\n" for alias in "zay"
    )
    assert list(desk.config(text).agents) == ["dev", "z", "a", "y"]


# proves: c-config-dashboard 16
def test_one_alias_for_two_agents_is_refused_also_when_only_its_case_differs(desk: Desk) -> None:
    again = "  - {alias: %s, backend: claude, safety_mode: auto_approve}\n"
    assert "agents[1].alias: another agent is called 'dev'" in desk.error(desk.agent("") + again % "dev")
    assert "'Dev' and 'dev' differ only in case" in desk.error(desk.agent("") + again % "Dev")


@pytest.mark.parametrize("alias", ["a b", "a/b", "..", "-x", "''", "ü", '"a\\nb"', "a" * 65])
def test_an_alias_that_could_not_name_a_branch_or_file_is_refused(desk: Desk, alias: str) -> None:
    assert "agents[0].alias" in desk.error(desk.with_agent("").replace("dev", alias))


# proves: c-config-dashboard 17
def test_a_worker_called_operator_is_ambiguous_also_as_a_target(desk: Desk) -> None:
    other = "  - {alias: two, backend: claude, safety_mode: auto_approve, handoff: {on_response: operator}}\n"
    text = (desk.agent("") + other).replace("dev", "operator")
    assert "agents[0].alias: 'operator' means the person" in desk.error(text)
    config = desk.config(text.replace("backend: claude\n", "backend: claude\n    role: operator\n", 1))
    assert config.agents["operator"].role == "operator"
    assert config.effective_concurrency == 1


@pytest.mark.parametrize(
    ("backend", "flag"),
    [
        ("claude", "--dangerously-skip-permissions"),
        ("codex", "in its sandbox"),
        ("gemini", "--yolo"),
        ("opencode", "its own permissions"),
    ],
)
def test_a_missing_safety_mode_is_a_warning_with_the_flag(desk: Desk, backend: str, flag: str) -> None:
    text = desk.agent("", backend=backend).replace("    safety_mode: auto_approve\n", "")
    loaded = desk.load(text)
    assert loaded.config.agents["dev"].safety_mode is None
    (said,) = [finding for finding in loaded.warnings if finding.key == "agents[0].safety_mode"]
    assert flag in said.sentence
    assert "safety_mode: auto_approve" in said.sentence
    assert said.line == 3


# proves: c-config-dashboard 19
def test_an_unknown_backend_is_refused_with_the_known_and_the_probable_one(desk: Desk) -> None:
    said = desk.error(desk.agent("", backend="cluade"))
    assert "claude, codex, gemini, opencode, scripted" in said
    assert "did you mean 'claude'?" in said


def test_an_agent_without_any_backend_is_told_both_places(desk: Desk) -> None:
    said = desk.error(desk.with_agent("").replace("    backend: claude\n", ""))
    assert "set it here or in agent_defaults" in said


def test_the_scripted_backend_needs_a_script_and_no_other_has_one(desk: Desk) -> None:
    (desk.directory / "play.yaml").write_text("")
    config = desk.config(desk.agent("script: play.yaml\n", backend="scripted"))
    assert config.agents["dev"].script == str(desk.directory / "play.yaml")
    assert "needs a script" in desk.error(desk.agent("", backend="scripted"))
    assert "only by the backend scripted" in desk.error(desk.agent("script: play.yaml\n"))
    assert "none.yaml does not exist" in desk.error(desk.agent("script: none.yaml\n", backend="scripted"))


# proves: c-config-dashboard 20
def test_a_missing_workdir_of_an_agent_is_a_warning(desk: Desk) -> None:
    (said,) = desk.warnings(desk.agent("workdir: sub\n"))
    assert "agents[0].workdir" in said
    (desk.directory / "sub").mkdir()
    assert not desk.warnings(desk.agent("workdir: sub\n"))


# proves: c-config-dashboard 21
@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("dev", "agents[0].handoff.on_response: agent 'dev' cannot hand its reply to itself"),
        ("tow", "no agent is called; there are dev, two; did you mean 'two'?"),
        ("[]", "the list is empty"),
        ("[two, two]", "agents[0].handoff.on_response[1]: 'two' is in the list twice"),
        ("[two, operator]", "stands alone"),
        ("[operator]", "stands alone"),
        ("[two, dev]", "cannot hand its reply to itself"),
        ("[two, 5]", 'quote it: "5"'),
        ("{a: b}", "has to be a string or a list"),
    ],
)
def test_a_handoff_that_leads_nowhere_is_refused(desk: Desk, target: str, says: str) -> None:
    text = desk.agent(f"handoff: {{on_response: {target}}}\n")
    assert says in desk.error(text + "  - {alias: two, backend: claude, safety_mode: auto_approve}\n")


# proves: c-config-dashboard 21
@pytest.mark.parametrize(
    ("target", "targets"), [("operator", ("operator",)), ("two", ("two",)), ("[two]", ("two",)), ("~", ())]
)
def test_a_handoff_to_the_operator_or_another_agent_loads(desk: Desk, target: str, targets: tuple[str, ...]) -> None:
    text = desk.agent(f"handoff: {{on_response: {target}}}\n")
    loaded = desk.load(text + "  - {alias: two, backend: claude, safety_mode: auto_approve}\n")
    handoff = loaded.config.agents["dev"].handoff
    assert handoff is not None
    assert handoff.targets == targets
    assert loaded.warnings == ()


def test_a_reply_may_go_to_several_agents_and_their_answers_to_one(desk: Desk) -> None:
    text = desk.agent("handoff: {on_response: [r1, r2], join: lead}\n")
    for alias in ("r1", "r2", "lead"):
        text += f"  - {{alias: {alias}, backend: claude, safety_mode: auto_approve}}\n"
    loaded = desk.load(text)
    handoff = loaded.config.agents["dev"].handoff
    assert handoff is not None
    assert (handoff.targets, handoff.join) == (("r1", "r2"), "lead")
    assert loaded.warnings == ()


def test_a_person_joins_nothing(desk: Desk) -> None:
    text = desk.agent("handoff: {on_response: [r1, r2], join: operator}\n")
    text += "".join(f"  - {{alias: {alias}, backend: claude, safety_mode: auto_approve}}\n" for alias in ("r1", "r2"))
    (said,) = desk.errors(text)
    assert "'operator' is a person and joins nothing" in said


@pytest.mark.parametrize("target", ["on_response: r1", "on_response: operator", "max_chain_depth: 2"])
def test_a_join_of_what_goes_to_one_agent_is_warned_of(desk: Desk, target: str) -> None:
    text = desk.agent(f"handoff: {{{target}, join: r1}}\n")
    text += "  - {alias: r1, backend: claude, safety_mode: auto_approve}\n"
    (said,) = desk.warnings(text)
    assert "nothing is joined" in said


def test_a_handoff_to_an_agent_that_never_runs_is_warned_of(desk: Desk) -> None:
    text = desk.agent("handoff: {on_response: boss}\n") + "  - {alias: boss, backend: claude, role: operator}\n"
    (said,) = desk.warnings(text)
    assert "never started" in said


def test_an_alias_that_cannot_be_read_makes_no_other_error(desk: Desk) -> None:
    text = desk.agent("handoff: {on_response: reviewer}\n") + "  - {alais: reviewer, backend: claude}\n"
    assert [said.split(": ")[1] for said in desk.errors(text)] == ["agents[1].alias", "agents[1].alais"]


# proves: c-config-dashboard 25
def test_environments_are_joined_and_the_agents_own_wins(desk: Desk) -> None:
    text = (TWO % "env: {A: '1', B: '2'}").replace("- alias: dev", "- {alias: dev, env: {B: '3', C: '4'}}")
    agents = desk.config(text).agents
    assert agents["dev"].env == {"A": "1", "B": "3", "C": "4"}
    assert agents["reviewer"].env == {"A": "1", "B": "2"}


# proves: c-config-dashboard 26
def test_an_empty_list_of_arguments_overrides_the_default(desk: Desk) -> None:
    text = (TWO % "backend_args: [x]").replace("- alias: dev", "- {alias: dev, backend_args: []}")
    agents = desk.config(text).agents
    assert (agents["dev"].backend_args, agents["reviewer"].backend_args) == ((), ("x",))


# proves: c-config-dashboard 27
def test_an_agents_own_prompt_beats_a_default_prompt_file(desk: Desk) -> None:
    (desk.directory / "p.md").write_text("file")
    text = (TWO % "prompt_file: p.md").replace("- alias: dev", "- {alias: dev, prompt: mine}")
    loaded = desk.load(text)
    dev, reviewer = loaded.config.agents.values()
    assert (dev.prompt, dev.prompt_file) == ("mine", None)
    assert (reviewer.prompt, reviewer.prompt_file) == (None, str(desk.directory / "p.md"))
    assert loaded.warnings == ()


# proves: c-config-dashboard 28
def test_a_default_handoff_to_the_agent_itself_is_skipped_with_a_note(desk: Desk) -> None:
    loaded = desk.load(TWO % "handoff: {on_response: reviewer}")
    dev, reviewer = loaded.config.agents.values()
    assert dev.handoff is not None
    assert dev.handoff.targets == ("reviewer",)
    assert reviewer.handoff is None
    (said,) = loaded.warnings
    assert (said.line, said.key) == (5, "agents[1].handoff")
    assert "skipped" in said.sentence


# proves: c-config-dashboard 28
def test_a_default_list_of_targets_leaves_out_the_agent_itself(desk: Desk) -> None:
    agents = desk.config(TWO % "handoff: {on_response: [dev, reviewer]}").agents
    assert [agent.handoff and agent.handoff.targets for agent in agents.values()] == [("reviewer",), ("dev",)]


def test_an_agents_own_handoff_replaces_the_default_as_a_whole(desk: Desk) -> None:
    text = TWO % "handoff: {on_response: reviewer, max_chain_depth: 9}"
    text = text.replace("- alias: reviewer", "- {alias: reviewer, handoff: {on_response: dev}}")
    handoff = desk.config(text).agents["reviewer"].handoff
    assert handoff is not None
    assert (handoff.targets, handoff.max_chain_depth) == (("dev",), 3)


def test_a_mistake_in_the_defaults_is_pointed_at_there(desk: Desk) -> None:
    said = desk.error(TWO % "handoff: {on_response: nobody}")
    assert said.startswith("line 2, column")
    assert "agent_defaults.handoff.on_response" in said


# proves: c-config-dashboard 29
@pytest.mark.parametrize("defaults", ["backend: claude, model: opus", "model: opus"])
def test_a_default_model_for_another_backend_is_warned_of(desk: Desk, defaults: str) -> None:
    text = f"""\
        default_workdir: .
        agent_defaults: {{safety_mode: auto_approve, {defaults}}}
        agents:
          - {{alias: dev, backend: claude}}
          - {{alias: two, backend: mine}}
          - {{alias: own, backend: mine, model: m}}
        backend_definitions: [{{name: mine, command: x}}]
        """
    (said,) = desk.warnings(text)
    assert "agents[1].model" in said or "agent_defaults.model" in said
    assert "'two' on mine inherits model from agent_defaults, which goes with claude" in said


# proves: c-config-dashboard 30
def test_null_on_an_agent_takes_the_default(desk: Desk) -> None:
    text = (TWO % "model: opus").replace("- alias: dev", "- {alias: dev, model: null}")
    assert desk.config(text).agents["dev"].model == "opus"


# proves: c-config-dashboard 36
def test_a_prompt_file_that_cannot_be_read_is_an_error(desk: Desk) -> None:
    assert "p.md does not exist" in desk.error(desk.agent("prompt_file: p.md\n"))
    (desk.directory / "p.md").mkdir()
    assert "p.md is not a file" in desk.error(desk.agent("prompt_file: p.md\n"))


# proves: c-config-dashboard 36
def test_a_prompt_file_deleted_later_does_not_stop_a_reload(desk: Desk) -> None:
    prompt = desk.directory / "p.md"
    prompt.write_text("hello")
    text = desk.agent("prompt_file: p.md\n")
    before = desk.config(text)
    prompt.unlink()
    after = desk.load(text + "    model: new\n", previous=before)
    assert after.config.agents["dev"].model == "new"
    assert [finding.key for finding in after.warnings] == ["agents[0].prompt_file"]


# proves: c-config-dashboard 37
@pytest.mark.parametrize("where", ["agents[0]", "agent_defaults"])
def test_of_prompt_and_prompt_file_side_by_side_the_file_wins_with_a_warning(desk: Desk, where: str) -> None:
    (desk.directory / "p.md").write_text("hello")
    both = "prompt: inline, prompt_file: p.md"
    text = TWO % both if where == "agent_defaults" else (TWO % "").replace("alias: dev", f"{{alias: dev, {both}}}")
    loaded = desk.load(text)
    assert loaded.config.agents["dev"].prompt is None
    assert loaded.config.agents["dev"].prompt_file == str(desk.directory / "p.md")
    assert [finding.key for finding in loaded.warnings] == [f"{where}.prompt"]


# proves: c-config-dashboard 39
@pytest.mark.parametrize(
    ("backend", "argument", "says"),
    [
        ("claude", "--yolo", "dangerous flag"),
        ("claude", "--yolo=true", "dangerous flag"),
        ("claude", "--dangerously-skip-permissions", "duplicate flag"),
        ("codex", "--full-auto", "dangerous flag"),
        ("codex", "--dangerously-bypass-approvals-and-sandbox", "duplicate flag"),
        ("claude", "--verbose", None),
    ],
)
def test_flags_that_switch_protection_off_are_warned_of(
    desk: Desk, backend: str, argument: str, says: str | None
) -> None:
    loaded = desk.load(desk.agent(f"backend_args: [{argument}]\n", backend=backend))
    found = [finding.sentence for finding in loaded.warnings if "backend_args" in finding.key]
    assert [sentence.split(":")[0] for sentence in found] == ([says] if says else [])


def test_a_flag_that_takes_a_sandbox_away_is_dangerous_where_compas_would_leave_it(desk: Desk) -> None:
    text = desk.agent("backend_args: [--dangerously-bypass-approvals-and-sandbox]\n", backend="codex")
    found = desk.load(text.replace("    safety_mode: auto_approve\n", "")).warnings
    assert [finding.sentence.split(":")[0] for finding in found if "backend_args" in finding.key] == ["dangerous flag"]


def test_a_warning_about_a_default_is_given_once_for_all_who_inherit_it(desk: Desk) -> None:
    (said,) = desk.warnings(TWO % "backend_args: [--yolo]")
    assert "line 2" in said
    assert "agent_defaults.backend_args[0]: dangerous flag" in said


# proves: c-config-dashboard 40
def test_variables_that_decide_what_runs_are_warned_of_in_order(desk: Desk) -> None:
    found = desk.load(desk.agent("env: {PATH: /x, ZED: z, HOME: /y}\n")).warnings
    assert [finding.key for finding in found] == ["agents[0].env.PATH", "agents[0].env.HOME"]


@pytest.mark.parametrize("args", ["['']", "[' ']"])
def test_blank_arguments_are_refused(desk: Desk, args: str) -> None:
    assert "backend_args[0]" in desk.error(desk.agent(f"backend_args: {args}\n"))
