"""Which backends there are."""

from compas.backends.catalogue import build_backends
from compas.backends.generic import GenericBackend
from compas.domain.specs import SCRIPTED_BACKEND, BackendSpec

OWN = [SCRIPTED_BACKEND, "claude", "codex", "gemini", "opencode"]


def test_the_backends_that_come_with_compas_are_there_and_definitions_add_theirs_by_name() -> None:
    found = build_backends([BackendSpec(name="one", command="sh"), BackendSpec(name="two", command="sh")])
    assert list(found) == [*OWN, "one", "two"]
    assert [each.name for each in found.values()] == list(found)
    assert isinstance(found["two"], GenericBackend)
    assert list(build_backends(())) == OWN
