"""Makes the pictures of the README from a real run: `python docs/pictures/make.py`. Needs tmux, git and compas.

It sets up a repository and scripted agents in a temporary folder, lets them work, and keeps what the screen shows:
the tabs and pages of the dashboard over that work (`PICTURES`), and `demo.cast`, a recording of `compas demo` that
asciinema plays, with its last screen, `demo.svg`.
"""

import html
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from recording import HEIGHT, WIDTH, Recording

HERE = Path(__file__).parent
COMPAS = [sys.executable, "-P", "-m", "compas"]
CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 14
PALETTE = ("#1c2128", "#f47067", "#57ab5a", "#c69026", "#539bf5", "#b083f0", "#39c5cf", "#adbac7")
BRIGHT = ("#636e7b", "#ff938a", "#6bc46d", "#daaa3f", "#6cb6ff", "#dcbdfb", "#56d4dd", "#cdd9e5")
FOREGROUND, BACKGROUND = "#adbac7", "#22272e"

_LOOKS = 300
"""How often the screen is looked at, ten times a second."""

PICTURES: dict[str, tuple[tuple[str, ...], str]] = {
    # a file: the keys that lead to it, and what shows that it is there
    "dashboard": ((), "Needs you"),
    "agents": (("2",), "places|agent"),
    "history": (("3",), "Ended"),
    "settings": (("4",), "state_dir"),
    "merges": (("5",), "main|merge"),
    "costs": (("6",), "unknown|cost"),
    "conversation": (("j", "Enter"), "Original dispatch|operator →"),
    "execution": (("j", "i"), "[Ii]nput"),
    "diff": (("j", "d"), "test_health.py"),
    "why": (("j", "w"), "was opened"),
    "merge": (("j", "m"), "Merge health-check"),
    "palette": ((":",), "dispatch"),
}

Style = tuple[str, str, bool]


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory(prefix="cp-", dir="/tmp") as folder:
        stage = Stage(Path(folder))
        try:
            stage.set()
            for name, (keys, shown) in PICTURES.items():
                stage.look(f"{name}.svg", keys, shown)
        finally:
            stage.strike()
    record_demo()


