"""Operations on the config file: what holds (`settings`, `dashboard_commands`), and to look at it now (`reload`)."""

import msgspec

from compas.api.operation import Operation, Request
from compas.domain.dashboard_keys import DashboardCommand


class SettingsRequest(Request, frozen=True, kw_only=True):
    """Nothing to say."""


class SettingRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One key, its value in words, and where that comes from: file, agent_defaults, environment or default.

    `line` is that of the file, 0 where the file does not say it. `effect` says when a changed value is used. With
    `waits` the value is in the file and takes a restart. Values of environment variables are left out.
    """

    key: str
    value: str
    source: str
    effect: str
    doc: str
    line: int = 0
    waits: bool = False


class SettingsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration in force, key by key, and what is wrong or doubtful about its file.

    `notices`, `waiting`, `warnings` and `errors` are as `reload` tells them; `since` is UTC seconds.
    """

    config: str
    state_dir: str
    since: float
    settings: tuple[SettingRow, ...]
    notices: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


SETTINGS = Operation(
    name="settings",
    request=SettingsRequest,
    response=SettingsResponse,
    doc="Show the configuration in force, and where each value comes from.",
    kind="read",
)


class ReloadRequest(Request, frozen=True, kw_only=True):
    """Nothing to say."""


class ReloadResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force, and what is wrong with the file if that is not what it says.

    `in_use` tells whether the file as it is now is in force, but for the keys in `waiting`, which take a restart.
    `is_new` tells whether this request found out; else it had been known before. `changed` names the keys that the
    last change of the file changed, `notes` what follows from it; `since` is when it came into force (UTC seconds).
    """

    config: str
    in_use: bool
    is_new: bool
    digest: str
    since: float
    changed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


RELOAD = Operation(
    name="reload",
    request=ReloadRequest,
    response=ReloadResponse,
    doc="Take up the config file now, and say what has changed.",
    kind="write",
    details="A saved file is taken up by itself; this does it at once and tells. It exits with 1 when the file cannot "
    "be used; the last good one stays in force then.",
)


class DashboardCommandsRequest(Request, frozen=True, kw_only=True):
    """Nothing to say."""


class DashboardCommandsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The commands in force, in the order of the config."""

    commands: tuple[DashboardCommand, ...]


DASHBOARD_COMMANDS = Operation(
    name="dashboard_commands",
    request=DashboardCommandsRequest,
    response=DashboardCommandsResponse,
    doc="List the operator's own commands of the dashboard.",
    kind="read",
    details="They are in the config, under dashboard.",
)
