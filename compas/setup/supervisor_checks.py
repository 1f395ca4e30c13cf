"""Checks the supervisor by asking it, when it runs."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from actors.remote.errors import RequestFailed, RequestTimeout, WireError
from compas.api.supervision import HEALTH, HealthRequest, HealthResponse
from compas.client.blocking import connect
from compas.client.bringing import Bringing
from compas.client.locks import is_free
from compas.client.place import Place, place_of
from compas.client.reach import caller_meta
from compas.client.standing import standing
from compas.client.typed import typed
from compas.distribution import installed_version
from compas.errors import CompasError
from compas.paths import RuntimeDirectoryError
from compas.setup.check import Check, failed, passed, warned
from compas.setup.config_place import command

_CLIENT = "compas doctor"
_SECONDS = 10.0
_LOOKING_SECS = 15.0
"""How much longer its answer may take: it looks at CLIs that may never say their version."""


def check_runtime_directory(config: Path, environ: Mapping[str, str]) -> tuple[Check, Place | None]:
    """Check the directory of sockets and locks; every command makes it, and refuses one that others may enter."""
    try:
        place = place_of(config, environ)
    except RuntimeDirectoryError as error:
        return failed("runtime directory", str(error)), None
    return passed("runtime directory", str(place.socket.parent)), place


def check_supervisor(
    place: Place, environ: Mapping[str, str], *, pinging_secs: float | None = None
) -> tuple[list[Check], HealthResponse | None]:
    """Ask the supervisor how it is. None is started, and none is needed: commands start one.

    With `pinging_secs` it is also to ask each agent's model for one word, which may take that much longer.
    """
    patience = _SECONDS + _LOOKING_SECS + (pinging_secs or 0.0)
    place = standing(place)
    try:
        if is_free(place.lock):
            hint = f"commands start it when they need it; {command('run', place.config, environ)} keeps one in view"
            return [warned("supervisor", "is not running", hint)], None
        health = _ask(place, environ, HealthRequest(ping=pinging_secs is not None), patience)
    except RequestTimeout:
        why = f"lives, but did not say within {patience:g} s how it is; it is recovering, or hangs"
        return [failed("supervisor", why, f"look at {place.log} and the supervisor.log in the state directory")], None
    except (RequestFailed, WireError, CompasError) as error:
        why = error.message if isinstance(error, RequestFailed) else str(error)
        hint = f"{command('stop', place.config, environ)}; look at {place.log}"
        return [failed("supervisor", f"lives, but cannot be asked: {why}", hint)], None
    return [_judged(health, place, environ), _git_worker(health)], health


def _ask(place: Place, environ: Mapping[str, str], request: HealthRequest, patience: float) -> HealthResponse:
    meta = {**place.meta(), **caller_meta(environ)}
    with connect(place.socket, client=_CLIENT, timeout=_SECONDS, meta=meta) as connection:
        beside = Bringing(environ).beside(HEALTH.name, connection.agreed)
        asked = msgspec.to_builtins(request)
        return typed(connection.request(HEALTH.name, asked, meta=beside, timeout=patience), HEALTH.response)


def _judged(health: HealthResponse, place: Place, environ: Mapping[str, str]) -> Check:
    who = f"process {health.pid}, version {health.version}, epoch {health.epoch}, log {health.log}"
    if health.state != "ready":
        return warned("supervisor", f"is {health.state}: {who}", f"look at {health.log}")
    if health.version != (own := installed_version()):
        again = command("restart", place.config, environ)
        return warned("supervisor", f"is of another version than this command ({own}): {who}", again)
    return passed("supervisor", f"is ready: {who}")


def _git_worker(health: HealthResponse) -> Check:
    if health.git_worker == "running":
        return passed("git worker", "is running")
    return warned("git worker", f"is {health.git_worker}", f"look at {health.log}")


def check_warnings(health: HealthResponse, known: tuple[str, ...]) -> Iterator[Check]:
    """Pass on what the supervisor warns of, but for what was found already, and what of the config is not in force."""
    for notice in health.config_notices:
        yield warned("config in force", notice)
    for warning in health.warnings:
        if warning not in known:
            yield warned("supervisor", f"warns: {warning}")
