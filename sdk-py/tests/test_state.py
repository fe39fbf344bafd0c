import json
import unittest
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Optional

from support import annals, decide, payload


@dataclass
class Count:
    id: str


@dataclass
class Added:
    id: str
    note: Optional[str] = None


@dataclass
class Cleared:
    pass


@dataclass
class State:
    seen: list[str] = field(default_factory=list)


START = State()


class Counting(annals.Decider):
    """Changes the state that it is given, and answers how many events the state has."""

    category = "counting"
    commands = [Count]
    events = [Added, Cleared]
    state = State

    def initial(self):
        return START

    def stream_id(self, command):
        return command.id

    def evolve(self, state, event):
        if isinstance(event, Cleared):
            return START
        state.seen.append(event.id)
        return state

    def decide(self, state, command, context):
        return Added(str(len(state.seen)))


def event(name, data):
    return SimpleNamespace(
        event_type=name, schema_version=1, version=1, content_type="application/json", payload=json.dumps(data).encode()
    )


ADDED = event("Added", {"id": "a", "note": None})
CLEARED = event("Cleared", {})


class StateTest(unittest.TestCase):
    def test_the_state_of_one_stream_is_never_that_of_another(self):
        for events, seen in [([ADDED], 1), ([], 0), ([ADDED, CLEARED, ADDED], 1), ([CLEARED, ADDED], 1)]:
            decision = decide(Counting, events, "Count", '{"id":"1"}')
            # `None` is as good as left out.
            self.assertEqual(payload(decision), f'{{"id":"{seen}"}}')
