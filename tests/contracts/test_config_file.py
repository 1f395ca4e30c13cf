"""What a config file promises to its watcher, whether it is on disk or in memory."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
import trio.testing

from compas.config.config import Config
from compas.config.findings import ConfigError
from compas.config.load import load
from compas.domain.specs import AgentSpec
from compas.orchestrator.config.file import ConfigFile, LocalConfigFile, Watch
from tests.kit.ceiling import CEILING
from tests.kit.orchestrator.fake_config_file import FakeConfigFile

TEXT = """\
default_workdir: .
agents: [{alias: %s, backend: claude, safety_mode: auto_approve}]
"""
Save = Callable[[str | None], None]
"""Saves a config with one agent of this name; one that cannot be used for an empty name; None removes the file."""


class Stage:
    """A config file of one kind with an agent `dev` in it, and how it is saved."""

    def __init__(self, file: ConfigFile, config: Config, save: Save) -> None:
        self.file = file
        self.config = config
        self.save = save

    async def aliases(self) -> list[str]:
        """Return the agents it has now."""
        return list((await self.file.load(self.config)).config.agents)


def in_memory(place: Path) -> Stage:
    def config(alias: str) -> Config:
        agent = AgentSpec(alias=alias, backend="claude", workdir="/")
        return Config(config_path="/c", default_workdir="/", state_dir="/s", agents={alias: agent})

    file = FakeConfigFile(config("dev"))
    return Stage(
        file,
        config("dev"),
        lambda alias: file.save(None if alias is None else config(alias) if alias else ("agents: found nothing",)),
    )


def on_disk(place: Path) -> Stage:
    path = place / "config.yaml"
    path.write_text(TEXT % "dev")
    environ = {"HOME": str(place)}

    def save(alias: str | None) -> None:
        path.unlink() if alias is None else path.write_text(TEXT % alias)

    return Stage(LocalConfigFile(path, environ), load(path, environ=environ).config, save)


@pytest.fixture(params=[in_memory, on_disk])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """Return a config file of each kind."""
    made: Stage = request.param(tmp_path)
    return made


async def test_it_loads_what_was_saved_last(stage: Stage) -> None:
    assert await stage.aliases() == ["dev"]
    stage.save("one")
    stage.save("two")
    assert await stage.aliases() == ["two"]


async def test_each_content_has_a_digest_of_its_own_and_no_file_none(stage: Stage) -> None:
    first = (await stage.file.load(stage.config)).digest
    stage.save("other")
    assert (await stage.file.load(stage.config)).digest != first
    stage.save("dev")
    assert (await stage.file.load(stage.config)).digest == first
    stage.save("")
    with pytest.raises(ConfigError) as caught:
        await stage.file.load(stage.config)
    assert caught.value.digest not in ("", first)
    assert caught.value.findings
    stage.save(None)
    with pytest.raises(ConfigError) as caught:
        await stage.file.load(stage.config)
    assert caught.value.digest == ""


@pytest.mark.parametrize("alias", ["other", "", None])
async def test_whoever_watches_hears_of_a_save_and_of_a_removal(stage: Stage, alias: str | None) -> None:
    with trio.fail_after(CEILING), stage.file.open_watch() as watch:
        watch.follow(())
        stage.save(alias)
        await watch.wait()


async def test_a_file_that_was_removed_is_heard_of_when_it_is_there_again(stage: Stage) -> None:
    with trio.fail_after(CEILING), stage.file.open_watch() as watch:
        watch.follow(())
        stage.save(None)
        await watch.wait()
        watch.follow(())
        stage.save("again")
        await watch.wait()
        assert await stage.aliases() == ["again"]


# --- on disk ---------------------------------------------------------------------------------------------------------


async def hear(watch: Watch, change: Callable[[], object], reads: tuple[str, ...] = ()) -> None:
    """Change something, and return once the watch has told of it."""
    watch.follow(reads)
    change()
    with trio.fail_after(CEILING):
        await watch.wait()


# proves: c-config-dashboard 46
async def test_every_way_in_which_editors_save_is_heard_of(tmp_path: Path) -> None:
    path, beside = tmp_path / "config.yaml", tmp_path / ".config.swp"
    path.write_text(TEXT % "dev")
    file = LocalConfigFile(path, {})

    def rename() -> None:
        beside.write_text(TEXT % "renamed")
        beside.rename(path)

    def move_away_and_write() -> None:
        path.rename(tmp_path / "config.yaml~")
        path.write_text(TEXT % "written")

    def link() -> None:
        beside.write_text(TEXT % "linked")
        path.unlink()
        os.link(beside, path)

    with file.open_watch() as watch:
        await hear(watch, lambda: path.write_text(TEXT % "rewritten"))
        await hear(watch, rename)
        await hear(watch, move_away_and_write)
        await hear(watch, link)
        await hear(watch, lambda: path.chmod(0o400))


async def test_what_happens_beside_it_is_not_heard_of(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(TEXT % "dev")
    (tmp_path / "state").mkdir()
    with trio.fail_after(CEILING), LocalConfigFile(path, {}).open_watch() as watch:
        watch.follow(())
        heard = trio.Event()

        async def listen() -> None:
            await watch.wait()
            heard.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            for number in range(20):
                (tmp_path / f"other{number}").write_text("x")
                (tmp_path / "state" / "config.yaml").write_text("x")
                path.read_text()
                await trio.testing.wait_all_tasks_blocked()
            assert not heard.is_set()
            path.write_text(TEXT % "other")
            await heard.wait()


async def test_links_on_the_way_to_it_are_followed_wherever_they_lead(tmp_path: Path) -> None:
    for name in ("home", "dotfiles", "others"):
        (tmp_path / name).mkdir()
    for name in ("dotfiles", "others"):
        (tmp_path / name / "compas.yaml").write_text(TEXT % name)
    link, folder = tmp_path / "home" / "config.yaml", tmp_path / "files"
    folder.symlink_to("dotfiles")
    link.symlink_to("../files/./compas.yaml")

    def repoint(which: Path, to: str) -> None:
        fresh = which.with_name("fresh")
        fresh.symlink_to(to)
        fresh.rename(which)

    with LocalConfigFile(link, {}).open_watch() as watch:
        await hear(watch, lambda: (tmp_path / "dotfiles" / "compas.yaml").write_text(TEXT % "edited"))
        await hear(watch, lambda: repoint(folder, "others"))
        await hear(watch, lambda: (tmp_path / "others" / "compas.yaml").write_text(TEXT % "edited"))
        await hear(watch, lambda: repoint(link, "../dotfiles/compas.yaml"))
        await hear(watch, lambda: (tmp_path / "dotfiles" / "compas.yaml").write_text(TEXT % "dev"))


async def test_a_whole_folder_that_goes_and_comes_back_is_heard_of(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    path = folder / "config.yaml"
    path.write_text(TEXT % "dev")
    with LocalConfigFile(path, {}).open_watch() as watch:
        await hear(watch, lambda: folder.rename(tmp_path / "gone"))
        await hear(watch, lambda: (tmp_path / "a" / "b").mkdir())
        await hear(watch, lambda: path.write_text(TEXT % "dev"))
        await hear(watch, path.unlink)
        await hear(watch, folder.rmdir)
        await hear(watch, lambda: (tmp_path / "gone").rename(folder))


async def test_the_files_that_it_names_are_heard_of_too(tmp_path: Path) -> None:
    path, prompt = tmp_path / "config.yaml", tmp_path / "prompts" / "dev.md"
    path.write_text((TEXT % "dev").replace("backend", "prompt_file: prompts/dev.md, backend"))
    file = LocalConfigFile(path, {"HOME": str(tmp_path)})
    config = Config(config_path="", default_workdir="/", state_dir="/s", agents={})
    with pytest.raises(ConfigError) as caught:
        await file.load(config)
    with file.open_watch() as watch:
        await hear(watch, prompt.parent.mkdir, caught.value.reads)
        await hear(watch, lambda: prompt.write_text("You are dev."), caught.value.reads)
        assert list((await file.load(config)).config.agents) == ["dev"]


def test_a_file_in_no_folder_at_all_is_watched_from_the_nearest_one(tmp_path: Path) -> None:
    with LocalConfigFile(tmp_path / "no" / "such" / "config.yaml", {}).open_watch() as watch:
        watch.follow(("/proc/0/nothing", "relative", str(tmp_path / "x\0y")))
