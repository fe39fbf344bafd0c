//! Problems with the user's input: each has a code, a place, a description and a remedy.

pub mod human;
pub mod json;

mod code;
mod place;

pub use code::Code;
pub use place::Place;
use std::fmt;

/// One problem that the user can correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of problem.
    pub code: Code,
    /// The manifest, or another file that is at fault.
    pub file: String,
    /// The place in that file, if it is known.
    pub place: Option<Place>,
    /// A related place in the same file, with a description.
    pub beside: Option<(Place, String)>,
    /// The handler or part that has the problem, if any.
    pub subject: Option<Subject>,
    /// The problem.
    pub what: String,
    /// The remedy.
    pub remedy: String,
}

/// A handler or part with a table in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// `[handlers.<name>]`
    Handler(String),
    /// `[overrides.<part>]`
    Part(String),
}

impl Subject {
    /// The path of its table in the manifest.
    #[must_use]
    pub fn path(&self) -> [&str; 2] {
        match self {
            Self::Handler(name) => ["handlers", name],
            Self::Part(name) => ["overrides", name],
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Handler(name) | Self::Part(name) => name,
        }
    }
}

/// Most problems belong to a handler, so a name converts to one.
impl From<&str> for Subject {
    fn from(handler: &str) -> Self {
        Self::Handler(handler.into())
    }
}

impl From<&String> for Subject {
    fn from(handler: &String) -> Self {
        Self::Handler(handler.clone())
    }
}

impl From<&Subject> for Subject {
    fn from(subject: &Subject) -> Self {
        subject.clone()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handler(name) => write!(f, "handler `{name}`"),
            Self::Part(name) => write!(f, "part `{name}`"),
        }
    }
}

impl Problem {
    /// A problem of a whole file.
    pub fn new(
        code: Code,
        file: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code,
            file: file.into(),
            place: None,
            beside: None,
            subject: None,
            what: one_line(what.into()),
            remedy: one_line(remedy.into()),
        }
    }

    /// Sets the place, if it is known; otherwise keeps the current one.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place.or(self.place);
        self
    }

    /// Adds a related place, if it is known and differs from the first.
    #[must_use]
    pub fn beside(mut self, place: Option<Place>, what: impl Into<String>) -> Self {
        let place = place.filter(|place| Some(place) != self.place.as_ref());
        self.beside = place.map(|place| (place, what.into()));
        self
    }

    /// Sets the handler or part.
    #[must_use]
    pub fn of(mut self, subject: impl Into<Subject>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}

/// One line, for output that is not a terminal.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(place) = &self.place {
            write!(f, ":{}", place.line())?;
        }
        if let Some(subject) = &self.subject {
            write!(f, ": {subject}")?;
        }
        write!(f, ": {}; {}", self.what, self.remedy)
    }
}

/// All problems found in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// The problems in the order of their places.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Problem> {
        let mut sorted: Vec<&Problem> = self.0.iter().collect();
        let start = |problem: &Problem| problem.place.as_ref().map(|place| place.span().start);
        sorted.sort_by(|a, b| (&a.file, start(a)).cmp(&(&b.file, start(b))));
        sorted
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.sorted().into_iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// A quoted tool may print several lines: join them.
fn one_line(text: String) -> String {
    if text.contains('\n') {
        let words: Vec<&str> = text.split_whitespace().collect();
        return words.join(" ");
    }
    text
}

/// Returns the known name that is nearest to a misspelt one, if it is near enough.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3)
        .map(|(_, candidate)| candidate)
}
