"""`compas init` as a process: what it writes, what it refuses, and what it asks."""

import os
from pathlib import Path

import pytest

from compas.config.load import load
from tests.kit.cli.setup_desk import Desk, mode, tree

pytestmark = pytest.mark.system


# proves: c-config-dashboard 76
def test_without_questions_the_repository_around_is_taken_by_its_absolute_path(desk: Desk) -> None:
    desk.install_claude()
    below = desk.repository / "src" / "deep"
    below.mkdir(parents=True)
    done = desk.compas("init", "--non-interactive", where=below)
    assert (done.returncode, done.stderr) == (0, "")
    config = load(desk.config, environ=desk.environ).config
    assert config.default_workdir == str(desk.repository)
    assert list(config.agents) == ["dev", "reviewer"]
    assert str(desk.config) in done.stdout
    assert "compas setup-mcp --tool claude\n" in done.stdout


def test_the_next_steps_are_ones_that_can_be_taken(desk: Desk) -> None:
    done = desk.compas("init", "--non-interactive", "--backend", "codex")
    assert done.returncode == 0
    assert "compas doctor\n" in done.stdout
    assert "compas setup-mcp --tool codex\n" in done.stdout


def test_a_new_file_and_its_folder_are_for_its_owner_alone(desk: Desk) -> None:
    desk.install_claude()
    desk.compas("init", "--non-interactive")
    assert (mode(desk.config), mode(desk.config.parent)) == (0o600, 0o700)
    assert [path.name for path in desk.config.parent.iterdir()] == ["config.yaml"]


# proves: c-config-dashboard 75
def test_an_existing_file_is_refused_untouched_and_with_force_kept_as_a_copy(desk: Desk) -> None:
    desk.install_claude()
    desk.config.parent.mkdir()
    desk.config.write_bytes(b"mine: \xff\r\n")
    before = tree(desk.home)
    refused = desk.compas("init", "--non-interactive")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "--force" in refused.stderr
    assert tree(desk.home) == before
    done = desk.compas("init", "--non-interactive", "--force")
    assert done.returncode == 0
    (copy,) = desk.config.parent.glob("config.yaml.*.bak")
    assert copy.read_bytes() == b"mine: \xff\r\n"
    assert mode(copy) == 0o600
    assert str(copy) in done.stdout
    assert list(load(desk.config, environ=desk.environ).config.agents) == ["dev", "reviewer"]


# proves: c-config-dashboard 77
def test_without_a_terminal_it_says_how_to_do_without_questions(desk: Desk) -> None:
    desk.install_claude()
    done = desk.compas("init")
    assert (done.returncode, done.stdout) == (1, "")
    assert "--non-interactive" in done.stderr
    assert not desk.config.exists()


# proves: c-config-dashboard 78
def test_a_machine_without_a_coding_cli_is_told_which_there_are(desk: Desk) -> None:
    silent = desk.compas("init", "--non-interactive")
    code, shown = desk.at_terminal("init", typed="\n\n\n\n")
    for said in (silent.stderr, shown):
        words = " ".join(said.split())
        assert "no coding CLI" in words
        assert "npm install -g @anthropic-ai/claude-code" in words
        assert all(name in words for name in ("codex", "gemini", "opencode"))
    assert (silent.returncode, code) == (1, 1)
    assert not desk.config.exists()


def test_a_cli_that_is_not_installed_may_be_named_and_one_that_is_unknown_may_not(desk: Desk) -> None:
    unknown = desk.compas("init", "--non-interactive", "--backend", "vim")
    assert unknown.returncode == 1
    assert "claude" in unknown.stderr
    named = desk.compas("init", "--non-interactive", "--backend", "claude")
    assert named.returncode == 0
    assert "claude is not on PATH" in named.stderr


def test_questions_are_asked_at_a_terminal_and_again_until_the_answer_can_be_used(desk: Desk) -> None:
    desk.install_claude()
    nowhere = str(desk.home / "nowhere")
    code, shown = desk.at_terminal("init", typed=f"{nowhere}\n\nno name\nzed\nopus\n")
    assert code == 0, shown
    agent = load(desk.config, environ=desk.environ).config.agents["zed"]
    assert (agent.backend, agent.model, agent.workdir) == ("claude", "opus", str(desk.repository))
    assert "cannot be called 'no name'" in shown


def test_an_end_of_the_input_writes_nothing(desk: Desk) -> None:
    desk.install_claude()
    code, shown = desk.at_terminal("init", typed="\n\x04")
    assert code == 1
    assert "nothing was written" in shown
    assert not desk.config.exists()


@pytest.mark.parametrize("args", [["--agent-alias", "a b"], ["--alias", "operator"], ["--model", "a\nb"]])
def test_values_that_no_config_can_hold_are_refused_before_anything_is_made(desk: Desk, args: list[str]) -> None:
    desk.install_claude()
    done = desk.compas("init", "--non-interactive", *args)
    assert (done.returncode, done.stdout) == (1, "")
    assert tree(desk.home) == {}
    assert not desk.config.parent.exists()


