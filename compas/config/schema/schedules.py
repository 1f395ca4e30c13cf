"""The `schedules` list: dispatches at set times."""

from typing import Annotated, Literal

from compas.config.schema.key import Key, Section

LONGEST_JITTER_SECS = 86_400


class Schedule(Section, frozen=True, kw_only=True):
    """A dispatch at set times. Each run is a thread of its own; `compas schedules` shows when, and how they ended."""

    name: Annotated[str, Key(doc="The schedule's name; unique. Its runs are counted under it.", form="label")]
    agent: Annotated[str, Key(doc="The agent that gets the dispatch.", form="nonempty")]
    cron: Annotated[
        str,
        Key(
            doc="When: minute, hour, day of month, month, day of week, as Debian's cron reads them; with a sixth field "
            "in front for the second. Or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`."
        ),
    ]
    body: Annotated[str, Key(doc="The dispatch's text.", form="nonempty")]
    batch: Annotated[str | None, Key(doc="The batch its threads belong to.")] = None
    repository: Annotated[
        str | None, Key(doc="The repository it is about.", path=True, default="that of the agent's `workdir`")
    ] = None
    max_runs: Annotated[
        int, Key(doc="After how many runs it stops, until `compas schedules reset` counts from 0 again.", ge=1)
    ] = 100
    enabled: Annotated[bool, Key(doc="Whether it fires.")] = True
    timezone: Annotated[str | None, Key(doc="The zone `cron` is read in.", form="nonblank", default="UTC")] = None
    overlap: Annotated[
        Literal["skip", "queue"],
        Key(doc="Whether a run is skipped while the last one has not ended, or started all the same."),
    ] = "skip"
    catch_up: Annotated[
        Literal["one", "none"],
        Key(
            doc="What happens to runs that were missed while compas was not running, or the machine slept: one run for "
            "all of them, or none for those that are more than two minutes late."
        ),
    ] = "one"
    jitter_secs: Annotated[
        int,
        Key(
            doc="Each run is delayed by 0 to this many seconds, so that many do not start at once. How many follows "
            "from the name and the time; a restart does not change it.",
            ge=0,
            le=LONGEST_JITTER_SECS,
        ),
    ] = 0
