"""Commands of a person's own in the dashboard: what a config may say of them, and which keys it may not take."""

import pytest

from compas.domain.dashboard_keys import DashboardCommand
from tests.kit.config.config_desk import Desk


def commands(*entries: str) -> str:
    return "dashboard:\n  commands:\n" + "".join(f"    - {entry}\n" for entry in entries)


def test_commands_are_read_with_their_keys_by_one_name(desk: Desk) -> None:
    text = commands(
        "{key: b, command: make build, description: build it, on: execution}",
        "{key: Ctrl-T, command: make test, on: any, background: true}",
        "{key: F5, command: gh pr create}",
    )
    assert desk.config(desk.with_agent(text)).dashboard_commands == (
        DashboardCommand(key="b", command="make build", description="build it", on="execution"),
        DashboardCommand(key="ctrl t", command="make test", on="any", background=True),
        DashboardCommand(key="f5", command="gh pr create"),
    )
    assert desk.config(desk.with_agent("")).dashboard_commands == ()


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (("{key: q, command: x}",), "'q' is a key of the dashboard itself"),
        (('{key: ":", command: x}',), "':' is a key of the dashboard itself"),
        (("{key: b, command: first}", "{key: b, command: x}"), "'b' is the key of the command 'first' already"),
        (("{key: ctrl-c, command: x}",), "'ctrl-c' is no key for a command"),
        (("{key: enter, command: x}",), "'enter' is no key for a command"),
        (('{key: b, command: ""}',), "text that is not blank"),
        (("{key: b, command: x, on: everything}",), "everything"),
    ],
)
def test_a_key_that_is_taken_or_is_none_is_an_error_that_says_what_to_do(
    desk: Desk, entries: tuple[str, ...], says: str
) -> None:
    assert says in "\n".join(desk.errors(desk.with_agent(commands(*entries))))
