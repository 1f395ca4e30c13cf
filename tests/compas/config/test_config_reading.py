"""From bytes to values: what YAML may say, and where mistakes are pointed at."""

import os
from pathlib import Path

import pytest
import yaml

from compas.config.findings import ConfigError
from compas.config.load import load
from tests.kit.config.config_desk import Desk


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


# proves: c-config-dashboard 1
def test_a_missing_file_is_named_with_how_to_make_one(tmp_path: Path) -> None:
    said = refusal(tmp_path / "none.yaml")
    assert str(tmp_path / "none.yaml") in said
    assert "compas init" in said
    assert "--config" in said


# proves: c-config-dashboard 2
@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n...\n", "\ufeff"])
def test_an_empty_file_is_a_plain_error(desk: Desk, text: str) -> None:
    said = desk.error(text)
    assert "empty" in said or "mapping" in said


def test_a_directory_is_not_a_config_file(tmp_path: Path) -> None:
    assert "is a directory" in refusal(tmp_path)


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(tmp_path / "pipe")


def test_a_file_that_cannot_be_opened_is_said_to_be_unreadable(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert "cannot be read" in refusal(loop)


def test_a_path_with_a_nul_is_an_error_like_any_other() -> None:
    assert "cannot be used" in refusal(Path("/tmp/a\0b"))


def test_a_huge_file_is_refused_with_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"#" * ((1 << 20) + 1))
    assert "larger than 1048576 bytes" in refusal(path)


def test_bytes_that_are_not_utf8_are_pointed_at(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("default_workdir: .\nstate_dir: ä".encode("latin-1"))
    assert "line 2, column 12: byte 0xe4 is not UTF-8" in refusal(path)


def test_a_byte_order_mark_is_no_part_of_the_first_key(desk: Desk) -> None:
    assert desk.config("\ufeff" + desk.with_agent("")).agents["dev"].backend == "claude"


def test_a_tab_as_indentation_is_explained(desk: Desk) -> None:
    said = desk.error("agents:\n\t- alias: dev\n")
    assert said.startswith("line 2, column 1: not valid YAML")
    assert "spaces" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1\n", "line 2, column 1: not valid YAML"),
        ("a: 'x\n", "not valid YAML"),
        ("a: \x07\n", "line 1, column 4: character U+0007 is not allowed"),
        ('a: "\\UFFFFFFFF"\n', "not valid YAML"),
        ("%YAML " + "9" * 5000 + ".1\n---\na: 1\n", "not valid YAML"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: a config file is one YAML document"),
        ("a: !!python/object:os.system x\n", "tag '!!python/object:os.system' means nothing here"),
        ("a: *nowhere\n", "alias *nowhere has no anchor"),
        ("a: &loop [*loop]\n", "stands inside what &loop names"),
        ("a: " + "[" * 60 + "]" * 60 + "\n", "nested deeper than 40 levels"),
        ("- a\n", "this has to be a mapping"),
        ("just words\n", "this has to be a mapping"),
        ("? [a]\n: 1\n", "a key has to be a word"),
    ],
)
def test_what_yaml_cannot_say_here_is_one_error_with_its_place(desk: Desk, text: str, says: str) -> None:
    assert any(says in found for found in desk.errors(text)), desk.errors(text)


def test_aliases_that_multiply_are_stopped(desk: Desk) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
    assert "more than 20000 values" in desk.error("\n".join(lines))


def test_an_alias_repeats_a_whole_value(desk: Desk) -> None:
    text = (
        desk.agent("env: &env {A: one}\n") + "  - {alias: two, backend: claude, safety_mode: auto_approve, env: *env}\n"
    )
    assert desk.config(text).agents["two"].env == {"A": "one"}


def test_a_merge_key_is_refused_with_what_to_do_instead(desk: Desk) -> None:
    said = desk.error(desk.agent("<<: {model: x}\n"))
    assert "line 6, column 5: agents[0].<<: merge keys" in said
    assert "agent_defaults" in said


@pytest.mark.parametrize("place", ["model: a\nmodel: b\n", "env: {A: x, A: y}\n"])
def test_a_key_given_twice_is_an_error(desk: Desk, place: str) -> None:
    assert "is given twice" in desk.error(desk.agent(place))


