"""Files of the worktree: their names, what they are, and how many."""

from tests.system.hostile.kinds.kind import Kind

FILES = (
    Kind(
        "names-with-newlines-and-dashes",
        "a name becomes an option or a second path",
        r"""
        touch "$(printf 'work\nREADME')" ./-work ./--exec=sh ./-rf "$(printf 'work\tx')" 'work "quoted"' 'work\\back'
        mkdir work-d; touch ./work-d/--work-tree=x 'work-d/$(touch evil)' 'work-d/;touch evil' "work-d/ "
        """,
        "honest",
    ),
    Kind(
        "names-that-are-pathspecs",
        "a name becomes a pattern that excludes or includes other files",
        "touch './:(exclude)*' './:!work' './:^work' './work[a-z]*' './work?' ./'*' './:(top,glob)**'",
        "honest",
    ),
    Kind(
        "names-in-no-encoding",
        "an error ends an actor",
        r"""
        touch "$(printf 'work\377\376')" "$(printf 'work\303')"
        touch "$(printf 'work\033[31m')" "$(printf 'work\342\200\256')"
        """,
        "honest",
    ),
    Kind(
        "names-that-are-git",
        "files of a git directory are written",
        "mkdir -p .GIT 'git~1'; touch .GIT/config 'git~1/x' .git.",
        "either",
    ),
    Kind("names-that-are-reserved", "nothing here", "touch con work-nul 'work:stream' aux.txt 'work. '", "either"),
    Kind(
        "names-as-long-as-can-be",
        "an error is taken for something else",
        'n=$(printf "w%.0s" $(seq 255)); touch "$n"; mkdir -p "work-d/$n/$n"; touch "work-d/$n/$n/$n"',
        "either",
    ),
    Kind("names-that-differ-in-case", "nothing here", "echo a > WORK.txt; echo b > Work.txt", "honest"),
    Kind(
        "pipes-sockets-and-devices",
        "reading them never ends",
        """
        mkfifo work-fifo; mkdir work-d; mkfifo work-d/fifo; mknod work-device c 1 5 || true
        python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("work-socket")'
        """,
        "either",
    ),
    Kind(
        "a-pipe-in-place-of-a-file",
        "reading it never ends",
        "rm README; mkfifo README",
        "either",
    ),
    Kind(
        "files-that-cannot-be-read",
        "an error is taken for a deletion",
        "echo x > work-secret; chmod 000 work-secret; mkdir work-closed; echo x > work-closed/x; chmod 000 work-closed",
        "either",
    ),
    Kind(
        "directories-a-thousand-deep",
        "an error of the system ends an actor",
        """python3 -c '
import os
for _ in range(1000):
    os.mkdir("work-d"); os.chdir("work-d")
open("work", "w")'
        """,
        "either",
    ),
    Kind(
        "directories-five-thousand-deep",
        "an error of the system ends an actor",
        """python3 -c '
import os
for _ in range(5000):
    os.mkdir("work-d"); os.chdir("work-d")
open("work", "w")'
        """,
        "either",
        long=True,
    ),
    Kind(
        "links-to-everywhere",
        "what they lead to is recorded or deleted",
        'ln -s / work-root; ln -s "$REPO" work-repo; ln -s "$OUT/etc" work-etc; ln -s "$OUT/etc/passwd" work-passwd; '
        "ln -s work-loop work-loop; ln -s /proc/self/fd/0 work-stdin",
        "honest",
    ),
    Kind(
        "a-directory-is-now-a-link-to-the-operators",
        "files are recorded or deleted through it",
        'rm -r dir; ln -s "$REPO/dir" dir; git add -A; git commit -q -m link; rm dir; ln -s "$OUT/etc" dir',
        "either",
    ),
    Kind(
        "hard-links-of-the-operators-files",
        "the operator's file is written through it",
        'ln "$REPO/README" work-hard.txt; ln -f "$REPO/edited.txt" edited.txt; ln -f "$OUT/etc/passwd" dir/x',
        "either",
    ),
    Kind("a-huge-sparse-file", "memory, disk and time", "truncate -s 1G work-huge", "either", long=True),
    Kind(
        "a-hundred-thousand-files",
        "memory and time",
        "mkdir work-d; cd work-d; seq 100000 | xargs touch",
        "either",
        long=True,
    ),
    Kind(
        "an-ignored-directory-of-links",
        "what they lead to is deleted with the worktree",
        'echo "work-i*" > .gitignore; git add .gitignore; git commit -q -m i; mkdir work-i; '
        'ln -s "$OUT/etc" work-i/etc; ln -s "$REPO" work-i/repo',
        "either",
    ),
)
