//! Components with reactions, made without a compiler. What they answer tells what they were given.
//!
//! - A projector touches the row of the event's stream in its first view, and puts the event's payload there.
//! - A process manager starts a process for the event's stream; a step's state is the process's name.
//! - A notifier asks to be called again after 1000 times its index plus the attempt, in milliseconds.
//!
//! All of them trap when they are asked for more reactions than they have.

use annals_compose::descriptors::{ReactionDescriptor, StartFrom};
use annals_compose::generate::catalog::Catalogue;
use annals_compose::generate::layout::{BASE, Image, Record};
use annals_compose::generate::{componentize, resolve_world};
use annals_compose::kind::Kind;
use std::fmt::Write as _;

/// A reaction that wants nothing in particular.
pub fn reaction(name: &str) -> ReactionDescriptor {
    ReactionDescriptor {
        name: name.into(),
        version: 1,
        event_types: Vec::new(),
        emits: Vec::new(),
        views: Vec::new(),
        start: StartFrom::Origin,
        concurrency: 1,
        schemas: Vec::new(),
        annotations: Vec::new(),
    }
}

/// A projector of one view.
pub fn projector(view: &str) -> ReactionDescriptor {
    ReactionDescriptor {
        views: vec![view.into()],
        ..reaction("projector")
    }
}

/// A component with reactions of some kinds.
#[derive(Default)]
pub struct Toy {
    /// The reactions, kind by kind.
    pub reactions: Vec<(Kind, Vec<ReactionDescriptor>)>,
    /// What it imports, such as `wasi:http/outgoing-handler@0.2.4`.
    pub imports: Vec<&'static str>,
    /// It calls its imports to describe itself.
    pub rash: bool,
    /// It asks for the program's arguments to describe itself, as of WASI.
    pub asks: bool,
}

impl Toy {
    /// With reactions of one kind.
    pub fn of(kind: Kind, reactions: &[ReactionDescriptor]) -> Self {
        Self {
            reactions: vec![(kind, reactions.to_vec())],
            ..Self::default()
        }
    }

    /// The same, with imports.
    pub fn importing(mut self, imports: &[&'static str]) -> Self {
        self.imports = imports.to_vec();
        self
    }

    /// Makes the component.
    pub fn component(&self) -> Vec<u8> {
        let mut wit = String::from("package annals:generated;\n");
        let mut world = String::new();
        for import in &self.imports {
            let (name, version) = import.split_once('@').expect("a version");
            let (package, interface) = name.split_once('/').expect("an interface");
            let _ = writeln!(
                wit,
                "package {package}@{version} {{ interface {interface} {{ toy: func(); }} }}"
            );
            let _ = writeln!(world, "import {import};");
        }
        if self.asks {
            let _ = writeln!(
                wit,
                "package wasi:cli@0.2.6 {{ interface environment {{ get-arguments: func() -> list<string>; }} }}"
            );
            let _ = writeln!(world, "import wasi:cli/environment@0.2.6;");
        }
        for (kind, _) in &self.reactions {
            let _ = writeln!(world, "export {};", kind.export());
        }
        let _ = writeln!(wit, "world toy {{ {world} }}");
        let (resolve, world) = resolve_world(&wit, "toy").expect("WIT");
        let module = wat::parse_str(self.text()).expect("WebAssembly");
        componentize(module, &resolve, world).expect("a component")
    }

    fn text(&self) -> String {
        let mut image = Image::default();
        // Room for results, and for the one item of a list in them.
        let result = image.place(&[0; 64], 16);
        let item = image.place(&[0; 64], 16);
        let mut functions = String::new();
        for (kind, reactions) in &self.reactions {
            let all: Vec<&ReactionDescriptor> = reactions.iter().collect();
            let described = Catalogue::Reactions(all).place(&mut image);
            // The first view of each, as strings that lie side by side.
            let views: Vec<Record> = reactions
                .iter()
                .map(|reaction| {
                    let mut record = Record::default();
                    let view = reaction.views.first().map_or("", String::as_str);
                    record.string(&mut image, view);
                    record
                })
                .collect();
            let [views, count] = image.list(&views, 4);
            let _ = writeln!(
                functions,
                r#"(func (export "{}#describe") (result i32) {} (i32.const {described}))"#,
                kind.export(),
                match (self.rash, self.asks) {
                    (true, _) => "(call $effects)".into(),
                    (_, true) => format!("(call $arguments (i32.const {result}))"),
                    _ => String::new(),
                }
            );
            for (name, body) in bodies(*kind, result, item, views) {
                // Single events lie in memory with the other arguments, the index in front of them. Pages of events do not.
                let (params, index) = match name {
                    "keys" => ("(param $index i32) (param $event i32) (param i32)", INDEX),
                    "project" => (
                        "(param $index i32) (param $event i32) (param i32) (param i32 i32 i32 i32)",
                        INDEX,
                    ),
                    _ => ("(param $args i32)", "(i32.load (local.get $args))"),
                };
                let _ = writeln!(
                    functions,
                    r#"(func (export "{}#{name}") {params} (result i32)
                         (if (i32.ge_u {index} (i32.const {count})) (then unreachable))
                         {body}
                         (i32.const {result}))"#,
                    kind.export()
                );
            }
        }
        let mut imports = String::new();
        for import in &self.imports {
            let _ = writeln!(imports, r#"(import "{import}" "toy" (func))"#);
        }
        if self.asks {
            imports.push_str(
                r#"(import "wasi:cli/environment@0.2.6" "get-arguments" (func $arguments (param i32)))"#,
            );
        }
        let calls = (0..self.imports.len()).fold(String::new(), |mut calls, index| {
            let _ = write!(calls, "(call {index})");
            calls
        });
        let heap = image.end();
        let data = image
            .into_bytes()
            .iter()
            .fold(String::new(), |mut text, byte| {
                let _ = write!(text, "\\{byte:02x}");
                text
            });
        format!(
            r#"(module
  {imports}
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const {heap}))
  (data (i32.const {BASE}) "{data}")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get 3))))
  ;; Even if nobody calls this, what it calls stays imported.
  (func $effects {calls})
  (export "effects" (func $effects))
  {functions}
)"#
        )
    }
}

