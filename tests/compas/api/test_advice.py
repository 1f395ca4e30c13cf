"""Advice is data, and whoever reads it gets it in their own words."""

import shlex
from types import ModuleType
from typing import Any

import msgspec
import pytest

from compas.api.advice import all_in_words, as_command, in_commands, wants_data
from compas.api.catalogue import OPERATIONS
from compas.api.diagnosis import DiagnoseResponse
from compas.api.operation import Operation, parameters
from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.operations import operation as operation_of_command
from compas.domain.advice import AGENT, TEXT, Advice, Said, Sentence, advise, say


@pytest.mark.parametrize(
    ("advice", "command"),
    [
        (advise("status"), "compas status"),
        (
            advise("wait", thread_id="01J", since_reference="db:5", await_chain=True),
            "compas wait --thread-id 01J --since db:5 --await-chain",
        ),
        (advise("wait_merge", op_id="01J", timeout_secs=120), "compas wait-merge --op-id 01J --timeout 120"),
        (advise("log", execution_id="01J", follow=True), "compas log -f 01J"),
        (advise("close", thread_id="t1", merge=True), "compas close t1 --merge"),
        (advise("dispatch", to=AGENT, body=TEXT, thread_id="t1"), "compas dispatch AGENT TEXT --thread t1"),
        (
            advise("dispatch", to="dev", body="Merge dev's branch.", thread_id="a b"),
            "compas dispatch dev 'Merge dev'\"'\"'s branch.' --thread 'a b'",
        ),
        (Advice(operation="of_a_newer_supervisor", arguments={"x": 1}), "compas of-a-newer-supervisor"),
    ],
)
def test_a_command_is_spelled_as_its_operation_declares_it(advice: Advice, command: str) -> None:
    assert as_command(advice) == command


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_an_advised_command_is_read_as_the_request_it_advises(operation: Operation[Any, Any]) -> None:
    values = {
        one.wire_name: {str: one.choices[0] if one.choices else "/x y", int: 7, float: 7, bool: True}[one.type]
        for one in parameters(operation.request)
        if one.type in (str, int, float, bool)
    }
    advice = Advice(operation=operation.name, arguments=values)
    asked = operation_of_command(operation.name)
    parser = CommandParser(operation.name, operation.doc)
    add_parameters(parser, asked)
    _, _, *given = shlex.split(as_command(advice))
    read = msgspec.convert(request_from(asked, parser.parse_args(given), parser), operation.request)
    assert read == msgspec.convert(values, operation.request)


def test_a_sentence_holds_text_and_advice_in_reading_order_and_is_plain_without_advice() -> None:
    merge = advise("merge", thread_id="t1")
    inner = say("then `", merge, "`")
    assert say("look, ", inner, ".") == Sentence(parts=("look, then `", merge, "`."))
    assert say("nothing ", "is left") == "nothing is left"
    assert in_commands(say("look, ", inner)) == "look, then `compas merge t1`"


@pytest.mark.parametrize("encoder", [msgspec.json, msgspec.msgpack])
def test_what_is_said_goes_over_the_wire_plain_or_with_its_advice(encoder: ModuleType) -> None:
    for said in ("plain", say(advise("dispatch", to=AGENT, body=TEXT), " once more")):
        assert encoder.decode(encoder.encode(said), type=Said) == said


def test_every_sentence_of_an_answer_is_written_out_and_nothing_else_is_touched() -> None:
    answer = DiagnoseResponse(
        thread_id="t1",
        thread_status="Failed",
        summary=None,
        message_count=1,
        execution_count=1,
        latest_execution_id=None,
        latest_execution_status=None,
        latest_execution_agent=None,
        latest_execution_error=None,
        latest_execution_duration_ms=None,
        standing="it failed",
        blockers=("it broke",),
        suggestions=("rest", say(advise("reopen", thread_id="t1"), " takes it up again")),
    )
    written = all_in_words(answer, as_command)
    assert written.suggestions == ("rest", "compas reopen t1 takes it up again")
    assert all_in_words(written, as_command) is written


def test_a_request_says_that_its_client_writes_advice_itself() -> None:
    assert wants_data({"sentences": "data", "execution": "X"})
    assert not wants_data({"execution": "X"})
