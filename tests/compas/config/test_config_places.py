"""Where things are: the config file, what its paths are relative to, and the state directory."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from compas.config.findings import ConfigError
from compas.config.load import load
from compas.config.locate import LocateError, expand_home, locate, state_dir_override
from compas.domain.specs import CommandSpec
from tests.kit.config.config_desk import Desk
from tests.kit.places import REPOSITORY

BARE = """\
default_workdir: %s
agents: [{alias: dev, backend: claude, safety_mode: auto_approve}]
"""


def test_the_flag_beats_the_variable_which_beats_the_default(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "COMPAS_CONFIG": "~/env.yaml"}
    assert locate("/flag.yaml", environ) == Path("/flag.yaml")
    assert locate(None, environ) == tmp_path / "env.yaml"
    assert locate(None, {"HOME": str(tmp_path)}) == tmp_path / ".compas/config.yaml"
    assert locate(None, {"HOME": str(tmp_path), "COMPAS_CONFIG": ""}) == tmp_path / ".compas/config.yaml"


def test_a_relative_place_is_made_absolute_and_says_the_same_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert locate("../config.yaml", {}) == locate("./../sub/../config.yaml", {}) == tmp_path / "config.yaml"


def test_dots_behind_a_symbolic_link_mean_what_the_system_means_by_them(tmp_path: Path) -> None:
    (tmp_path / "real/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real/deep")
    assert locate(str(tmp_path / "link/../c.yaml"), {}) == tmp_path / "real/c.yaml"


def test_a_link_to_the_config_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(tmp_path / "real.yaml")
    assert locate(str(tmp_path / "link.yaml"), {}) == tmp_path / "link.yaml"


@pytest.mark.parametrize(
    ("text", "environ"),
    [("~other/x", {"HOME": "/h"}), ("~/x", {}), ("~", {"HOME": ""}), ("~/x", {"HOME": "relative"})],
)
def test_a_home_that_is_not_known_is_never_guessed(text: str, environ: dict[str, str]) -> None:
    with pytest.raises(LocateError, match="write"):
        expand_home(text, environ)


@pytest.mark.parametrize(
    ("text", "home", "expected"),
    [("~", "/h", "/h"), ("~/x", "/h/", "/h/x"), ("~", "/", "/"), ("~/x", "/", "/x"), ("a~", "/h", "a~")],
)
def test_a_leading_tilde_is_the_home_directory(text: str, home: str, expected: str) -> None:
    assert expand_home(text, {"HOME": home}) == expected


def test_locating_needs_none_of_the_heavy_libraries() -> None:
    code = "import sys, compas.config.locate as _; print(*sorted({'yaml', 'trio', 'msgspec'} & set(sys.modules)))"
    done = subprocess.check_output([sys.executable, "-c", code], cwd=REPOSITORY, text=True)
    assert done.strip() == ""


# proves: c-config-dashboard 31
def test_relative_paths_start_at_the_directory_of_the_file(desk: Desk) -> None:
    (desk.directory / "repo").mkdir()
    config = desk.config(BARE % "repo" + "state_dir: state\nworktree_dir: ./trees\n")
    assert config.default_workdir == str(desk.directory / "repo")
    assert config.state_dir == str(desk.directory / "state")
    assert config.worktree_dir == str(desk.directory / "trees")
    assert config.config_path == str(desk.path)
    assert desk.config(BARE % "..").default_workdir == str(desk.directory / "..")
    assert desk.config(BARE % "/tmp").default_workdir == "/tmp"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("cli", "cli"),
        ("bin/cli", "{here}/bin/cli"),
        ("./cli", "{here}/cli"),
        ("~/cli", "{here}/home/cli"),
        ("/x", "/x"),
    ],
)
def test_a_program_with_a_slash_in_it_is_a_path_like_any_other(desk: Desk, written: str, found: str) -> None:
    definition = f"{{name: mine, command: {written}, ping: {{command: {written}}}}}"
    (backend,) = desk.config(BARE % "." + f"backend_definitions: [{definition}]\n").backends.values()
    assert backend.ping is not None
    assert (backend.command, backend.ping.command) == (found.format(here=desk.directory),) * 2


# proves: c-config-dashboard 31
def test_a_relative_config_path_means_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write(BARE % ".")
    monkeypatch.chdir(desk.directory)
    assert load(Path("config.yaml"), environ=desk.environ).config.default_workdir == str(desk.directory)


# proves: c-config-dashboard 32
def test_home_is_expanded_and_nothing_else_that_begins_with_a_tilde(desk: Desk) -> None:
    home = desk.directory / "home"
    (home / "x").mkdir(parents=True)
    assert desk.config(BARE % "'~'").default_workdir == str(home)
    assert desk.config(BARE % "~/x").default_workdir == str(home / "x")
    assert "'~user'" in desk.error(BARE % "~user/x")
    del desk.environ["HOME"]
    found = desk.errors(BARE % "~/x")
    assert any("line 1" in said and "HOME is not set" in said for said in found)
    assert not list(desk.directory.glob("**/~*"))


# proves: c-config-dashboard 33
def test_relative_paths_start_at_the_link_and_not_at_what_it_points_to(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    link = tmp_path / "linked/config.yaml"
    link.symlink_to(desk.write(BARE % "."))
    config = load(link, environ=desk.environ).config
    assert config.default_workdir == str(tmp_path / "linked")
    assert config.config_path == str(link)


@pytest.mark.parametrize("value", ["''", "' '"])
def test_a_blank_path_is_no_path(desk: Desk, value: str) -> None:
    assert "has to be a path" in desk.error(BARE % value)


def test_a_default_workdir_that_is_no_directory_is_refused(desk: Desk) -> None:
    (desk.directory / "file").write_text("")
    assert "does not exist" in desk.error(BARE % "missing")
    assert "is not a directory" in desk.error(BARE % "file")


def test_the_state_directory_is_in_the_home_unless_said_otherwise(desk: Desk) -> None:
    assert desk.config(BARE % ".").state_dir == str(desk.directory / "home/.compas/state")


def test_the_environment_beats_the_file_on_the_state_directory(desk: Desk, tmp_path: Path) -> None:
    desk.environ["COMPAS_STATE_DIR"] = str(tmp_path / "other")
    assert desk.config(BARE % "." + "state_dir: state\n").state_dir == str(tmp_path / "other")
    desk.environ["COMPAS_STATE_DIR"] = ""
    assert desk.config(BARE % "." + "state_dir: state\n").state_dir == str(desk.directory / "state")
    (tmp_path / "file").write_text("")
    desk.environ["COMPAS_STATE_DIR"] = str(tmp_path / "file")
    assert "(from COMPAS_STATE_DIR) is not a directory" in desk.error(BARE % ".")
    assert state_dir_override({"COMPAS_STATE_DIR": "x"}) == str(Path.cwd() / "x")


def test_a_state_directory_that_cannot_be_one_is_refused_or_warned_of(desk: Desk) -> None:
    (desk.directory / "file").write_text("")
    assert "file is not a directory" in desk.error(BARE % "." + "state_dir: file\n")
    assert "cannot be used" in desk.error(BARE % "." + "state_dir: file/below\n")
    (desk.directory / "open").mkdir(mode=0o755)
    (desk.directory / "open").chmod(0o755)
    (said,) = desk.warnings(BARE % "." + "state_dir: open\n")
    assert "0755" in said
    assert "chmod 700" in said
    (desk.directory / "open").chmod(0o700)
    assert desk.warnings(BARE % "." + "state_dir: open\n") == []
    assert "worktree_dir: " in desk.error(BARE % "." + "worktree_dir: file\n")


@pytest.fixture
def not_root() -> Iterator[None]:
    """Be somebody whom permissions hold back, as root is not, until the test ends."""
    is_root = os.geteuid() == 0
    if is_root:
        os.setresuid(65534, 65534, 0)
    yield
    if is_root:
        os.setresuid(0, 0, 0)


@pytest.fixture
def shut() -> Iterator[Path]:
    """Give a directory all may enter, with a file nobody may read and a directory nobody may write in."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "state").mkdir()
        (place / "p.md").write_text("secret")
        text = BARE.replace("}", ", prompt_file: p.md}") % "."
        (place / "config.yaml").write_text(text + "state_dir: state\n", encoding="utf-8")
        for name, mode in {"state": 0o500, "p.md": 0, "config.yaml": 0o644, ".": 0o755}.items():
            (place / name).chmod(mode)
        yield place


