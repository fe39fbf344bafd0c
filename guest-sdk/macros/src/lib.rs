//! The derives and `export!` of the `annals` crate. Use them from that crate.
//!
//! # Layout
//!
//! - `input`: parses an enum and its attributes, and reports mistakes in them
//! - `words`, `marks`: the attributes of variants and structs, and those of fields
//! - `payload`: converts fields to payloads and back, with serde
//! - `message`: `Command` and `Event`; `dispatch` passes commands to the `Decide` implementations of their structs
//! - `structs`: `data`, `event` and `command`
//! - `rejection`: `Rejection`
//! - `export`: `export!`
//! - `case`: names in kebab-case and in words

mod case;
mod dispatch;
mod export;
mod input;
mod marks;
mod message;
#[cfg(test)]
mod misuse;
mod payload;
mod rejection;
mod structs;
mod words;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `Command` for an enum: each variant is one type of command.
///
/// A variant has named fields, encoded as a JSON object; or one unnamed field, encoded as itself; or no fields,
/// encoded as `{}`. Fields accept serde's attributes. A variant with one unnamed field gets a `From` implementation
/// for the type of that field, unless another variant holds the same type.
///
/// | attribute | on | meaning |
/// |---|---|---|
/// | `#[annals(stream)]` | field | the id of the subject that the command is about; any type that implements `Display` |
/// | `#[annals(stream = "{a}-{b}")]` | variant | an id that consists of several fields |
/// | `#[annals(no_stream)]` | variant | the stream must have no events |
/// | `#[annals(stream_exists)]` | variant | the stream must have at least one event |
/// | `#[annals(any)]` | variant | no precondition; this is the default |
/// | `#[annals(internal)]` | variant | only process managers may send the command; for external callers it does not exist |
/// | `#[annals(type = "…")]` | variant | the type's name; the default is the variant's name |
/// | `#[annals(formerly = ["…"])]` | variant | former names of the type: the decider still accepts commands of these names |
/// | `#[annals(no_from)]` | variant | no `From` implementation, for example to avoid a conflict with another one |
/// | `#[annals(rename_all = "camelCase")]` | enum | the case of the fields' names, as in serde |
/// | `#[annals(codec = "path")]` | enum | the codec; the default is JSON |
///
/// A struct with [`macro@command`] declares all of this itself; the variant that holds it has no attributes of its
/// own. If all variants hold such structs, the decider may decide on each in an `impl Decide<ThatStruct>`.
#[proc_macro_derive(Command, attributes(annals, serde))]
pub fn command_enum(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), message::command)
}

/// Implements `Event` for an enum: each variant is one type of event.
///
/// Variants have the same forms as for the derive of `Command`.
///
/// | attribute | on | meaning |
/// |---|---|---|
/// | `#[annals(version = N)]` | variant | version of the payload's schema, 1 by default. Older payloads must still decode, for example with `#[serde(default)]`; newer ones are refused |
/// | `#[annals(type = "…")]` | variant | the type's name; the default is the variant's name |
/// | `#[annals(formerly = ["…"])]` | variant | former names of the type: the handler still reads events of these names |
/// | `#[annals(tag)]`, `#[annals(tag = "…")]` | field | the value becomes a tag of the event, `name:value`, with the field's name or the given one. An `Option` or `Vec` becomes one tag for each value |
/// | `#[annals(no_from)]` | variant | no `From` implementation, for example to avoid a conflict with another one |
/// | `#[annals(rename_all = "camelCase")]` | enum | the case of the fields' names, as in serde |
/// | `#[annals(codec = "path")]` | enum | the codec; the default is JSON |
///
/// A struct with [`macro@event`] declares its name, version, former names and tags itself, once for all its readers.
/// The variant that holds it may have any name, and has no attributes of its own.
#[proc_macro_derive(Event, attributes(annals, serde))]
pub fn event_enum(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), message::event)
}

/// Implements `Rejection` for an enum: each variant is one reason to reject a command.
///
/// The code is the variant's name in kebab-case, or `#[annals(code = "…")]`. The message is the name in words, or the
/// format string `#[annals(message = "… {field} …")]`. The details are the fields as JSON; a variant without fields
/// has none.
#[proc_macro_derive(Rejection, attributes(annals, serde))]
pub fn rejection(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), rejection::derive)
}

/// Makes a type usable in states and in the fields of commands and events: derives serde's `Serialize` and
/// `Deserialize`, without a dependency on serde. `#[annals::data(Clone, Debug, PartialEq)]` also derives the named
/// traits.
#[proc_macro_attribute]
pub fn data(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(structs::data(arguments.into(), item.into()))
}

/// Makes a struct one type of event, shared by all handlers that read or emit it.
///
/// The type's name is the struct's name. Each handler has an enum that derives [`Event`](derive@Event), with a
/// variant for each struct that it reads or emits.
///
/// | argument | meaning |
/// |---|---|
/// | `name = "…"` | the type's name; the default is the struct's name |
/// | `version = N` | version of the schema, 1 by default. Older payloads must still decode, for example with `#[serde(default)]`; newer ones are refused |
/// | `formerly = ["…"]` | former names of the type: handlers still read events of these names |
/// | `Clone`, `Debug`, `PartialEq`, … | traits of the standard library to derive |
///
/// A field accepts `#[annals(tag)]` or `#[annals(tag = "…")]`: its value becomes a tag of the event.
#[proc_macro_attribute]
pub fn event(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(structs::event(arguments.into(), item.into()))
}

/// Makes a struct one type of command, shared by the decider that handles it and the process managers that send it.
///
/// The type's name is the struct's name. Each handler has an enum that derives [`Command`](derive@Command), with a
/// variant for each struct that it handles or sends.
///
/// | argument | meaning |
/// |---|---|
/// | `name = "…"` | the type's name; the default is the struct's name |
/// | `formerly = ["…"]` | former names of the type: the decider still accepts commands of these names |
/// | `no_stream`, `stream_exists`, `any` | the precondition on the stream |
/// | `internal` | only process managers may send the command |
/// | `stream = "{a}-{b}"` | the id of the subject, if it consists of several fields |
/// | `Clone`, `Debug`, `PartialEq`, … | traits of the standard library to derive |
///
/// The field with the id of the subject carries the mark `#[annals(stream)]`.
#[proc_macro_attribute]
pub fn command(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(structs::command(arguments.into(), item.into()))
}

/// Exports the handlers of a crate.
#[proc_macro]
pub fn export(input: TokenStream) -> TokenStream {
    export::expand(&parse_macro_input!(input as export::Handlers)).into()
}

fn attribute(expanded: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expanded
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

fn derive(
    input: &DeriveInput,
    expand: fn(&input::Enum) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    input::Enum::read(input)
        .and_then(|input| expand(&input))
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
