"""Records the README's sixty seconds: `python docs/pictures/first_hour.py`, from the root of a clone.

Claude Code does the work, as `python -m tests.real_clis.install` installs it; a scripted model server thinks for it.
Not shown: after `init` the answer of the reviewer is written into the config, and the task has a script behind it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from recording import Recording

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.model_server.model_http import open_model_server
from tests.real_clis import install
from tests.real_clis.rigs import RIGS

TASK = """Add a health check endpoint.
SCENARIO:write path=health.py content='def health(): return "ok"'
SCENARIO:final text='`health()` answers "ok".'
"""
REVIEW = "SCENARIO:final text='Verdict: approve'\\nSCENARIO:end"
HERE = Path(__file__).parent


def main() -> None:
    """Set up a repository, a home and a model, and record."""
    rig = RIGS["claude"]
    with tempfile.TemporaryDirectory(prefix="ch-", dir="/tmp") as folder, open_model_server() as server:
        home, repository = Path(folder), Path(folder) / "app"
        places = [Path(sys.executable).parent, install.command_of("claude").parent, os.environ["PATH"]]
        environ = {
            "PATH": os.pathsep.join(map(str, places)),
            "HOME": folder,
            "LANG": "C.UTF-8",
            "COMPAS_RUNTIME_DIR": f"{folder}/run",
            "NO_PROXY": "127.0.0.1",
            **rig.environ(server.url),
        }
        rig.furnish(home, server.url)
        (home / ".gitconfig").write_text("[user]\n name = Ada\n email = ada@example.org\n")
        for words in (["init", "-q", "-b", "main", "."], ["commit", "-q", "--allow-empty", "-m", "Begin"]):
            repository.mkdir(exist_ok=True)
            subprocess.run(["git", *words], cwd=repository, env=environ, check=True)  # noqa: TID251 - a script for people
        (home / "task").write_text(TASK)
        recording = Recording("compas: from init to merged", environ, repository)
        try:
            recording.show("compas init --non-interactive")
            config = home / ".compas" / "config.yaml"
            asked = f'on_response: reviewer\n      handoff_prompt: "{REVIEW}"'
            config.write_text(config.read_text().replace("on_response: reviewer", asked, 1))
            for command in _COMMANDS:
                recording.show(command)
            recording.save(HERE / "first-hour.cast")
        finally:
            subprocess.run(["compas", "stop", "--now"], cwd=repository, env=environ, check=False)  # noqa: TID251


_COMMANDS = (
    "compas doctor",
    "compas dispatch dev - --wait < ~/task",
    "compas status",
    "compas diff add-health-check-endpoint",
    "compas merge add-health-check-endpoint --wait",
    "compas close add-health-check-endpoint",
    "git log --oneline --stat",
)


if __name__ == "__main__":
    main()