# proves: c-config-dashboard 36
def test_files_and_directories_that_the_user_may_not_use_are_refused(shut: Path, not_root: None) -> None:
    with pytest.raises(ConfigError) as caught:
        load(shut / "config.yaml", environ={})
    said = str(caught.value)
    assert "p.md is not readable for you" in said
    assert "state is not writable for you" in said


def test_a_config_file_that_the_user_may_not_read_is_refused(shut: Path, not_root: None) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        load(shut / "p.md", environ={})


# proves: c-config-dashboard 35
def test_loading_creates_nothing(desk: Desk) -> None:
    desk.load(BARE % "." + "state_dir: a/b\nworktree_dir: c\n")
    with pytest.raises(ConfigError):
        desk.load(BARE % "missing")
    assert os.listdir(desk.directory) == ["config.yaml"]


def test_repositories_are_resolved_with_the_merge_target_as_their_base(desk: Desk) -> None:
    (desk.directory / "app").mkdir()
    (first, second) = desk.config(
        desk.with_agent(
            """\
            orchestration: {default_merge_target: trunk}
            repositories:
              - path: app
                copy: [.env, conf/x]
                setup: {run: make}
                ports: 3
                merge_verify: make test
                merge_verify_timeout_secs: 60
              - {path: ., base: dev, link: [data], teardown: {run: x, timeout_secs: 5}}
            """
        )
    ).repositories
    assert (first.path, first.base, first.copy) == (str(desk.directory / "app"), "trunk", (".env", "conf/x"))
    assert first.setup is not None
    assert (first.setup.run, first.setup.timeout_secs, first.ports) == ("make", 300, 3)
    assert first.merge_verify == CommandSpec(run="make test", timeout_secs=60)
    assert (first.on_conflict, first.merge_requires) == ("report", "no_objection")
    assert second.teardown is not None
    assert (second.base, second.link, second.teardown.timeout_secs) == ("dev", ("data",), 5)


