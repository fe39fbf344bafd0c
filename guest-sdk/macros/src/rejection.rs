//! The derive `Rejection`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, LitStr, Result};

use crate::input::{Enum, Shape, Variant};
use crate::marks::Message;
use crate::{case, payload};

pub fn derive(input: &Enum) -> Result<TokenStream> {
    if let Some(codec) = &input.codec {
        return Err(Error::new_spanned(
            codec,
            "`codec` means nothing here: details are always JSON",
        ));
    }
    for variant in &input.variants {
        variant.allow(Message::Rejection, &["code", "message"])?;
        if let Some(written) = &variant.code
            && case::kebab(&written.value()) != written.value()
        {
            return Err(Error::new_spanned(written, "codes are kebab-case"));
        }
    }
    Enum::unique(
        input
            .variants
            .iter()
            .map(|variant| (variant.name.clone(), [code(variant)])),
    )?;
    let name = &input.name;
    let serializer = payload::serializer(input);
    let code_of = by_variant(input, |variant| {
        let (name, code) = (&variant.name, code(variant));
        quote!(Self::#name { .. } => #code,)
    });
    let message_of = by_variant(input, message);
    let details_of = by_variant(input, |variant| {
        let name = &variant.name;
        match variant.shape {
            Shape::Unit => quote!(Self::#name => ::core::option::Option::None,),
            _ => quote!(Self::#name { .. } => ::annals::__private::to_json(&Fields(self)).ok(),),
        }
    });
    Ok(quote! {
        #[allow(dead_code, missing_docs, clippy::all, clippy::pedantic)]
        const _: () = {
            #serializer

            #[automatically_derived]
            impl ::annals::Rejection for #name {
                fn code(&self) -> &'static str { #code_of }

                fn message(&self) -> ::std::string::String { #message_of }

                fn details(&self) -> ::core::option::Option<::std::string::String> { #details_of }
            }
        };
    })
}

fn code(variant: &Variant) -> String {
    variant
        .code
        .as_ref()
        .map_or_else(|| case::kebab(&variant.name.to_string()), LitStr::value)
}

fn message(variant: &Variant) -> TokenStream {
    let name = &variant.name;
    let Some(format) = &variant.message else {
        let words = case::words(&code(variant));
        return quote!(Self::#name { .. } => ::std::string::String::from(#words),);
    };
    match &variant.shape {
        Shape::Unit => quote!(Self::#name => ::std::format!(#format),),
        Shape::Named(fields) => {
            let names = fields.iter().map(|field| &field.ident);
            quote! {
                #[allow(unused_variables)]
                Self::#name { #(#names),* } => ::std::format!(#format),
            }
        }
        Shape::Newtype(_) if format.value().contains("{0") => {
            quote!(Self::#name(value) => ::std::format!(#format, value),)
        }
        Shape::Newtype(_) => quote!(Self::#name(_) => ::std::format!(#format),),
    }
}

fn by_variant(input: &Enum, arm: impl Fn(&Variant) -> TokenStream) -> TokenStream {
    if input.variants.is_empty() {
        return quote!(match *self {});
    }
    let arms = input.variants.iter().map(arm);
    quote!(match self { #(#arms)* })
}
