//! The derives `Command` and `Event`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, Ident, LitStr, Path, Result, parse_quote};

use crate::input::{Enum, Shape, Variant};
use crate::marks::{self, Message};
use crate::words::{self, Precondition};
use crate::{dispatch, payload};

pub fn command(input: &Enum) -> Result<TokenStream> {
    for variant in &input.variants {
        variant.allow(
            Message::Command,
            &[
                "type",
                "formerly",
                "internal",
                "stream",
                "any",
                "no_stream",
                "stream_exists",
                "no_from",
            ],
        )?;
    }
    let streams = streams(input)?;
    let name_of = by_variant(input, |known| quote!(#known.name));
    let dispatch = dispatch::expand(input);
    expand(
        input,
        Message::Command,
        &quote! {
            const TYPES: &'static [&'static str] =
                &::annals::__private::names::<{ ::annals::__private::count(KNOWN) }>(KNOWN);
            const INTERNAL: &'static [&'static str] =
                &::annals::__private::internal::<{ ::annals::__private::count_internal(KNOWN) }>(KNOWN);
            const PRECONDITIONS: &'static [::annals::Precondition] =
                &::annals::__private::preconditions::<{ ::annals::__private::count(KNOWN) }>(KNOWN);
            const HAS_STREAM: bool = ::annals::__private::have_streams(KNOWN);

            fn command_type(&self) -> &'static str { #name_of }

            #streams
        },
        &dispatch,
    )
}

