//! The keys of a manifest, the types of their values, and their places.
//!
//! An invalid key or value is reported and then removed, so that the rest can still be read.

use super::handler::PARTS;
use crate::problem::{Code, Subject, nearest};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The required type of a key's value.
enum Shape {
    Text,
    /// A whole number of 32 bits.
    Number,
    Texts,
    /// A list of names, or such a list for each of several reactions.
    Formerly,
    Table(&'static [Key]),
    /// A table with names of the user's choice, whose values have one shape.
    Named(&'static Shape),
    /// A table with names of framework parts, whose values have one shape.
    Parts(&'static Shape),
}

/// A key and its required shape.
struct Key {
    name: &'static str,
    shape: Shape,
}

const fn key(name: &'static str, shape: Shape) -> Key {
    Key { name, shape }
}

const MANIFEST: &[Key] = &[
    key("app", Shape::Table(APP)),
    key("store", Shape::Table(STORE)),
    key("delivery", Shape::Table(DELIVERY)),
    key("http", Shape::Table(HTTP)),
    key("handlers", Shape::Named(&Shape::Table(HANDLER))),
    key("overrides", Shape::Parts(&Shape::Table(OVERRIDE))),
];
const APP: &[Key] = &[
    key("name", Shape::Text),
    key("version", Shape::Text),
    key("retired", Shape::Texts),
];
const STORE: &[Key] = &[
    key("prefix", Shape::Text),
    key("partitions", Shape::Number),
    key("bucket", Shape::Text),
    key("path", Shape::Text),
];
const DELIVERY: &[Key] = &[key("budget", Shape::Text)];
const HTTP: &[Key] = &[key("cors", Shape::Texts)];
const HANDLER: &[Key] = &[
    key("path", Shape::Text),
    key("component", Shape::Text),
    key("build", Shape::Text),
    key("inputs", Shape::Texts),
    key("cases", Shape::Texts),
    key("snapshot-every", Shape::Number),
    key("allow", Shape::Texts),
    key("meant", Shape::Texts),
    key("on-failure", Shape::Table(ON_FAILURE)),
    key("formerly", Shape::Formerly),
];
const ON_FAILURE: &[Key] = &[
    key("attempts", Shape::Number),
    key("backoff", Shape::Text),
    key("max-backoff", Shape::Text),
    key("then", Shape::Text),
];
const OVERRIDE: &[Key] = &[
    key("path", Shape::Text),
    key("component", Shape::Text),
    key("build", Shape::Text),
    key("inputs", Shape::Texts),
    key("allow", Shape::Texts),
];

/// The places of a key and its value.
#[derive(Debug, Clone)]
pub struct Span {
    /// The key; for an entry of a list, the entry.
    pub key: Range<usize>,
    /// The value; for a table, its header.
    pub value: Range<usize>,
}

/// The places of all keys, by their paths.
#[derive(Debug, Default)]
pub struct Spans(BTreeMap<Vec<String>, Span>);

impl Spans {
    /// The place of a key.
    pub fn get(&self, path: &[&str]) -> Option<&Span> {
        // A manifest has few and short paths, so an allocation for each is acceptable.
        let path: Vec<String> = path.iter().map(|one| (*one).to_owned()).collect();
        self.0.get(&path)
    }
}

/// An invalid key or value.
pub struct Wrong {
    /// The kind of problem.
    pub code: Code,
    /// The handler or part that it belongs to.
    pub subject: Option<Subject>,
    /// The place.
    pub span: Range<usize>,
    /// The problem.
    pub what: String,
    /// The remedy.
    pub remedy: String,
}

/// Checks every key. Returns the problems, and removes the invalid keys from the table.
pub fn look(manifest: &mut DeTable<'_>) -> (Spans, Vec<Wrong>) {
    let mut looker = Looker::default();
    looker.table(manifest, MANIFEST);
    (Spans(looker.spans), looker.wrong)
}

#[derive(Default)]
struct Looker {
    path: Vec<String>,
    spans: BTreeMap<Vec<String>, Span>,
    wrong: Vec<Wrong>,
}

impl Looker {
    fn table(&mut self, table: &mut DeTable<'_>, keys: &'static [Key]) {
        self.retain(table, |looker, name, span, value| {
            let Some(key) = keys.iter().find(|key| key.name == name) else {
                looker.unknown(name, keys.iter().map(|key| key.name).collect(), span);
                return false;
            };
            looker.value(value, &key.shape)
        });
    }

    /// Visits the entries of a table, and keeps those for which `judge` returns true.
    fn retain(
        &mut self,
        table: &mut DeTable<'_>,
        mut judge: impl FnMut(&mut Self, &str, Range<usize>, &mut Spanned<DeValue<'_>>) -> bool,
    ) {
        let names: Vec<(String, Range<usize>)> = table
            .keys()
            .map(|name| (name.get_ref().to_string(), name.span()))
            .collect();
        for (name, key) in names {
            let Some(value) = table.get_mut(name.as_str()) else {
                continue;
            };
            self.path.push(name.clone());
            let span = Span {
                key: key.clone(),
                value: value.span(),
            };
            self.spans.insert(self.path.clone(), span);
            if !judge(self, &name, key, value) {
                table.remove(name.as_str());
            }
            self.path.pop();
        }
    }

    fn value(&mut self, value: &mut Spanned<DeValue<'_>>, shape: &'static Shape) -> bool {
        let span = value.span();
        match (value.get_mut(), shape) {
            (DeValue::String(_), Shape::Text) => true,
            (DeValue::Integer(number), Shape::Number) => {
                let legal = u32::from_str_radix(number.as_str(), number.radix()).is_ok();
                if !legal {
                    let what = format!(
                        "`{}` is {}, which is not possible",
                        self.name(),
                        number.as_str()
                    );
                    let remedy = format!("set it to a whole number from 0 to {}", u32::MAX);
                    self.report(Code::IllegalValue, span, what, remedy);
                }
                legal
            }
            (DeValue::Table(table), Shape::Formerly) => {
                self.retain(table, |looker, _, _, value| {
                    looker.value(value, &Shape::Texts)
                });
                true
            }
            (DeValue::Array(entries), Shape::Texts | Shape::Formerly) => {
                let mut legal = true;
                for (index, entry) in entries.iter().enumerate() {
                    if entry.get_ref().is_str() {
                        let mut path = self.path.clone();
                        path.push(index.to_string());
                        let (key, value) = (entry.span(), entry.span());
                        self.spans.insert(path, Span { key, value });
                    } else {
                        legal = false;
                        let what = format!(
                            "`{}` contains {}, but all its entries must be texts",
                            self.name(),
                            words(entry.get_ref())
                        );
                        self.report(
                            Code::WrongType,
                            entry.span(),
                            what,
                            "write it in quotes".into(),
                        );
                    }
                }
                legal
            }
            (DeValue::Table(table), Shape::Table(keys)) => {
                self.table(table, keys);
                true
            }
            (DeValue::Table(table), Shape::Named(shape)) => {
                self.retain(table, |looker, _, _, value| looker.value(value, shape));
                true
            }
            (DeValue::Table(table), Shape::Parts(shape)) => {
                self.retain(table, |looker, name, span, value| {
                    if PARTS.contains(&name) {
                        return looker.value(value, shape);
                    }
                    let what = format!("the framework has no part `{name}`");
                    let remedy = match nearest(name, PARTS.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the parts are {}", PARTS.join(", ")),
                    };
                    looker.report(Code::UnknownPart, span, what, remedy);
                    false
                });
                true
            }
            (other, shape) => {
                let (wanted, example) = shape.words();
                let what = format!(
                    "`{}` is {}, but must be {wanted}",
                    self.name(),
                    words(other)
                );
                self.report(
                    Code::WrongType,
                    span,
                    what,
                    format!("write it as {example}"),
                );
                false
            }
        }
    }

    fn unknown(&mut self, name: &str, known: Vec<&str>, span: Range<usize>) {
        let place = match &self.path[..self.path.len() - 1] {
            [] => " in the manifest".into(),
            [table] => format!(" in [{table}]"),
            // The message names the table already.
            [_, _] => String::new(),
            [_, _, rest @ ..] => format!(" in `{}`", rest.join(".")),
        };
        let remedy = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known keys are {}", known.join(", ")),
        };
        let what = format!("unknown key `{name}`{place}");
        self.report(Code::UnknownKey, span, what, remedy);
    }

    /// The current key, as it is called in its handler or part.
    fn name(&self) -> String {
        match &self.path[..] {
            [table, _, rest @ ..]
                if (table == "handlers" || table == "overrides") && !rest.is_empty() =>
            {
                rest.join(".")
            }
            path => path.join("."),
        }
    }

    fn report(&mut self, code: Code, span: Range<usize>, what: String, remedy: String) {
        let subject = match &self.path[..] {
            [table, name, ..] if table == "handlers" => Some(Subject::Handler(name.clone())),
            [table, name, ..] if table == "overrides" => Some(Subject::Part(name.clone())),
            _ => None,
        };
        self.wrong.push(Wrong {
            code,
            subject,
            span,
            what,
            remedy,
        });
    }
}

impl Shape {
    /// A description of the shape, and an example.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("a text", "\"..\""),
            Self::Number => ("a whole number", "3"),
            Self::Texts => ("a list of texts", "[\"..\", \"..\"]"),
            Self::Formerly => ("a list of names", "[\"..\"]"),
            Self::Table(_) => (
                "a table",
                "a table in brackets, or under a header of its own",
            ),
            Self::Named(_) => ("a table of tables", "[handlers.<name>]"),
            Self::Parts(..) => ("a table of tables", "[overrides.<part>]"),
        }
    }
}

/// The kind of a value, in a sentence.
fn words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
