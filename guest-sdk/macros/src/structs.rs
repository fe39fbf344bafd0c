//! The attributes of structs: `annals::data`, `annals::event` and `annals::command`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser as _;
use syn::{Error, Fields, Item, ItemStruct, LitInt, LitStr, Path, Result};

use crate::marks::{self, Marks, Message};
use crate::words::{self, Precondition};

/// Expands `#[annals::data(Debug, ..)]`.
pub fn data(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut traits = Vec::new();
    syn::meta::parser(|meta| {
        if words::derived(&meta, &mut traits) {
            return Ok(());
        }
        Err(meta.error(format!(
            "annals::data derives {}; others go into a #[derive(..)] below it",
            words::derivable()
        )))
    })
    .parse2(arguments)?;
    let item: Item = syn::parse2(item)?;
    if let Item::Struct(item) = &item {
        for field in &item.fields {
            if let Some(mark) = annals(field) {
                return Err(Error::new_spanned(
                    mark,
                    "annals::data has no marks: `stream` is for #[annals::command], `tag` for #[annals::event]",
                ));
            }
        }
    }
    Ok(serde(&traits, &item))
}

/// Expands `#[annals::event(name = "..", version = 2, formerly = [..], Debug, ..)]`.
pub fn event(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut words = Words::default();
    syn::meta::parser(|meta| {
        if meta.path.is_ident("version") {
            words.version = Some(meta.value()?.parse()?);
            return Ok(());
        }
        words.read(&meta, "name, version, formerly")
    })
    .parse2(arguments)?;
    let struct_ = Struct::read(item, Message::Event)?;
    let version = words::version(words.version.as_ref())?;
    let (this, name, formerly) = (&struct_.item.ident, words.name(&struct_), &words.formerly);
    let tags = struct_.tags();
    let item = serde(&words.traits, &struct_.item);
    Ok(quote! {
        #item

        #[automatically_derived]
        impl ::annals::EventData for #this {
            const TYPE: ::annals::EventType = ::annals::EventType { name: #name, version: #version };
            const FORMERLY: &'static [&'static str] = &[#(#formerly),*];

            #tags
        }
    })
}

/// Expands `#[annals::command(name = "..", formerly = [..], no_stream, internal, stream = "..", Debug, ..)]`.
pub fn command(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut words = Words::default();
    syn::meta::parser(|meta| {
        if Precondition::read(&meta, &mut words.precondition)? {
            return Ok(());
        }
        if meta.path.is_ident("internal") {
            words.internal = true;
        } else if meta.path.is_ident("stream") {
            words.stream = Some(meta.value()?.parse()?);
        } else {
            return words.read(
                &meta,
                "name, formerly, stream, internal, any, no_stream, stream_exists",
            );
        }
        Ok(())
    })
    .parse2(arguments)?;
    let struct_ = Struct::read(item, Message::Command)?;
    let (this, name, formerly) = (&struct_.item.ident, words.name(&struct_), &words.formerly);
    let (internal, precondition) = (
        words.internal,
        Precondition::tokens(words.precondition.as_ref()),
    );
    let stream = struct_.stream(words.stream.as_ref())?;
    let item = serde(&words.traits, &struct_.item);
    Ok(quote! {
        #item

        #[automatically_derived]
        impl ::annals::CommandData for #this {
            const TYPE: &'static str = #name;
            const FORMERLY: &'static [&'static str] = &[#(#formerly),*];
            const INTERNAL: bool = #internal;
            const PRECONDITION: ::annals::Precondition = #precondition;

            fn stream(&self) -> ::std::string::String { #stream }
        }
    })
}

/// Adds serde's derives and the named ones, without a dependency on serde.
fn serde(traits: &[Path], item: &impl quote::ToTokens) -> TokenStream {
    quote! {
        #[derive(::annals::serde::Serialize, ::annals::serde::Deserialize #(, #traits)*)]
        #[serde(crate = "::annals::serde")]
        #item
    }
}

/// The words in the attribute of a struct.
#[derive(Default)]
struct Words {
    name: Option<LitStr>,
    version: Option<LitInt>,
    formerly: Vec<LitStr>,
    precondition: Option<Precondition>,
    internal: bool,
    stream: Option<LitStr>,
    traits: Vec<Path>,
}

