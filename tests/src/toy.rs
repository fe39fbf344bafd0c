//! Handlers made without a compiler: constant deciders, for compositions of hundreds.
//!
//! A toy handles one command, `Command<n>`, and answers it with one event, `Happened<n>`, on
//! the stream `toy-<n>`. It traps when asked for another decider than its first and only one. It forgets
//! its arguments with each call, so that it can be kept as long as a host likes.

use annals_compose::descriptors::{CommandSpec, DeciderDescriptor, Precondition};
use annals_compose::generate::layout::{BASE, Image, Record};
use annals_compose::generate::{catalog, componentize, resolve_world};
use anyhow::Result;
use std::fmt::Write as _;
use std::path::Path;

/// A toy, and what is odd about it.
#[derive(Default)]
pub struct Toy<'a> {
    /// Tells it from others.
    pub number: usize,
    /// The stream that it names, instead of one of its category, which is `toy`.
    pub stream: Option<&'a str>,
    /// The event that it emits, instead of the one that it declares.
    pub event: Option<&'a str>,
    /// The body of `describe`, in WebAssembly text.
    pub describe: Option<&'a str>,
}

impl Toy<'_> {
    /// Makes the component.
    ///
    /// # Errors
    ///
    /// If the body of `describe` is not WebAssembly.
    pub fn component(&self) -> Result<Vec<u8>> {
        let (resolve, world) = resolve_world(
            "package annals:generated;\nworld toy { export annals:es/deciders@0.2.0; }",
            "toy",
        )?;
        componentize(wat::parse_str(self.text())?, &resolve, world)
    }

    fn text(&self) -> String {
        let number = self.number;
        let stream = self
            .stream
            .map_or_else(|| format!("toy-{number}"), Into::into);
        let mut image = Image::default();
        let event = format!("Happened{number}");
        let described = catalog::place(
            &mut image,
            &[&DeciderDescriptor {
                name: "toy".into(),
                version: "1.0.0".into(),
                category: "toy".into(),
                commands: vec![CommandSpec {
                    command_type: format!("Command{number}"),
                    precondition: Precondition::Any,
                    schema: None,
                    internal: false,
                }],
                emits: vec![event.clone()],
                folds: vec![event.clone()],
                snapshot_every: 0,
                state_version: 1,
                schemas: Vec::new(),
                annotations: Vec::new(),
            }],
        );
        // result<string, ..>: ok, then the string.
        let mut stream_id = Record::default();
        stream_id.u8(0).string(&mut image, &stream);
        let stream_id = image.place(&stream_id.into_bytes(), 8);
        // result<decision, ..>: ok, then one event, and no end of the stream.
        let mut new_event = Record::default();
        new_event
            .string(&mut image, self.event.unwrap_or(&event))
            .u32(1);
        new_event
            .string(&mut image, "application/json")
            .string(&mut image, "{}")
            .list([0, 0]);
        let events = image.list(&[new_event], 4);
        let mut decision = Record::default();
        decision.u8(0).list(events).u8(0);
        let decision = image.place(&decision.into_bytes(), 8);
        // Ok without a value, or no value.
        let nothing = image.place(&[0; 16], 8);

        let describe = self
            .describe
            .map_or_else(|| format!("(i32.const {described})"), Into::into);
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
  (import "[export]annals:es/deciders@0.2.0" "[resource-new]session" (func $new (param i32) (result i32)))
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const {heap}))
  (data (i32.const {BASE}) "{data}")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get 3))))
  (func (export "annals:es/deciders@0.2.0#describe") (result i32) {describe})
  (func (export "annals:es/deciders@0.2.0#stream-id")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (if (local.get 0) (then unreachable)) (call $forget) (i32.const {stream_id}))
  (func $forget (global.set $free (i32.const {heap})))
  (func (export "annals:es/deciders@0.2.0#[constructor]session") (param i32) (result i32)
    (if (local.get 0) (then unreachable)) (call $new (i32.const 1)))
  (func (export "annals:es/deciders@0.2.0#[static]session.restore") (param i32 i32 i32) (result i32) unreachable)
  (func (export "annals:es/deciders@0.2.0#[method]session.evolve") (param i32 i32 i32) (result i32)
    (call $forget) (i32.const {nothing}))
  (func (export "annals:es/deciders@0.2.0#[method]session.decide")
    (param i32) (result i32)
    (call $forget) (i32.const {decision}))
  (func (export "annals:es/deciders@0.2.0#[method]session.snapshot") (param i32) (result i32) (i32.const {nothing}))
)"#
        )
    }
}

/// Writes an application of so many toys into a folder: their components and the manifest.
///
/// # Errors
///
/// If the folder cannot be written.
pub fn application(folder: &Path, count: usize) -> Result<()> {
    let mut manifest = String::from("[app]\nname = \"toys\"\n");
    for number in 0..count {
        std::fs::write(
            folder.join(format!("toy-{number}.wasm")),
            Toy {
                number,
                ..Toy::default()
            }
            .component()?,
        )?;
        let _ = write!(
            manifest,
            "[handlers.toy-{number}]\ncomponent = \"toy-{number}.wasm\"\n"
        );
    }
    std::fs::write(folder.join("annals.toml"), manifest)?;
    Ok(())
}
