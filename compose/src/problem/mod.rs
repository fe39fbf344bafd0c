//! How problems with the user's input are told: with a code, where, what, and the remedy.

pub mod human;
pub mod json;

mod code;
mod place;

pub use code::Code;
pub use place::Place;
use std::fmt;

/// One thing that the user can mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What sort of problem it is.
    pub code: Code,
    /// The manifest, or another file that is at fault.
    pub file: String,
    /// Where in that file, if it is known.
    pub place: Option<Place>,
    /// Another place that has to do with it, in the same file, and what is there.
    pub beside: Option<(Place, String)>,
    /// Whose problem it is, if it is of something that has a name.
    pub subject: Option<Subject>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Something that the manifest gives a table.
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

/// Handlers are what is told of most.
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

    /// The same, at a place, if it is known; otherwise where it was.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place.or(self.place);
        self
    }

    /// The same, with another place that has to do with it, if it is known and not the same.
    #[must_use]
    pub fn beside(mut self, place: Option<Place>, what: impl Into<String>) -> Self {
        let place = place.filter(|place| Some(place) != self.place.as_ref());
        self.beside = place.map(|place| (place, what.into()));
        self
    }

    /// The same, of a handler or a part.
    #[must_use]
    pub fn of(mut self, subject: impl Into<Subject>) -> Self {
        self.subject = Some(subject.into());
        self
    }
}

/// One line: what is shown where nobody looks at a terminal.
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
    /// In the order in which they stand in their files.
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

/// Tools that are quoted in a problem may say things over several lines.
fn one_line(text: String) -> String {
    if text.contains('\n') {
        let words: Vec<&str> = text.split_whitespace().collect();
        return words.join(" ");
    }
    text
}

/// The known name that is nearest to a misspelt one, if one is near enough to be meant.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3)
        .map(|(_, candidate)| candidate)
}
