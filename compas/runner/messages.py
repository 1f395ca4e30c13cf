"""The frozen, versioned files of an execution and the messages on its runner's socket."""

from typing import Annotated, Literal

import msgspec

VERSION = 1
"""Of the files and of the socket. Fields may be added with a default; anything else is a new version."""

MIN_GRACE_SECS = 2.0
MIN_LOG_LIMIT_BYTES = 64 * 1024
DEFAULT_LOG_LIMIT_BYTES = 64 * 1024 * 1024

FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
ExitKind = Literal["exited", "signaled", "timeout", "stopped", "spawn_failed", "lost", "rebooted", "cancelled"]


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """`spec.json`: everything that a runner needs to host one execution (design §5)."""

    execution: str
    token: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,128}$")]
    """Secret mark in the environment of the whole process tree, by which strays are found."""
    epoch: int
    """Of the supervisor that wrote this; clients of a lower one are refused."""
    argv: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    cwd: str
    env: dict[str, str]
    """The environment of the agent but for the marks, and for what may be a secret: that comes with the launch. Nothing
    is inherited."""
    stdin_text: str | None = None
    """Delivered byte for byte as UTF-8, then end of file; None gives an empty stdin."""
    files: dict[FileName, str] = {}
    """Texts by name, written into the execution's `files` directory for the agent to read."""
    stdout: Literal["pipe", "file"] = "pipe"
    """`file` for CLIs that lose the tail of a pipe when they exit, as Node does."""
    timeout_secs: Annotated[float, msgspec.Meta(gt=0)] | None = None
    grace_secs: Annotated[float, msgspec.Meta(ge=MIN_GRACE_SECS)] = 5.0
    """Between SIGTERM and SIGKILL."""
    drain_secs: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """What leftovers of an agent that ended by itself get before they are ended."""
    log_limit_bytes: Annotated[int, msgspec.Meta(ge=MIN_LOG_LIMIT_BYTES)] = DEFAULT_LOG_LIMIT_BYTES
    redact: bool = True
    redaction_patterns: tuple[str, ...] = ()
    version: int = VERSION


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """`started.json`: linked before the agent is released, so without it the agent never ran."""

    boot_id: str
    runner_pid: int
    runner_start_time: int
    """In the unit of the platform's process table; with the pid it names one process of this boot."""
    agent_pid: int
    agent_start_time: int
    token: str
    started_at: float
    """UTC seconds since 1970."""
    version: int = VERSION


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """`exit.json`: how the execution ended; written once, never changed."""

    kind: ExitKind
    exit_code: int | None = None
    signal: int | None = None
    reason: str = ""
    """A sentence for people; empty for an ordinary end."""
    started_at: float | None = None
    ended_at: float
    duration_secs: float = 0.0
    """Suspended time included."""
    user_secs: float = 0.0
    system_secs: float = 0.0
    max_rss_kb: int = 0
    log_bytes: int = 0
    """Size of `output.log`."""
    cut_at: int = 0
    """Offset at which `cut_bytes` of the log are replaced by one line, see `logformat.cut_notice`."""
    cut_bytes: int = 0
    skipped_bytes: int = 0
    """Raw output that the agent wrote into its output file faster than it could be read."""
    log_error: str | None = None
    """Why `output.log` lacks something beside what its limit cut; where its end is missing, that is in `cut_bytes`."""
    leftovers_ended: int = 0
    """Processes beside the agent that were signalled at the end; with the agent where its runner could not end it."""
    nothing_left: bool = True
    """False when some process of the agent's tree was still alive when the runner gave up on it."""
    version: int = VERSION


class LogChunk(msgspec.Struct, frozen=True, kw_only=True, tag="chunk"):
    """Whole lines of the log.

    Offsets count the bytes of the uncut log and stay valid when the execution has ended. A chunk that
    stands for a cut is one line that says so, while its offsets span all that was cut.
    """

    offset: int
    next_offset: int
    text: str


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """Client to runner, first: send the log from `offset`. `epoch` is None for mere onlookers."""

    offset: int
    epoch: int | None = None
    version: int = VERSION


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """Client to runner: end the agent; the outcome arrives as `Ended`."""

    reason: str
    grace_secs: float | None = None


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """Runner to client, last, after the whole log: `exit.json` is on disk."""

    exit: Exit


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """Runner to client, last: why this client is not served."""

    reason: str


ToRunner = Hello | Stop
FromRunner = LogChunk | Ended | Refused
