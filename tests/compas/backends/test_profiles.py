"""Every profile has what belongs to it, and says of its adapter what is true."""

from pathlib import Path

import pytest

from compas.backends.backend import Task
from compas.backends.catalogue import build_backends
from compas.backends.profile import BackendProfile
from compas.backends.profiles import BY_NAME, PROFILES
from compas.domain.specs import AgentSpec
from compas.setup.editors.catalogue import SUPPORTED, build_editor
from tests.kit.places import REPOSITORY
from tests.real_clis.install import CLIS

TASK = Task(instruction="Go.", workdir="/src/app", files="/files")

each_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


def arguments(profile: BackendProfile, **settings: str) -> tuple[str, ...]:
    agent = AgentSpec(alias="dev", backend=profile.name, workdir="/src/app", **settings)
    return build_backends(())[profile.name].command_line(agent, TASK).argv


def modules(package: str, name: str) -> set[str]:
    return {path.parent.name for path in (REPOSITORY / "compas" / package).glob(f"*/{name}.py")}


def test_every_folder_of_a_backend_is_in_the_list_and_has_a_profile_and_an_adapter() -> None:
    assert modules("backends", "profile") == modules("backends", "adapter") == set(BY_NAME)
    assert len(BY_NAME) == len(PROFILES)


@each_profile
def test_the_adapter_has_the_name_and_the_command_of_its_profile(profile: BackendProfile) -> None:
    assert build_backends(())[profile.name].name == profile.name
    assert arguments(profile)[0] == profile.version_command[0] == profile.command


@each_profile
def test_the_adapter_gives_the_flag_where_the_profile_says_so(profile: BackendProfile) -> None:
    assert profile.bypass_flag in arguments(profile, safety_mode="auto_approve")
    assert (profile.bypass_flag in arguments(profile)) == (not profile.confinement)


@each_profile
def test_the_version_it_is_tested_with_is_the_one_that_the_tests_install(profile: BackendProfile) -> None:
    cli = CLIS[profile.name]
    assert (profile.tested, profile.command) == ((cli.version,), cli.command)
    assert profile.install.split()[-1] == cli.package


@each_profile
def test_each_version_it_is_tested_with_is_told_without_a_note(profile: BackendProfile) -> None:
    for version in profile.tested:
        assert profile.version_in(f"{profile.title} {version} (x)") == version
        assert profile.note_on(version) == ""


@each_profile
def test_what_its_credentials_are_read_from_reaches_the_agent(profile: BackendProfile) -> None:
    rule = profile.credentials
    asked = {*rule.variables, *rule.other_variables}
    asked |= {place.variable for place in (*rule.files, *rule.other_files) if not place.variable.startswith("XDG_")}
    passing = tuple(name.removesuffix("*") for name in profile.variables)
    assert [name for name in sorted(asked) if name and not name.startswith(passing)] == []
    assert not asked & set(profile.marks)


def test_every_backend_that_is_an_editor_has_the_module_that_registers_with_it(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    for profile in SUPPORTED:
        editor = build_editor(profile, environ)
        assert (editor.path, editor.registered()) == (None, None)
        command = tmp_path / profile.command
        command.write_text("#!/bin/sh\n")
        command.chmod(0o755)
        assert build_editor(profile, environ).path == str(command)
    places = (REPOSITORY / "compas" / "setup" / "editors").glob("*.py")
    assert {place.stem for place in places} & set(BY_NAME) == {profile.name for profile in SUPPORTED}
