"""A model reads of tools, and of commands only where they are the operator's."""

import pytest

from compas.gateway.wording import in_tools


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("there is no thread 'x'; `compas status` lists them", "there is no thread 'x'; `orch_status` lists them"),
        (
            "compas wait --thread-id 01J --since db:5 --await-chain   (the reply goes on to r by itself)",
            'orch_wait(thread_id="01J", since_reference="db:5", await_chain=true)   (the reply goes on to r by itself)',
        ),
        (
            "compas diff 01J, then compas merge 01J, or dispatch again",
            'orch_diff(thread_id="01J"), then orch_merge(thread_id="01J"), or dispatch again',
        ),
        ("compas health shows who is at work", "orch_health shows who is at work"),
        ("compas log -f 01J", 'orch_read_log(execution_id="01J")'),
        ("compas wait-merge --op-id 01J --timeout 120", 'orch_wait_merge(op_id="01J", timeout_secs=120)'),
        (
            "compas dispatch AGENT 'Merge main, and resolve.' --thread 01J, or by hand; then `compas merge 01J`",
            'orch_dispatch(to=AGENT, body="Merge main, and resolve.", thread_id="01J"), or by hand; '
            'then `orch_merge(thread_id="01J")`',
        ),
        ("start one with `compas run`", "start one with `compas run`"),
        ("its operator stops it with compas stop --now", "its operator stops it with compas stop --now"),
        ("compas is here", "compas is here"),
        ("", ""),
    ],
)
def test_commands_that_are_tools_become_calls_of_them(said: str, told: str) -> None:
    assert in_tools(said) == told
