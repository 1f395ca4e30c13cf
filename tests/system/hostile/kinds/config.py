"""The repository's configuration, which an agent can write too."""

from tests.system.hostile.kinds.kind import Kind

CONFIG = (
    Kind(
        "configuration-names-programs",
        "programs of the agent's run with the supervisor's rights",
        """
        git config core.fsmonitor "$CANARY"; git config core.hooksPath "$OUT/hooks"
        git config core.sshCommand "$CANARY"; git config diff.external "$CANARY"; git config core.editor "$CANARY"
        git config alias.status "!$CANARY"
        git config diff.x.textconv "$CANARY"; git config core.pager "$CANARY"; git config gpg.program "$CANARY"
        echo '* diff=x' > .gitattributes; git add .gitattributes; git commit -q -m attributes
        """,
        "either",
        programs=True,
    ),
    Kind(
        "worktree-configuration-names-programs",
        "programs of the agent's run with the supervisor's rights",
        """
        git config core.repositoryFormatVersion 1; git config extensions.worktreeConfig true
        git config --worktree core.fsmonitor "$CANARY"; git config --worktree filter.x.clean "$CANARY"
        git config --worktree merge.x.driver "$CANARY"; git config --worktree core.hooksPath "$OUT/hooks"
        """,
        "either",
        programs=True,
    ),
    Kind(
        "a-filter-changes-what-is-recorded",
        "what is committed is not what stands in the worktree",
        """
        git config filter.x.clean "sed s/draft/EVIL/"; echo 'work-draft.txt filter=x' > .gitattributes
        git add .gitattributes; git commit -q -m attributes
        """,
        "either",
        programs=True,
    ),
    Kind(
        "commits-are-to-be-signed-by-a-program",
        "programs of the agent's run with the supervisor's rights",
        'git config gpg.program "$CANARY"; git config commit.gpgSign true',
        "either",
        programs=True,
    ),
    Kind(
        "configuration-includes-a-file-of-the-worktree",
        "configuration is whatever the agent writes later",
        'printf "[core]\\n fsmonitor = %s\\n" "$CANARY" > work-included; git config include.path "$TREE/work-included"',
        "either",
        programs=True,
    ),
    Kind(
        "configuration-has-another-worktree",
        "git takes another directory for the checkout",
        'git config core.worktree "$OUT/etc"',
        "either",
    ),
    Kind(
        "configuration-says-bare",
        "git takes the repository for one without checkout",
        "git config core.bare true",
        "either",
    ),
    Kind(
        "configuration-ignores-modes-and-case",
        "changes are hidden",
        """
        git config core.fileMode false; git config core.ignoreCase true; git config core.symlinks false
        git config core.autocrlf true; git config core.checkStat minimal; git config core.trustctime false
        """,
        "either",
    ),
    Kind(
        "configuration-hides-untracked-files",
        "the worktree counts as clean, and what is in it is deleted",
        "git config status.showUntrackedFiles no; git config core.excludesFile /dev/null; "
        "git config diff.ignoreSubmodules all; git config core.quotePath true; git config diff.noprefix true",
        "honest",
    ),
    Kind("configuration-is-broken", "an error ends an actor", 'printf "[broken\\n" >> "$DOTGIT/config"', "either"),
    Kind(
        "attributes-of-the-repository-name-a-merge-driver",
        "a program is run, or the merge takes one side",
        'mkdir -p "$DOTGIT/info"; printf "* merge=x filter=x diff=x\\n" > "$DOTGIT/info/attributes"',
        "honest",
    ),
    Kind(
        "excludes-of-the-repository-hide-everything",
        "the worktree counts as clean, and what is in it is deleted",
        'mkdir -p "$DOTGIT/info"; echo "*" > "$DOTGIT/info/exclude"',
        "either",
    ),
    Kind(
        "alternates-lead-elsewhere",
        "objects come from where the agent likes",
        'mkdir -p "$OUT/objects"; echo "$OUT/objects" > "$DOTGIT/objects/info/alternates"',
        "honest",
    ),
)
