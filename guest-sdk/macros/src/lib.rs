//! The derives and `export!` of the `annals` crate; use them from there.
//!
//! # Layout
//!
//! - `input`: reads an enum and its attributes, and says what is wrong with it
//! - `words`, `marks`: what attributes say of variants and structs, and of fields
//! - `payload`: turns fields into payloads and back, by serde
//! - `message`: `Command` and `Event`; `dispatch` hands commands to the `Decide` of their structs
//! - `structs`: `data`, `event` and `command`
//! - `rejection`: `Rejection`
//! - `export`: `export!`
//! - `case`: kebab-case and words

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

/// Makes an enum the commands of a decider: one variant, one type of command.
///
/// A variant has named fields, which are encoded as a JSON object; or one unnamed field, encoded
/// as itself; or none, encoded as `{}`. Fields take serde's attributes. A variant with one unnamed field
/// can be made of that field's value by `From`.
///
/// | attribute | on | meaning |
/// |---|---|---|
/// | `#[annals(stream)]` | field | holds the id of the subject that the command is about; any type that can be displayed |
/// | `#[annals(stream = "{a}-{b}")]` | variant | an id that is made of several fields |
/// | `#[annals(no_stream)]` | variant | the stream must not have events yet |
/// | `#[annals(stream_exists)]` | variant | the stream must have events |
/// | `#[annals(any)]` | variant | neither; the same as saying nothing |
/// | `#[annals(internal)]` | variant | process managers alone may send it: from outside there is no such command |
/// | `#[annals(type = "…")]` | variant | name of the type, instead of the variant's |
/// | `#[annals(formerly = ["…"])]` | variant | names that the type had before: commands of these names are still taken |
/// | `#[annals(no_from)]` | variant | no `From`, where it would be in the way of another |
/// | `#[annals(rename_all = "camelCase")]` | enum | names of the fields, as serde has it |
/// | `#[annals(codec = "path")]` | enum | the codec, instead of JSON |
///
/// A struct with [`macro@command`] says all of that itself; the variant that holds it says nothing more. If all
/// variants hold such structs, the decider may decide on each in an `impl Decide<ThatStruct>`.
#[proc_macro_derive(Command, attributes(annals, serde))]
pub fn command_enum(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), message::command)
}

/// Makes an enum the events of a handler: one variant, one type of event.
///
/// Variants are those of the derive of `Command`.
///
/// | attribute | on | meaning |
/// |---|---|---|
/// | `#[annals(version = N)]` | variant | version of the schema of its payload, 1 if not given. Older payloads must still decode, such as by `#[serde(default)]`; newer ones are refused |
/// | `#[annals(type = "…")]` | variant | name of the type, instead of the variant's |
/// | `#[annals(formerly = ["…"])]` | variant | names that the type had before: events of these names are still read |
/// | `#[annals(tag)]`, `#[annals(tag = "…")]` | field | its value is a tag of the event: `name:value`, with the field's name or another. An `Option` or `Vec` has a tag for each value |
/// | `#[annals(no_from)]` | variant | no `From`, where it would be in the way of another |
/// | `#[annals(rename_all = "camelCase")]` | enum | names of the fields, as serde has it |
/// | `#[annals(codec = "path")]` | enum | the codec, instead of JSON |
///
/// A struct with [`macro@event`] says its name, version, former names and tags itself, once for all its readers;
/// the variant that holds it has any name, and says nothing more.
#[proc_macro_derive(Event, attributes(annals, serde))]
pub fn event_enum(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), message::event)
}

/// Makes an enum the rejections of a decider.
///
/// The code is the variant's name in kebab-case, or `#[annals(code = "…")]`. The message is the
/// name in words, or `#[annals(message = "… {field} …")]`, a format string. The details are the
/// fields as JSON; a variant without fields has none.
#[proc_macro_derive(Rejection, attributes(annals, serde))]
pub fn rejection(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), rejection::derive)
}

/// Makes a struct or enum fit for states and for the fields of commands and events: serde's two
/// derives, without a dependency on serde. `#[annals::data(Clone, Debug, PartialEq)]` derives these, too.
#[proc_macro_attribute]
pub fn data(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(structs::data(arguments.into(), item.into()))
}

/// Makes a struct one type of event, for all handlers that read or emit it.
///
/// The type's name is the struct's. Each handler has an enum that derives [`Event`](derive@Event), with a variant for
/// each struct that matters to it.
///
/// | argument | meaning |
/// |---|---|
/// | `name = "…"` | name of the type, instead of the struct's |
/// | `version = N` | version of the schema, 1 if not given. Older payloads must still decode, such as by `#[serde(default)]`; newer ones are refused |
/// | `formerly = ["…"]` | names that the type had before: events of these names are still read |
/// | `Clone`, `Debug`, `PartialEq`, … | derives of the standard library |
///
/// A field takes `#[annals(tag)]` or `#[annals(tag = "…")]`: its value is a tag of the event.
#[proc_macro_attribute]
pub fn event(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute(structs::event(arguments.into(), item.into()))
}

/// Makes a struct one type of command, for the decider that takes it and the process managers that send it.
///
/// The type's name is the struct's. Each handler has an enum that derives [`Command`](derive@Command), with a variant for
/// each struct that it takes or sends.
///
/// | argument | meaning |
/// |---|---|
/// | `name = "…"` | name of the type, instead of the struct's |
/// | `formerly = ["…"]` | names that the type had before: commands of these names are still taken |
/// | `no_stream`, `stream_exists`, `any` | what must be true of the stream |
/// | `internal` | process managers alone may send it |
/// | `stream = "{a}-{b}"` | the id of the subject, if it is made of several fields |
/// | `Clone`, `Debug`, `PartialEq`, … | derives of the standard library |
///
/// The field that holds the id of the subject has the mark `#[annals(stream)]`.
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
