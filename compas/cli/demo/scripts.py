"""What the demonstration is about: a small project, a task, and what its two agents do, word by word."""

import shlex
from typing import Any

PROJECT_NAME = "greet"
THREAD = "farewell"
TASK = "Add a farewell to greet, with a test."
SUMMARY = "Say goodbye, too"

README = """\
# greet

Greets people.
"""

PROJECT = {
    "README.md": README,
    "greet.py": '''\
"""Greets people."""


def greeting(name: str) -> str:
    """Return a greeting; whoever gives no name is a friend."""
    return f"Hello, {name.strip() or 'friend'}!"
''',
    "test_greet.py": """\
import unittest

import greet


class Greeting(unittest.TestCase):
    def test_is_by_name(self):
        self.assertEqual(greet.greeting("Ada"), "Hello, Ada!")

    def test_calls_the_nameless_a_friend(self):
        self.assertEqual(greet.greeting(" "), "Hello, friend!")
""",
}
PROJECT_MESSAGE = "Greet people"

MEANWHILE = {"README.md": README + "\nIts tests: `python -m unittest`\n"}
"""What the operator changes while the agents work."""
MEANWHILE_MESSAGE = "Say how to run the tests"

CONFIG = """\
# Two agents that hand their work to one another until it is approved.
default_workdir: greet              # the repository; paths start at this file's directory
state_dir: state
orchestration: {execution_timeout_secs: 60}
agents:
  - alias: dev
    backend: scripted               # plays dev.json; a real one would be a coding CLI
    script: dev.json
    workspace: worktree             # works on a branch of its own, never in your checkout
    handoff: {on_response: reviewer, until: approved}
  - alias: reviewer
    backend: scripted
    script: reviewer.json
    handoff: {on_response: dev}     # changes that it requests go back to dev
"""

_FAREWELL = '''

def farewell(name: str) -> str:
    """Return a goodbye."""
    return f"Goodbye, {name}!"
'''
_FAREWELL_TEST = """

class Farewell(unittest.TestCase):
    def test_is_by_name(self):
        self.assertEqual(greet.farewell("Ada"), "Goodbye, Ada!")
"""
_BETTER_FAREWELL = '''

def farewell(name: str) -> str:
    """Return a goodbye; whoever gives no name is a friend."""
    return f"Goodbye, {name.strip() or 'friend'}!"
'''
_NAMELESS_TEST = """
    def test_calls_the_nameless_a_friend(self):
        self.assertEqual(greet.farewell(" "), "Goodbye, friend!")
"""

Script = dict[str, list[list[dict[str, Any]]]]


def scripts(python: str) -> dict[str, Script]:
    """Return the agents' scripts by file name; `python` runs the project's tests."""
    tests = {"run": f"{shlex.quote(python)} -B -m unittest -q"}
    look = {"run": "git --no-pager diff main..."}
    return {
        "dev.json": {
            "turns": [
                [
                    {"say": "reading greet.py"},
                    {"pause": 0.5},
                    {"append": "greet.py", "text": _FAREWELL},
                    {"append": "test_greet.py", "text": _FAREWELL_TEST},
                    tests,
                    {"pause": 0.3},
                    _committing("Add a farewell"),
                    {"reply": "farewell() says goodbye by name, and a test holds it."},
                ],
                [
                    {"say": "the reviewer is right"},
                    {"pause": 0.5},
                    {"write": "greet.py", "text": PROJECT["greet.py"] + _BETTER_FAREWELL},
                    {"append": "test_greet.py", "text": _NAMELESS_TEST},
                    tests,
                    {"pause": 0.2},
                    _committing("Call the nameless a friend in farewell, too"),
                    {"reply": "Whoever gives no name is a friend here, too; tested."},
                ],
            ]
        },
        "reviewer.json": {
            "turns": [
                [
                    look,
                    {"pause": 0.8},
                    {
                        "reply": 'farewell(" ") says "Goodbye,  !", but greeting(" ") says "Hello, friend!". '
                        "Do the same, and test it.\n\nVerdict: request changes"
                    },
                ],
                [
                    look,
                    tests,
                    {"pause": 0.6},
                    {"reply": "Both functions agree, and the tests pass.\n\nVerdict: approve"},
                ],
            ]
        },
    }


def _committing(message: str) -> dict[str, Any]:
    who = "-c user.name=dev -c user.email=dev@demo.invalid"
    return {"run": f"git add greet.py test_greet.py && git {who} commit -q -m {shlex.quote(message)}"}
