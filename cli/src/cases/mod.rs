//! `annals test`: plays given/when/then cases on components in any language.
//!
//! # Layout
//!
//! - [`file`]: the format of case files, and where they are.
//! - [`runtime`]: runs handlers with their sandboxes under limits.
//! - [`decider`]: cases of deciders, and the laws of purity, which each case also checks.
//! - [`projector`]: cases of projectors.
//! - [`outcome`]: the outcome of a command, and its difference from the expected one.

pub mod decider;
pub mod file;
pub mod outcome;
pub mod projector;
pub mod runtime;

use annals_compose::cache::Cache;
use annals_compose::descriptors::{DeciderDescriptor, ReactionDescriptor};
use annals_compose::former;
use annals_compose::manifest::Manifest;
use annals_compose::probe::{Described, Prober};
use annals_compose::problem::{Code, Problem, Problems, nearest};
use annals_compose::sandbox::Sandbox;
use annals_compose::source::{self, Wanted};
use anyhow::Result;
use file::{Case, CaseFile};
use runtime::{Runtime, Stopped};
use serde::Serialize;
use std::path::PathBuf;

/// The result of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// The handler's name in the manifest.
    pub handler: String,
    /// The case's file.
    pub file: String,
    /// Its name.
    pub case: String,
    /// True if the result was the expected one.
    pub passed: bool,
    /// A diff of the failure: `-` expected and `+` got. Empty if the case passed.
    pub differs: Vec<String>,
}

/// Number of cases by result.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Passed cases.
    pub passed: usize,
    /// Failed cases.
    pub failed: usize,
    /// Cases that the filter excluded.
    pub filtered: usize,
}

/// The cases of a handler.
struct Suite<'a> {
    name: &'a str,
    files: Vec<(String, CaseFile)>,
}

/// Builds the handlers that have cases, and plays the cases whose handler, file or name contains
/// the filter. Reports each result at once.
///
/// # Errors
///
/// [`Problems`]: no cases, cases that cannot be read, or handlers that cannot be built or run.
pub fn run(
    manifest: &Manifest,
    filter: Option<&str>,
    mut report: impl FnMut(&Ended),
) -> Result<Tally> {
    let mut tally = Tally::default();
    let suites = suites(manifest, filter, &mut tally)?;
    let origins: Vec<Wanted<'_>> = suites
        .iter()
        .filter_map(|suite| {
            Some(Wanted {
                owner: suite.name.into(),
                origin: &manifest.handlers.get(suite.name)?.origin,
            })
        })
        .collect();
    let cache = Cache::user();
    let loaded = source::load_all(manifest, &origins, &cache);
    let prober = Prober::with_cache(cache)?;
    let mut problems = Vec::new();
    for (suite, bytes) in suites.iter().zip(loaded) {
        let name = suite.name;
        let subject = match bytes.and_then(|bytes| prepare(manifest, &prober, name, bytes)) {
            Ok(subject) => subject,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        for (file, cases) in &suite.files {
            for case in &cases.cases {
                let differs = subject.play(cases, case);
                let ended = Ended {
                    handler: name.to_owned(),
                    file: file.clone(),
                    case: case.name.clone(),
                    passed: differs.is_empty(),
                    differs,
                };
                tally.passed += usize::from(ended.passed);
                tally.failed += usize::from(!ended.passed);
                report(&ended);
            }
        }
    }
    if problems.is_empty() {
        Ok(tally)
    } else {
        Err(Problems(problems).into())
    }
}

/// The cases that the filter selects, by handler.
fn suites<'a>(
    manifest: &'a Manifest,
    filter: Option<&str>,
    tally: &mut Tally,
) -> Result<Vec<Suite<'a>>> {
    let mut problems = Vec::new();
    let mut suites = Vec::new();
    let mut found = 0;
    for (name, entry) in &manifest.handlers {
        let files: Vec<PathBuf> = match file::files(manifest, name, entry) {
            Ok(files) => files,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let mut kept = Vec::new();
        for path in files {
            let shown = path.display().to_string();
            let mut cases = match file::read(&path) {
                Ok(cases) => cases,
                Err(problem) => {
                    problems.push(problem.of(name));
                    continue;
                }
            };
            found += cases.cases.len();
            let before = cases.cases.len();
            cases.cases.retain(|case| {
                filter.is_none_or(|filter| {
                    [name.as_str(), &shown, &case.name]
                        .iter()
                        .any(|text| text.contains(filter))
                })
            });
            tally.filtered += before - cases.cases.len();
            if !cases.cases.is_empty() {
                kept.push((shown, cases));
            }
        }
        if !kept.is_empty() {
            suites.push(Suite { name, files: kept });
        }
    }
    if problems.is_empty() && found == 0 {
        problems.push(Problem::new(
            Code::NoCases,
            manifest.file().display().to_string(),
            "no handler has cases",
            "put .json files into the folder `cases` beside a handler, or name them with `cases = [..]`; \
             see docs/languages.md",
        ));
    }
    if problems.is_empty() {
        Ok(suites)
    } else {
        Err(Problems(problems).into())
    }
}

