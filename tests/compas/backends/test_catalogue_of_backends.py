"""Which backends there are."""

from compas.backends.catalogue import build_backends
from compas.backends.generic import GenericBackend
from compas.domain.specs import SCRIPTED_BACKEND, BackendSpec, ResumeSpec

OWN = [SCRIPTED_BACKEND, "claude", "codex", "gemini", "opencode"]


def test_the_backends_that_come_with_compas_are_there_and_definitions_add_theirs_by_name() -> None:
    found = build_backends([BackendSpec(name="one", command="sh"), BackendSpec(name="two", command="sh")])
    assert list(found) == [*OWN, "one", "two"]
    assert [each.name for each in found.values()] == list(found)
    assert isinstance(found["two"], GenericBackend)
    assert list(build_backends(())) == OWN


def test_each_cli_has_its_command_with_which_a_person_goes_on_with_a_conversation() -> None:
    mine = ResumeSpec(flag="", session_id_arg="--session={{session_id}}")
    definitions = [BackendSpec(name="mine", command="cli", resume=mine), BackendSpec(name="mute", command="sh")]
    found = {name: backend.resume_command("s 1") for name, backend in build_backends(definitions).items()}
    assert found == {
        "claude": ("claude", "--resume", "s 1"),
        "codex": ("codex", "resume", "s 1"),
        "gemini": ("gemini", "--resume", "s 1"),
        "opencode": ("opencode", "--session", "s 1"),
        "mine": ("cli", "--session=s 1"),
        "mute": None,
        SCRIPTED_BACKEND: None,
    }
