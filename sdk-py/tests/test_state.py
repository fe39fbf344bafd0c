import unittest
from dataclasses import dataclass, field
from typing import Optional

from support import annals, command, context, decide, event, payload


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


ADDED = event("Added", {"id": "a", "note": None})
CLEARED = event("Cleared", {})


class StateTest(unittest.TestCase):
    def test_the_state_of_one_stream_is_never_that_of_another(self):
        for events, seen in [([ADDED], 1), ([], 0), ([ADDED, CLEARED, ADDED], 1), ([CLEARED, ADDED], 1)]:
            decision = decide(Counting, events, "Count", '{"id":"1"}')
            # `None` is as good as left out.
            self.assertEqual(payload(decision), f'{{"id":"{seen}"}}')

    def test_decide_folds_its_events_as_evolve_does_and_the_session_keeps_them(self):
        annals.export(Counting)
        session = annals.SessionOf(0)
        session.evolve([ADDED])
        for events, seen in [([ADDED, ADDED], 3), ([], 3), ([ADDED], 4)]:
            decision = session.decide(events, command("Count", '{"id":"1"}'), context())
            self.assertEqual(payload(decision), f'{{"id":"{seen}"}}')

    def test_an_event_that_cannot_be_folded_is_a_failure_of_decide_and_the_session_is_of_no_use_from_then_on(self):
        annals.export(Counting)
        session = annals.SessionOf(0)
        for events in ([event("Added", {})], []):
            with self.assertRaises(Exception) as failed:
                session.decide(events, command("Count", '{"id":"1"}'), context())
            [error] = failed.exception.args
            self.assertEqual(type(error).__name__, "DecideError_Failed")
            [message] = error.given[0].given
            self.assertIn("the decider counting cannot fold Added (schema 1) at version 1: missing field `id`", message)

    def test_a_decision_knows_the_extensions_that_came_with_its_command(self):
        given = []

        class Curious(Counting):
            def decide(self, state, command, context):
                given.extend(context.extensions)

        decide(Curious, [], "Count", '{"id":"1"}', context(extensions=[("tenant", "a")]))
        self.assertEqual(given, [("tenant", "a")])
