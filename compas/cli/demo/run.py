"""`compas demo`: a task goes from dispatch through review and correction to the merge, on a throw-away repository."""

import argparse
import os
from collections.abc import Callable

from actors.remote.errors import WireError
from compas.cli.asking import style_here
from compas.cli.demo.play import play
from compas.cli.demo.report import report, say_kept, say_next
from compas.cli.demo.scripts import PROJECT, PROJECT_NAME
from compas.cli.demo.signals import Interrupted, Interrupts
from compas.cli.demo.stage import Stage, furnish, log_tail, make_folder, open_caller, remove, stop_supervisor
from compas.cli.demo.view import Step, View, view_here
from compas.cli.terminal import tell
from compas.client.errors import NotRunningError
from compas.client.reach import EXECUTION_VARIABLE
from compas.client.typed import TypedCaller
from compas.errors import CompasError

FAILED = 1
LIMIT_SECONDS = 120.0
"""Twenty times what it takes; on a machine that is busier than that it says so instead of waiting for ever."""


def main(given: argparse.Namespace) -> int:
    """Run the demonstration; 0 when all went well, 1 when something failed, 128 + n after signal n.

    Whatever happens, the supervisor that it started is ended, and its folder removed, unless that is to be kept or
    something failed. Raises NotRunningError inside an execution.
    """
    if os.environ.get(EXECUTION_VARIABLE):
        raise NotRunningError(
            f"the demonstration starts a supervisor, and {EXECUTION_VARIABLE} says that an agent calls; "
            "run it in a shell of your own"
        )
    view = view_here(style_here(), os.environ)
    stage: Stage | None = None
    is_kept, code = given.keep, 0
    with Interrupts(LIMIT_SECONDS) as interrupts:
        try:
            with interrupts.held():
                stage = make_folder(os.environ)
            _perform(stage, view, interrupts)
        except Interrupted as wish:
            tell(f"interrupted ({wish})" + ("" if is_kept else "; everything is removed again"))
            code = 128 + wish.number
        except BrokenPipeError:
            raise
        except (CompasError, WireError, OSError) as error:
            _explain(error, stage)
            is_kept, code = True, FAILED
        except Exception:
            is_kept = True
            raise
        finally:
            interrupts.finish()
            is_clean = stage is None or _clean_up(stage, is_kept=is_kept)
    if not is_clean or stage is None:
        return code or FAILED
    if code == 0:
        say_kept(stage, view) if is_kept else say_next(view)
    elif is_kept:
        tell(f"kept: {stage.folder}")
    return code


def _perform(stage: Stage, view: View, interrupts: Interrupts) -> None:
    """Show everything, from the first commit to the reasons."""
    view.say(f"{view.style.paint('compas demo', 'bold')}: a small project, two scripted agents, and you.")
    view.say("Everything happens in a temporary folder; nothing needs a key or an account.\n")
    with view:
        view.begin(Step(label="repository", text="is made"))
        furnish(stage)
        text = f"{PROJECT_NAME}: {len(PROJECT)} files in {stage.folder}"
        view.done(Step(label="repository", text=text))
        view.begin(Step(label="supervisor", text="starts"))

        def undisturbed(action: Callable[[], None]) -> None:
            with interrupts.held():  # what is half started could not be stopped
                action()

        with (
            open_caller(stage, undisturbed, view.say) as asking,
            open_caller(stage, undisturbed, view.say) as watching,
        ):
            played = play(TypedCaller(asking), TypedCaller(watching), stage, view)
    view.say(f"\nAsked, written, reviewed, corrected, approved and merged in {view.elapsed:.1f} s.")
    report(played, stage, view)


def _explain(error: Exception, stage: Stage | None) -> None:
    """Say what failed, and what the supervisor wrote about it."""
    tell(f"error: {error}")
    if stage is not None and (tail := log_tail(stage)):
        tell(f"\nthe supervisor's log ends with:\n{tail}\n")


def _clean_up(stage: Stage, *, is_kept: bool) -> bool:
    """End the supervisor, then remove the folder or name it; False when that did not succeed."""
    try:
        stop_supervisor(stage)
        if not is_kept:
            remove(stage)
            return True
    except (CompasError, WireError, OSError) as error:
        tell(f"error: {error}")
        tell(f"not everything could be removed; see {stage.folder}")
        return False
    return True
