import datetime
import os
import random
import secrets
import socket
import time
import uuid
from dataclasses import dataclass, make_dataclass
from typing import Annotated, Optional

from annals import Decider, export, tag


def endless():
    while True:
        pass


# What each command tries.
ATTEMPTS = {
    "PyNothing": lambda: None,
    "PyTime": lambda: time.time(),
    "PyNow": lambda: datetime.datetime.now(),
    "PyMonotonic": lambda: time.monotonic(),
    "PySleep": lambda: time.sleep(0.01),
    "PyRandom": lambda: random.random(),
    "PyRandint": lambda: random.randint(1, 6),
    "PySeed": lambda: random.seed(1),
    "PyUrandom": lambda: os.urandom(4),
    "PyUuid4": lambda: uuid.uuid4(),
    "PyToken": lambda: secrets.token_bytes(16),
    "PyUnseeded": lambda: random.Random().random(),
    "PyFile": lambda: open("/etc/passwd").read(),
    "PyWrite": lambda: open("/tmp/x", "w"),
    "PyEnvironment": lambda: os.environ["HOME"],
    "PyGetenv": lambda: os.getenv("HOME"),
    "PySocket": lambda: socket.socket().connect(("127.0.0.1", 1)),
    "PyEndless": endless,
}


@dataclass
class PyTried:
    id: Annotated[str, tag("attempt")]
    tenant: Annotated[Optional[str], tag] = None


class Tries(Decider[int]):
    name = "tries-py"
    category = "py"
    commands = [make_dataclass(name, [("id", str)]) for name in ATTEMPTS]
    events = [PyTried]

    def initial(self):
        return 0

    def stream_id(self, command):
        return command.id

    def evolve(self, state, event):
        return state + 1

    def decide(self, state, command, context):
        ATTEMPTS[type(command).__name__]()
        print("not stopped")
        return PyTried(command.id, dict(context.extensions).get("tenant"))


export(Tries)
