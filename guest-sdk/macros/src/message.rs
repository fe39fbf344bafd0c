//! `Command` and `Event`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, LitInt, LitStr, Path, Result, parse_quote};

use crate::input::{Enum, Variant};
use crate::payload;

pub fn command(input: &Enum) -> Result<TokenStream> {
    for variant in &input.variants {
        variant.refuse(
            "Command",
            &[
                ("version", variant.version.as_ref().map(LitInt::span)),
                ("code", variant.code.as_ref().map(LitStr::span)),
                ("message", variant.message.as_ref().map(LitStr::span)),
            ],
        )?;
    }
    let types = input.variants.iter().map(Variant::type_name);
    let internal = input
        .variants
        .iter()
        .filter(|variant| variant.internal.is_some())
        .map(Variant::type_name);
    let name_of = by_variant(input, |variant| {
        let name = variant.type_name();
        quote!(#name)
    });
    expand(
        input,
        &quote!(Command),
        true,
        &quote! {
            const TYPES: &'static [&'static str] = &[#(#types),*];
            const INTERNAL: &'static [&'static str] = &[#(#internal),*];

            fn command_type(&self) -> &'static str { #name_of }
        },
    )
}

pub fn event(input: &Enum) -> Result<TokenStream> {
    for variant in &input.variants {
        variant.refuse(
            "Event",
            &[
                ("internal", variant.internal),
                ("code", variant.code.as_ref().map(LitStr::span)),
                ("message", variant.message.as_ref().map(LitStr::span)),
            ],
        )?;
    }
    let types = input
        .variants
        .iter()
        .map(event_type)
        .collect::<Result<Vec<_>>>()?;
    let type_of = by_variant(input, |variant| {
        // Errors were reported by the line above.
        event_type(variant).unwrap_or_else(|error| error.to_compile_error())
    });
    expand(
        input,
        &quote!(Event),
        false,
        &quote! {
            const TYPES: &'static [::annals::EventType] = &[#(#types),*];

            fn event_type(&self) -> ::annals::EventType { #type_of }
        },
    )
}

fn event_type(variant: &Variant) -> Result<TokenStream> {
    let name = variant.type_name();
    let version: u32 = match &variant.version {
        None => 1,
        Some(version) => match version.base10_parse()? {
            0 => return Err(Error::new_spanned(version, "versions count from 1")),
            version => version,
        },
    };
    Ok(quote!(::annals::EventType { name: #name, version: #version }))
}

/// What commands and events have in common.
fn expand(
    input: &Enum,
    message: &TokenStream,
    located: bool,
    types: &TokenStream,
) -> Result<TokenStream> {
    input.unique(Variant::type_name)?;
    let name = &input.name;
    let codec: Path = input
        .codec
        .clone()
        .unwrap_or_else(|| parse_quote!(::annals::Json));
    let serializer = payload::serializer(input);
    let arms = input.variants.iter().map(|variant| {
        let wire_type = variant.type_name();
        let decode = payload::decode(input, variant, &codec, located);
        quote!(#wire_type => #decode,)
    });
    Ok(quote! {
        #[allow(dead_code, missing_docs, clippy::all, clippy::pedantic)]
        const _: () = {
            #serializer

            #[automatically_derived]
            impl ::annals::#message for #name {
                type Codec = #codec;

                #types

                fn encode(&self) -> ::core::result::Result<::std::vec::Vec<u8>, ::annals::CodecError> {
                    <#codec as ::annals::Codec>::encode(&Fields(self))
                }

                fn decode(
                    name: &str,
                    payload: &[u8],
                ) -> ::core::result::Result<::core::option::Option<Self>, ::annals::CodecError> {
                    #[allow(unreachable_code)]
                    ::core::result::Result::Ok(::core::option::Option::Some(match name {
                        #(#arms)*
                        _ => return ::core::result::Result::Ok(::core::option::Option::None),
                    }))
                }
            }
        };
    })
}

fn by_variant(input: &Enum, value: impl Fn(&Variant) -> TokenStream) -> TokenStream {
    if input.variants.is_empty() {
        return quote!(match *self {});
    }
    let arms = input.variants.iter().map(|variant| {
        let name = &variant.name;
        let value = value(variant);
        quote!(Self::#name { .. } => #value,)
    });
    quote!(match self { #(#arms)* })
}
