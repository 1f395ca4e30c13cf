"""Measures a merge, from the request to its answer, beside the same git plumbing by hand in the same repository."""

import os
import time

from bench.comparison import Times
from bench.workplace import Workplace, ask
from compas.api.dispatch import DISPATCH, DispatchRequest
from compas.api.merges import MERGE, MergeRequest
from compas.api.waiting import WAIT, WAIT_MERGE, WaitMergeRequest, WaitRequest
from compas.client.blocking import BlockingConnection

MERGED = "merge to answer"


def asked_merge(place: Workplace, connection: BlockingConnection) -> Times:
    """Have an agent add a file in a worktree while `main` goes on; then merge it, and take the time of that alone."""
    sent = ask(connection, DISPATCH, DispatchRequest(to="worker", body="Add a file"))
    answer = ask(connection, WAIT, WaitRequest(thread_id=sent.thread_id))
    assert answer.found, answer
    place.wait_runner_gone(sent.execution_id or "")
    bare_merge(place)  # a mere fast-forward would be another thing than what the floor does
    asked = time.monotonic()
    merge = ask(connection, MERGE, MergeRequest(thread_id=sent.thread_id))
    merged = ask(connection, WAIT_MERGE, WaitMergeRequest(op_id=merge.op_id))
    taken = time.monotonic() - asked
    assert merged.status == "completed", merged
    return {MERGED: taken}


def bare_merge(place: Workplace) -> Times:
    """Make a branch with one more file; then merge it into the checked out `main`, and take the time of that alone."""
    branch = _branch(place)
    old = place.git("rev-parse", "main")
    began = time.monotonic()
    tree = place.git("merge-tree", "--write-tree", "main", branch)
    new = place.git("commit-tree", tree, "-p", old, "-p", branch, "-m", "merge by hand")
    place.git("update-ref", "refs/heads/main", new, old)
    place.git("read-tree", "-u", "-m", old, new)
    return {MERGED: time.monotonic() - began}


def _branch(place: Workplace) -> str:
    """Return a commit on top of `main` that adds a file; nothing in the checkout changes."""
    name = f"by-hand-{time.monotonic_ns()}.txt"
    index = str(place.root / "by-hand.index")
    source = place.repository / "README"
    blob = place.git("hash-object", "-w", str(source))
    place.git("read-tree", "main", GIT_INDEX_FILE=index)
    place.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", GIT_INDEX_FILE=index)
    tree = place.git("write-tree", GIT_INDEX_FILE=index)
    os.unlink(index)
    return place.git("commit-tree", tree, "-p", "main", "-m", "by hand")