class Stage:
    """A repository, a config, and agents that are at work, have answered, have failed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._gate = root / "gate"
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COMPAS_THEME": "terminal",
            "COMPAS_RUNTIME_DIR": str(root / "run"),
            "COMPAS_CONFIG": str(root / "config.yaml"),
        }

    def set(self) -> None:
        """Have the agents work until every kind of row is there."""
        os.mkfifo(self._gate)
        (self._root / ".gitconfig").write_text("[user]\n name = Ada\n email = ada@example.org\n")
        self._git("init", "-q", "-b", "main", str(self._root / "app"))
        self._git("-C", str(self._root / "app"), "commit", "-q", "--allow-empty", "-m", "Begin")
        agents = [
            self._agent(
                "dev", [{"write": "health.py", "text": "def health():\n    return 'ok'\n"}, _COMMIT, _DONE], _FIX
            ),
            self._agent("reviewer", _ASKS, _APPROVES, handoff={"on_response": "dev"}),
            self._agent("migrator", [{"say": "Reading the schema."}, {"block": str(self._gate)}]),
            self._agent("docs", [{"fail": "the style guide it was to follow is not in the repository"}]),
        ]
        agents[0]["handoff"] = {"on_response": "reviewer", "until": "approved", "handoff_prompt": "Review this change."}
        config = {"default_workdir": "app", "state_dir": "state", "agents": agents}
        (self._root / "config.yaml").write_text(json.dumps(config))
        self._compas("dispatch", "dev", _TASK, "--thread", "health-check", "--summary", "Add a health check", "--wait")
        self._compas(
            "dispatch", "docs", "Write the handbook.", "--thread", "handbook", "--summary", "Write the handbook"
        )
        self._compas(
            "dispatch", "migrator", "Move to schema 7.", "--thread", "schema-7", "--summary", "Move to schema 7"
        )
        self._compas("wait", "--thread-id", "handbook", "--timeout", "20")

    def look(self, name: str, keys: tuple[str, ...], shown: str) -> None:
        """Open the dashboard, press keys, and keep what is on the screen once the words are there."""
        tmux = ["tmux", "-L", f"compas-{os.getpid()}-{name}", "-f", "/dev/null"]
        size = ["-x", str(WIDTH), "-y", str(HEIGHT)]
        self._run([*tmux, "new-session", "-d", "-s", "picture", *size, *COMPAS, "dashboard"])
        try:
            self._await_screen(tmux, "Needs you")
            for key in keys:
                self._run([*tmux, "send-keys", "-t", "picture", key])
            self._await_screen(tmux, shown)
            screen = self._run([*tmux, "capture-pane", "-e", "-p", "-t", "picture"])
        finally:
            self._run([*tmux, "kill-server"])
        (HERE / name).write_text(to_svg(screen.rstrip("\n").split("\n"), "compas dashboard"))

    def strike(self) -> None:
        """End everything."""
        self._run([*COMPAS, "stop", "--now"])

    def _await_screen(self, tmux: list[str], pattern: str) -> None:
        for _ in range(_LOOKS):
            if re.search(pattern, self._run([*tmux, "capture-pane", "-p", "-t", "picture"])):
                return
            time.sleep(0.1)  # noqa: TID251 - a screen has no event to wait for, and this is no test
        raise SystemExit(f"the dashboard did not show {pattern!r} within {_LOOKS // 10} s")

    def _agent(self, alias: str, *turns: list[dict[str, object]], **settings: object) -> dict[str, object]:
        script = self._root / f"{alias}.json"
        script.write_text(json.dumps({"turns": turns}))
        place = {} if alias == "reviewer" else {"workspace": "worktree"}
        return {"alias": alias, "backend": "scripted", "script": script.name, **place, **settings}

    def _compas(self, *args: str) -> None:
        self._run([*COMPAS, *args])

    def _git(self, *args: str) -> None:
        self._run(["git", *args])

    def _run(self, command: list[str]) -> str:
        return subprocess.run(  # noqa: TID251 - a script for people, with nothing beside it that could be held up
            command, env=self._environ, cwd=self._root, stdout=subprocess.PIPE, text=True, check=False
        ).stdout


_TASK = "Add a health check endpoint that answers `ok`, with a test."
_COMMIT: dict[str, object] = {"run": "git add -A && git commit -qm 'Add a health check'"}
_DONE: dict[str, object] = {"reply": "`health()` answers `ok`."}
_FIX: list[dict[str, object]] = [
    {
        "write": "test_health.py",
        "text": "from health import health\n\n\ndef test_health():\n    assert health() == 'ok'\n",
    },
    {"run": "git add -A && git commit -qm 'Test the health check'"},
    {"reply": "A test holds it now."},
]
_ASKS: list[dict[str, object]] = [{"reply": "It works, but no test holds it.\n\nVerdict: request changes"}]
_APPROVES: list[dict[str, object]] = [{"reply": "Short, clear and tested.\n\nVerdict: approve"}]


def record_demo() -> None:
    """Run the demo on a terminal of its own; its last screen becomes a picture, too."""
    # As somebody has it who installed it: its commands name no place of this machine.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    recording = Recording("compas demo", {**os.environ, "PATH": path}, Path.cwd())
    recording.run("compas demo")
    recording.save(HERE / "demo.cast")
    shown = _last_state(recording.written).split("\n")
    end = next(
        at for at, line in enumerate(shown) if line.startswith("What the agents changed") or "What the agents" in line
    )
    (HERE / "demo.svg").write_text(to_svg([line.rstrip() for line in shown[:end]], "compas demo"))


def _last_state(output: str) -> str:
    """Play what was written as far as a log needs it: carriage returns and cleared lines."""
    lines: list[str] = [""]
    for part in re.split(r"(\r\n|\n|\r|\x1b\[2?K|\x1b\[\d*A|\x1b\[J)", output):
        if part in ("\n", "\r\n"):
            lines.append("")
        elif part == "\r" or part.endswith("K"):
            lines[-1] = ""
        elif part.endswith("A") and part.startswith("\x1b["):
            del lines[-int(part[2:-1] or 1) or None :]
            lines.append("")
        elif part != "\x1b[J":
            lines[-1] += part
    return "\n".join(lines)


def to_svg(lines: list[str], title: str) -> str:
    """Draw lines of text with colour codes."""
    width, height = WIDTH * CELL_WIDTH + 2 * MARGIN, len(lines) * CELL_HEIGHT + 2 * MARGIN
    drawn = []
    for row, line in enumerate(lines):
        column = 0
        for text, (colour, behind, is_bold) in _spans(line):
            x, y = MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT
            if behind != BACKGROUND:
                size = f'width="{len(text) * CELL_WIDTH:.1f}" height="{CELL_HEIGHT}"'
                drawn.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{behind}"/>')
            if text.strip():
                weight = ' font-weight="bold"' if is_bold else ""
                place = f'x="{x:.1f}" y="{y + 13.5:.1f}" textLength="{len(text) * CELL_WIDTH:.1f}"'
                drawn.append(f'<text {place} fill="{colour}"{weight}>{html.escape(text)}</text>')
            column += len(text)
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">\n'
        f"<title>{html.escape(title)}</title>\n"
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>\n'
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" '
        f'xml:space="preserve">\n{body}\n</g>\n</svg>\n'
    )


def _spans(line: str) -> Iterator[tuple[str, Style]]:
    colour, behind, is_bold, is_reversed = FOREGROUND, BACKGROUND, False, False
    for part in re.split(r"(\x1b\[[0-9;]*m)", re.sub(r"\x1b\[[0-9;?]*[A-LN-Zac-ln-z]|\x1b\([B0]|\x0f", "", line)):
        if not part.startswith("\x1b["):
            if part:
                yield part, (behind, colour, is_bold) if is_reversed else (colour, behind, is_bold)
            continue
        codes = [int(code or 0) for code in part[2:-1].split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                colour, behind, is_bold, is_reversed = FOREGROUND, BACKGROUND, False, False
            elif code == 1:
                is_bold = True
            elif code == 2:
                colour = BRIGHT[0]
            elif code == 7:
                is_reversed = True
            elif code in (38, 48) and codes:
                found = _extended(codes)
                colour, behind = (found, behind) if code == 38 else (colour, found)
            elif code == 39:
                colour = FOREGROUND
            elif code == 49:
                behind = BACKGROUND
            elif 30 <= code <= 37:
                colour = PALETTE[code - 30]
            elif 90 <= code <= 97:
                colour = BRIGHT[code - 90]
            elif 40 <= code <= 47:
                behind = PALETTE[code - 40]
            elif 100 <= code <= 107:
                behind = BRIGHT[code - 100]


def _extended(codes: list[int]) -> str:
    if codes.pop(0) == 2:
        red, green, blue = (codes.pop(0) for _ in range(3))
        return f"#{red:02x}{green:02x}{blue:02x}"
    number = codes.pop(0)
    if number < 16:
        return (*PALETTE, *BRIGHT)[number]
    if number >= 232:
        grey = 8 + (number - 232) * 10
        return f"#{grey:02x}{grey:02x}{grey:02x}"
    levels = (0, 95, 135, 175, 215, 255)
    number -= 16
    return "#" + "".join(f"{levels[part]:02x}" for part in (number // 36, number // 6 % 6, number % 6))


if __name__ == "__main__":
    main()