/// Prepares a handler to run.
fn prepare(
    manifest: &Manifest,
    prober: &Prober,
    name: &str,
    bytes: Vec<u8>,
) -> Result<Subject, Problem> {
    let unfit = |code, what: String, remedy: &str| manifest.problem(code, name, what, remedy);
    let handler = former::read(name, bytes).map_err(|refusal| {
        let what = format!("its file {refusal}");
        unfit(refusal.code(), what, refusal.remedy())
    })?;
    let fails = |what: String| unfit(Code::DescribeFailed, what, "run `annals check` for details");
    let sandbox = Sandbox::of(&handler, &[]).map_err(|error| fails(format!("{error:#}")))?;
    let described = prober
        .describe(&handler, sandbox.as_ref())
        .map_err(|failure| fails(failure.to_string()))?;
    let runtime = Runtime::new(prober.engine(), &handler, sandbox.as_ref())
        .map_err(|error| fails(format!("{error:#}")))?;
    Ok(Subject { described, runtime })
}

/// A component that is ready to be tested.
struct Subject {
    described: Described,
    runtime: Runtime,
}

impl Subject {
    fn play(&self, file: &CaseFile, case: &Case) -> Vec<String> {
        let played = match &case.when {
            Some(when) => self.decider(&when.r#type).and_then(|decider| {
                decider::play(&self.runtime, decider, case, when).map_err(|Stopped(why)| why)
            }),
            None => self.projector(file).and_then(|(index, projector, view)| {
                projector::play(&self.runtime, index, projector, view, case)
                    .map_err(|Stopped(why)| why)
            }),
        };
        played.unwrap_or_else(|why| vec![why])
    }

    /// The decider that handles a command.
    fn decider(&self, command: &str) -> Result<u32, String> {
        let commands = |decider: &DeciderDescriptor| {
            decider
                .commands
                .iter()
                .any(|spec| spec.command_type == command)
        };
        let deciders = self.described.deciders.iter();
        if let Some((index, _)) = (0..).zip(deciders).find(|(_, decider)| commands(decider)) {
            return Ok(index);
        }
        let all = self.described.deciders.iter();
        let known: Vec<&str> = all
            .flat_map(|decider| {
                decider
                    .commands
                    .iter()
                    .map(|spec| spec.command_type.as_str())
            })
            .collect();
        Err(unknown("handles the command", command, &known))
    }

    /// The projector of a file, with its number and its view.
    fn projector<'a>(
        &'a self,
        file: &'a CaseFile,
    ) -> Result<(u32, &'a ReactionDescriptor, &'a str), String> {
        let projectors = self.described.projectors();
        let views = || {
            let all = (0..).zip(projectors);
            all.flat_map(|(index, one)| {
                one.views
                    .iter()
                    .map(move |view| (index, one, view.as_str()))
            })
        };
        let known: Vec<&str> = views().map(|(.., view)| view).collect();
        match &file.view {
            Some(view) => views()
                .find(|(.., known)| known == view)
                .ok_or_else(|| unknown("keeps the view", view, &known)),
            None => match known.as_slice() {
                [] => Err("the case has no command, but the component has no projector".into()),
                [_] => views().next().ok_or_else(String::new),
                several => Err(format!(
                    "the component keeps the views {}: name the one that the file is about with `view` beside `cases`",
                    several.join(", ")
                )),
            },
        }
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("; did you mean {near}?"),
        None => String::new(),
    };
    format!("no handler of the component {what} {name}{hint}")
}
