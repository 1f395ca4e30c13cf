"""What a model is told when it connects: enough to work with compas and nothing else."""

INSTRUCTIONS = """\
compas gives tasks to coding agents, each in a git worktree of its own, and merges what they did when the operator \
approves.

1. orch_dispatch gives an agent a task (orch_list_agents says who there is). Write the task out in full: the agent \
sees nothing of this conversation. The answer has thread_id, reference and await_chain.
2. orch_wait with thread_id, since_reference=<reference> and await_chain as answered blocks until the work is done; do \
not poll. found=false with reason=timeout means it still runs: call orch_wait again with the same arguments. Several \
threads may run at once.
3. Look at the work: orch_diff, orch_transcript. For changes, orch_dispatch again with the same thread_id.
4. Ask the operator before you merge. Then orch_merge, orch_wait_merge with its op_id, and orch_close.

A thread failed or seems stuck: orch_why explains it, orch_read_log shows what the agent printed. Ask the operator \
before orch_abandon. A refusal says what is missing; do that, or ask the operator."""
