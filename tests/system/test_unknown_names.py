"""Every command that is asked about a name nobody knows says so on standard error and exits with 2."""

import pytest

from compas.cli.main import main
from compas.cli.operations import operation
from tests.kit.api.asked_by_name import ASKED, Asked
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

OTHER_SPELLINGS = {"hook_test": ["hooks", "test"]}


def command(asked: Asked, name: str) -> list[str]:
    """Write the request as a command line."""
    known = operation(asked.operation.name)
    places, options = [], []
    arguments = asked.arguments(name)
    for one in known.parameters:
        if one.wire_name in arguments:
            value = arguments[one.wire_name]
            by_place = one.flag is None or known.name in ("wait", "wait_merge")
            (places if by_place else options).extend([value] if by_place else [str(one.flag), value])
    return [*OTHER_SPELLINGS.get(known.name, [known.name.replace("_", "-")]), *places, *options]


def test_every_command_refuses_a_name_that_nobody_knows(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hooks = {"on_thread_closed": [{"name": "h", "command": "/bin/true"}]}
    workshop.configure([workshop.agent("dev", [{"reply": "done"}], workspace="worktree")], hooks=hooks)
    workshop.supervise()
    workshop.ask("dispatch", "dev", "Add a health check", "--wait", "--thread", "t1", "--batch", "nightly")
    for name, value in workshop.environ.items():
        monkeypatch.setenv(name, value)
    for asked in ASKED:
        words = command(asked, "nobody")
        code = main([*words, "--no-start"])
        out, err = capsys.readouterr()
        assert (words, code, out) == (words, 2, "")
        assert err.startswith("error: "), (words, err)
        assert "'nobody'" in err, (words, err)
        assert len(err.splitlines()) == 1, (words, err)
