//! The parsed form of an enum that has a derive.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, Ident, LitInt, LitStr, Path, Result,
};

use crate::marks::{Marks, Message};
use crate::words::{self, Precondition};

pub struct Enum {
    pub name: Ident,
    pub codec: Option<Path>,
    pub rename_all: Option<LitStr>,
    pub variants: Vec<Variant>,
}

pub struct Variant {
    pub name: Ident,
    pub shape: Shape,
    /// The marks of the fields, in the order of the fields.
    pub marks: Vec<Marks>,
    /// The words in the attributes, with their positions. Each derive decides which words it accepts.
    given: Vec<(&'static str, Span)>,
    pub wire_type: Option<LitStr>,
    pub version: Option<LitInt>,
    pub formerly: Vec<LitStr>,
    pub precondition: Option<Precondition>,
    /// The format string of the stream's id.
    pub stream: Option<LitStr>,
    pub code: Option<LitStr>,
    pub message: Option<LitStr>,
}

pub enum Shape {
    Named(Vec<Field>),
    Newtype(Box<Field>),
    Unit,
}

impl Enum {
    pub fn read(input: &DeriveInput) -> Result<Self> {
        let Data::Enum(data) = &input.data else {
            return Err(Error::new_spanned(
                &input.ident,
                "expected an enum: one variant for each type",
            ));
        };
        if !input.generics.params.is_empty() {
            return Err(Error::new_spanned(
                &input.generics,
                "the types of payloads are fixed: generics are not supported",
            ));
        }
        let mut this = Self {
            name: input.ident.clone(),
            codec: None,
            rename_all: None,
            variants: Vec::new(),
        };
        no_serde(
            &input.attrs,
            "use #[annals(..)] on the enum; serde's attributes go on the fields",
        )?;
        for attribute in annals(&input.attrs) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("codec") {
                    this.codec = Some(meta.value()?.parse::<LitStr>()?.parse()?);
                } else if meta.path.is_ident("rename_all") {
                    this.rename_all = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("unknown here; known: codec, rename_all"));
                }
                Ok(())
            })?;
        }
        this.variants = data
            .variants
            .iter()
            .map(Variant::read)
            .collect::<Result<_>>()?;
        Ok(this)
    }

    /// Checks that no two of these variants have the same name.
    pub fn unique(
        variants: impl IntoIterator<Item = (Ident, impl IntoIterator<Item = String>)>,
    ) -> Result<()> {
        let mut seen = HashSet::new();
        for (variant, names) in variants {
            for name in names {
                if name.is_empty() {
                    return Err(Error::new(variant.span(), "the name is empty"));
                }
                if !seen.insert(name.clone()) {
                    return Err(Error::new(
                        variant.span(),
                        format!("another variant is called `{name}`, too"),
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Variant {
    fn read(variant: &syn::Variant) -> Result<Self> {
        let shape = match &variant.fields {
            Fields::Named(fields) => Shape::Named(fields.named.iter().cloned().collect()),
            Fields::Unit => Shape::Unit,
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                Shape::Newtype(Box::new(fields.unnamed[0].clone()))
            }
            fields @ Fields::Unnamed(_) => {
                return Err(Error::new_spanned(
                    fields,
                    "name the fields: a payload is an object, or one field that is one",
                ));
            }
        };
        let marks = variant
            .fields
            .iter()
            .map(Marks::read)
            .collect::<Result<_>>()?;
        let mut this = Self {
            name: variant.ident.clone(),
            shape,
            marks,
            given: Vec::new(),
            wire_type: None,
            version: None,
            formerly: Vec::new(),
            precondition: None,
            stream: None,
            code: None,
            message: None,
        };
        no_serde(
            &variant.attrs,
            "use #[annals(..)] on variants; serde's attributes go on the fields",
        )?;
        for attribute in annals(&variant.attrs) {
            attribute.parse_nested_meta(|meta| {
                let Some(word) = WORDS.iter().find(|word| meta.path.is_ident(word)) else {
                    return Err(meta.error(format!("unknown here; known: {}", WORDS.join(", "))));
                };
                this.given.push((word, meta.path.span()));
                if Precondition::read(&meta, &mut this.precondition)? {
                    return Ok(());
                }
                match *word {
                    "type" => this.wire_type = Some(meta.value()?.parse()?),
                    "version" => this.version = Some(meta.value()?.parse()?),
                    "formerly" => this.formerly = words::formerly(&meta)?,
                    "stream" => this.stream = Some(stream_format(&meta)?),
                    "code" => this.code = Some(meta.value()?.parse()?),
                    "message" => this.message = Some(meta.value()?.parse()?),
                    // These words have no value.
                    _ => {}
                }
                Ok(())
            })?;
        }
        Ok(this)
    }

    /// Whether the attributes contain this word.
    pub fn says(&self, word: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == word)
    }

    /// Whether the attributes contain any of these words.
    pub fn says_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.says(word))
    }

    /// Returns the type's name on the wire.
    pub fn type_name(&self) -> String {
        self.wire_type
            .as_ref()
            .map_or_else(|| self.name.to_string(), LitStr::value)
    }

    /// Reports words and marks that this kind of message does not accept.
    pub fn allow(&self, message: Message, words: &[&str]) -> Result<()> {
        let what = match message {
            Message::Command => "Command",
            Message::Event => "Event",
            Message::Rejection => "Rejection",
        };
        for (word, span) in &self.given {
            if !words.contains(word) {
                return Err(Error::new(
                    *span,
                    format!("`{word}` means nothing on a variant of a {what}"),
                ));
            }
        }
        self.marks.iter().try_for_each(|marks| marks.allow(message))
    }

    /// Returns the fields in the order of the enum.
    pub fn fields(&self) -> Vec<&Field> {
        match &self.shape {
            Shape::Named(fields) => fields.iter().collect(),
            Shape::Newtype(field) => vec![field],
            Shape::Unit => Vec::new(),
        }
    }
}

/// The words that the attributes of a variant may contain.
const WORDS: [&str; 11] = [
    "type",
    "version",
    "formerly",
    "internal",
    "stream",
    "any",
    "no_stream",
    "stream_exists",
    "no_from",
    "code",
    "message",
];

fn stream_format(meta: &syn::meta::ParseNestedMeta<'_>) -> Result<LitStr> {
    if !meta.input.peek(syn::Token![=]) {
        return Err(meta.error(
            "mark the field that holds the id of the subject, not the variant; \
             an id of several fields is written stream = \"{one}-{other}\" here",
        ));
    }
    meta.value()?.parse()
}

fn annals(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("annals"))
}

fn no_serde(attributes: &[Attribute], instead: &str) -> Result<()> {
    match attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("serde"))
    {
        Some(attribute) => Err(Error::new_spanned(attribute, instead)),
        None => Ok(()),
    }
}
