"""Limits, redaction, backend definitions, and which changes wait for a restart."""

import msgspec
import pytest

from tests.kit.config.config_desk import Desk


def test_a_file_with_only_what_is_needed_has_the_documented_limits(desk: Desk) -> None:
    config = desk.config(desk.agent(""))
    assert config.trigger_intents == ("dispatch", "handoff", "changes-requested")
    assert (config.execution_timeout_secs, config.effective_concurrency, config.max_triggers_per_agent) == (
        600,
        1,
        1,
    )
    assert (config.default_merge_strategy, config.default_merge_target) == ("merge", "main")
    assert (config.merge_timeout_secs, config.stale_active_secs, config.max_queued_executions) == (
        30,
        3600,
        None,
    )
    assert (config.redact_secrets, config.redaction_patterns) == (True, ())
    assert (config.ping_timeout_secs, config.ping_cache_ttl_secs, config.on_crash) == (15, 60, "resume")
    breaker = config.circuit_breaker
    assert (breaker.enabled, breaker.failure_threshold, breaker.cooldown_secs) == (True, 3, 60)


def test_concurrency_counts_workers_unless_the_file_says_a_number(desk: Desk) -> None:
    more = "  - {alias: two, backend: claude, safety_mode: auto_approve}\n"
    more += "  - {alias: boss, backend: claude, role: operator}\n"
    assert desk.config(desk.agent("") + more).effective_concurrency == 2
    limits = desk.config(
        desk.agent("") + more + "orchestration: {max_concurrent_triggers: 1, max_queued_executions: 9}\n"
    ).limits
    assert (limits.concurrency, limits.per_agent, limits.queued) == (1, 1, 9)


def test_limits_that_contradict_each_other_are_warned_of(desk: Desk) -> None:
    text = desk.with_agent("orchestration: {max_concurrent_triggers: 5, max_queued_executions: 4}\n")
    assert [finding.key for finding in desk.load(text).warnings] == [
        "orchestration.max_concurrent_triggers",
        "orchestration.max_queued_executions",
    ]
    assert desk.warnings(text.replace("queued_executions: 4", "triggers_per_agent: 5")) == []
    (said,) = desk.warnings(desk.agent("max_concurrent: 3\n"))
    assert "raise orchestration.max_concurrent_triggers" in said


def test_only_operators_is_a_config_in_which_nothing_runs(desk: Desk) -> None:
    loaded = desk.load(desk.agent("role: operator\n"))
    assert loaded.config.effective_concurrency == 1
    assert "nothing is ever started" in loaded.warnings[0].sentence


# proves: c-config-dashboard 12
@pytest.mark.parametrize(
    ("pool", "key"),
    [
        ("{min_connections: 8, max_connections: 4}", "database.min_connections"),
        ("{acquire_timeout_ms: 50}", "database.acquire_timeout_ms"),
        ("{max_connections: 0}", "database.max_connections"),
    ],
)
def test_an_impossible_pool_is_refused_by_its_key(desk: Desk, pool: str, key: str) -> None:
    assert key in desk.errors(desk.with_agent(f"database: {pool}\n"))[0]


@pytest.mark.parametrize(
    "text", ["{default_merge_strategy: octopus}", "{default_merge_target: ' '}", "{redact_secrets: 'yes'}"]
)
def test_what_is_not_allowed_for_merging_and_redaction_is_refused(desk: Desk, text: str) -> None:
    assert desk.error(desk.with_agent(f"orchestration: {text}\n"))


# proves: c-config-dashboard 38
@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "[[:alpha:]]", r"\p{L}", "(" * 3000 + ")" * 3000])
def test_a_pattern_that_finds_nothing_as_meant_is_refused_with_its_place(desk: Desk, pattern: str) -> None:
    text = desk.with_agent(f"orchestration:\n  redaction_patterns:\n    - fine\n    - '{pattern}'\n")
    said = desk.error(text)
    assert said.startswith("line 9, column 7: orchestration.redaction_patterns[1]")
    assert "regular expression" in said


def test_good_patterns_keep_their_order_and_one_that_matches_nothing_at_all_is_warned_of(desk: Desk) -> None:
    loaded = desk.load(desk.with_agent("orchestration: {redaction_patterns: ['(?i)b+', 'a*']}\n"))
    assert loaded.config.redaction_patterns == ("(?i)b+", "a*")
    assert [finding.key for finding in loaded.warnings] == ["orchestration.redaction_patterns[1]"]


def test_a_defined_backend_can_be_used_and_has_its_defaults(desk: Desk) -> None:
    text = desk.agent("", backend="mine").replace("    safety_mode: auto_approve\n", "")
    loaded = desk.load(text + "backend_definitions:\n  - {name: mine, command: run, args: [--go]}\n")
    spec = loaded.config.backends["mine"]
    assert (spec.command, spec.args, spec.prompt, spec.output.format) == (
        "run",
        ("--go",),
        "stdin",
        "plaintext",
    )
    assert (spec.resume, spec.ping, spec.env_remove) == (None, None, ())
    assert loaded.warnings == ()


