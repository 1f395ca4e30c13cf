"""Nobody is taken to be at an editor that runs without its screen."""

import pytest

from compas.relay.attended import is_attended
from compas.relay.link import Introduction, introduction_line, read_introduction


@pytest.mark.parametrize(
    ("environ", "somebody"),
    [({}, True), ({"CLAUDE_CODE_ENTRYPOINT": "cli"}, True), ({"CLAUDE_CODE_ENTRYPOINT": "sdk-cli"}, False)],
)
def test_the_environment_tells_whether_a_person_may_be_there(environ: dict[str, str], somebody: bool) -> None:
    assert is_attended(environ) is somebody
    introduction = Introduction(cwd="/", meta={}, is_attended=is_attended(environ))
    assert read_introduction(introduction_line(introduction)) == introduction


def test_a_relay_that_does_not_say_may_have_a_person() -> None:
    read = read_introduction(b'{"cwd": "/", "meta": {}, "protocol": 1}')
    assert read is not None
    assert read.is_attended
