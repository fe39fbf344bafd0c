//! Passes each command of an enum to the `Decide` implementation of its struct.

use proc_macro2::TokenStream;
use quote::quote;

use crate::input::{Enum, Shape};

/// Implements `Dispatch`, if every variant holds one struct.
pub fn expand(input: &Enum) -> TokenStream {
    let structs: Option<Vec<_>> = input
        .variants
        .iter()
        .map(|variant| match &variant.shape {
            Shape::Newtype(field) => Some((&variant.name, &field.ty)),
            _ => None,
        })
        .collect();
    let Some(structs) = structs.filter(|structs| !structs.is_empty()) else {
        return TokenStream::new();
    };
    let this = &input.name;
    let types = structs.iter().map(|(_, ty)| ty);
    let arms = structs.iter().map(|(name, ty)| {
        quote!(Self::#name(command) => <D as ::annals::Decide<#ty>>::decide(state, command, context),)
    });
    quote! {
        #[automatically_derived]
        impl<D> ::annals::Dispatch<D> for #this
        where
            D: ::annals::Decider #(+ ::annals::Decide<#types>)*,
        {
            fn dispatch(
                self,
                state: &<D as ::annals::Decider>::State,
                context: &::annals::Context,
            ) -> ::annals::Decided<D> {
                match self { #(#arms)* }
            }
        }
    }
}
