//! Marks on fields: `#[annals(stream)]` and `#[annals(tag)]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Error, Field, GenericArgument, LitStr, PathArguments, Result, Type};

/// The marks of one field.
#[derive(Clone, Default)]
pub struct Marks {
    /// The span of the mark `stream`: the field holds the id of the subject that the command is about.
    pub stream: Option<Span>,
    pub tag: Option<Tag>,
}

/// A field whose value becomes a tag of the event.
#[derive(Clone)]
pub struct Tag {
    pub span: Span,
    pub name: String,
}

/// The kind of message that a mark belongs to. Each kind accepts at most one mark.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Message {
    Command,
    Event,
    Rejection,
}

impl Marks {
    pub fn read(field: &Field) -> Result<Self> {
        let mut this = Self::default();
        for attribute in &field.attrs {
            if !attribute.path().is_ident("annals") {
                continue;
            }
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("stream") {
                    this.stream = Some(meta.path.span());
                } else if meta.path.is_ident("tag") {
                    let named = if meta.input.peek(syn::Token![=]) {
                        Some(meta.value()?.parse::<LitStr>()?)
                    } else {
                        None
                    };
                    this.tag = Some(Tag {
                        span: meta.path.span(),
                        name: tag_name(field, named.as_ref(), meta.path.span())?,
                    });
                } else {
                    return Err(meta.error("unknown on a field; known: stream, tag"));
                }
                Ok(())
            })?;
        }
        Ok(this)
    }

    /// Reports a mark that this kind of message does not accept.
    pub fn allow(&self, message: Message) -> Result<()> {
        if let (Some(span), true) = (self.stream, message != Message::Command) {
            return Err(Error::new(
                span,
                "`stream` marks a field of a command: events lie in the stream that their decider decides on",
            ));
        }
        if let (Some(tag), true) = (&self.tag, message != Message::Event) {
            return Err(Error::new(tag.span, "`tag` marks a field of an event"));
        }
        Ok(())
    }
}

fn tag_name(field: &Field, named: Option<&LitStr>, span: Span) -> Result<String> {
    let Some(named) = named else {
        return match &field.ident {
            Some(name) => Ok(name.unraw().to_string()),
            None => Err(Error::new(
                span,
                "a field without a name needs one for its tag: #[annals(tag = \"..\")]",
            )),
        };
    };
    let name = named.value();
    if name.is_empty() || name.contains(|c: char| c == ':' || c.is_whitespace() || c.is_control()) {
        return Err(Error::new_spanned(
            named,
            "the name of a tag has at least one character, and no `:` or space: a tag is written name:value",
        ));
    }
    Ok(name)
}

/// Returns the index of the field that holds the id of the subject.
pub fn stream(marks: &[Marks]) -> Result<Option<usize>> {
    let mut marked = marks
        .iter()
        .enumerate()
        .filter_map(|(index, marks)| marks.stream.map(|span| (index, span)));
    let first = marked.next();
    if let Some((_, span)) = marked.next() {
        return Err(Error::new(
            span,
            "two fields are marked as the stream's id: mark one, or write both as \
             #[annals(stream = \"{one}-{other}\")] on the command",
        ));
    }
    Ok(first.map(|(index, _)| index))
}

/// Returns the span of a field's type, so that the compiler reports a mistake there. Names resolve as in the rest of
/// the expansion.
pub fn at(field: &Field) -> Span {
    field.ty.span().resolved_at(Span::call_site())
}

/// Returns an expression for the id of the subject, from a reference to the field that holds it.
pub fn id(field: &Field, value: &TokenStream) -> TokenStream {
    quote_spanned!(at(field)=> ::annals::__private::Id::id(#value))
}

/// Returns statements that push the field's tags to `__tags`, from a reference to the field.
pub fn push_tags(field: &Field, tag: &Tag, value: &TokenStream) -> TokenStream {
    let name = &tag.name;
    let push = |value: TokenStream| quote_spanned!(at(field)=> __tags.push(::annals::__private::tag(#name, #value)););
    if is_a(&field.ty, "Option") || is_a(&field.ty, "Vec") {
        let push = push(quote_spanned!(at(field)=> value));
        quote!(for value in (#value).iter() { #push })
    } else {
        push(value.clone())
    }
}

/// Whether the type is written as this container of another type.
fn is_a(ty: &Type, container: &str) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| {
        last.ident == container
            && matches!(&last.arguments, PathArguments::AngleBracketed(arguments)
                if matches!(arguments.args.first(), Some(GenericArgument::Type(_))))
    })
}
