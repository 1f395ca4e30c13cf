"""Operations `reload` and `dashboard_commands`: look at the config file now, and at what it holds for the dashboard."""

import msgspec

from compas.api.operation import Operation
from compas.domain.dashboard_keys import DashboardCommand


class ReloadRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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


class DashboardCommandsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
