//! `export!`: defines the tables of a component.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Ident, Result, Token, Type};

/// A kind of handler: its names in `export!`, and the corresponding items of the `annals` crate.
struct Kind {
    /// The name before a list of handlers.
    list: &'static str,
    /// The word before one handler, in the deprecated syntax.
    word: &'static str,
    table: &'static str,
    entry: &'static str,
    check: &'static str,
    /// The macro that exports the kind's table, on wasm.
    export: &'static str,
    /// The function that returns whether a handler sets a deprecated constant.
    deprecated: Option<&'static str>,
}

const KINDS: [Kind; 4] = [
    Kind {
        list: "deciders",
        word: "decider",
        table: "Deciders",
        entry: "Entry",
        check: "check",
        export: "__export_deciders",
        deprecated: Some("snapshot_every"),
    },
    Kind {
        list: "projectors",
        word: "projector",
        table: "Projectors",
        entry: "ProjectorEntry",
        check: "check_projector",
        export: "__export_projectors",
        deprecated: None,
    },
    Kind {
        list: "process_managers",
        word: "process_manager",
        table: "ProcessManagers",
        entry: "ProcessManagerEntry",
        check: "check_process_manager",
        export: "__export_process_managers",
        deprecated: None,
    },
    Kind {
        list: "notifiers",
        word: "notifier",
        table: "Notifiers",
        entry: "NotifierEntry",
        check: "check_notifier",
        export: "__export_notifiers",
        deprecated: Some("lanes"),
    },
];

/// The input of `export!`.
pub struct Handlers {
    handlers: Vec<Handler>,
    /// Whether the input has the deprecated syntax, with words before handlers.
    words: bool,
}

struct Handler {
    /// Index of the handler's kind in `KINDS`.
    kind: usize,
    ty: Type,
}

impl Parse for Handlers {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        // `deciders: [..]` begins a list. Two colons belong to a path.
        let lists = input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]);
        let handlers = if lists {
            by_kind(input)?
        } else {
            Punctuated::<Handler, Token![,]>::parse_terminated(input)?
                .into_iter()
                .collect()
        };
        if handlers.is_empty() {
            return Err(Error::new(
                Span::call_site(),
                "name at least one handler, such as export! { deciders: [Account] }",
            ));
        }
        Ok(Self {
            handlers,
            words: !lists,
        })
    }
}

/// Parses `deciders: [A, B], projectors: [C]`.
fn by_kind(input: ParseStream<'_>) -> Result<Vec<Handler>> {
    let mut handlers = Vec::new();
    let mut seen = [false; KINDS.len()];
    while !input.is_empty() {
        let word: Ident = input.parse()?;
        let kind = KINDS
            .iter()
            .position(|kind| word == kind.list)
            .ok_or_else(|| unknown_list(&word))?;
        if std::mem::replace(&mut seen[kind], true) {
            return Err(Error::new(
                word.span(),
                format!("there are two lists of {word}: name all of them in one"),
            ));
        }
        if !input.peek(Token![:]) {
            return Err(Error::new(
                word.span(),
                format!("write `{word}: [..]`: each kind of handler has a list"),
            ));
        }
        input.parse::<Token![:]>()?;
        if !input.peek(syn::token::Bracket) {
            return Err(input.error(format!("write a list: {word}: [..]")));
        }
        let list;
        syn::bracketed!(list in input);
        let types = Punctuated::<Type, Token![,]>::parse_terminated(&list)?;
        handlers.extend(types.into_iter().map(|ty| Handler { kind, ty }));
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(handlers)
}

fn unknown_list(word: &Ident) -> Error {
    let single = KINDS.iter().find(|kind| word == kind.word);
    let remedy = match single {
        Some(kind) => format!("write `{}: [..]`", kind.list),
        None => format!(
            "unknown kind of handlers; known: {}",
            KINDS.map(|kind| kind.list).join(", ")
        ),
    };
    Error::new(word.span(), remedy)
}

impl Parse for Handler {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        // With two words in a row, the first names the kind of the second. `projector::Balances` is one path.
        let word = input.peek(Ident) && (input.peek2(Ident) || input.peek2(Token![crate]));
        let kind = if word {
            let word: Ident = input.parse()?;
            KINDS
                .iter()
                .position(|kind| word == kind.word)
                .ok_or_else(|| unknown_list(&word))?
        } else {
            0
        };
        let ty: Type = input.parse()?;
        Ok(Self { kind, ty })
    }
}

pub fn expand(Handlers { handlers, words }: &Handlers) -> TokenStream {
    let tables = KINDS.iter().enumerate().map(|(index, kind)| {
        let of_kind: Vec<&Type> = handlers
            .iter()
            .filter(|handler| handler.kind == index)
            .map(|handler| &handler.ty)
            .collect();
        (!of_kind.is_empty()).then(|| table(kind, &of_kind))
    });
    // Only the first handler gets the deprecation warning, so that the user sees it once.
    let deprecated = handlers.first().filter(|_| *words).map(|handler| {
        quote_spanned!(handler.ty.span()=> const _: () = ::annals::__private::export_by_words();)
    });
    quote! {
        const _: () = {
            #[allow(dead_code)]
            struct Component;
            ::annals::__mark!();
            #deprecated
            #(#tables)*
        };
    }
}

fn table(kind: &Kind, handlers: &[&Type]) -> TokenStream {
    let ident = |name| Ident::new(name, Span::call_site());
    let (table, export) = (ident(kind.table), ident(kind.export));
    let (entry, check) = (ident(kind.entry), ident(kind.check));
    let version = (kind.word == "decider").then(|| {
        quote!(
            const VERSION: &'static str = ::core::env!("CARGO_PKG_VERSION");
        )
    });
    let deprecated = kind.deprecated.map(|deprecated| {
        let checks = handlers.iter().map(|ty| {
            let deprecated = Ident::new(deprecated, ty.span());
            quote_spanned! {ty.span()=>
                const _: () = ::annals::__private::Given::<{
                    ::annals::__private::#deprecated::<#ty>()
                }>::#deprecated();
            }
        });
        quote!(#(#checks)*)
    });
    // Each entry has the span of its type, so that the compiler reports a mistake at that type.
    let entries = handlers
        .iter()
        .map(|ty| quote_spanned!(ty.span()=> ::annals::__private::#entry::of::<#ty>()));
    let checks = handlers
        .iter()
        .map(|ty| quote_spanned!(ty.span()=> ::annals::__private::#check::<#ty>();));
    quote! {
        impl ::annals::__private::#table for Component {
            #version
            const TABLE: &'static [::annals::__private::#entry] = &[#(#entries),*];
        }

        // `cargo check` evaluates these checks only; it does not evaluate the tables.
        const _: () = { #(#checks)* };

        #deprecated

        ::annals::#export!(Component);
    }
}
