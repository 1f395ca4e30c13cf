"""Short ways to make events, commands and logs for the tests of the store."""

from collections.abc import Callable
from pathlib import Path

import pytest

from compas.domain import events as e
from compas.store.records import Append, NewEvent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "compas.sqlite"


@pytest.fixture
def said() -> Callable[..., Append]:
    """Make a command that posts one message for each body to a thread."""

    def make(*bodies: str, thread: str = "t") -> Append:
        stream = e.thread_stream(thread)
        return Append(
            events=tuple(
                NewEvent(
                    stream=stream,
                    event=e.MessagePosted(
                        message=f"{thread}:{body}",
                        sender="operator",
                        recipient="dev",
                        intent="dispatch",
                        body=body,
                    ),
                )
                for body in bodies
            )
        )

    return make
