//! The helpers that handlers in JavaScript and Python are made with, run by Node and Python themselves.

mod scripts;

use scripts::{javascript, python};

/// Two streams fold an event each, and one is cleared in between; each tells how many events its state has.
#[test]
fn the_state_of_one_stream_is_never_that_of_another_in_javascript() {
    let home = tempfile::tempdir().expect("a folder");
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
    let told = javascript(home.path(), script);
    // `null` is as good as left out, too.
    assert_eq!(told, r#"{"id":"1"}{"id":"0"}{"id":"1"}{"id":"1"}"#);
}

#[test]
fn the_state_of_one_stream_is_never_that_of_another_in_python() {
    let home = tempfile::tempdir().expect("a folder");
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
    let told = python(home.path(), script);
    assert_eq!(told, r#"{"id":"1"}{"id":"0"}{"id":"1"}{"id":"1"}"#);
}

/// What a command may leave out comes back as it was given: a null is left out again, and keeps its place among others.
const OPTIONAL: [(&str, &str); 4] = [
    (r#"{"id":"1"}"#, r#"{"id":"1"}"#),
    (r#"{"id":"1","note":null,"tags":null}"#, r#"{"id":"1"}"#),
    (
        r#"{"id":"1","note":"n","tags":["a",null]}"#,
        r#"{"id":"1","note":"n","tags":["a",null]}"#,
    ),
    (
        r#"{"id":"1","prices":{"a":true,"b":null}}"#,
        r#"{"id":"1","prices":{"a":true,"b":null}}"#,
    ),
];

#[test]
fn null_is_as_good_as_absent_in_javascript() {
    let home = tempfile::tempdir().expect("a folder");
    let script = r#"
import { defineDecider, reject, t } from './annals.mjs';
const fields = {
  id: t.string,
  note: t.optional(t.string),
  tags: t.optional(t.array(t.optional(t.string))),
  prices: t.optional(t.record(t.optional(t.boolean))),
};
const decider = defineDecider({
  name: 'd', category: 'c',
  commands: { Tell: fields, Refuse: { id: t.string } },
  events: { Told: fields },
  initial: () => 0,
  streamId: ({ data }) => data.id,
  evolve: (state) => state + 1,
  decide: (_, { type, data }) => type === 'Refuse' ? reject('no', null, null) : { type: 'Told', data },
});
const payload = (text) => new TextEncoder().encode(text);
const send = (commandType, text) =>
  new decider.Session(0).decide({ id: 'x', commandType, contentType: 'application/json', payload: payload(text) }, { now: 0n, seed: 0n });
for (const text of GIVEN) console.log(new TextDecoder().decode(send('Tell', text).events[0].payload));
try {
  send('Refuse', '{"id":"1"}');
} catch (refused) {
  console.log(refused.val.message, String(refused.val.details));
}
"#;
    let given = OPTIONAL.map(|(given, _)| given);
    let given = serde_json::to_string(&given).expect("JSON");
    let told = javascript(home.path(), &script.replace("GIVEN", &given));
    let expected: String = OPTIONAL.iter().map(|(_, written)| *written).collect();
    assert_eq!(told, format!("{expected}noundefined"));
}

#[test]
fn null_is_as_good_as_absent_in_python() {
    let home = tempfile::tempdir().expect("a folder");
    let script = r#"
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Optional
import annals

@dataclass
class Tell:
    id: str
    note: Optional[str]
    tags: Optional[list[Optional[str]]] = None
    prices: Optional[dict[str, Optional[bool]]] = None

@dataclass
class Refuse:
    id: str

@dataclass
class Told(Tell):
    pass

class D(annals.Decider):
    category = "c"
    commands = [Tell, Refuse]
    events = [Told]
    def initial(self):
        return 0
    def stream_id(self, command):
        return command.id
    def evolve(self, state, event):
        return state + 1
    def decide(self, state, command, context):
        if isinstance(command, Refuse):
            raise annals.Rejected("no", None, None)
        return Told(command.id, command.note, command.tags, command.prices)

annals.export(D)

def send(command_type, text):
    command = SimpleNamespace(id="x", command_type=command_type, content_type="application/json", payload=text.encode())
    return annals.SessionOf(0).decide(command, SimpleNamespace(now=0, seed=0, actor=None))

for text in GIVEN:
    print(send("Tell", text).given[0][0].given[3].decode())
try:
    send("Refuse", '{"id":"1"}')
except Exception as refused:
    print(refused.args[0].given[0].given[1:])

# With another default, null and absent would be two things.
for default in ("x", field(default_factory=list)):
    try:
        annals._object(dataclass(type("Bad", (), {"__annotations__": {"a": Optional[str]}, "a": default})))
        print("taken")
    except TypeError as error:
        print("Bad.a: an Optional field has the default None or none" in str(error))
"#;
    let given = OPTIONAL.map(|(given, _)| given);
    let given = serde_json::to_string(&given).expect("JSON");
    let told = python(home.path(), &script.replace("GIVEN", &given));
    let expected: String = OPTIONAL.iter().map(|(_, written)| *written).collect();
    assert_eq!(told, format!("{expected}('no',None)TrueTrue"));
}
