//! `export!`: the tables of a component.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Ident, Result, Token, Type};

/// A kind of handler: its word in `export!`, and what the `annals` crate has for it.
struct Kind {
    word: &'static str,
    table: &'static str,
    entry: &'static str,
    check: &'static str,
    /// The macro that exports a table, on wasm.
    export: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        word: "decider",
        table: "Deciders",
        entry: "Entry",
        check: "check",
        export: "__export_deciders",
    },
    Kind {
        word: "projector",
        table: "Projectors",
        entry: "ProjectorEntry",
        check: "check_projector",
        export: "__export_projectors",
    },
    Kind {
        word: "process_manager",
        table: "ProcessManagers",
        entry: "ProcessManagerEntry",
        check: "check_process_manager",
        export: "__export_process_managers",
    },
    Kind {
        word: "notifier",
        table: "Notifiers",
        entry: "NotifierEntry",
        check: "check_notifier",
        export: "__export_notifiers",
    },
];

/// What `export!` is given.
pub struct Handlers(Vec<Handler>);

struct Handler {
    /// Index in `KINDS`.
    kind: usize,
    ty: Type,
}

impl Parse for Handlers {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let handlers = Punctuated::<Handler, Token![,]>::parse_terminated(input)?;
        if handlers.is_empty() {
            return Err(Error::new(
                Span::call_site(),
                "name at least one handler, such as export!(OpenAccount)",
            ));
        }
        Ok(Self(handlers.into_iter().collect()))
    }
}

impl Parse for Handler {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        // Two words in a row: the first says what the second is. `projector::Balances` is one path.
        let word = input.peek(Ident) && (input.peek2(Ident) || input.peek2(Token![crate]));
        let kind = if word {
            let word: Ident = input.parse()?;
            KINDS
                .iter()
                .position(|kind| word == kind.word)
                .ok_or_else(|| {
                    let known = KINDS.map(|kind| kind.word).join(", ");
                    Error::new(
                        word.span(),
                        format!("unknown kind of handler; known: {known}"),
                    )
                })?
        } else {
            0
        };
        let ty: Type = input.parse()?;
        Ok(Self { kind, ty })
    }
}

pub fn expand(Handlers(handlers): &Handlers) -> TokenStream {
    let tables = KINDS.iter().enumerate().map(|(index, kind)| {
        let of_kind: Vec<&Type> = handlers
            .iter()
            .filter(|handler| handler.kind == index)
            .map(|handler| &handler.ty)
            .collect();
        (!of_kind.is_empty()).then(|| table(kind, &of_kind))
    });
    quote! {
        const _: () = {
            #[allow(dead_code)]
            struct Component;
            ::annals::__mark!();
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
    // Spans are those of the types, so that what is wrong with one is told where it stands.
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

        // Natively nobody uses the table, and a constant that nobody uses is not checked.
        const _: () = { #(#checks)* };

        ::annals::#export!(Component);
    }
}
