//! The derives and `export!` of the `annals` crate; use them from there.
//!
//! # Layout
//!
//! - `input`: reads an enum and its attributes, and says what is wrong with it
//! - `payload`: turns fields into payloads and back, by serde
//! - `message`: `Command` and `Event`
//! - `rejection`: `Rejection`
//! - `export`: `export!`
//! - `case`: kebab-case and words

mod case;
mod export;
mod input;
mod message;
#[cfg(test)]
mod misuse;
mod payload;
mod rejection;

use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_macro_input};

/// Makes an enum the commands of a decider: one variant, one type of command.
///
/// A variant has named fields, which are encoded as a JSON object; or one unnamed field, encoded
/// as itself; or none, encoded as `{}`. Fields take serde's attributes.
///
/// | attribute | on | meaning |
/// |---|---|---|
/// | `#[annals(type = "…")]` | variant | name of the type, instead of the variant's |
/// | `#[annals(internal)]` | variant | process managers alone may send it: from outside there is no such command |
/// | `#[annals(rename_all = "camelCase")]` | enum | names of the fields, as serde has it |
/// | `#[annals(codec = "path")]` | enum | the codec, instead of JSON |
#[proc_macro_derive(Command, attributes(annals, serde))]
pub fn command(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input), message::command)
}

/// Makes an enum the events of a decider: one variant, one type of event.
///
/// Variants and attributes are those of the derive of `Command`, and `#[annals(version = N)]` on a
/// variant: the version of the schema of its payload, 1 if not given. Older payloads must still
/// decode, such as by `#[serde(default)]`; newer ones are refused.
#[proc_macro_derive(Event, attributes(annals, serde))]
pub fn event(input: TokenStream) -> TokenStream {
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
/// derives, without a dependency on serde.
#[proc_macro_attribute]
pub fn data(arguments: TokenStream, item: TokenStream) -> TokenStream {
    if let Some(first) = arguments.into_iter().next() {
        return syn::Error::new(first.span().into(), "annals::data takes no arguments")
            .to_compile_error()
            .into();
    }
    let item = parse_macro_input!(item as syn::Item);
    quote! {
        #[derive(::annals::serde::Serialize, ::annals::serde::Deserialize)]
        #[serde(crate = "::annals::serde")]
        #item
    }
    .into()
}

/// Exports the handlers of a crate.
#[proc_macro]
pub fn export(input: TokenStream) -> TokenStream {
    export::expand(&parse_macro_input!(input as export::Handlers)).into()
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
