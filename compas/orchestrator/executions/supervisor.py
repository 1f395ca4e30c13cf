"""Where execution actors live: one child per execution, found by its name."""

from actors.actor import Context
from actors.errors import ActorStopped, NameTaken
from actors.ref import ActorRef
from actors.spec import TRANSIENT, ChildSpec
from actors.supervisor import StartChild, Supervisor
from compas.domain.thread import Run
from compas.orchestrator.executions.actor import ExecutionActor, Job
from compas.orchestrator.services import ASK_TIMEOUT_SECS, EXECUTIONS, Services, execution_name


class Executions(Supervisor):
    """Supervises the executions; a child that ends normally is forgotten."""

    async def on_start(self) -> None:
        """Be found by the threads."""
        await super().on_start()
        self.context.registry.register(EXECUTIONS, self.context.ref)


async def ensure_execution(context: Context, services: Services, thread: str, run: Run) -> ActorRef | None:
    """Return the actor of an execution, starting it if there is none. None: it has just ended by itself."""
    execution = run.queued.execution
    found = context.registry.find(execution_name(execution))
    if found is not None:
        return found
    supervisor = context.registry.find(EXECUTIONS)
    if supervisor is None:
        return None
    job = Job(thread=thread, execution=execution)
    spec = ChildSpec(id=execution, factory=lambda: ExecutionActor(job, services), restart=TRANSIENT)
    try:
        return await supervisor.ask(StartChild(spec), timeout=ASK_TIMEOUT_SECS)
    except (NameTaken, ActorStopped):
        return None
