"""Submodules, and repositories inside of the worktree."""

from tests.system.hostile.kinds.kind import Kind

LIBRARY = """
git init -q "$OUT/lib"; echo lib > "$OUT/lib/f"; git -C "$OUT/lib" add f; git -C "$OUT/lib" commit -q -m lib
git -c protocol.file.allow=always submodule add -q --name x "$OUT/lib" lib; git commit -q -m "Add lib"
"""
NAMED = """
printf '[submodule "%s"]\\n\\tpath = lib\\n\\turl = %s\\n[submodule "x"]\\n\\tpath = lib\\n\\turl = %s\\n' \
    "$name" "$OUT/lib" "$OUT/lib" > .gitmodules
"""
COMMIT = "git add .gitmodules; git commit -q -m modules"
COPY = 'mkdir -p "$DOTGIT/modules/$name"; cp -r "$DOTGIT/modules/x/." "$DOTGIT/modules/$name/"'

SUBMODULES = (
    Kind(
        "a-submodules-name-is-configuration",
        "a program runs when a reviewer's worktree is made",
        f'name="x.update=!$CANARY update #"; {NAMED} {COPY}; {COMMIT}',
        "either",
        before=LIBRARY,
        readers=True,
    ),
    Kind(
        "a-submodules-update-is-a-program",
        "a program runs when a reviewer's worktree is made",
        f'git config --file .gitmodules submodule.x.update "!$CANARY update"; {COMMIT}',
        "either",
        before=LIBRARY,
        readers=True,
    ),
    Kind(
        "a-submodules-name-leads-out",
        "a git directory is made outside of the repository",
        f"name=../../../OUT; {NAMED} {COMMIT}",
        "either",
        before=LIBRARY,
        readers=True,
    ),
    Kind(
        "a-submodules-name-has-a-newline",
        "a name becomes two lines of configuration",
        f'name="x\\ny"; {NAMED} {COMMIT}',
        "either",
        before=LIBRARY,
        readers=True,
    ),
    Kind(
        "a-submodules-name-begins-with-a-dash",
        "a name becomes an option",
        f'name="--upload-pack=$CANARY"; {NAMED} {COMMIT}',
        "either",
        before=LIBRARY,
        readers=True,
    ),
    Kind(
        "a-submodules-path-is-absolute",
        "files are written outside of the worktree",
        f'git config --file .gitmodules submodule.x.path "$OUT/etc"; {COMMIT}',
        "either",
        before=LIBRARY,
        readers=True,
    ),
    Kind(
        "a-submodules-address-is-a-program",
        "the address is run",
        f'git config --file .gitmodules submodule.x.url "ext::$CANARY %S"; {COMMIT}',
        "either",
        before=LIBRARY,
        readers=True,
    ),
    Kind(
        "a-submodule-is-at-an-unknown-commit",
        "an error is taken for something else",
        """
        git update-index --cacheinfo 160000,1234567890123456789012345678901234567890,lib; git commit -q -m unknown
        """,
        "either",
        before=LIBRARY,
        readers=True,
    ),
    Kind(
        "a-submodule-is-a-link",
        "what the link leads to is read, written or deleted",
        'rm -rf lib; ln -s "$OUT/etc" lib; git update-index --assume-unchanged lib',
        "either",
        before=LIBRARY,
    ),
    Kind(
        "a-submodules-git-file-names-the-repository",
        "the operator's repository is taken for the submodule",
        'mkdir -p lib; rm -rf lib/.git; echo "gitdir: $DOTGIT" > lib/.git; echo EVIL > lib/evil.txt',
        "either",
        before=LIBRARY,
    ),
    Kind(
        "a-submodules-own-configuration-names-programs",
        "a program runs when compas looks into the submodule",
        """
        inside=$(git -C lib rev-parse --absolute-git-dir); git -C lib config core.fsmonitor "$CANARY fsmonitor"
        git -C lib config filter.x.clean "$CANARY clean"; echo '* filter=x' > "$inside/info/attributes"
        echo changed >> lib/f; mkdir -p "$inside/hooks"
        printf '#!/bin/sh\\nexec "%s" hook\\n' "$CANARY" > "$inside/hooks/post-checkout"
        chmod +x "$inside/hooks/post-checkout"
        """,
        "either",
        before=LIBRARY,
        readers=True,
    ),
    Kind(
        "the-list-of-submodules-is-a-link",
        "a file of the operator's is read as configuration",
        'rm -f .gitmodules; ln -s "$OUT/etc/passwd" .gitmodules; git add .gitmodules; git commit -q -m modules',
        "either",
        before=LIBRARY,
        readers=True,
    ),
    Kind(
        "the-list-of-submodules-is-a-fifo",
        "reading it never ends",
        "rm -f .gitmodules; mkfifo .gitmodules",
        "either",
        before=LIBRARY,
    ),
)

INNER = """
git init -q inner; git -C inner config core.fsmonitor "$CANARY fsmonitor"
git -C inner config filter.x.clean "$CANARY clean"; git -C inner config filter.x.smudge "$CANARY smudge"
git -C inner config filter.x.process "$CANARY process"; git -C inner config diff.external "$CANARY external"
echo one > inner/f; git -C inner -c core.fsmonitor=false add f
git -C inner -c core.fsmonitor=false commit -q -m inner
echo '* filter=x' > inner/.gitattributes; echo two > inner/f
mkdir -p inner/.git/hooks; for hook in post-index-change reference-transaction pre-commit; do
    printf '#!/bin/sh\\nexec "%s" %s\\n' "$CANARY" $hook > inner/.git/hooks/$hook; chmod +x inner/.git/hooks/$hook; done
"""

NESTED = (
    Kind("a-repository-inside", "filters and hooks of its configuration run", INNER, "either"),
    Kind(
        "a-repository-inside-that-is-committed",
        "filters and hooks of its configuration run",
        f"{INNER} git -c core.fsmonitor=false add inner 2>&1; git commit -q -m inner; echo three > inner/f",
        "either",
        readers=True,
    ),
    Kind(
        "a-repository-inside-that-is-the-operators",
        "the operator's repository is written or removed",
        'mkdir inner; echo "gitdir: $DOTGIT" > inner/.git; echo EVIL > inner/evil.txt',
        "either",
    ),
    Kind(
        "a-repository-inside-that-is-a-link-to-the-operators",
        "the operator's repository is written or removed",
        'mkdir inner; ln -s "$DOTGIT" inner/.git; echo EVIL > inner/evil.txt',
        "either",
    ),
    Kind(
        "a-bare-repository-inside",
        "its configuration runs a program",
        """
        git init -q --bare work-bare; git --git-dir=work-bare config core.fsmonitor "$CANARY fsmonitor"
        git --git-dir=work-bare config core.bare false; git --git-dir=work-bare config core.worktree "$TREE"
        """,
        "honest",
    ),
    Kind("a-repository-inside-that-is-a-fifo", "reading it never ends", "mkdir inner; mkfifo inner/.git", "either"),
    Kind(
        "a-worktree-inside",
        "another branch is committed to or removed with it",
        "git worktree add -q -b side inner main; echo EVIL > inner/evil.txt",
        "either",
    ),
)
