//! Converts the fields of a variant to a payload and back. The derives of serde do the conversion, on generated types
//! that mirror the enum. All of serde's field attributes therefore work, and encoding clones nothing.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Field, LitStr, Path};

use crate::input::{Enum, Shape, Variant};

/// Defines `Fields(&value)`, which serialises as the fields of the value's variant, untagged.
pub fn serializer(input: &Enum) -> TokenStream {
    let name = &input.name;
    let body = if input.variants.is_empty() {
        quote!(match *self.0 {})
    } else {
        quote!(Shadow::serialize(self.0, serializer))
    };
    let shadow = (!input.variants.is_empty()).then(|| {
        let remote = name.to_string();
        let variants = input.variants.iter().map(|variant| {
            let name = &variant.name;
            let rename_all = rename_all(input);
            match &variant.shape {
                Shape::Named(fields) => {
                    let fields = fields.iter().map(declared);
                    quote!(#rename_all #name { #(#fields),* })
                }
                Shape::Newtype(field) => {
                    let field = declared(field);
                    quote!(#name(#field))
                }
                // A unit variant becomes an empty object; serde alone would encode it as null.
                Shape::Unit => quote!(#name {}),
            }
        });
        quote! {
            #[derive(::annals::serde::Serialize)]
            #[serde(crate = "::annals::serde", remote = #remote, untagged)]
            enum Shadow { #(#variants),* }
        }
    });
    quote! {
        #shadow

        struct Fields<'a>(&'a #name);

        impl ::annals::serde::Serialize for Fields<'_> {
            fn serialize<S: ::annals::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                #body
            }
        }
    }
}

/// Returns an expression that decodes `payload` as the variant. The expression may use `?` for the codec's error.
/// With `located`, it adds the location to the error, at the price of more code.
pub fn decode(input: &Enum, variant: &Variant, codec: &Path, located: bool) -> TokenStream {
    let name = &variant.name;
    if let Shape::Newtype(field) = &variant.shape
        && !field
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("serde"))
    {
        let ty = &field.ty;
        let locate = locate(codec, &quote!(#ty), located);
        return quote!(Self::#name(<#codec as ::annals::Codec>::decode::<#ty>(payload)#locate?));
    }
    let (fields, make) = match &variant.shape {
        Shape::Named(fields) => {
            let declared = fields.iter().map(declared);
            let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
            (
                quote!({ #(#declared),* }),
                quote!(Self::#name { #(#names: fields.#names),* }),
            )
        }
        Shape::Newtype(field) => {
            let declared = declared(field);
            (quote!((#declared);), quote!(Self::#name(fields.0)))
        }
        Shape::Unit => (quote!({}), quote!({ let Decoded {} = fields; Self::#name })),
    };
    let container = match variant.shape {
        Shape::Newtype(_) => quote!(#[serde(transparent)]),
        _ => rename_all(input),
    };
    let locate = locate(codec, &quote!(Decoded), located);
    // The name of the struct appears in serde's messages.
    let shown = LitStr::new(&variant.type_name(), name.span());
    quote! {{
        #[derive(::annals::serde::Deserialize)]
        #[serde(crate = "::annals::serde", rename = #shown)]
        #container
        struct Decoded #fields
        let fields: Decoded = <#codec as ::annals::Codec>::decode(payload)#locate?;
        #make
    }}
}

/// Returns the code that adds the location to an error of decoding this type.
fn locate(codec: &Path, ty: &TokenStream, located: bool) -> Option<TokenStream> {
    located.then(
        || quote!(.map_err(|error| <#codec as ::annals::Codec>::locate::<#ty>(payload, error))),
    )
}

/// Declares a field with serde's attributes and no others.
fn declared(field: &Field) -> TokenStream {
    let attributes = field
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"));
    let name = field.ident.as_ref().map(|name| quote!(#name:));
    let ty = field.ty.to_token_stream();
    quote!(#(#attributes)* #name #ty)
}

fn rename_all(input: &Enum) -> TokenStream {
    input
        .rename_all
        .as_ref()
        .map(|case| quote!(#[serde(rename_all = #case)]))
        .unwrap_or_default()
}
