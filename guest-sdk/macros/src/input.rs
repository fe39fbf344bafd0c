//! An enum as the derives understand it.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, Data, DeriveInput, Error, Field, Fields, Ident, LitInt, LitStr, Path, Result,
};

pub struct Enum {
    pub name: Ident,
    pub codec: Option<Path>,
    pub rename_all: Option<LitStr>,
    pub variants: Vec<Variant>,
}

pub struct Variant {
    pub name: Ident,
    pub shape: Shape,
    /// Attributes that were given; which of them make sense, the derive knows.
    pub wire_type: Option<LitStr>,
    pub version: Option<LitInt>,
    pub code: Option<LitStr>,
    pub message: Option<LitStr>,
    pub internal: Option<Span>,
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

    /// Two variants must not go by the same name.
    pub fn unique(&self, name: impl Fn(&Variant) -> String) -> Result<()> {
        let mut seen = HashSet::new();
        for variant in &self.variants {
            let name = name(variant);
            if name.is_empty() {
                return Err(Error::new(variant.name.span(), "the name is empty"));
            }
            if !seen.insert(name.clone()) {
                return Err(Error::new(
                    variant.name.span(),
                    format!("another variant is called `{name}`, too"),
                ));
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
        let mut this = Self {
            name: variant.ident.clone(),
            shape,
            wire_type: None,
            version: None,
            code: None,
            message: None,
            internal: None,
        };
        no_serde(
            &variant.attrs,
            "use #[annals(..)] on variants; serde's attributes go on the fields",
        )?;
        for attribute in annals(&variant.attrs) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("type") {
                    this.wire_type = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("version") {
                    this.version = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("code") {
                    this.code = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("message") {
                    this.message = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("internal") {
                    this.internal = Some(meta.path.span());
                } else {
                    return Err(
                        meta.error("unknown here; known: type, version, internal, code, message")
                    );
                }
                Ok(())
            })?;
        }
        Ok(this)
    }

    /// The name on the wire.
    pub fn type_name(&self) -> String {
        self.wire_type
            .as_ref()
            .map_or_else(|| self.name.to_string(), LitStr::value)
    }

    /// Complains about attributes that mean nothing here.
    pub fn refuse(&self, what: &str, given: &[(&str, Option<Span>)]) -> Result<()> {
        match given
            .iter()
            .find_map(|(name, span)| span.map(|span| (name, span)))
        {
            Some((name, span)) => Err(Error::new(
                span,
                format!("`{name}` means nothing on a variant of a {what}"),
            )),
            None => Ok(()),
        }
    }
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
