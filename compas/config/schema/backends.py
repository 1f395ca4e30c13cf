"""The `backend_definitions` list: agent CLIs that compas does not know by itself."""

from typing import Annotated

from compas.config.schema.key import Key, Section
from compas.domain.specs import OutputFormat, PromptChannel


class Resume(Section, frozen=True, kw_only=True):
    """How a session is continued; both come before the other arguments."""

    flag: Annotated[str, Key(doc="The flag or subcommand that continues a session; may be empty.")]
    session_id_arg: Annotated[str, Key(doc="The argument with `{{session_id}}` in it.", form="nonempty")]


class Output(Section, frozen=True, kw_only=True):
    """How standard output is read."""

    format: Annotated[OutputFormat, Key(doc="The whole text, one JSON object, or JSON lines.")] = "plaintext"
    result_field: Annotated[str | None, Key(doc="Dotted path of the reply's text.", form="nonempty")] = None
    session_id_field: Annotated[str | None, Key(doc="Dotted path of the session id.", form="nonempty")] = None


class Ping(Section, frozen=True, kw_only=True):
    """The command that shows the CLI to work: it ends with 0. It runs when somebody asks for pings."""

    command: Annotated[str, Key(doc="The program, named as the backend's is.", form="nonblank", program=True)]
    args: Annotated[tuple[str, ...], Key(doc="Its arguments.")] = ()


class BackendDefinition(Section, frozen=True, kw_only=True):
    """One agent CLI, as a command line with `{{instruction}}`, `{{model}}` and `{{session_id}}` in it."""

    name: Annotated[str, Key(doc="The name agents use as `backend`; none of the built-in names.", form="alias")]
    command: Annotated[
        str, Key(doc="The program: a name for PATH, or a path with a slash in it.", form="nonblank", program=True)
    ]
    args: Annotated[tuple[str, ...], Key(doc="Its arguments.", form="nonblank")] = ()
    resume: Annotated[Resume | None, Key(doc="How a session is continued.", default="sessions are not continued")] = (
        None
    )
    output: Annotated[Output, Key(doc="How standard output is read.")] = Output()
    ping: Annotated[
        Ping | None, Key(doc="The health check, run when pings are asked for.", default="`<command> --version`")
    ] = None
    env_remove: Annotated[
        tuple[str, ...], Key(doc="Variables the CLI must not see, inherited ones included.", form="variable")
    ] = ()
    prompt: Annotated[
        PromptChannel | None,
        Key(
            doc="How the instruction travels; with `file`, `{{instruction}}` is the path of a file that holds it.",
            default="`argument` when `{{instruction}}` is in `args`, else `stdin`",
        ),
    ] = None