impl Words {
    /// Reads a word that commands and events share.
    fn read(&mut self, meta: &ParseNestedMeta<'_>, known: &str) -> Result<()> {
        if words::derived(meta, &mut self.traits) {
            return Ok(());
        }
        if meta.path.is_ident("name") {
            let name: LitStr = meta.value()?.parse()?;
            if name.value().is_empty() {
                return Err(Error::new_spanned(name, "the name is empty"));
            }
            self.name = Some(name);
        } else if meta.path.is_ident("formerly") {
            self.formerly = words::formerly(meta)?;
        } else {
            return Err(meta.error(format!(
                "unknown here; known: {known}, and the traits {}",
                words::derivable()
            )));
        }
        Ok(())
    }

    fn name(&self, of: &Struct) -> String {
        self.name
            .as_ref()
            .map_or_else(|| of.item.ident.to_string(), LitStr::value)
    }
}

/// A struct that is one type of message, without its marks.
struct Struct {
    item: ItemStruct,
    /// The marks of the fields, in the order of the fields.
    marks: Vec<Marks>,
}

impl Struct {
    fn read(item: TokenStream, message: Message) -> Result<Self> {
        let (this, derive) = match message {
            Message::Event => ("annals::event", "annals::Event"),
            _ => ("annals::command", "annals::Command"),
        };
        let item: Item = syn::parse2(item)?;
        let Item::Struct(mut item) = item else {
            return Err(Error::new_spanned(
                item,
                format!(
                    "`{this}` stands on a struct, which is one type; an enum of several derives `{derive}`"
                ),
            ));
        };
        if !item.generics.params.is_empty() {
            return Err(Error::new_spanned(
                &item.generics,
                "the types of payloads are fixed: generics are not supported",
            ));
        }
        match &item.fields {
            Fields::Unit => {
                return Err(Error::new_spanned(
                    &item.ident,
                    format!("a payload is an object: write `struct {} {{}}`", item.ident),
                ));
            }
            Fields::Unnamed(fields) if fields.unnamed.len() != 1 => {
                return Err(Error::new_spanned(
                    fields,
                    "name the fields: a payload is an object, or one field that is one",
                ));
            }
            _ => {}
        }
        let marks = item
            .fields
            .iter()
            .map(Marks::read)
            .collect::<Result<Vec<_>>>()?;
        for (marks, field) in marks.iter().zip(&mut item.fields) {
            marks.allow(message)?;
            field
                .attrs
                .retain(|attribute| !attribute.path().is_ident("annals"));
        }
        Ok(Self { item, marks })
    }

    /// Returns the function `tags`, if a field is marked as a tag.
    fn tags(&self) -> Option<TokenStream> {
        let pushes: Vec<_> = self
            .item
            .fields
            .iter()
            .enumerate()
            .filter_map(|(index, field)| {
                let tag = self.marks[index].tag.as_ref()?;
                Some(marks::push_tags(field, tag, &member(index, field)))
            })
            .collect();
        (!pushes.is_empty()).then(|| {
            quote! {
                fn tags(&self) -> ::std::vec::Vec<::std::string::String> {
                    let mut __tags = ::std::vec::Vec::new();
                    #(#pushes)*
                    __tags
                }
            }
        })
    }

    /// Returns an expression for the id of the subject that the command is about.
    fn stream(&self, format: Option<&LitStr>) -> Result<TokenStream> {
        match (marks::stream(&self.marks)?, format) {
            (Some(index), None) => {
                let field = self.item.fields.iter().nth(index);
                Ok(field.map_or_else(TokenStream::new, |field| {
                    marks::id(field, &member(index, field))
                }))
            }
            (None, Some(format)) => {
                let names = self
                    .item
                    .fields
                    .iter()
                    .filter_map(|field| field.ident.as_ref());
                Ok(quote_spanned! {format.span()=> {
                    #[allow(unused_variables)]
                    let Self { #(#names,)* .. } = self;
                    ::std::format!(#format)
                }})
            }
            (None, None) => Err(Error::new_spanned(
                &self.item.ident,
                "which field holds the id of the subject? Mark it with #[annals(stream)], or write \
                 #[annals::command(stream = \"{one}-{other}\")]",
            )),
            (Some(_), Some(format)) => Err(Error::new_spanned(
                format,
                "the stream's id is given twice: by this format, and by a field with #[annals(stream)]",
            )),
        }
    }
}

/// Returns a reference to a field of `self`.
fn member(index: usize, field: &syn::Field) -> TokenStream {
    if let Some(name) = &field.ident {
        quote_spanned!(marks::at(field)=> &self.#name)
    } else {
        let index = syn::Index::from(index);
        quote_spanned!(marks::at(field)=> &self.#index)
    }
}

fn annals(field: &syn::Field) -> Option<&syn::Attribute> {
    field
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("annals"))
}
