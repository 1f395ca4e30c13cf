"""What cannot be understood is answered with one sentence: what was found and what to do."""

import pytest

from compas.cli.main import main

WRONG = {
    "": "a command is missing, such as `compas status`. See `compas --help`.",
    "statsu": "there is no command 'statsu'; did you mean 'status'? See `compas --help`.",
    "mrege T": "there is no command 'mrege'; did you mean 'merge'? See `compas --help`.",
    "help dispach": "there is no command 'dispach'; did you mean 'dispatch'? See `compas --help`.",
    "frobnicate": "there is no command 'frobnicate'. See `compas --help`.",
    "--verson": "there is no option --verson; did you mean --version? See `compas --help`.",
    "-x status": "there is no option -x. See `compas --help`.",
    "status --jsno": "there is no option --jsno; did you mean --json? See `compas status --help`.",
    "wait --thread T": "there is no option --thread; did you mean --thread-id? See `compas wait --help`.",
    "wait T --timeuot 3": "there is no option --timeuot; did you mean --timeout? See `compas wait --help`.",
    "wait T --timeuot=3": "there is no option --timeuot; did you mean --timeout? See `compas wait --help`.",
    "dispatch --agent dev x": "there is no option --agent. See `compas dispatch --help`.",
    "dispatch": "AGENT and TEXT are missing. See `compas dispatch --help`.",
    "dispatch dev": "TEXT is missing. See `compas dispatch --help`.",
    "dispatch dev fix the bug": (
        'TEXT is one argument, so put it in quotes: "fix the bug". See `compas dispatch --help`.'
    ),
    "dispatch dev pay $5 now": "TEXT is one argument, so put it in quotes: 'pay $5 now'. See `compas dispatch --help`.",
    "request-changes T add tests": (
        'TEXT is one argument, so put it in quotes: "add tests". See `compas request-changes --help`.'
    ),
    "dispatch dev x --timeout 3": "--timeout limits --wait, which is not given. See `compas dispatch --help`.",
    "merge T --timeout 3": "--timeout limits --wait, which is not given. See `compas merge --help`.",
    "merge": "THREAD is missing. See `compas merge --help`.",
    "merge T main": "'main' is one argument too many. See `compas merge --help`.",
    "status a b": "'b' is one argument too many. See `compas status --help`.",
    "tasks a": "'a' is one argument too many. See `compas tasks --help`.",
    "wait": "THREAD is missing. See `compas wait --help`.",
    "wait T --thread-id T": "THREAD is given twice, also as --thread-id. See `compas wait --help`.",
    "wait --thread-id": "--thread-id needs a value: --thread-id THREAD. See `compas wait --help`.",
    "wait T --timeout": "--timeout needs a value: --timeout SECONDS. See `compas wait --help`.",
    "wait T --timeout soon": "--timeout has to be a number, found 'soon'. See `compas wait --help`.",
    "wait T --timeout -1": "--timeout has to be at least 0, found -1. See `compas wait --help`.",
    "wait T --timeout 1e9": "--timeout has to be at most 2592000, found 1000000000. See `compas wait --help`.",
    "wait T --timeout nan": "--timeout has to be at least 0, found nan. See `compas wait --help`.",
    "wait T --json=yes": "--json takes no value. See `compas wait --help`.",
    "wait-merge": "MERGE is missing. See `compas wait-merge --help`.",
    "wait merge": "MERGE is missing. See `compas wait --help`.",
    "status --limit x": "--limit has to be a whole number, found 'x'. See `compas status --help`.",
    "status --limit 1.5": "--limit has to be a whole number, found '1.5'. See `compas status --help`.",
    "status --limit -3": "--limit has to be at least 1, found -3. See `compas status --help`.",
    "events --limit 99999999": "--limit has to be at most 10000, found 99999999. See `compas events --help`.",
    "close T --status merged": "--status has to be completed or failed, found 'merged'. See `compas close --help`.",
    "close T --target main": "--target says how to merge, but --merge is not given. See `compas close --help`.",
    "close T --force": "--force says how to merge, but --merge is not given. See `compas close --help`.",
    "stop --now --detach": "--detach and --now cannot be given together; choose one. See `compas stop --help`.",
    "mcp-server --tools most": "--tools has to be core or all, found 'most'. See `compas mcp-server --help`.",
    "setup-mcp --scope all": "--scope has to be user or project, found 'all'. See `compas setup-mcp --help`.",
    "pending --limit x": "--limit has to be a whole number, found 'x'. See `compas pending --help`.",
    "pending --limit -3": "--limit has to be at least 1, found -3. See `compas pending --help`.",
    "pending --limit": "--limit needs a value: --limit N. See `compas pending --help`.",
    "events --after -1": "--after has to be at least 0, found -1. See `compas events --help`.",
    "log X --offset -1": "--offset has to be at least 0, found -1. See `compas log --help`.",
    "log X --unit words": "--unit has to be lines or bytes, found 'words'. See `compas log --help`.",
    "verdict maybe": "VERDICT has to be approve or request_changes, found 'maybe'. See `compas verdict --help`.",
    "dispatch dev x --at noon": "there is no option --at. See `compas dispatch --help`.",
    "setup-mcp --dry": "there is no option --dry; did you mean --dry-run? See `compas setup-mcp --help`.",
    "doctor --fx": "there is no option --fx; did you mean --fix? See `compas doctor --help`.",
    "schedules pause": "NAME is missing. See `compas schedule-pause --help`.",
    "hooks test": "HOOK is missing. See `compas hooks test --help`.",
    "batch-status": "BATCH is missing. See `compas batch-status --help`.",
    "status --config": "--config needs a value: --config P. See `compas status --help`.",
    "stop later": "'later' is one argument too many. See `compas stop --help`.",
    "run now": "'now' is one argument too many. See `compas run --help`.",
    "run --ready-fd x": "--ready-fd has to be a whole number, found 'x'. See `compas run --help`.",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_usage_is_answered_with_one_sentence(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"error: {WRONG[line]}\n")
