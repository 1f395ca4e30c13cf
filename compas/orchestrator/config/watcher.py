"""The config watcher: applies a changed config file once its content has settled, and shows a failure that stands."""

import contextlib
import logging
import math

import trio

from actors.actor import Actor
from actors.errors import ActorStopped
from actors.timers import OwnedTask
from compas.config.config import Loaded
from compas.config.findings import ConfigError
from compas.config.reload import update_config
from compas.domain import events as e
from compas.orchestrator.config.configuration import Configuration, Refused, errors_of
from compas.orchestrator.config.file import ConfigFile, Watch
from compas.orchestrator.messages.admission import LimitsChanged
from compas.orchestrator.messages.backend import ExecutionOver
from compas.orchestrator.messages.config import ConfigApplied, ConfigFileChanged, RecheckConfig, ReloadConfig
from compas.orchestrator.messages.journal import Commit, WaitWritable
from compas.orchestrator.services import ADMISSION, ASK_TIMEOUT_SECS, CONFIG, JOURNAL, Services, backend_name
from compas.store.errors import StoreUnavailable
from compas.store.records import Append, NewEvent

log = logging.getLogger("compas.config")

SETTLE_SECS = 0.2
"""A file is looked at once nothing has happened to it for this long: editors save in several steps."""
LONGEST_SETTLING_SECS = 2.0
"""A file that never comes to rest is looked at this often all the same."""
STANDING_SECS = 1.0
"""A failure is shown once the file has stayed the same for this long: it may be half written (c-config 49)."""


