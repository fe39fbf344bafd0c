//! Checks a component's imports from a host against its grants.

use crate::grant;
use crate::handler::Handler;
use crate::host::Host;
use crate::kind::Kind;
use crate::manifest::Manifest;
use crate::problem::{Code, Place, Problem, nearest};
use crate::sandbox::wasi::Attempt;
use crate::sandbox::{self, Resident, Use};

/// Checks a component's imports and grants. A component with pure handlers has neither. A component
/// with a notifier imports what it is granted. It must not hold other kinds of handlers, because an
/// instance's imports are available to all its code.
pub fn check(
    manifest: &Manifest,
    host: Option<Host>,
    handler: &Handler,
    allow: &[String],
    problems: &mut Vec<Problem>,
) {
    let kinds = handler.kinds();
    let Some(pure) = kinds.iter().copied().find(|kind| kind.is_pure()) else {
        if kinds.contains(&Kind::Notifier) {
            granted(manifest, host, handler, allow, problems);
        }
        return;
    };
    if kinds.contains(&Kind::Notifier) {
        let covered = covered(handler, allow);
        let mut imports = missing(handler, &[], &[]);
        imports.retain(|import| !covered.contains(&import.as_str()));
        imports.splice(0..0, covered.into_iter().map(String::from));
        if !imports.is_empty() || !allow.is_empty() {
            let what = if imports.is_empty() {
                format!("is granted `{}`", allow.join("`, `"))
            } else {
                format!("imports `{}`", imports.join("`, `"))
            };
            problems.push(manifest.problem(
                Code::MixedPurity,
                &handler.name,
                format!("holds a {pure} beside a notifier, and {what}; a {pure} must be pure"),
                "split it into two components, one of them with notifiers only",
            ));
        }
        return;
    }
    for import in beyond(handler) {
        problems.push(manifest.problem(
            Code::ForbiddenImport,
            &handler.name,
            format!("imports `{import}`, but a {pure} must be pure: it may not import anything of a host"),
            "remove the code that needs it; side effects belong in a notifier",
        ));
    }
    used(manifest, handler, problems);
    if !allow.is_empty() {
        let problem = manifest.problem(
            Code::GrantToPure,
            &handler.name,
            format!(
                "is granted `{}`, but a {pure} cannot be granted anything",
                allow.join("`, `")
            ),
            "remove `allow`; side effects belong in a notifier",
        );
        problems.push(problem.at(manifest.value(&["handlers", &handler.name, "allow"])));
    }
}

/// Checks the imports of notifiers against their grants, and the grants against the host.
fn granted(
    manifest: &Manifest,
    host: Option<Host>,
    handler: &Handler,
    allow: &[String],
    problems: &mut Vec<Problem>,
) {
    let name = &handler.name;
    let imports: Vec<&str> = handler.host_imports().collect();
    let covered = covered(handler, allow);
    let missing = missing(handler, allow, &covered);
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    let missing = grant::least(&missing);
    if !missing.is_empty() {
        let mut entries: Vec<&str> = allow.iter().map(String::as_str).collect();
        entries.retain(|entry| imports.iter().any(|import| grant::names(entry, import)));
        entries.extend(&missing);
        let problem = manifest.problem(
            Code::NotGranted,
            name,
            format!(
                "imports `{}`, which it is not granted",
                missing.join("`, `")
            ),
            format!(
                "set allow = [\"{}\"] if it may use that",
                entries.join("\", \"")
            ),
        );
        problems.push(problem.at(manifest.value(&["handlers", name, "allow"])));
    }
    for entry in allow {
        if !imports.iter().any(|import| grant::names(entry, import)) {
            let known = imports.iter().map(|import| grant::unversioned(import));
            let remedy = match nearest(entry, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it from `allow`".into(),
            };
            let what = format!("is granted `{entry}`, which it does not import");
            let problem = manifest.problem(Code::UnusedGrant, name, what, remedy);
            problems.push(problem.at(entry_place(manifest, name, allow, entry)));
        }
    }
    for import in covered {
        let mut entries = allow.iter().filter(|entry| grant::covers(entry, import));
        let place = entries
            .next()
            .and_then(|entry| entry_place(manifest, name, allow, entry));
        let before = problems.len();
        offered(manifest, host, name, import, problems);
        for problem in &mut problems[before..] {
            problem.place = place.clone().or(problem.place.take());
        }
    }
}

