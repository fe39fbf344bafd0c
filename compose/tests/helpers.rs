//! The helpers that handlers in JavaScript and Python are made with, run by Node and Python themselves.

use std::path::{Path, PathBuf};
use std::process::Command;

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")
}

/// What a script prints, without spaces.
fn printed(command: &mut Command) -> String {
    let out = command.output().expect("it is installed");
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{errors}");
    let text = String::from_utf8(out.stdout).expect("text");
    text.split_whitespace().collect()
}

/// Two streams fold an event each, and one is cleared in between; each tells how many events its state has.
#[test]
fn the_state_of_one_stream_is_never_that_of_another_in_javascript() {
    let home = tempfile::tempdir().expect("a folder");
    let helper = templates().join("js/app/annals-js/annals.js");
    std::fs::copy(helper, home.path().join("annals.mjs")).expect("copied");
    let script = r#"
import { defineDecider, t } from './annals.mjs';
const START = { seen: [] };
const decider = defineDecider({
  name: 'd', category: 'c',
  commands: { Tell: { id: t.string } },
  events: { Added: { id: t.string, note: t.optional(t.string) }, Cleared: {} },
  initial: () => START,
  streamId: ({ data }) => data.id,
  evolve: (state, { type, data }) => {
    if (type === 'Cleared') return START;
    state.seen.push(data);
  },
  decide: (state) => [{ type: 'Added', data: { id: String(state.seen.length), note: null } }],
});
const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));
const event = (eventType, data) =>
  ({ eventType, schemaVersion: 1, version: 1n, contentType: 'application/json', payload: bytes(data) });
const command = { id: 'x', commandType: 'Tell', contentType: 'application/json', payload: bytes({ id: '1' }) };
function told(...events) {
  const session = new decider.Session(0);
  session.evolve(events);
  const { events: [answer] } = session.decide(command, { now: 0n, seed: 0n });
  return new TextDecoder().decode(answer.payload);
}
const added = event('Added', { id: 'a', note: null });
const cleared = event('Cleared', {});
console.log(told(added), told(), told(added, cleared, added), told(cleared, added));
"#;
    std::fs::write(home.path().join("script.mjs"), script).expect("written");
    let mut node = Command::new("node");
    let told = printed(node.arg("script.mjs").current_dir(home.path()));
    // `null` is as good as left out, too.
    assert_eq!(told, r#"{"id":"1"}{"id":"0"}{"id":"1"}{"id":"1"}"#);
}

#[test]
fn the_state_of_one_stream_is_never_that_of_another_in_python() {
    let home = tempfile::tempdir().expect("a folder");
    // In place of what componentize-py makes: any record is its class's name and its fields.
    let bindings = r#"
class _Record:
    def __init__(self, *given, **named):
        self.given, self.named = given, named
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (_Record,), {})
"#;
    let wit = home.path().join("wit_world/imports");
    std::fs::create_dir_all(&wit).expect("a folder");
    for file in ["wit_world/__init__.py", "wit_world/imports/__init__.py"] {
        std::fs::write(home.path().join(file), "").expect("written");
    }
    std::fs::write(wit.join("types.py"), bindings).expect("written");
    let error = "class Err(Exception):\n    pass\n";
    std::fs::write(home.path().join("componentize_py_types.py"), error).expect("written");
    let script = r#"
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Optional
import annals

@dataclass
class Tell:
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

class D(annals.Decider):
    category = "c"
    commands = [Tell]
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

annals.export(D)

def event(name, data):
    return SimpleNamespace(event_type=name, schema_version=1, version=1, content_type="application/json", payload=json.dumps(data).encode())

def told(*events):
    session = annals.SessionOf(0)
    session.evolve(list(events))
    command = SimpleNamespace(id="x", command_type="Tell", content_type="application/json", payload=b'{"id":"1"}')
    decision = session.decide(command, SimpleNamespace(now=0, seed=0, actor=None))
    return decision.given[0][0].given[3].decode()

added, cleared = event("Added", {"id": "a", "note": None}), event("Cleared", {})
print(told(added), told(), told(added, cleared, added), told(cleared, added))
"#;
    std::fs::write(home.path().join("script.py"), script).expect("written");
    let mut python = Command::new("python3");
    python.arg("script.py").current_dir(home.path());
    python.env("PYTHONPATH", templates().join("python/app/annals-py"));
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    let told = printed(&mut python);
    assert_eq!(told, r#"{"id":"1"}{"id":"0"}{"id":"1"}{"id":"1"}"#);
}
