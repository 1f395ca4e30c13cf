"""The command `compas`: finds the subcommand, runs it, and turns whatever happens into an exit code.

Only the chosen command's parser is built and only its code is loaded, so that light commands start in milliseconds.
Exit codes: 0 done, 1 waited in vain, 2 any error, 130 interrupted, 141 nobody reads the output any more.
"""

import sys
from collections.abc import Sequence

from actors.remote.errors import RequestFailed, WireError
from compas.cli.catalogue import Command, commands, groups, run_command
from compas.cli.terminal import give_up_output, prepare_streams, tell, write
from compas.distribution import installed_version
from compas.errors import CompasError

ERROR = 2
INTERRUPTED = 130
NOBODY_READS = 141

_USAGE = "usage: compas [--config P] COMMAND …"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    prepare_streams()
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except SystemExit as leaving:  # argparse, after it has said why
        return leaving.code if isinstance(leaving.code, int) else ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        give_up_output()
        return NOBODY_READS
    except RequestFailed as error:
        tell(f"error: {error.message}")
        return ERROR
    except OSError as error:
        give_up_output()  # such as a full disk: what is left over would fail again at the interpreter's end
        tell(f"error: {error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
        return ERROR
    except (CompasError, WireError) as error:
        tell(f"error: {error}")
        return ERROR


def _run(args: list[str]) -> int:
    shared, rest = _split(args)
    if not rest:
        return _usage_error("a command is missing, such as `compas status`")
    name, *own = rest
    if name in ("--version", "-V", "version"):
        write(f"compas {installed_version('(not installed)')}")
        return 0
    known = commands()
    if name in ("--help", "-h") or (name == "help" and not own):
        write(_help(known))
        return 0
    if name == "help":
        name, own = own[0], ["--help"]
    if name not in known:
        from compas.cli.wrong_usage import unknown_command, unknown_option

        return _usage_error(unknown_option([name], ["--help", "--version", "--config"]) or unknown_command(name, known))
    return run_command(known[name], [*shared, *own])


def _split(args: list[str]) -> tuple[list[str], list[str]]:
    """Separate the options that may stand before the command from the rest."""
    index = 0
    while index < len(args):
        if args[index] == "--config":
            index += 2
        elif args[index].startswith("--config="):
            index += 1
        else:
            break
    return args[:index], args[index:]


def _usage_error(reason: str) -> int:
    from compas.cli.wrong_usage import with_help

    tell(with_help(reason, "compas"))
    return ERROR


def _help(known: dict[str, Command]) -> str:
    width = max(map(len, known))
    lines = []
    for title, names in groups(known):
        lines += ["", f"{title}:", *(f"  {name.ljust(width)}  {known[name].doc}" for name in names)]
    return "\n".join(
        [
            _USAGE,
            "",
            "Dispatch tasks to coding agents, each in its own git worktree; merge when you approve.",
            *lines,
            "",
            "options:",
            "  --config P  configuration file (default: COMPAS_CONFIG, else ~/.compas/config.yaml)",
            "  --version   say which version this is",
            "",
            "THREAD may be `@last`, the newest dispatch from this terminal; to read, a name's beginning is enough.",
            "`compas COMMAND --help` tells more of one command.",
        ]
    )
