"""Where a merge with a check, a conflict that is handed back, and a close with its merge die in the crash tests."""

POINTS = (
    "git.merge_prepared",
    "git.merge_checked",
    "git.ref_published",
    "git.checkout_followed",
    "merge.started:1",
    "merge.started:2",
    "merge.handed_back",
    "merge.verified",
    "merge.judged",
    "merge.publication_begun",
    "merge.intent_logged",
    "merge.published",
    "merge.thread_closed",
)