# proves: c-config-dashboard 7
def test_an_old_and_a_new_name_of_one_key_count_as_twice(desk: Desk) -> None:
    said = desk.error(desk.with_agent("target_repo_root: .\n"))
    assert "line 6, column 1" in said
    assert "target_repo_root and default_workdir mean the same" in said


# proves: c-config-dashboard 9
@pytest.mark.parametrize("value", ["8080", "true", "1.5", "0x10"])
def test_a_number_in_env_is_refused_with_the_advice_to_quote_it(desk: Desk, value: str) -> None:
    said = desk.error(desk.agent(f"env:\n  PORT: {value}\n"))
    assert "line 7, column 13: agents[0].env.PORT" in said
    assert f'quote it: "{value}"' in said


@pytest.mark.parametrize("value", ["yes", "off", "012", "1:30", "2024-01-01", "1_000", '"8080"', "!!str 8080", ".inf"])
def test_what_is_a_string_to_the_original_is_a_string_here(desk: Desk, value: str) -> None:
    expected = value.strip('"').removeprefix("!!str ")
    assert desk.config(desk.agent(f"env: {{PORT: {value}}}\n")).agents["dev"].env == {"PORT": expected}


@pytest.mark.parametrize("value", ["0x3C", "60", "+60", "0o74", "0b111100", "!!int 60"])
def test_numbers_are_read_in_every_core_notation(desk: Desk, value: str) -> None:
    text = desk.with_agent(f"orchestration: {{execution_timeout_secs: {value}}}\n")
    assert desk.config(text).execution_timeout_secs == 60


@pytest.mark.parametrize("value", ['"60"', "sixty", "6.5", "true", "-1", "[60]", "1e99", "9007199254740992"])
def test_what_is_no_whole_number_is_refused_with_what_is_allowed(desk: Desk, value: str) -> None:
    said = desk.error(desk.with_agent(f"orchestration: {{execution_timeout_secs: {value}}}\n"))
    assert "line 6" in said
    assert "has to be a whole number from 1 on" in said


def test_a_key_without_a_value_counts_as_absent(desk: Desk) -> None:
    assert desk.config(desk.with_agent("orchestration:\nhooks: ~\n")).execution_timeout_secs == 600


def test_a_nul_or_half_a_surrogate_pair_never_gets_into_a_value(desk: Desk) -> None:
    assert "NUL" in desk.error(desk.agent('prompt: "a\\0b"\n'))
    assert "surrogate" in desk.error(desk.agent('prompt: "a\\ud800b"\n'))


def test_control_characters_are_spelled_out_in_messages(desk: Desk) -> None:
    said = desk.error(desk.agent('role: "\\e[31mred"\n'))
    assert "\x1b" not in said
    assert "\\x1b[31mred" in said


# proves: c-config-dashboard 4
def test_all_mistakes_are_reported_in_the_order_of_the_file(desk: Desk) -> None:
    found = desk.errors(
        """\
        default_workdir: missing
        orchestration: {execution_timeout_secs: 0}
        agents:
          - alias: dev
            backend: cluade
            role: boss
        """
    )
    assert [line.split(":")[0] for line in found] == [
        "line 1, column 1",
        "line 2, column 41",
        "line 5, column 5",
        "line 6, column 11",
    ]


def test_one_error_is_shown_on_one_line_and_many_are_listed_and_counted(desk: Desk) -> None:
    with pytest.raises(ConfigError) as caught:
        desk.load(desk.with_agent("nonsense: 1\n"))
    assert str(caught.value).startswith(f"cannot use {desk.path}: line 6, column 1: nonsense: there is no key")
    with pytest.raises(ConfigError) as caught:
        desk.load(desk.with_agent("".join(f"nonsense{n}: 1\n" for n in range(60))))
    assert "60 errors" in str(caught.value)
    assert str(caught.value).endswith("and 20 more")


def test_yaml_of_this_version_still_warns_of_tabs_in_the_words_we_look_for() -> None:
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        list(yaml.parse("a:\n\t- b\n", Loader=yaml.SafeLoader))
    assert "'\\t'" in str(caught.value.problem)