def test_everything_a_definition_says_arrives(desk: Desk) -> None:
    spec = desk.config(
        desk.with_agent(
            """\
            backend_definitions:
              - name: mine
                command: run
                args: ["--message", "{{instruction}}", "--model", "{{model}}"]
                resume: {flag: "", session_id_arg: "--session={{session_id}}"}
                output: {format: jsonl, result_field: a.b, session_id_field: id}
                ping: {command: run, args: [-V]}
                env_remove: [SECRET]
            """
        )
    ).backends["mine"]
    assert spec.prompt == "argument"
    assert spec.resume is not None
    assert (spec.resume.flag, spec.resume.session_id_arg) == ("", "--session={{session_id}}")
    assert (spec.output.format, spec.output.result_field, spec.output.session_id_field) == (
        "jsonl",
        "a.b",
        "id",
    )
    assert spec.ping is not None
    assert (spec.ping.command, spec.ping.args, spec.env_remove) == ("run", ("-V",), ("SECRET",))


# proves: c-config-dashboard 41
@pytest.mark.parametrize(
    ("definition", "key"),
    [
        ("{name: claude, command: x}", "name"),
        ("{name: scripted, command: x}", "name"),
        ("{name: other, command: x}", "name"),
        ("{name: '', command: x}", "name"),
        ("{name: a, command: ''}", "command"),
        ("{name: a}", "command"),
        ("{name: a, command: x, args: [b, ' ']}", "args[1]"),
        ("{name: a, command: x, env_remove: ['']}", "env_remove[0]"),
        ("{name: a, command: x, output: {result_field: r}}", "output.result_field"),
        (
            "{name: a, command: x, output: {format: plaintext, session_id_field: r}}",
            "output.session_id_field",
        ),
        ("{name: a, command: x, output: {format: xml}}", "output.format"),
        ("{name: a, command: x, resume: {flag: -r}}", "resume.session_id_arg"),
        ("{name: a, command: x, resume: {flag: -r, session_id_arg: ''}}", "resume.session_id_arg"),
        ("{name: a, command: x, resume: {session_id_arg: '{{session_id}}'}}", "resume.flag"),
        ("{name: a, command: x, ping: {args: [b]}}", "ping.command"),
        ("{name: a, command: x, prompt: argument}", "prompt"),
        ("{name: a, command: x, prompt: file}", "prompt"),
        ("{name: a, command: x, prompt: stdin, args: ['{{instruction}}']}", "prompt"),
        ("{name: a, command: x, comand: y}", "comand"),
    ],
)
def test_a_definition_that_cannot_work_is_refused_by_its_key(desk: Desk, definition: str, key: str) -> None:
    text = f"backend_definitions:\n  - {{name: other, command: x}}\n  - {definition}\n"
    assert f"backend_definitions[1].{key}: " in desk.error(desk.with_agent(text))


@pytest.mark.parametrize("definition", ["resume: {flag: -r, session_id_arg: last}"])
def test_a_definition_that_may_not_mean_what_it_says_is_warned_of(desk: Desk, definition: str) -> None:
    text = desk.with_agent(f"backend_definitions: [{{name: a, command: x, {definition}}}]\n")
    assert len(desk.warnings(text)) == 1


def test_a_configuration_crosses_a_boundary_unchanged(desk: Desk) -> None:
    config = desk.config(desk.agent("env: {A: b}\nhandoff: {on_response: operator}\n"))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(config), type=type(config)) == config


def test_what_is_acted_on_is_accepted_without_a_word(desk: Desk) -> None:
    text = desk.with_agent("orchestration: {stale_active_secs: 65}\n")
    assert (desk.warnings(text), desk.config(text).stale_active_secs) == ([], 65)


def test_a_template_for_merges_names_only_what_can_be_filled_in(desk: Desk) -> None:
    text = "orchestration: {merge_message: '{summary} ({thread}: {source} into {target}, {strategy})'}\n"
    config = desk.config(desk.with_agent(text))
    assert config.merge_message == "{summary} ({thread}: {source} into {target}, {strategy})"
    found = desk.error(desk.with_agent("orchestration: {merge_message: 'Merge {sumary}'}\n"))
    assert "{sumary} means nothing here" in found
    assert "summary" in found


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("orchestration: {default_merge_target: compas/t1}\n", "orchestration.default_merge_target"),
        ("orchestration: {default_merge_target: refs/heads/COMPAS/x}\n", "orchestration.default_merge_target"),
        ("repositories: [{path: ., base: compas/t1}]\n", "repositories[0].base"),
    ],
)
def test_a_threads_branch_is_neither_target_nor_base(desk: Desk, text: str, key: str) -> None:
    found = desk.error(desk.with_agent(text))
    assert key in found
    assert "name one of your own" in found
