//! Checks that each of the user's own parts fits in place of the framework's.
//!
//! The check compares with the framework's own components. The replaced part defines what a
//! replacement must export. The parts before it define what a replacement may import.

use super::grants::missing;
use crate::framework;
use crate::generate::catalog::Catalogue;
use crate::generate::{settings, switchboard, types};
use crate::grant;
use crate::handler::Handler;
use crate::host::{Adapter, Host};
use crate::kind::Kind;
use crate::manifest::{Manifest, Override};
use crate::part::Role;
use crate::problem::{Code, Problem, Subject, nearest};
use crate::sandbox::Sandbox;
use anyhow::Result;
use std::collections::{BTreeMap, HashSet};
use wac_graph::types::{ItemKind, Package, SubtypeChecker, Types};

/// A component of the user that replaces a part of the framework.
pub struct OwnPart {
    /// The part that it replaces.
    pub role: Role,
    /// The component.
    pub component: Handler,
    /// Its sandbox, if it imports more of WASI than it is granted.
    pub sandbox: Option<Sandbox>,
}

impl OwnPart {
    /// True if the part passes requests on to the framework's own part, which stays behind it.
    #[must_use]
    pub fn stands_in_front(&self) -> bool {
        let face = self.role.face();
        let imports = &self.component.imports;
        face.is_some_and(|face| {
            imports
                .iter()
                .any(|import| grant::unversioned(import) == face)
        })
    }
}

