//! The words in `#[annals(..)]` on variants, and in `annals::event(..)` and `annals::command(..)` on structs.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{Error, Expr, ExprLit, Lit, LitInt, LitStr, Result};

/// The precondition on the stream of a command.
#[derive(Clone)]
pub struct Precondition {
    pub span: Span,
    /// The variant of the enum `annals::Precondition`.
    pub variant: &'static str,
}

const PRECONDITIONS: [(&str, &str); 3] = [
    ("any", "Any"),
    ("no_stream", "NoStream"),
    ("stream_exists", "StreamExists"),
];

impl Precondition {
    /// Reads a precondition, if the word is one.
    pub fn read(meta: &ParseNestedMeta<'_>, known: &mut Option<Self>) -> Result<bool> {
        let Some((_, variant)) = PRECONDITIONS
            .iter()
            .find(|(word, _)| meta.path.is_ident(word))
        else {
            return Ok(false);
        };
        let this = Self {
            span: meta.path.span(),
            variant,
        };
        if known.replace(this).is_some() {
            return Err(
                meta.error("a command has one precondition: any, no_stream or stream_exists")
            );
        }
        Ok(true)
    }

    pub fn tokens(this: Option<&Self>) -> TokenStream {
        let variant = syn::Ident::new(
            this.map_or("Any", |this| this.variant),
            this.map_or_else(Span::call_site, |this| this.span),
        );
        quote!(::annals::Precondition::#variant)
    }
}

/// Reads the value of `formerly`.
pub fn formerly(meta: &ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
    let wrong = "write a list of names: formerly = [\"OldName\"]";
    let value: Expr = meta.value()?.parse()?;
    let Expr::Array(list) = value else {
        return Err(Error::new_spanned(value, wrong));
    };
    let names = list.elems.into_iter().map(|name| match name {
        Expr::Lit(ExprLit {
            lit: Lit::Str(name),
            ..
        }) if !name.value().is_empty() => Ok(name),
        other => Err(Error::new_spanned(other, wrong)),
    });
    names.collect()
}

/// Reads the value of `version`; 1 if it is absent.
pub fn version(given: Option<&LitInt>) -> Result<u32> {
    let Some(given) = given else { return Ok(1) };
    match given.base10_parse()? {
        0 => Err(Error::new_spanned(given, "versions count from 1")),
        version => Ok(version),
    }
}

/// Traits that `annals::data`, `annals::event` and `annals::command` derive when they are named.
const DERIVABLE: [&str; 9] = [
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Eq",
    "Hash",
    "Ord",
    "PartialEq",
    "PartialOrd",
];

/// Reads the name of a trait, if the word is one.
pub fn derived(meta: &ParseNestedMeta<'_>, traits: &mut Vec<syn::Path>) -> bool {
    let known = DERIVABLE.iter().any(|word| meta.path.is_ident(word));
    if known {
        traits.push(meta.path.clone());
    }
    known
}

/// Lists the derivable traits, for error messages.
pub fn derivable() -> String {
    DERIVABLE.join(", ")
}