def test_outside_a_repository_nothing_is_guessed(desk: Desk) -> None:
    desk.install_claude()
    done = desk.compas("init", "--non-interactive", where=desk.home)
    assert done.returncode == 1
    assert "--repo" in done.stderr
    named = desk.compas("init", "--non-interactive", "--repo", "../repository", where=desk.home)
    assert named.returncode == 0
    assert load(desk.config, environ=desk.environ).config.default_workdir == str(desk.repository)


def test_the_branch_that_work_is_merged_into_is_found(desk: Desk) -> None:
    desk.install_claude()
    desk.git("branch", "--move", "trunk")
    desk.compas("init", "--non-interactive", "--minimal")
    config = load(desk.config, environ=desk.environ).config
    assert (config.default_merge_target, list(config.agents)) == ("trunk", ["dev"])


def test_another_place_gets_a_state_directory_of_its_own_and_is_named_in_the_next_steps(
    desk: Desk, tmp_path: Path
) -> None:
    desk.install_claude()
    other = tmp_path / "a b" / "compas.yaml"
    done = desk.compas("init", "--non-interactive", "--config", str(other))
    desk.compas("init", "--non-interactive")
    assert f"compas doctor --config '{other}'\n" in done.stdout
    places = [load(path, environ=desk.environ).config.state_dir for path in (other, desk.config)]
    assert len(set(places)) == 2


def test_a_config_that_is_a_link_stays_one(desk: Desk, tmp_path: Path) -> None:
    desk.install_claude()
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "compas.yaml"
    real.write_text("old\n")
    desk.config.parent.mkdir()
    desk.config.symlink_to(real)
    assert desk.compas("init", "--non-interactive", "--force").returncode == 0
    assert os.readlink(desk.config) == str(real)
    assert "default_workdir" in real.read_text()


def second_repository(desk: Desk, name: str = "lib", branch: str = "main") -> Path:
    path = desk.repository.parent / name
    path.mkdir()
    desk.git("init", "--quiet", f"--initial-branch={branch}", where=path)
    desk.git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "b", where=path)
    return path


def test_in_a_second_repository_it_is_added_and_every_comment_stays(desk: Desk) -> None:
    desk.install_claude()
    desk.compas("init", "--non-interactive")
    before = desk.config.read_text()
    lib = second_repository(desk)
    done = desk.compas("init", where=lib)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(lib) in done.stdout
    assert desk.config.read_text().startswith(before)
    (listed,) = load(desk.config, environ=desk.environ).config.repositories
    assert listed.path == str(lib)
    (copy,) = desk.config.parent.glob("config.yaml.*.bak")
    assert (copy.read_text(), mode(desk.config)) == (before, 0o600)


def test_a_second_time_changes_nothing_and_says_so(desk: Desk) -> None:
    desk.install_claude()
    desk.compas("init", "--non-interactive")
    lib = second_repository(desk)
    desk.compas("init", where=lib)
    (lib.parent / "link").symlink_to(lib, target_is_directory=True)
    before = tree(desk.home)
    for where in (lib, desk.repository):
        done = desk.compas("init", where=where)
        assert (done.returncode, done.stderr) == (0, "")
        assert "nothing was changed" in done.stdout
    assert desk.compas("init", "--repo", str(lib.parent / "link")).returncode == 0
    assert tree(desk.home) == before


def test_a_config_that_is_named_gets_the_repository_and_its_branch_where_that_is_another(
    desk: Desk, tmp_path: Path
) -> None:
    desk.install_claude()
    other = tmp_path / "other.yaml"
    desk.compas("init", "--non-interactive", "--config", str(other))
    lib = second_repository(desk, branch="trunk")
    done = desk.compas("init", "--config", str(other), "--model", "opus", where=lib)
    assert "--target trunk" in done.stderr
    assert "--model" in done.stderr
    config = load(other, environ=desk.environ).config
    assert [(one.path, one.base) for one in config.repositories] == [(str(lib), "trunk")]
    assert not desk.config.exists()


def test_a_config_that_cannot_be_added_to_stays_as_it_is_and_what_to_write_is_said(desk: Desk) -> None:
    desk.install_claude()
    desk.compas("init", "--non-interactive", "--minimal")
    lib = second_repository(desk)
    desk.config.write_text(desk.config.read_text() + "...\n# the end\n")
    before = tree(desk.home)
    done = desk.compas("init", where=lib)
    assert (done.returncode, done.stdout) == (1, "")
    assert f'- path: "{lib}"' in done.stderr
    assert tree(desk.home) == before


def test_a_disk_that_takes_nothing_leaves_the_config_as_it_is(desk: Desk) -> None:
    desk.install_claude()
    desk.compas("init", "--non-interactive", "--minimal")
    lib = second_repository(desk)
    desk.install(
        "on-a-full-disk",
        "import os, resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "os.execvp('compas', ['compas', 'init'])\n",
    )
    before = tree(desk.home)
    done = desk.run(str(desk.bin / "on-a-full-disk"), where=lib)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(desk.config.parent) in done.stderr
    assert tree(desk.home) == before