/// Checks all parts of the user, which were loaded in the manifest's order.
///
/// # Errors
///
/// Only if this binary was built with broken components. Problems of the user's components go to
/// `problems`.
pub fn check(
    manifest: &Manifest,
    host: Option<Host>,
    loaded: impl Iterator<Item = Result<Vec<u8>, Problem>>,
    problems: &mut Vec<Problem>,
) -> Result<Vec<OwnPart>> {
    let mut parts = Vec::new();
    if manifest.overrides.is_empty() {
        return Ok(parts);
    }
    // Any adapter will do, because all adapters have the same exports.
    let adapter = host.map_or(Adapter::Filesystem, Host::adapter);
    let mut known = Known::new(adapter)?;
    for ((name, entry), bytes) in manifest.overrides.iter().zip(loaded) {
        // Unknown names were reported when the manifest was read.
        let Some(role) = Role::of_name(name) else {
            continue;
        };
        let subject = Subject::Part(name.clone());
        let read = bytes.and_then(|bytes| super::read(manifest, &subject, bytes));
        match read {
            Ok(component) => {
                let before = problems.len();
                let part = Check {
                    manifest,
                    subject,
                    role,
                    entry,
                    component: &component,
                };
                part.exports(&known, problems);
                part.imports(host, &known, problems);
                if problems.len() == before {
                    part.types(&mut known, problems);
                }
                match Sandbox::of(&component, &part.entries()) {
                    Ok(sandbox) => parts.push(OwnPart {
                        role,
                        sandbox,
                        component,
                    }),
                    Err(error) => problems.push(part.problem(
                        Code::UnfitPart,
                        format!("the composer cannot read its imports: {error:#}"),
                        "build it with another version of its toolchain",
                    )),
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    // Sort by the order of instantiation.
    parts.sort_by_key(|part| part.role);
    Ok(parts)
}

struct Check<'a> {
    manifest: &'a Manifest,
    subject: Subject,
    role: Role,
    entry: &'a Override,
    component: &'a Handler,
}

impl Check<'_> {
    fn problem(&self, code: Code, what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        self.manifest.problem(code, &self.subject, what, remedy)
    }

    /// Checks that it has all exports of the framework's own part.
    fn exports(&self, known: &Known, problems: &mut Vec<Problem>) {
        let exports = &self.component.exports;
        let unversioned: Vec<&str> = exports.iter().map(|one| grant::unversioned(one)).collect();
        for wanted in known.exports(self.role) {
            let name = grant::unversioned(wanted);
            let there = match self.role.face() {
                // The host chooses the version of its own interfaces; `verify` checks that.
                Some(_) => unversioned.contains(&name),
                None => exports.contains(wanted),
            };
            if there {
                continue;
            }
            let near = unversioned.iter().position(|one| *one == name);
            problems.push(match near {
                Some(near) => self.problem(
                    Code::WrongContract,
                    format!(
                        "uses another version of the contract: it exports `{}`, not `{wanted}`",
                        exports[near]
                    ),
                    "build it with the WIT of this composer's version (`annals wit`)",
                ),
                None => self.problem(
                    Code::UnfitPart,
                    format!(
                        "does not export `{wanted}`, which the part `{}` does",
                        self.role
                    ),
                    "export it, or correct the part's name in the manifest",
                ),
            });
        }
        let more = |export: &&String| {
            crate::is_own_interface(export) && !known.exports(self.role).contains(export)
        };
        for export in exports.iter().filter(more) {
            // Such an export would hide that of another part.
            problems.push(self.problem(
                Code::UnfitPart,
                format!(
                    "exports `{export}`, which the part `{}` may not export",
                    self.role
                ),
                "remove that export",
            ));
        }
    }

    /// Checks that an earlier part exports what it imports of the application, and that it is
    /// granted what it imports of the host.
    fn imports(&self, host: Option<Host>, known: &Known, problems: &mut Vec<Problem>) {
        let face = self.role.face();
        let (contract, of_host): (Vec<&str>, Vec<&str>) = self
            .component
            .imports
            .iter()
            .map(String::as_str)
            .filter(|import| Some(grant::unversioned(import)) != face)
            .partition(|import| crate::is_own_interface(import));
        for import in contract {
            if known.given(self.role, import).is_none() {
                let same = |given: &&str| grant::unversioned(given) == grant::unversioned(import);
                let given = known.all_given(self.role);
                let (code, remedy) = match given.iter().copied().find(same) {
                    Some(given) => (
                        Code::WrongContract,
                        format!(
                            "build it with the WIT of this composer's version, which has `{given}`"
                        ),
                    ),
                    None => (
                        Code::UnfitPart,
                        format!("it may import {}", given.join(", ")),
                    ),
                };
                problems.push(self.problem(
                    code,
                    format!(
                        "imports `{import}`, which is not available to the part `{}`",
                        self.role
                    ),
                    remedy,
                ));
            }
        }
        let imports_it = |interface: &str| {
            let wanted = crate::contract(interface);
            self.component.imports.contains(&wanted)
        };
        if face.is_some() && imports_it("sourcer") && !imports_it("application") {
            problems.push(self.problem(
                Code::UnfitPart,
                format!(
                    "imports `{}` and not `{}`: it could send commands to a store that refuses the application",
                    crate::contract("sourcer"),
                    crate::contract("application")
                ),
                "call `application.begin` before the first command of an instance",
            ));
        }
        self.grants(host, &of_host, problems);
    }

    /// The imports that it may have: the granted ones, and those of its role.
    fn entries(&self) -> Vec<String> {
        let allow = self.entry.allow.iter().map(String::as_str);
        let implied = self.role.implied().iter().copied();
        let entries = allow.chain(implied).chain(self.role.face());
        entries.map(String::from).collect()
    }

    fn grants(&self, host: Option<Host>, imports: &[&str], problems: &mut Vec<Problem>) {
        let allow = &self.entry.allow;
        let entries = self.entries();
        let covered = |import: &str| entries.iter().any(|entry| grant::covers(entry, import));
        let granted: Vec<&str> = imports
            .iter()
            .copied()
            .filter(|import| covered(import))
            .collect();
        let mut missing = missing(self.component, &entries, &granted);
        missing.retain(|import| !crate::is_own_interface(import));
        let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
        let missing = grant::least(&missing);
        if !missing.is_empty() {
            let mut entries: Vec<&str> = allow.iter().map(String::as_str).collect();
            entries.extend(&missing);
            problems.push(self.problem(
                Code::NotGranted,
                format!(
                    "imports `{}`, which it is not granted",
                    missing.join("`, `")
                ),
                format!(
                    "set allow = [\"{}\"] if it may use that",
                    entries.join("\", \"")
                ),
            ));
        }
        for (index, entry) in allow.iter().enumerate() {
            if !imports.iter().any(|import| grant::names(entry, import)) {
                let known = imports.iter().map(|import| grant::unversioned(import));
                let remedy = match nearest(entry, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "remove it from `allow`".into(),
                };
                let problem = self.problem(
                    Code::UnusedGrant,
                    format!("is granted `{entry}`, which it does not import"),
                    remedy,
                );
                let place = ["allow", &index.to_string()];
                problems.push(problem.at(self.manifest.value_of(&self.subject, &place)));
            }
        }
        for import in granted {
            self.offered(host, import, problems);
        }
    }

    fn offered(&self, host: Option<Host>, import: &str, problems: &mut Vec<Problem>) {
        // Only the store adapter may use the interface through which the host stores the events.
        let kept = |host: Host| self.role != Role::Store && host.keeps_events_behind(import);
        let offers = |host: &Host| host.offers(import) && !kept(*host);
        let mut can = Host::ALL.into_iter().filter(offers);
        let (first, offered) = (can.next(), host.is_none_or(|host| offers(&host)));
        if first.is_some() && offered {
            return;
        }
        let why = match host {
            Some(host) if kept(host) => {
                format!("through which the host `{host}` stores the events")
            }
            Some(host) => format!("which the host `{host}` does not offer"),
            None => "which no host offers".into(),
        };
        let remedy = match first {
            Some(other) => format!("remove the import, or compose with --host {other}"),
            None => "remove the import".into(),
        };
        problems.push(self.problem(
            Code::NotOffered,
            format!("imports `{import}`, {why}"),
            remedy,
        ));
    }

    /// Checks the types of the exports, whose names fit.
    fn types(&self, known: &mut Known, problems: &mut Vec<Problem>) {
        let bytes = self.component.bytes.clone();
        let package = match Package::from_bytes("annals:own", None, bytes, &mut known.types) {
            Ok(package) => package,
            Err(error) => {
                problems.push(self.problem(
                    Code::UnfitPart,
                    format!("{error:#}"),
                    "name a component that exports plain interfaces",
                ));
                return;
            }
        };
        let world = known.types[package.ty()].clone();
        let mut report = |name: &str, error: anyhow::Error| {
            problems.push(self.problem(
                Code::TypeMismatch,
                format!("has other types than the contract in `{name}`: {error:#}"),
                "build it with the WIT of this composer's version (`annals wit`)",
            ));
        };
        for (name, wanted) in known.exported(self.role) {
            if let Some(own) = world.exports.get(&name)
                && let Err(error) = known.is_subtype(*own, wanted)
            {
                report(&name, error);
            }
        }
        for (name, wanted) in &world.imports {
            if let Some(given) = known.given(self.role, name)
                && let Err(error) = known.is_subtype(given, *wanted)
            {
                report(name, error);
            }
        }
    }
}

/// The imports and exports of the framework's own components.
struct Known {
    types: Types,
    /// In the order of instantiation; generated components have no role.
    components: Vec<(Option<Role>, BTreeMap<String, ItemKind>)>,
}

impl Known {
    fn new(adapter: Adapter) -> Result<Self> {
        let mut all = vec![(None, types::generate()?)];
        for kind in Kind::ALL {
            let none = match kind {
                Kind::Decider => Catalogue::Deciders(Vec::new()),
                _ => Catalogue::Reactions(Vec::new()),
            };
            all.push((None, switchboard::generate(kind, &[], &none)?));
        }
        all.push((None, settings::generate(&settings::Settings::default())?));
        for role in Role::ALL {
            all.push((Some(role), framework::part(role, adapter).bytes));
        }
        let mut types = Types::default();
        let mut components = Vec::new();
        for (index, (role, bytes)) in all.into_iter().enumerate() {
            let name = format!("annals:part-{index}");
            let package = Package::from_bytes(&name, None, bytes, &mut types)?;
            let exports = types[package.ty()].exports.clone();
            components.push((role, exports.into_iter().collect()));
        }
        Ok(Self { types, components })
    }

    fn exported(&self, role: Role) -> BTreeMap<String, ItemKind> {
        let own = self.components.iter().find(|(one, _)| *one == Some(role));
        own.map(|(_, exports)| exports.clone()).unwrap_or_default()
    }

    fn exports(&self, role: Role) -> Vec<&String> {
        let own = self.components.iter().find(|(one, _)| *one == Some(role));
        own.into_iter()
            .flat_map(|(_, exports)| exports.keys())
            .collect()
    }

    /// The exports of the components that are instantiated before a part.
    fn before(&self, role: Role) -> impl Iterator<Item = &BTreeMap<String, ItemKind>> {
        let before = self
            .components
            .iter()
            .filter(move |(one, _)| one.is_none_or(|one| one < role));
        before.map(|(_, exports)| exports)
    }

    fn given(&self, role: Role, import: &str) -> Option<ItemKind> {
        self.before(role)
            .find_map(|exports| exports.get(import).copied())
    }

    fn all_given(&self, role: Role) -> Vec<&str> {
        let names = self.before(role).flat_map(|exports| exports.keys());
        names
            .filter(|name| crate::is_own_interface(name))
            .map(String::as_str)
            .collect()
    }

    fn is_subtype(&self, given: ItemKind, wanted: ItemKind) -> Result<()> {
        let mut cache = HashSet::new();
        SubtypeChecker::new(&mut cache).is_subtype(given, &self.types, wanted, &self.types)
    }
}