class ConfigWatcher(Actor):
    """Loads, records what changes, then lets it hold. While a file cannot be used, the last good one stays in force.

    Its next incarnation looks at the file anew, so it may crash anywhere.
    """

    def __init__(self, services: Services, file: ConfigFile) -> None:
        self._services = services
        self._file = file
        self._watch: Watch | None = None
        self._is_watching = False
        self._reads: tuple[str, ...] = ()
        self._timer: OwnedTask | None = None
        self._restless_since: float | None = None
        self._doubted: tuple[str, tuple[str, ...]] | None = None
        self._doubted_since = 0.0
        self._waits_for_log = False

    @property
    def _configuration(self) -> Configuration:
        return self._services.configuration

    async def on_start(self) -> None:
        """Watch the file, and look at it: it may have changed since it was loaded."""
        self.context.registry.register(CONFIG, self.context.ref)
        self._begin_to_watch()

    async def receive(self, message: object) -> object:
        """Take word of a change, of time, or of an operator who wants it looked at now."""
        match message:
            case ConfigFileChanged():
                self._settle()
            case RecheckConfig():
                await self._look_when_settled()
            case ReloadConfig():
                return await self._look_now()
            case _:
                raise self.unexpected(message)
        return None

    # --- when to look ------------------------------------------------------------------------------------------------

    def _begin_to_watch(self) -> None:
        if not self._is_watching:
            self._is_watching = True
            self.context.start_soon(self._watch_file)

    async def _watch_file(self) -> None:
        """Tell of changes; where none can be noticed, say so and leave it to `compas reload`."""
        try:
            with self._file.open_watch() as watch:
                watch.follow(self._reads)
                self._watch, self._configuration.unwatched = watch, ""
                # It may have changed between being loaded and being watched.
                await self.context.ref.tell(ConfigFileChanged())
                while True:
                    await watch.wait()
                    await self.context.ref.tell(ConfigFileChanged())
        except OSError as err:
            self._watch, self._is_watching = None, False
            self._say_unwatched(err)

    def _say_unwatched(self, err: OSError) -> None:
        told = f"changes of the config file are not noticed: {err.strerror or err}; `compas reload` takes them up"
        self._configuration.unwatched = told
        log.warning("%s", told, extra={"action": "config_unwatched"})

    def _settle(self) -> None:
        """Look at the file in a moment; every further change puts that off, within limits."""
        now = trio.current_time()
        if self._restless_since is None:
            self._restless_since = now
        limit = self._restless_since + LONGEST_SETTLING_SECS
        self._look_in(min(SETTLE_SECS, max(0.0, limit - now)))

    def _look_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.context.send_after(seconds, RecheckConfig())

    async def _look_when_settled(self) -> None:
        self._timer = self._restless_since = None
        try:
            await self._look(is_patient=True)
        except StoreUnavailable as err:
            log.error("a changed config waits to be recorded: %s", err, extra={"action": "config_waiting_for_log"})
            if not self._waits_for_log:
                self._waits_for_log = True
                self.context.start_soon(self._look_when_writable)

    async def _look_when_writable(self) -> None:
        journal = await self.context.registry.wait_registered(JOURNAL)
        await journal.ask(WaitWritable(), timeout=math.inf)
        self._waits_for_log = False
        await self.context.ref.tell(RecheckConfig())

    async def _look_now(self) -> bool | None:
        self._begin_to_watch()  # if it could not be done before, perhaps there is room for a watch by now
        try:
            return await self._look(is_patient=False)
        except StoreUnavailable as err:
            self.context.defer().fail(err)
            return None

    # --- looking -----------------------------------------------------------------------------------------------------

    async def _look(self, *, is_patient: bool) -> bool:
        """Load the file and let it hold, or refuse it; tell whether that is news.

        With `is_patient`, a file that cannot be used is looked at once more before anybody hears of it.
        """
        self._follow(self._reads)
        try:
            loaded = await self._file.load(self._configuration.in_force)
        except ConfigError as error:
            self._follow_named(error.reads)
            return await self._doubt(error, is_patient=is_patient)
        self._doubted = None
        self._follow_named(loaded.reads)
        return await self._apply(loaded)

    def _follow_named(self, reads: tuple[str, ...]) -> None:
        """Watch what the file names; what that is may have changed before it was watched."""
        if reads != self._reads and self._follow(reads):
            self._settle()
        self._reads = reads

    def _follow(self, reads: tuple[str, ...]) -> bool:
        if self._watch is None:
            return False
        try:
            self._watch.follow(reads)
        except OSError as err:
            # Such as a directory of the file that may not be read any more; every look tries again.
            self._say_unwatched(err)
            return False
        self._configuration.unwatched = ""
        return True

    async def _doubt(self, error: ConfigError, *, is_patient: bool) -> bool:
        seen = (error.digest, errors_of(error, self._configuration.in_force))
        known = self._configuration.refused
        if known is not None and (known.digest, known.errors) == seen:
            return False
        now = trio.current_time()
        if self._doubted != seen:
            self._doubted, self._doubted_since = seen, now
        left = self._doubted_since + STANDING_SECS - now
        if is_patient and left > 0:
            self._look_in(left)
            return False
        digest, errors = seen
        await self._record(e.ConfigRefused(digest=digest, errors=errors))
        self._configuration.refuse(Refused(digest=digest, errors=errors, at=self._services.clock()))
        log.error("the config file cannot be used: %s", "; ".join(errors), extra={"action": "config_refused"})
        return True

    async def _apply(self, loaded: Loaded) -> bool:
        configuration = self._configuration
        taken = update_config(configuration.in_force, loaded.config)
        if not configuration.is_news(loaded, taken):
            configuration.note_warnings(loaded)
            return False
        await self._record(
            e.ConfigLoaded(digest=loaded.digest, changed=taken.changed, waiting=taken.waiting, notes=taken.notes)
        )
        configuration.apply(loaded, taken, self._services.clock())
        said = ", ".join(taken.changed) or "nothing that is in use"
        log.info("the config was loaded again; changed: %s", said, extra={"action": "config_loaded"})
        for line in (*taken.notes, *configuration.notices, *configuration.standing.warnings):
            log.warning("%s", line, extra={"action": "config_warning"})
        await self._tell_those_who_wait()
        return True

    async def _record(self, event: e.ConfigLoaded | e.ConfigRefused) -> None:
        """Commit what is about to hold. Raises StoreUnavailable, and nothing has changed then."""
        append = Append(events=(NewEvent(stream=e.SUPERVISOR_STREAM, event=event),))
        journal = await self.context.registry.wait_registered(JOURNAL)
        await journal.ask(Commit(append), timeout=ASK_TIMEOUT_SECS)

    async def _tell_those_who_wait(self) -> None:
        """Let in whoever has room by the new limits, and have the circuit breakers judged by theirs. An actor that is
        being restarted reads them by itself."""
        self.context.bus.publish(ConfigApplied(), 0)
        backends = [backend_name(backend) for backend in self._services.backends]
        for name, word in [*((name, ExecutionOver()) for name in backends), (ADMISSION, LimitsChanged())]:
            found = self.context.registry.find(name)
            with contextlib.suppress(ActorStopped):
                if found is not None:
                    await found.tell(word)