pub fn event(input: &Enum) -> Result<TokenStream> {
    for variant in &input.variants {
        variant.allow(Message::Event, &["type", "version", "formerly", "no_from"])?;
    }
    let type_of = by_variant(
        input,
        |known| quote!(::annals::EventType { name: #known.name, version: #known.version }),
    );
    let tags = tags(input);
    expand(
        input,
        Message::Event,
        &quote! {
            const TYPES: &'static [::annals::EventType] =
                &::annals::__private::event_types::<{ ::annals::__private::count(KNOWN) }>(KNOWN);
            const FORMERLY: &'static [(&'static str, &'static str)] = &::annals::__private::formerly::<
                { ::annals::__private::count(KNOWN) - KNOWN.len() },
            >(KNOWN);

            fn event_type(&self) -> ::annals::EventType { #type_of }

            #tags
        },
        &TokenStream::new(),
    )
}

/// Implements the trait of a command or event enum. Commands and events share this code; the caller supplies the
/// parts that differ.
fn expand(
    input: &Enum,
    message: Message,
    particular: &TokenStream,
    beside: &TokenStream,
) -> Result<TokenStream> {
    // This compares only names that are written on variants. The compiler compares the names that structs declare:
    // see `check`.
    let written = input
        .variants
        .iter()
        .filter(|variant| !may_be_told(variant));
    Enum::unique(written.map(|variant| {
        let formerly = variant.formerly.iter().map(LitStr::value);
        (
            variant.name.clone(),
            std::iter::once(variant.type_name()).chain(formerly),
        )
    }))?;
    let name = &input.name;
    let (message, located) = match message {
        Message::Command => (quote!(Command), true),
        _ => (quote!(Event), false),
    };
    let codec: Path = input
        .codec
        .clone()
        .unwrap_or_else(|| parse_quote!(::annals::Json));
    let serializer = payload::serializer(input);
    let known = input
        .variants
        .iter()
        .map(|variant| known(variant, &message))
        .collect::<Result<Vec<_>>>()?;
    let all = input.variants.iter().map(constant);
    let check = quote_spanned!(name.span()=> ::annals::__private::check_known(KNOWN));
    let arms = input.variants.iter().map(|variant| {
        let known = constant(variant);
        let decode = payload::decode(input, variant, &codec, located);
        quote!(name if ::annals::__private::is(name, #known) => #decode,)
    });
    let conversions = conversions(input);
    Ok(quote! {
        #[allow(
            dead_code, missing_docs, non_upper_case_globals, unused_imports, unused_variables,
            clippy::all, clippy::pedantic,
        )]
        const _: () = {
            use ::annals::__private::Undescribed as _;

            #serializer

            #(#known)*

            const KNOWN: &'static [::annals::__private::Known] = &[#(#all),*];
            const _: () = #check;

            #[automatically_derived]
            impl ::annals::#message for #name {
                type Codec = #codec;

                #particular

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

            #(#conversions)*

            #beside
        };
    })
}

/// Whether a struct in the variant may supply the description.
fn may_be_told(variant: &Variant) -> bool {
    matches!(variant.shape, Shape::Newtype(_))
}

/// Returns the name of the constant that holds a variant's description.
fn constant(variant: &Variant) -> Ident {
    format_ident!("known_{}", variant.name)
}

/// Returns a variant's description, from its own attributes or from the struct that it holds.
fn known(variant: &Variant, message: &TokenStream) -> Result<TokenStream> {
    let constant = constant(variant);
    let (name, formerly) = (variant.type_name(), &variant.formerly);
    let version = words::version(variant.version.as_ref())?;
    let internal = variant.says("internal");
    let precondition = Precondition::tokens(variant.precondition.as_ref());
    let stream = variant.stream.is_some() || marks::stream(&variant.marks)?.is_some();
    let written = quote! {
        ::annals::__private::Known {
            name: #name,
            version: #version,
            formerly: &[#(#formerly),*],
            internal: #internal,
            precondition: #precondition,
            stream: #stream,
        }
    };
    let value = match &variant.shape {
        Shape::Newtype(field) => {
            let ty = &field.ty;
            let said = stream
                || variant.says_any(&[
                    "type",
                    "version",
                    "formerly",
                    "internal",
                    "any",
                    "no_stream",
                    "stream_exists",
                ]);
            let told = Ident::new(&format!("{message}").to_uppercase(), variant.name.span());
            quote_spanned! {variant.name.span()=>
                ::annals::__private::known(
                    ::annals::__private::Described::<#ty>::#told,
                    #written,
                    #said,
                )
            }
        }
        _ => written,
    };
    Ok(quote!(const #constant: ::annals::__private::Known = #value;))
}

/// Returns the function `stream` of commands, if any variant may identify its stream.
fn streams(input: &Enum) -> Result<Option<TokenStream>> {
    let mut arms = Vec::new();
    let mut unmarked = None;
    let mut marked = false;
    for variant in &input.variants {
        let name = &variant.name;
        let index = marks::stream(&variant.marks)?;
        marked |= index.is_some() || variant.stream.is_some();
        arms.push(match (&variant.shape, index, &variant.stream) {
            (_, Some(_), Some(format)) => {
                return Err(Error::new_spanned(
                    format,
                    "the stream's id is given twice: by this format, and by a field with #[annals(stream)]",
                ));
            }
            (Shape::Named(fields), Some(index), None) => {
                let field = &fields[index];
                let value = quote_spanned!(marks::at(field)=> field);
                let (ident, id) = (&field.ident, marks::id(field, &value));
                quote!(Self::#name { #ident: field, .. } => #id,)
            }
            (Shape::Newtype(field), Some(_), None) => {
                let id = marks::id(field, &quote_spanned!(marks::at(field)=> field));
                quote!(Self::#name(field) => #id,)
            }
            (Shape::Newtype(field), None, None) => {
                let ty = &field.ty;
                quote!(Self::#name(field) => ::annals::__private::Described::<#ty>::stream(field),)
            }
            (Shape::Newtype(_), None, Some(format)) => quote! {
                Self::#name(field) => ::std::format!(#format, field),
            },
            (Shape::Named(fields), None, Some(format)) => {
                let names = fields.iter().map(|field| &field.ident);
                quote!(Self::#name { #(#names),* } => ::std::format!(#format),)
            }
            (Shape::Unit, _, Some(format)) => quote!(Self::#name => ::std::format!(#format),),
            (Shape::Named(_), None, None) | (Shape::Unit, _, None) => {
                unmarked = unmarked.or(Some(variant));
                quote!(Self::#name { .. } => ::std::string::String::new(),)
            }
        });
    }
    if let (true, Some(unmarked)) = (marked, unmarked) {
        return Err(Error::new_spanned(
            &unmarked.name,
            "other variants mark the field that holds the id of the subject, and this one does not: \
             #[annals(stream)] on a field",
        ));
    }
    let named = marked || input.variants.iter().any(may_be_told);
    Ok(named.then(|| {
        quote! {
            fn stream(&self) -> ::std::string::String {
                match self { #(#arms)* }
            }
        }
    }))
}

/// Returns the function `tags` of events, if any variant may have tags.
fn tags(input: &Enum) -> Option<TokenStream> {
    let mut some = false;
    let arms: Vec<_> = input
        .variants
        .iter()
        .map(|variant| {
            let name = &variant.name;
            let fields = variant.fields();
            let tagged = fields
                .iter()
                .zip(&variant.marks)
                .filter_map(|(field, marks)| marks.tag.as_ref().map(|tag| (*field, tag)));
            let tagged: Vec<_> = tagged.collect();
            some |= !tagged.is_empty() || may_be_told(variant);
            let names = tagged.iter().map(|(field, _)| &field.ident);
            let pushes = tagged.iter().map(|(field, tag)| {
                let value = field
                    .ident
                    .as_ref()
                    .map_or_else(|| quote!(field), |name| quote!(#name));
                marks::push_tags(field, tag, &value)
            });
            match &variant.shape {
                Shape::Newtype(field) if tagged.is_empty() => {
                    let ty = &field.ty;
                    quote!(Self::#name(field) => ::annals::__private::Described::<#ty>::tags(field),)
                }
                Shape::Newtype(_) => quote! {
                    Self::#name(field) => {
                        let mut __tags = ::std::vec::Vec::new();
                        #(#pushes)*
                        __tags
                    }
                },
                _ if tagged.is_empty() => quote!(Self::#name { .. } => ::std::vec::Vec::new(),),
                _ => quote! {
                    Self::#name { #(#names,)* .. } => {
                        let mut __tags = ::std::vec::Vec::new();
                        #(#pushes)*
                        __tags
                    }
                },
            }
        })
        .collect();
    some.then(|| {
        quote! {
            fn tags(&self) -> ::std::vec::Vec<::std::string::String> {
                match self { #(#arms)* }
            }
        }
    })
}

/// Implements `From<T>` for each variant that holds one value, unless another variant holds the same type or the
/// variant is marked `no_from`.
fn conversions(input: &Enum) -> Vec<TokenStream> {
    let this = &input.name;
    let newtypes: Vec<_> = input
        .variants
        .iter()
        .filter_map(|variant| match &variant.shape {
            Shape::Newtype(field) => Some((variant, &field.ty)),
            _ => None,
        })
        .collect();
    let alone = |ty: &syn::Type| {
        let ty = quote!(#ty).to_string();
        let same = newtypes
            .iter()
            .filter(|(_, other)| quote!(#other).to_string() == ty);
        same.count() == 1
    };
    newtypes
        .iter()
        .filter(|(variant, ty)| alone(ty) && !variant.says("no_from"))
        .map(|(variant, ty)| {
            let name = &variant.name;
            quote_spanned! {name.span()=>
                #[automatically_derived]
                impl ::core::convert::From<#ty> for #this {
                    fn from(value: #ty) -> Self { Self::#name(value) }
                }
            }
        })
        .collect()
}

fn by_variant(input: &Enum, value: impl Fn(&Ident) -> TokenStream) -> TokenStream {
    if input.variants.is_empty() {
        return quote!(match *self {});
    }
    let arms = input.variants.iter().map(|variant| {
        let name = &variant.name;
        let value = value(&constant(variant));
        quote!(Self::#name { .. } => #value,)
    });
    quote!(match self { #(#arms)* })
}
