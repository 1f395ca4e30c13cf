"""Every operation has its command, and what is typed becomes the request that is meant."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.api.catalogue import BY_NAME, OPERATIONS
from compas.api.merges import MergeRequest
from compas.api.operation import arguments, parameters
from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.catalogue import commands
from compas.cli.commands.operation import renderer
from compas.cli.commands.wait import chosen
from compas.cli.operations import operation
from compas.cli.waiting import exit_code
from compas.client.answer import Answer


def request_for(name: str, *args: str) -> msgspec.Struct:
    """Parse arguments of an operation into its request, as the supervisor reads it."""
    asked = operation(name)
    parser = CommandParser(name, asked.doc)
    add_parameters(parser, asked)
    return msgspec.convert(request_from(asked, parser.parse_args(args), parser), BY_NAME[name].request)


def test_every_operation_is_a_command_with_hyphens() -> None:
    assert {operation.name.replace("_", "-") for operation in OPERATIONS} <= commands().keys()


def test_every_operation_without_code_of_its_own_has_a_way_to_be_written() -> None:
    generic = {name for name, command in commands().items() if command.runs.endswith("commands.operation:main")}
    assert generic
    for name in generic:
        assert callable(renderer(operation(name.replace("-", "_"))))


@pytest.mark.parametrize("name", BY_NAME)
def test_help_names_every_field_of_the_request(name: str) -> None:
    asked = operation(name)
    parser = CommandParser(name, asked.doc, asked.details)
    add_parameters(parser, asked)
    text = " ".join(parser.format_help().split())
    for parameter in parameters(BY_NAME[name].request):
        assert " ".join(parameter.doc.split()) in text


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("./repo", "{here}/repo"),
        ("a/b", "{here}/a/b"),
        ("..", "{above}"),
        ("~/r", "/home/me/r"),
        ("/r", "/r"),
        ("repo", "repo"),
    ],
)
def test_a_path_is_sent_from_the_root_and_a_name_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, sent: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    request = request_for("merge", "T", "--repository", typed)
    assert isinstance(request, MergeRequest)
    assert request.repository == sent.format(here=tmp_path, above=tmp_path.parent)


def test_typed_values_reach_the_request_under_their_wire_names() -> None:
    request = request_for("dispatch", "dev", "do it", "--from", "lead", "--thread", "T", "--skip-handoff")
    assert arguments(request) == {
        "to": "dev",
        "body": "do it",
        "from": "lead",
        "intent": "dispatch",
        "thread_id": "T",
        "repository": None,
        "batch": None,
        "summary": None,
        "skip_handoff": True,
        "scheduled_for": None,
    }


def test_what_is_not_typed_has_its_declared_default() -> None:
    assert request_for("status") == BY_NAME["status"].request()


def test_text_that_begins_with_a_hyphen_follows_two_hyphens() -> None:
    request = request_for("dispatch", "--", "dev", "--help me")
    assert arguments(request)["body"] == "--help me"


def test_flags_cannot_be_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        request_for("close", "T", "--stat", "failed")
    assert "there is no option --stat; did you mean --status?" in capsys.readouterr().err


def test_a_value_out_of_range_is_named_by_its_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        request_for("events", "--limit", "99999999")
    assert "--limit has to be at most 10000, found 99999999" in capsys.readouterr().err


SHARED = st.lists(
    st.sampled_from([["--config", "message"], ["--config=merge"], ["--json"], ["--no-start"]]), max_size=4
)


def flat(lists: list[list[str]]) -> list[str]:
    return [item for items in lists for item in items]


@given(before=SHARED, after=SHARED, word=st.sampled_from(["", "message", "merge"]))
def test_the_word_after_wait_is_found_wherever_shared_options_stand(
    before: list[list[str]], after: list[list[str]], word: str
) -> None:
    first, last = flat(before), [*flat(after), "--thread-id", "merge"]
    name, rest = chosen("wait", [*first, *([word] if word else []), *last])
    assert name == ("wait_merge" if word == "merge" else "wait")
    assert rest == [*first, *last]


def test_a_value_that_is_called_merge_is_no_word() -> None:
    assert chosen("wait", ["--thread-id", "merge"]) == ("wait", ["--thread-id", "merge"])
    assert chosen("wait-merge", ["merge"]) == ("wait_merge", ["merge"])


def test_only_what_was_waited_for_exits_with_zero() -> None:
    codes = [
        exit_code("wait", Answer(found=True, thread_id="T")),
        exit_code("wait", Answer(found=False, thread_id="T")),
        *(
            exit_code("wait_merge", Answer(found=found, op_id="M", thread_id="T", status=status))
            for found, status in ((True, "completed"), (True, "failed"), (True, "cancelled"), (False, "queued"))
        ),
    ]
    assert codes == [0, 1, 0, 1, 1, 1]
