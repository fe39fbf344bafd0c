//! Named cases, and their verdicts.

use std::fmt;
use std::time::Duration;

use crate::panics;
use crate::scene::Scene;
use crate::store::Backend;

/// One behaviour that every store must have.
#[derive(Clone, Copy)]
pub struct Case {
    /// The name, such as `append.no-stream-on-present-stream`.
    pub name: &'static str,
    /// The behaviour, in one line.
    pub about: &'static str,
    body: Body,
}

#[derive(Clone, Copy)]
enum Body {
    Always(fn(&Scene<'_>)),
    IfPossible(fn(&Scene<'_>) -> Result<(), Skip>),
}

/// The reason why a case cannot run on a backend.
pub(crate) struct Skip(pub &'static str);

impl Case {
    /// A case for every backend.
    pub(crate) const fn new(name: &'static str, about: &'static str, body: fn(&Scene<'_>)) -> Self {
        Self {
            name,
            about,
            body: Body::Always(body),
        }
    }

    /// A case that needs an ability that not every backend has.
    pub(crate) const fn if_possible(
        name: &'static str,
        about: &'static str,
        body: fn(&Scene<'_>) -> Result<(), Skip>,
    ) -> Self {
        Self {
            name,
            about,
            body: Body::IfPossible(body),
        }
    }

    /// Runs the case on a backend.
    pub(crate) fn run(&self, backend: &dyn Backend) -> Verdict {
        let ended = panics::catch(|| {
            let scene = Scene::new(backend);
            match self.body {
                Body::Always(body) => {
                    body(&scene);
                    Ok(())
                }
                Body::IfPossible(body) => body(&scene),
            }
        });
        match ended {
            Ok(Ok(())) => Verdict::Passed,
            Ok(Err(Skip(reason))) => Verdict::Skipped(reason.to_owned()),
            Err(said) => Verdict::Failed(said),
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The result of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The store has the behaviour.
    Passed,
    /// The store lacks the behaviour. The text has the observation, and its place in the suite.
    Failed(String),
    /// The case could not be tried, for this reason.
    Skipped(String),
}

/// A case that has run.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The case.
    pub case: Case,
    /// The result.
    pub verdict: Verdict,
    /// The duration.
    pub took: Duration,
}

/// The results of a backend.
#[derive(Clone, Debug)]
pub struct Report {
    /// The backend's name.
    pub backend: String,
    /// Every case that has run, in order.
    pub ran: Vec<Ran>,
}

impl Report {
    /// The names of the cases that failed.
    #[must_use]
    pub fn failed(&self) -> Vec<&'static str> {
        self.named(|verdict| matches!(verdict, Verdict::Failed(_)))
    }

    /// The names of the cases that were skipped.
    #[must_use]
    pub fn skipped(&self) -> Vec<&'static str> {
        self.named(|verdict| matches!(verdict, Verdict::Skipped(_)))
    }

    /// The names of the cases that passed.
    #[must_use]
    pub fn passed(&self) -> Vec<&'static str> {
        self.named(|verdict| *verdict == Verdict::Passed)
    }

    fn named(&self, which: impl Fn(&Verdict) -> bool) -> Vec<&'static str> {
        let found = self.ran.iter().filter(|ran| which(&ran.verdict));
        found.map(|ran| ran.case.name).collect()
    }
}

/// One line, or two for a failed case: the second has the observation.
impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case { name, about, .. } = self.case;
        match &self.verdict {
            Verdict::Passed => write!(f, "passed  {name} ({} ms)", self.took.as_millis()),
            Verdict::Failed(said) => {
                let said = said.replace('\n', " ");
                write!(f, "FAILED  {name}: {about}\n        {said}")
            }
            Verdict::Skipped(reason) => write!(f, "skipped {name}: {reason}"),
        }
    }
}

impl Report {
    /// `N cases passed, M failed, K skipped`, with the backend's name.
    #[must_use]
    pub fn sum(&self) -> String {
        let [passed, failed, skipped] =
            [self.passed(), self.failed(), self.skipped()].map(|names| names.len());
        let backend = &self.backend;
        format!("{backend}: {passed} cases passed, {failed} failed, {skipped} skipped")
    }
}

/// Each case that failed or was skipped, then the sum.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |ran: &&Ran| ran.verdict != Verdict::Passed;
        for ran in self.ran.iter().filter(told) {
            writeln!(f, "{ran}")?;
        }
        f.write_str(&self.sum())
    }
}
