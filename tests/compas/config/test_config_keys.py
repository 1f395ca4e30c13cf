"""Single keys: ranges, forms, misspelt, old and removed ones, and those without effect yet."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compas.config.findings import ConfigError
from compas.config.schema.declared import is_section, item_types, keys, spellings
from compas.config.schema.file import ConfigFile
from compas.config.schema.key import Section
from compas.domain.specs import CommandSpec, HandoffSpec
from compas.suggest import closest, distance
from tests.kit.config.config_desk import Desk
from tests.kit.places import REPOSITORY

DESIGN = REPOSITORY / "docs/design.md"


def ranged(desk: Desk, section: str, key: str, value: int) -> bool:
    """Tell whether a value loads, checking that a refusal names the key."""
    text = f"{key}: {value}\n" if not section else f"{section}: {{{key}: {value}}}\n"
    with_key = desk.with_agent(text)
    try:
        desk.load(with_key)
    except ConfigError:
        assert key in desk.error(with_key)
        return False
    return True


def test_the_example_of_the_design_loads_and_all_of_it_arrives(desk: Desk) -> None:
    (example,) = re.findall(r"(?s)```yaml\n(.*?)```", DESIGN.read_text(encoding="utf-8"))
    others = "".join(f"  - {{alias: {name}, backend: claude}}\n" for name in ("dev-codex", "r1", "r2", "lead"))
    config = desk.config("default_workdir: .\n" + example.replace("budgets:", f"{others}budgets:", 1))
    (repository,) = config.repositories
    assert repository.path == f"{desk.environ['HOME']}/src/app"
    assert (repository.copy, repository.ports) == ((".env",), 3)
    assert repository.merge_verify is not None
    assert repository.merge_verify.run == "make test"
    assert repository.setup == CommandSpec(run="uv sync", timeout_secs=300)
    dev = config.agents["dev"]
    assert (dev.commit, dev.may, dev.max_concurrent) == ("auto", ("dispatch",), 2)
    assert dev.env_pass == ("PATH", "HOME", "LANG")
    assert dev.handoff == HandoffSpec(targets=("r1", "r2"), join="lead", max_chain_depth=3, until="approved")
    assert config.on_crash == "resume"


# proves: c-config-dashboard 10, c-config-dashboard 11, c-config-dashboard 13, a-core 169
@pytest.mark.parametrize(
    ("section", "key", "good", "bad"),
    [
        ("", "poll_interval_secs", (1, 3600), (0, 3601)),
        ("orchestration", "stale_active_secs", (60, 604800), (59, 604801)),
        ("orchestration", "max_triggers_per_agent", (1,), (0,)),
        ("orchestration", "max_concurrent_triggers", (1,), (0,)),
        ("orchestration", "max_queued_executions", (1,), (0,)),
        ("orchestration", "execution_timeout_secs", (1,), (0,)),
        ("orchestration", "merge_timeout_secs", (1,), (0,)),
        ("orchestration", "ping_timeout_secs", (1,), (0,)),
        ("database", "acquire_timeout_ms", (100,), (99,)),
    ],
)
def test_numbers_are_accepted_up_to_their_bounds(
    desk: Desk, section: str, key: str, good: tuple[int, ...], bad: tuple[int, ...]
) -> None:
    assert [ranged(desk, section, key, value) for value in good + bad] == [True] * len(good) + [False] * len(bad)


# proves: a-core 169
def test_a_breaker_that_opens_at_no_failure_is_refused(desk: Desk) -> None:
    text = desk.with_agent("orchestration: {circuit_breaker: {failure_threshold: 0}}\n")
    assert "orchestration.circuit_breaker.failure_threshold" in desk.error(text)


# proves: c-config-dashboard 22
@pytest.mark.parametrize(("depth", "loads"), [(0, False), (1, True), (20, True), (21, False)])
def test_a_chain_has_from_1_to_20_handoffs(desk: Desk, depth: int, loads: bool) -> None:
    text = desk.agent(f"handoff: {{max_chain_depth: {depth}}}\n")
    if loads:
        handoff = desk.config(text).agents["dev"].handoff
        assert handoff is not None
        assert handoff.max_chain_depth == depth
    else:
        assert "from 1 to 20" in desk.error(text)


# proves: c-config-dashboard 15
@pytest.mark.parametrize("intent", ["Invalid Intent", "-a", "a--b", "a-", "A", "''", "ä"])
def test_intents_are_slugs(desk: Desk, intent: str) -> None:
    assert "trigger_intents[1]" in desk.error(desk.with_agent(f"orchestration: {{trigger_intents: [ok, {intent}]}}\n"))


# proves: c-config-dashboard 14
def test_no_intents_at_all_load_with_a_warning(desk: Desk) -> None:
    (said,) = desk.warnings(desk.with_agent("orchestration: {trigger_intents: []}\n"))
    assert "no message ever starts an agent" in said


# proves: c-config-dashboard 5
def test_a_misspelt_key_is_ignored_with_a_suggestion_where_the_original_ignored_it(desk: Desk) -> None:
    (said,) = desk.warnings(desk.with_agent("orchestration:\n  max_triggers_per_agnet: 2\n"))
    assert said.startswith("line 7, column 3: orchestration.max_triggers_per_agnet: ignored")
    assert "did you mean 'max_triggers_per_agent'?" in said


# proves: c-config-dashboard 5
def test_a_misspelt_key_is_refused_with_a_suggestion_where_the_original_refused_it(desk: Desk) -> None:
    assert "did you mean 'workspace'?" in desk.error(desk.agent("workspase: worktree\n"))
    assert "did you mean 'default_workdir'?" in desk.errors("target_repo_rot: .\nagents: []\n")[0]


def test_a_key_like_no_other_is_answered_with_those_there_are(desk: Desk) -> None:
    assert "known are name, command, args" in desk.error(
        desk.with_agent("backend_definitions:\n  - {name: x, command: x, args: ['{{instruction}}'], zzzzzz: 1}\n")
    )


def sections(section: type[Section]) -> Iterator[type[Section]]:
    yield section
    for declared in keys(section).values():
        for option in declared.types:
            for nested in (option, *item_types(option)):
                if is_section(nested):
                    yield from sections(nested)


EVERY_KEY = sorted({(section.__name__, name) for section in sections(ConfigFile) for name in spellings(section)})
SECTIONS = {section.__name__: section for section in sections(ConfigFile)}


@settings(deadline=None)
@given(st.sampled_from(EVERY_KEY), st.integers(0, 40), st.sampled_from("abcxyz_-Z"), st.sampled_from("idrs"))
def test_one_slip_in_any_key_still_finds_what_was_meant(
    which: tuple[str, str], at: int, letter: str, slip: str
) -> None:
    section, key = which
    at %= len(key)
    typo = {
        "i": key[:at] + letter + key[at:],
        "d": key[:at] + key[at + 1 :],
        "r": key[:at] + letter + key[at + 1 :],
        "s": key[:at] + key[at : at + 2][::-1] + key[at + 2 :],
    }[slip]
    meant = closest(typo, spellings(SECTIONS[section]))
    assert meant is not None
    assert distance(typo.casefold().replace("-", "_"), meant) <= 1


def test_words_far_from_every_key_get_no_suggestion() -> None:
    assert closest("nonsense", ["model", "alias"]) is None


# proves: c-config-dashboard 8
@pytest.mark.parametrize("old", ["trigger_timeout_secs", "default_timeout_secs"])
def test_an_old_name_still_counts_and_is_called_old(desk: Desk, old: str) -> None:
    loaded = desk.load(desk.with_agent(f"orchestration: {{{old}: 60}}\n"))
    assert loaded.config.execution_timeout_secs == 60
    assert loaded.config.agents["dev"].timeout_secs == 60
    assert [finding.sentence for finding in loaded.warnings] == [
        f"{old} is an old name that still loads; write execution_timeout_secs"
    ]


def test_old_names_at_the_top_still_load(desk: Desk) -> None:
    text = desk.with_agent("apalis: {max_connections: 8}\n").replace("default_workdir", "target_repo_root")
    loaded = desk.load(text)
    assert loaded.config.default_workdir == str(desk.directory)
    assert sum("old name" in finding.sentence for finding in loaded.warnings) == 2


def test_a_removed_wait_limit_is_ignored_with_a_warning(desk: Desk) -> None:
    (said,) = desk.warnings(desk.with_agent("orchestration: {mcp_wait_max_timeout_secs: 5}\n"))
    assert "ignored" in said
    assert "no upper limit" in said


# proves: c-config-dashboard 6
def test_a_path_for_the_database_is_refused_with_where_it_is(desk: Desk) -> None:
    assert "compas.sqlite in state_dir" in desk.error(desk.with_agent("db_path: x\n"))


@pytest.mark.parametrize("key", ["models: [a]", "preferred_models: [a]"])
def test_lists_of_models_of_an_agent_are_refused(desk: Desk, key: str) -> None:
    assert "write it as model" in desk.error(desk.agent(key + "\n"))


# proves: c-config-dashboard 23
@pytest.mark.parametrize("key", ["on_review_request", "on_escalation", "on_changes_requested"])
def test_a_removed_handoff_key_is_reported(desk: Desk, key: str) -> None:
    (said,) = desk.warnings(desk.agent(f"handoff: {{{key}: dev}}\n"))
    assert "on_response" in said


# proves: c-config-dashboard 24
@pytest.mark.parametrize("key", ["alias: x", "role: worker"])
def test_a_name_or_role_in_the_defaults_is_refused(desk: Desk, key: str) -> None:
    assert "set it under agents" in desk.error(desk.with_agent(f"agent_defaults: {{{key}}}\n"))


PLANNED = {
    "budgets: {day: {usd: 40}, at_80_percent: warn}": "budgets",
    "models: [a, {id: b, backend: claude}]": "models",
    "poll_interval_secs: 2": "poll_interval_secs",
    "database: {max_connections: 8}": "database",
}


@pytest.mark.parametrize("text", PLANNED)
def test_what_has_no_effect_is_said_where_it_stands(desk: Desk, text: str) -> None:
    (finding,) = desk.load(desk.with_agent(text + "\n")).warnings
    assert (finding.line, finding.key) == (6, PLANNED[text])
    assert finding.sentence.startswith("accepted, but")


@pytest.mark.parametrize("text", ["budgets: {day: {usd: -1}}"])
def test_what_has_no_effect_yet_is_checked_all_the_same(desk: Desk, text: str) -> None:
    assert desk.error(desk.with_agent(text + "\n"))


@pytest.mark.parametrize("key", ["logs", "telemetry", "worktrees"])
@pytest.mark.parametrize("value", ["30", "soon", "1.5d", "d", "-1d"])
def test_a_retention_that_is_no_duration_is_refused(desk: Desk, key: str, value: str) -> None:
    assert "such as 30d" in desk.error(desk.with_agent(f"retention: {{{key}: {value}}}\n"))


def test_an_agents_budget_and_fallback_are_accepted_and_said_to_have_no_effect(desk: Desk) -> None:
    text = desk.agent("budget: {usd: 5, minutes: 60, turns: 80}\nfallback: two\n")
    text += "  - {alias: two, backend: claude, safety_mode: auto_approve}\n"
    assert [finding.key for finding in desk.load(text).warnings] == ["agents[0].budget", "agents[0].fallback"]
    assert "cannot fall back to itself" in desk.error(desk.agent("fallback: dev\n"))
    assert "no agent is called 'tow'" in desk.error(desk.agent("fallback: tow\n"))