def test_what_merges_need_is_said_for_all_and_otherwise_for_each_repository(desk: Desk) -> None:
    text = "merge_requires: approval\nrepositories: [{path: app}, {path: ., merge_requires: no_objection}]\n"
    (desk.directory / "app").mkdir()
    config = desk.config(desk.with_agent(text))
    assert config.merge_requires == "approval"
    assert [one.merge_requires for one in config.repositories] == ["approval", "no_objection"]
    assert "merge_requires" in desk.error(desk.with_agent("merge_requires: two_approvals\n"))


@pytest.mark.parametrize("entry", ["/etc/passwd", "../x", "a/../../x", "~/x", "''", "a/.."])
def test_only_files_of_the_repository_are_copied_into_worktrees(desk: Desk, entry: str) -> None:
    said = desk.error(desk.with_agent(f"repositories: [{{path: ., copy: ['..a', 'a..b', {entry}]}}]\n"))
    assert "repositories[0].copy[2]" in said


def test_one_repository_listed_twice_under_two_names_is_refused(desk: Desk) -> None:
    (desk.directory / "link").symlink_to(desk.directory)
    assert "repositories[0] already" in desk.error(desk.with_agent("repositories: [{path: .}, {path: link}]\n"))
    (said,) = desk.warnings(desk.with_agent("repositories: [{path: gone}]\n"))
    assert "not a directory now" in said
