"""What users of the original read in an answer is there, under the names it had."""

from trio.testing import MockClock

from tests.kit.gateway.in_process import open_model
from tests.kit.orchestrator.actor_workshop import agent
from tests.kit.orchestrator.troupe import Turn


async def commits(turn: Turn) -> None:
    """Commit a file that is named after the thread."""
    turn.commit("work", **{turn.spec.env["COMPAS_THREAD"]: "new"})
    await turn.reply("committed")


async def test_one_merge_has_its_fields_at_the_top_and_many_are_told_in_short(autojump_clock: MockClock) -> None:
    async with open_model(agent("dev", workspace="worktree")) as model:
        model.shop.plays("dev", commits)
        ops = []
        for thread in ("t1", "t2"):
            await model.call("orch_dispatch", to="dev", body="x", thread_id=thread, wait=True)
            ops.append((await model.call("orch_merge", thread_id=thread))["op_id"])
            await model.call("orch_wait_merge", op_id=ops[-1])
        one = await model.call("orch_merge_status", op_id=ops[0])
        (merge,) = one["merges"]
        assert (one["op_id"], one["thread_id"], one["status"]) == (ops[0], "t1", "completed")
        same = ("source_branch", "target_branch", "strategy", "requested_by", "queued_at", "started_at", "finished_at")
        assert [one[name] for name in same] == [merge[name] for name in same]
        assert (one["commit_message"], one["result_summary"]) == (merge["commit_message"], merge["result_summary"])
        assert "recent" not in one
        many = await model.call("orch_merge_status")
        assert [row["op_id"] for row in many["recent"]] == [row["op_id"] for row in many["merges"]] == ops[::-1]
        assert many["recent"][0].keys() == {"op_id", "thread_id", "target_branch", "strategy", "status", "queued_at"}
        assert (many["counts"], many["held"]) == ({"completed": 2}, [])
        assert "op_id" not in many
        assert (await model.call("orch_merge_status", target_branch="nowhere"))["recent"] == []


async def test_a_merge_that_failed_says_at_the_top_what_to_do_in_calls_of_tools(autojump_clock: MockClock) -> None:
    async with open_model(agent("dev", workspace="worktree")) as model:
        model.shop.plays("dev", commits)
        await model.call("orch_dispatch", to="dev", body="x", thread_id="t1", wait=True)
        model.shop.repo.commit("main", "in the way", t1="old")
        op = (await model.call("orch_merge", thread_id="t1"))["op_id"]
        assert (await model.call("orch_wait_merge", op_id=op))["status"] == "failed"
        one = await model.call("orch_merge_status", op_id=op)
        (merge,) = one["merges"]
        assert one["conflict_files"] == merge["conflict_files"] != []
        assert one["error_detail"] == merge["error_detail"]
        assert one["suggested_actions"] == merge["suggested_actions"]
        assert one["suggested_actions"][0].startswith("orch_dispatch(")


async def test_a_commit_is_told_under_the_names_of_the_original(autojump_clock: MockClock) -> None:
    async def leaves_a_file(turn: Turn) -> None:
        model.shop.repo.write(turn.spec.cwd, draft_txt="draft")
        await turn.reply("left it there")

    async with open_model(agent("dev", workspace="worktree")) as model:
        model.shop.plays("dev", leaves_a_file)
        await model.call("orch_dispatch", to="dev", body="x", thread_id="t1", wait=True)
        committed = await model.call("orch_commit", thread_id="t1", message="Draft")
        (tree,) = (await model.call("orch_worktrees"))["worktrees"]
        assert committed["commit_sha"] == committed["commit"]
        assert (committed["files_changed"], committed["worktree_path"]) == (1, tree["path"])


async def test_what_was_cancelled_is_counted_though_it_is_nothing(autojump_clock: MockClock) -> None:
    async with open_model() as model:
        await model.call("orch_dispatch", to="dev", body="x", thread_id="t1", wait=True)
        abandoned = await model.call("orch_abandon", thread_id="t1")
        assert (abandoned["executions_cancelled"], abandoned["processes_killed"]) == (0, 0)


async def test_a_wait_whose_time_is_over_says_whether_the_chain_is_pending(autojump_clock: MockClock) -> None:
    async with open_model() as model:
        await model.call("orch_dispatch", to="dev", body="50 seconds of work", thread_id="t1")
        for chain in (True, False):
            waited = await model.call("orch_wait", thread_id="t1", timeout_secs=1, await_chain=chain)
            assert (waited["found"], waited["chain_pending"]) == (False, chain)
        assert "chain_pending" not in await model.call("orch_wait", thread_id="t1")


async def test_health_has_the_worker_the_queue_and_what_a_ping_would_say(autojump_clock: MockClock) -> None:
    async with open_model(agent("dev", max_concurrent=1)) as model:
        for thread in ("t1", "t2"):
            await model.call("orch_dispatch", to="dev", body="900 seconds of work", thread_id=thread)
        found = await model.call("orch_health")
        assert found["worker_heartbeat"].keys() == {"worker_id", "last_beat_at", "started_at", "version"}
        assert found["queue_depth"] == 1
        (dev,) = found["agents"]
        assert (dev["ping_alive"], dev["circuit_failures"], dev["circuit_state"]) == (True, 0, "closed")
        assert dev["ping_detail"] == "no model was asked; its CLI can be started"


async def test_an_event_says_where_to_read_on_by_its_index_and_by_its_time(autojump_clock: MockClock) -> None:
    async def slowly(turn: Turn) -> None:
        for number in range(3):
            await turn.say(f"step {number}")
        await turn.reply("Done.")

    async with open_model() as model:
        model.shop.plays("dev", slowly)
        await model.call("orch_dispatch", to="dev", body="x", thread_id="t1", wait=True)
        (first, second, *_) = (await model.call("orch_execution_events", execution_id="t1"))["events"]
        assert (second["event_index"], second["timestamp_ms"]) == (1, round(second["at"] * 1000))
        rest = await model.call("orch_execution_events", execution_id="t1", since_event_index=first["event_index"])
        assert rest["events"][0] == second
        late = second["timestamp_ms"] + 1
        later = await model.call("orch_execution_events", execution_id="t1", since_timestamp=late)
        assert second not in later["events"]
        assert all(one["timestamp_ms"] >= late for one in later["events"])


async def test_a_thread_nobody_knows_is_refused_in_words_that_speak_of_tools(autojump_clock: MockClock) -> None:
    async with open_model() as model:
        for tool in ("orch_status", "orch_tasks", "orch_worktrees", "orch_merge_status", "orch_events"):
            said = await model.refused(tool, thread_id="nobody")
            assert said == "there is no thread 'nobody'; `orch_status` lists them"
