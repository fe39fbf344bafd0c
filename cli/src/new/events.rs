//! The event that a reaction reacts to: whether a decider emits it, and how it is spelt in code.

use super::Language;
use super::name::Name;
use annals_compose::cache::Cache;
use annals_compose::check;
use annals_compose::kind::Kind;
use annals_compose::limits;
use annals_compose::manifest::Manifest;
use annals_compose::probe::Prober;
use annals_compose::problem::{Code, Problem, nearest};
use annals_compose::source::built;
use anyhow::Result;
use heck::ToPascalCase as _;
use std::collections::BTreeSet;

/// The known events of an application, found without a build.
#[derive(Debug, Default)]
pub struct Known {
    /// The events that its deciders emit or fold.
    pub events: BTreeSet<String>,
    /// Handlers that are not built, or have changed since their build.
    pub unasked: Vec<String>,
}

/// Calls `describe` of the handlers that are built.
///
/// # Errors
///
/// If wasmtime cannot run on this machine.
pub fn known(manifest: &Manifest) -> Result<Known> {
    let prober = Prober::with_cache(Cache::user())?;
    let mut known = Known::default();
    for (name, entry) in &manifest.handlers {
        let checked = built::find(manifest, &entry.origin)
            .and_then(|bytes| check::read(manifest, &name.into(), bytes).ok())
            .and_then(|handler| check::handler(manifest, &prober, None, handler).ok());
        let Some(checked) = checked else {
            known.unasked.push(name.clone());
            continue;
        };
        for decider in checked.deciders {
            known.events.extend(decider.emits);
            known.events.extend(decider.folds);
        }
    }
    Ok(known)
}

impl Known {
    /// Checks an event that the user names. Returns a note if the check was incomplete.
    ///
    /// # Errors
    ///
    /// If it cannot be the name of an event, or no decider emits it.
    pub fn judge(&self, event: &str, manifest: &str) -> Result<Option<String>, Problem> {
        if self.events.contains(event) {
            return Ok(None);
        }
        if !self.unasked.is_empty() || self.events.is_empty() {
            // No decider confirms the event, so check at least its form.
            legal(event)?;
        }
        if !self.unasked.is_empty() {
            let (names, are) = match self.unasked.as_slice() {
                [one] => (format!("`{one}`"), "is"),
                many => (format!("`{}`", many.join("`, `")), "are"),
            };
            let near = match nearest(event, self.events.iter().map(String::as_str)) {
                Some(near) => format!("; did you mean `{near}`?"),
                None => "; run `annals check` to find out".into(),
            };
            return Ok(Some(format!(
                "whether a decider emits `{event}` was not checked: {names} {are} not built, or changed since{near}"
            )));
        }
        if self.events.is_empty() {
            return Ok(Some(format!(
                "the application has no decider yet that emits `{event}`; `annals new <name>` adds one"
            )));
        }
        Err(unknown(event, &self.events, manifest))
    }
}

/// The problem of an event that no decider emits, with the emitted ones.
#[must_use]
pub fn unknown(event: &str, known: &BTreeSet<String>, file: &str) -> Problem {
    let all: Vec<&str> = known.iter().map(String::as_str).collect();
    let listed = format!("there are: {}", all.join(", "));
    Problem::new(
        Code::UnknownEvent,
        file,
        format!("`--on {event}` names an event that no decider emits"),
        match nearest(event, all) {
            Some(near) => format!("did you mean `{near}`? {listed}"),
            None => format!("give one that a decider emits; {listed}"),
        },
    )
}

/// Checks the form of an event's type.
fn legal(event: &str) -> Result<(), Problem> {
    let is_word = event.starts_with(|c: char| c.is_ascii_uppercase())
        && event.chars().all(|c| c.is_ascii_alphanumeric());
    if is_word && event.len() <= limits::NAME_BYTES {
        return Ok(());
    }
    Err(Problem::new(
        Code::IllegalName,
        "annals new",
        format!("`--on {event}` is not the type of an event"),
        "give a type such as AccountOpened; `annals graph` shows the existing ones",
    ))
}

/// The spelling of an event's type in a language.
pub struct Spelt {
    /// The identifier in the language.
    pub name: String,
    /// The attribute that sets the type, if the identifier differs from it.
    pub typed: String,
    /// The type inside of a string.
    pub quoted: String,
}