/// The index of a projector.
const INDEX: &str = "(local.get $index)";

/// The functions of a kind beside `describe`. An event has its stream at 8, its content type at 52, its payload at 60; it ends
/// at 144. Projectors have the first event of a page at `$event`, others have the event at 8 behind `$args`, and the index at 0.
fn bodies(kind: Kind, result: u32, item: u32, views: u32) -> Vec<(&'static str, String)> {
    // The two words of a string or a list.
    let copy = |from: String, to: u32| format!("(i64.store (i32.const {to}) (i64.load {from}))");
    let argument = |offset: u32| format!("(i32.add (local.get $args) (i32.const {offset}))");
    let of_event = |offset: u32| format!("(i32.add (local.get $event) (i32.const {offset}))");
    let view = format!("(i32.add (i32.const {views}) (i32.mul {INDEX} (i32.const 8)))");
    let ok_list = format!(
        "(i32.store8 (i32.const {result}) (i32.const 0))
         (i32.store (i32.const {}) (i32.const {item})) (i32.store (i32.const {}) (i32.const 1))",
        result + 4,
        result + 8
    );
    match kind {
        Kind::Decider => Vec::new(),
        Kind::Projector => vec![
            (
                "keys",
                // One list, behind the row's place, of one row.
                [
                    copy(view.clone(), item),
                    copy(of_event(8), item + 8),
                    format!(
                        "(i32.store (i32.const {}) (i32.const {item})) (i32.store (i32.const {}) (i32.const 1))",
                        item + 16,
                        item + 20
                    ),
                    format!(
                        "(i32.store8 (i32.const {result}) (i32.const 0))
                         (i32.store (i32.const {}) (i32.const {})) (i32.store (i32.const {}) (i32.const 1))",
                        result + 4,
                        item + 16,
                        result + 8
                    ),
                ]
                .concat(),
            ),
            (
                "project",
                // Ok, case 0 of a projection: changes. Case 0 of a change: put. By the event at 0.
                [
                    format!("(i32.store8 (i32.const {item}) (i32.const 0))"),
                    copy(view, item + 4),
                    copy(of_event(8), item + 12),
                    copy(of_event(52), item + 20),
                    copy(of_event(60), item + 28),
                    format!(
                        "(i32.store (i32.const {}) (i32.const 0))
                         (i32.store8 (i32.const {result}) (i32.const 0))
                         (i32.store8 (i32.const {}) (i32.const 0))
                         (i32.store (i32.const {}) (i32.const {item})) (i32.store (i32.const {}) (i32.const 1))",
                        item + 36,
                        result + 4,
                        result + 8,
                        result + 12
                    ),
                ]
                .concat(),
            ),
        ],
        Kind::ProcessManager => vec![
            (
                "interested",
                // Case 0 of an interest: start.
                [
                    format!("(i32.store8 (i32.const {item}) (i32.const 0))"),
                    copy(argument(16), item + 4),
                    ok_list,
                ]
                .concat(),
            ),
            (
                "react",
                // Ok, then the state; what follows it is empty.
                [
                    format!("(i32.store8 (i32.const {result}) (i32.const 0))"),
                    copy(argument(4), result + 4),
                ]
                .concat(),
            ),
        ],
        Kind::Notifier => vec![(
            "notify",
            // Ok, then case 1 of a delivery: retry-after.
            format!(
                "(i32.store8 (i32.const {result}) (i32.const 0))
                 (i32.store8 (i32.const {}) (i32.const 1))
                 (i64.store (i32.const {}) (i64.extend_i32_u (i32.add
                   (i32.mul (i32.load (local.get $args)) (i32.const 1000))
                   (i32.load {}))))",
                result + 8,
                result + 16,
                argument(152)
            ),
        )],
    }
}
