"""A model reads of tools, and of commands only where they are the operator's."""

import pytest

from compas.domain.advice import AGENT, THREAD, Said, advise, say
from compas.gateway.wording import in_tools

MERGE = advise("merge", thread_id="01J")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            say("there is no thread 'x'; `", advise("status"), "` lists them"),
            "there is no thread 'x'; `orch_status` lists them",
        ),
        (
            say(
                advise("wait", thread_id="01J", since_reference="db:5", await_chain=True),
                "   (the reply goes on to r by itself)",
            ),
            'orch_wait(thread_id="01J", since_reference="db:5", await_chain=true)   (the reply goes on to r by itself)',
        ),
        (
            say(advise("diff", thread_id="01J"), ", then ", MERGE, ", or dispatch again"),
            'orch_diff(thread_id="01J"), then orch_merge(thread_id="01J"), or dispatch again',
        ),
        (say(advise("health"), " shows who is at work"), "orch_health shows who is at work"),
        (say(advise("log", execution_id="01J", follow=True)), 'orch_read_log(execution_id="01J")'),
        (
            say(advise("wait_merge", op_id="01J", timeout_secs=120)),
            'orch_wait_merge(op_id="01J", timeout_secs=120)',
        ),
        (
            say(
                advise("dispatch", to=AGENT, body="Merge main, and resolve.", thread_id="01J"),
                ", or by hand; then `",
                MERGE,
                "`",
            ),
            'orch_dispatch(to=AGENT, body="Merge main, and resolve.", thread_id="01J"), or by hand; '
            'then `orch_merge(thread_id="01J")`',
        ),
        ("start one with `compas run`", "start one with `compas run`"),
        (
            say("its operator stops it with ", advise("stop", mode="now")),
            "its operator stops it with compas stop --mode now",
        ),
        ("compas is here", "compas is here"),
        ("", ""),
        (say(advise("close", thread_id="01J", merge=True)), 'orch_close(thread_id="01J", merge={})'),
        (say(advise("transcript", thread_id=THREAD)), "orch_transcript(thread_id=THREAD)"),
        (say(advise("read", thread_id='a "b"')), r'orch_read(thread_id="a \"b\"")'),
    ],
)
def test_what_is_advised_is_a_call_where_it_is_a_tool(said: Said, told: str) -> None:
    assert in_tools(said) == told