/// Spells an event for the handler `handler`.
#[must_use]
pub fn spelt(event: &str, language: Language, handler: &Name) -> Spelt {
    let string = serde_json::Value::from(event).to_string();
    let quoted = string[1..string.len() - 1].to_owned();
    let (name, typed) = match language {
        Language::Js if is_name(event) => (event.to_owned(), String::new()),
        Language::Js => (string, String::new()),
        Language::Rust => {
            // A process manager's enum also has this variant.
            let finished = format!("{}Finished", handler.pascal());
            let taken = ["Self".to_owned(), finished].into_iter();
            let taken: Vec<String> = taken.filter(|one| one == "Self" || one != event).collect();
            match free(event, &taken) {
                name if name == event => (name, String::new()),
                name => (name, format!("#[annals(type = {string})] ")),
            }
        }
        Language::Python => {
            let class = format!("{}Projector", handler.pascal());
            let imported = [
                "About",
                "None",
                "True",
                "False",
                "Optional",
                "Projector",
                "Row",
            ];
            let mut taken: Vec<String> = imported.map(String::from).into();
            taken.push(class);
            match free(event, &taken) {
                name if name == event => (name, String::new()),
                name => (name, format!("\n\n    type_name = {string}")),
            }
        }
    };
    Spelt {
        name,
        typed,
        quoted,
    }
}

fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A type name for an event that is not among the taken ones.
fn free(event: &str, taken: &[String]) -> String {
    let is_type = event.starts_with(|c: char| c.is_ascii_uppercase())
        && event.chars().all(|c| c.is_ascii_alphanumeric());
    let mut name = event.to_owned();
    if !is_type {
        let words = event.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        name = words.to_pascal_case();
        if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            name.insert_str(0, "Event");
        }
    }
    while taken.contains(&name) {
        name.push_str("Event");
    }
    name
}

/// A process manager cannot begin with an event of its own decider.
///
/// # Errors
///
/// If the event is one that the handler's template emits.
pub fn not_its_own(event: &str, kind: Kind, handler: &Name) -> Result<(), Problem> {
    let own = ["Begun", "Finished"].map(|word| format!("{}{word}", handler.pascal()));
    if kind != Kind::ProcessManager || !own.iter().any(|own| own == event) {
        return Ok(());
    }
    Err(Problem::new(
        Code::IllegalName,
        "annals new",
        format!(
            "the decider of the process manager `{}` will emit a {event} of its own",
            handler.kebab()
        ),
        "choose another name for the process manager",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(known: &[&str], unasked: &[&str], event: &str) -> Result<Option<String>, String> {
        let known = Known {
            events: known.iter().map(ToString::to_string).collect(),
            unasked: unasked.iter().map(ToString::to_string).collect(),
        };
        let judged = known.judge(event, "annals.toml");
        judged.map_err(|problem| problem.to_string())
    }

    #[test]
    fn an_event_is_refused_only_if_all_deciders_were_asked() {
        assert_eq!(
            judged(&["AccountOpened"], &["a"], "AccountOpened"),
            Ok(None)
        );
        assert_eq!(judged(&["a b"], &[], "a b"), Ok(None));
        let said =
            judged(&["AccountOpened", "Deposited"], &[], "AcountOpened").expect_err("unknown");
        assert!(
            said.contains("did you mean `AccountOpened`? there are: AccountOpened, Deposited"),
            "{said}"
        );
        let note = judged(&["AccountOpened"], &["b"], "Deposited").expect("it may be there");
        assert!(note.expect("a note").contains("`b` is not built"));
        let note = judged(&["AccountOpened"], &["b"], "AccountOpend").expect("it may be there");
        assert!(
            note.expect("a note")
                .contains("did you mean `AccountOpened`?")
        );
        let note = judged(&[], &[], "Deposited").expect("it may come");
        assert!(note.expect("a note").contains("no decider yet"));
        for event in ["a b", "", "opened"] {
            let said = judged(&[], &["b"], event).expect_err("no event");
            assert!(said.contains("is not the type of an event"), "{said}");
        }
    }

    #[test]
    fn every_language_can_name_every_event() {
        let handler = Name::new("overview").expect("legal");
        let spells = |event: &str, language| {
            let spelt = spelt(event, language, &handler);
            (spelt.name, spelt.typed.trim().to_owned())
        };
        let own = |name: &str| (name.to_owned(), String::new());
        for language in [Language::Rust, Language::Js, Language::Python] {
            assert_eq!(spells("AccountOpened", language), own("AccountOpened"));
        }
        for (event, name) in [
            ("Self", "SelfEvent"),
            ("account.opened", "AccountOpened"),
            ("geöffnet", "GeFfnet"),
            ("overview.finished", "OverviewFinishedEvent"),
            ("2x", "Event2x"),
            ("…", "Event"),
        ] {
            let typed = format!("#[annals(type = \"{event}\")]");
            assert_eq!(spells(event, Language::Rust), (name.to_owned(), typed));
        }
        let python = |event: &str| spells(event, Language::Python).0;
        assert_eq!(python("Row"), "RowEvent");
        assert_eq!(python("OverviewProjector"), "OverviewProjectorEvent");
        assert_eq!(python("None"), "NoneEvent");
        assert_eq!(spells("a.b", Language::Js), own("\"a.b\""));
        assert_eq!(spells("a_b", Language::Js), own("a_b"));
    }
}
