"""Calls deciders as their component is called."""

import sys
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "stubs"), str(HERE.parent)]

import annals  # noqa: E402


def decide(decider, events, command_type, payload):
    """Folds events and decides, in a component whose `handler.py` exports this decider."""
    annals.export(decider)
    session = annals.SessionOf(0)
    session.evolve(events)
    command = SimpleNamespace(id="x", command_type=command_type, content_type="application/json", payload=payload.encode())
    return session.decide(command, SimpleNamespace(now=0, seed=0, actor=None))


def payload(decision):
    """The text of a decision's only event."""
    [event] = decision.given[0]
    return event.given[3].decode()
