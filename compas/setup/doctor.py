"""Runs the doctor's checks in order: from the config, over what it names, to what runs and to the editors."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from compas.client.environment import supervisor_environment
from compas.config.config import Config
from compas.setup.backend_checks import RunAsync, check_backends
from compas.setup.check import Check
from compas.setup.config_check import check_config
from compas.setup.editor_check import check_editors
from compas.setup.gathered_check import check_gathered
from compas.setup.git_checks import check_git, check_repositories
from compas.setup.hook_checks import check_hooks
from compas.setup.log_check import check_log
from compas.setup.place_checks import check_disk, check_state_directory, check_telemetry
from compas.setup.supervisor_checks import check_runtime_directory, check_supervisor, check_warnings


def examine(
    config_path: Path,
    called: str,
    environ: Mapping[str, str],
    run: RunAsync,
    *,
    is_fixing: bool = False,
    is_pinging: bool = False,
) -> Iterator[Check]:
    """Yield each check as it is done; what depends on a config that does not load is left out.

    `called` is how the command was started. Nothing is changed, but for registrations with `is_fixing`, nothing but
    questions for versions is started, and a model is asked something only with `is_pinging`.
    """
    found, config = check_config(config_path, environ)
    yield from found
    yield check_git(environ)
    if config is not None:
        yield from check_repositories(config, environ)
        yield check_state_directory(Path(config.state_dir))
        if (log := check_log(Path(config.state_dir))) is not None:
            yield log
        yield check_gathered(Path(config.state_dir))
    runtime, place = check_runtime_directory(config_path, environ)
    yield runtime
    health = None
    if place is not None:
        checks, health = check_supervisor(place, environ, pinging_secs=_patience(config) if is_pinging else None)
        yield from checks
    if config is not None and health is None:
        yield from check_hooks(config, supervisor_environment(environ))
    if health is not None:
        yield from check_warnings(health, tuple(line for check in found for line in check.lines))
    if config is not None:
        yield from check_backends(config, health, supervisor_environment(environ), run, is_pinging=is_pinging)
        yield from check_telemetry(Path(config.state_dir))
    yield from check_editors(config_path, called, environ, is_fixing=is_fixing)
    yield from check_disk(_written_places(config))


def _patience(config: Config | None) -> float:
    """Return for how long the pings of all agents may take, were they made one after the other."""
    return 60.0 if config is None else 60.0 + len(config.agents) * float(config.ping_timeout_secs)


def _written_places(config: Config | None) -> dict[str, Path]:
    if config is None:
        return {}
    worktrees = config.worktree_dir or config.default_workdir
    return {"state": Path(config.state_dir), "worktrees": Path(worktrees)}