/// The place of an entry of `allow`.
fn entry_place(manifest: &Manifest, name: &str, allow: &[String], entry: &str) -> Option<Place> {
    let index = allow.iter().position(|one| one == entry)?;
    manifest.value(&["handlers", name, "allow", &index.to_string()])
}

/// The imports that a component uses without a grant: those that no sandbox implements and, where
/// the uses are known, those at which its sandbox would stop it.
pub(super) fn missing(handler: &Handler, allow: &[String], covered: &[&str]) -> Vec<String> {
    let beyond = beyond(handler).filter(|import| !covered.contains(import));
    let mut missing: Vec<String> = beyond.map(String::from).collect();
    let uses = sandbox::uses(handler, allow).unwrap_or_default();
    for one in uses {
        // No component can be granted to end the program.
        if one.attempt != Attempt::Exit && !missing.contains(&one.import) {
            missing.push(one.import);
        }
    }
    missing
}

/// Checks that the host offers an import, or without a host that some host offers it.
fn offered(
    manifest: &Manifest,
    host: Option<Host>,
    name: &str,
    import: &str,
    problems: &mut Vec<Problem>,
) {
    let offers = |host: &Host| host.offers(import) && !host.keeps_events_behind(import);
    let can: Vec<Host> = Host::ALL.into_iter().filter(offers).collect();
    match host {
        Some(host) if can.contains(&host) => {}
        None if !can.is_empty() => {}
        Some(host) => {
            let why = if host.keeps_events_behind(import) {
                format!("through which the host `{host}` stores the events")
            } else {
                format!("which the host `{host}` does not offer")
            };
            let remedy = match can.first() {
                Some(other) => format!("remove the import, or compose with --host {other}"),
                None => "remove the import".into(),
            };
            problems.push(manifest.problem(
                Code::NotOffered,
                name,
                format!("is granted `{import}`, {why}"),
                remedy,
            ));
        }
        None => problems.push(manifest.problem(
            Code::NotOffered,
            name,
            format!("is granted `{import}`, which no host offers to handlers"),
            "remove the import",
        )),
    }
}

/// The granted imports.
fn covered<'a>(handler: &'a Handler, allow: &[String]) -> Vec<&'a str> {
    let granted = |import: &&str| allow.iter().any(|entry| grant::covers(entry, import));
    handler.host_imports().filter(granted).collect()
}

/// The imports that no sandbox implements.
fn beyond(handler: &Handler) -> impl Iterator<Item = &str> {
    handler
        .host_imports()
        .filter(|import| !sandbox::offers(import))
}

/// Checks that a pure component's own code uses nothing at which its sandbox would stop it, as far
/// as the uses are known.
fn used(manifest: &Manifest, handler: &Handler, problems: &mut Vec<Problem>) {
    let resident = Resident::of(handler);
    let Resident::Pure(pure) = resident else {
        return;
    };
    // An unreadable component is reported where its sandbox is made.
    let mut uses = sandbox::uses(handler, &[]).unwrap_or_default();
    uses.sort_by_key(|one| one.attempt);
    uses.dedup_by_key(|one| one.attempt);
    for Use {
        import,
        function,
        attempt,
    } in uses
    {
        problems.push(manifest.problem(
            Code::ForbiddenImport,
            &handler.name,
            format!(
                "imports `{import}` to {} (`{function}`), but a {pure} must be pure",
                attempt.words()
            ),
            attempt.remedy(resident, grant::unversioned(&import)),
        ));
    }
}
