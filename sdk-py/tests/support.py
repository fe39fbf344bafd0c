"""Calls handlers as their components are called."""

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "stubs"), str(HERE.parent)]

import annals  # noqa: E402
import build  # noqa: E402,F401


def event(name, data):
    """An event as deciders get it."""
    return SimpleNamespace(
        event_type=name, schema_version=1, version=1, content_type="application/json", payload=json.dumps(data).encode()
    )


def recorded(position, name, data, stream="thing-1", tags=(), extensions=()):
    """An event as projectors get it."""
    metadata = dict(
        command_id=f"command-{position}",
        command_type="Test",
        correlation_id=f"command-{position}",
        causation_id=f"command-{position}",
        actor=None,
        traceparent=None,
        extensions=list(extensions),
    )
    more = dict(id=f"event-{position}", stream=stream, position=position, recorded_at=position, tags=list(tags))
    return SimpleNamespace(**vars(event(name, data)), **more, metadata=SimpleNamespace(**metadata))


def command(command_type, payload):
    return SimpleNamespace(id="x", command_type=command_type, content_type="application/json", payload=payload.encode())


def context(**given):
    return SimpleNamespace(**{"now": 0, "seed": 0, "actor": None, "extensions": [], **given})


def decide(decider, events, command_type, payload, context=context()):
    """Folds events and decides, in one call, in a component whose `handler.py` exports this decider."""
    annals.export(decider)
    return annals.SessionOf(0).decide(events, command(command_type, payload), context)


def payload(decision):
    """The text of a decision's only event."""
    [event] = decision.given[0]
    return event.given[3].decode()


def projectors(projector):
    """What the component exports whose `handler.py` exports this projector."""
    annals.export(projector)
    sys.modules["handler"] = SimpleNamespace()
    spec = importlib.util.spec_from_file_location("projector_app", HERE.parent / "projector" / "app.py")
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    return app.Projectors()


def rows(view, given):
    """Rows as projectors get them, of texts by their keys."""
    return [annals.wit.Row(view, key, "application/json", value.encode()) for key, value in given.items()]


def project(exported, events, length=None, before=None):
    """Folds events into rows, of which there are texts by their keys, as the dispatcher does, in pages of a length."""
    kept = dict(before or {})
    view = exported.describe()[0].views[0]
    length = length or len(events)
    for start in range(0, len(events), length):
        page = events[start : start + length]
        keys = exported.keys(0, page)
        needed = []
        while True:
            wanted = dict.fromkeys([row.key for named in keys for row in named] + [row.key for row in needed])
            answer = exported.project(0, page, rows(view, {key: kept[key] for key in wanted if key in kept}), needed)
            [value] = answer.given
            if type(answer).__name__ == "Projection_Needs":
                needed += value
                continue
            for changed in value:
                change, index = changed.given
                [row] = change.given
                assert row.key in [named.key for named in keys[index] + needed], (row.key, index)
                if type(change).__name__ == "RowChange_Put":
                    kept[row.key] = row.value.decode()
                else:
                    kept.pop(row.key, None)
            break
    return kept
