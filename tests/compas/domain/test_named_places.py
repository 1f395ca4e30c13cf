"""Who names other places than the supervisor's is told both; who means the same is answered."""

import pytest

from compas.domain.named_places import NamedPlaces, difference

OWN = NamedPlaces(config="/a/config.yaml", begins_at="/a", state_dir="/a/state")


def named(config: str = "/a/config.yaml", begins_at: str = "/a", state_dir: str | None = None) -> NamedPlaces:
    return NamedPlaces(config=config, begins_at=begins_at, state_dir=state_dir)


@pytest.mark.parametrize("caller", [named(), named(state_dir="/a/state"), named("/a/link.yaml")])
def test_who_names_the_same_places_is_answered(caller: NamedPlaces) -> None:
    assert difference(caller, OWN, has_relative_paths=True) is None


@pytest.mark.parametrize("has_relative_paths", [True, False])
def test_another_state_directory_is_refused_with_both_and_what_to_do(has_relative_paths: bool) -> None:
    said = difference(named(state_dir="/b/state"), OWN, has_relative_paths=has_relative_paths)
    assert said is not None
    for part in ("/b/state", "/a/state", "/a/config.yaml", "unset COMPAS_STATE_DIR"):
        assert part in said


def test_a_file_named_from_another_directory_is_refused_only_where_that_changes_what_it_means() -> None:
    link = named("/b/config.yaml", begins_at="/b")
    assert difference(link, OWN, has_relative_paths=False) is None
    said = difference(link, OWN, has_relative_paths=True)
    assert said is not None
    for part in ("/b/config.yaml", "--config /a/config.yaml", "begin at /a", "not at /b"):
        assert part in said
