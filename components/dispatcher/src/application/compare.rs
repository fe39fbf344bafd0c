//! Compares the application that ran last with the application that is about to run.

use super::record::{Decider, Reaction, Record};
use crate::annals::es::types::StoreError;
use std::collections::BTreeSet;

/// The application that is about to run. The comparison assigns the keys of its reactions.
#[derive(Clone, Debug, Default)]
pub struct Description {
    pub record: Record,
    /// Former names of reactions, by their present name, from the manifest.
    pub formerly: Vec<(String, Vec<String>)>,
    /// Names of reactions and types of events that the manifest declares retired.
    pub retired: Vec<String>,
}

/// A change that the dispatcher refuses unless the manifest declares it or an operator accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The token by which an operator accepts the change, such as `retire:mailer`.
    pub id: String,
    pub what: String,
    pub remedy: String,
}

/// The result of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The record to store.
    pub record: Record,
    pub refused: Vec<Change>,
    /// A description of each permitted change, for operators.
    pub notices: Vec<String>,
    /// Names of reactions that the store has no record and no progress of.
    pub new: Vec<String>,
    /// Names of projectors whose views the older version that is about to run must rebuild.
    pub older: Vec<String>,
}

struct Comparison<'a> {
    description: &'a Description,
    accepted: &'a [String],
    plan: Plan,
}

/// Compares an application with the store's record of it. `known` tells whether a key has progress; it is
/// asked only if the store has no record.
pub fn compare(
    before: Option<&Record>,
    description: &Description,
    accepted: &[String],
    known: impl Fn(&str) -> Result<bool, StoreError>,
) -> Result<Plan, StoreError> {
    let mut comparison = Comparison {
        description,
        accepted,
        plan: Plan {
            record: description.record.clone(),
            ..Plan::default()
        },
    };
    match before {
        None => comparison.first(known)?,
        Some(before) => {
            comparison.reactions(before);
            comparison.deciders(before);
        }
    }
    Ok(comparison.plan)
}

impl Comparison<'_> {
    fn formerly(&self, name: &str) -> &[String] {
        let mut all = self.description.formerly.iter();
        all.find(|(of, _)| of == name)
            .map_or(&[][..], |(_, formerly)| formerly)
    }

    /// Returns `true` if an operator has accepted the change. Otherwise adds the change to the refused ones.
    fn is_accepted(&mut self, id: String, what: String, remedy: &str) -> bool {
        if self.accepted.contains(&id) {
            self.plan.notices.push(format!("{what} (accepted)"));
            return true;
        }
        // A change may have several causes. An operator accepts all of them with one token.
        match self.plan.refused.iter_mut().find(|one| one.id == id) {
            Some(one) => one.what = format!("{}, and {what}", one.what),
            None => self.plan.refused.push(Change {
                remedy: format!("{remedy}, or accept `{id}`"),
                id,
                what,
            }),
        }
        false
    }

    fn is_retired(&self, name: &str) -> bool {
        self.description.retired.iter().any(|one| one == name)
    }

    /// Compares with a store that has no record. A reaction that has progress keeps its key and continues
    /// from that progress.
    fn first(
        &mut self,
        known: impl Fn(&str) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut reactions = std::mem::take(&mut self.plan.record.reactions);
        for reaction in &mut reactions {
            reaction.key = reaction.name.clone();
            if known(&reaction.name)? {
                continue;
            }
            let mut new = true;
            for former in self.formerly(&reaction.name) {
                if known(former)? {
                    reaction.key = former.clone();
                    reaction.formerly = vec![former.clone()];
                    new = false;
                    break;
                }
            }
            if new {
                self.plan.new.push(reaction.name.clone());
            }
        }
        self.plan.record.reactions = reactions;
        Ok(())
    }

    fn reactions(&mut self, before: &Record) {
        let mut reactions = std::mem::take(&mut self.plan.record.reactions);
        // Keys of the recorded reactions that continue in the new application.
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        for reaction in &mut reactions {
            let Some(old) = self.predecessor(before, reaction) else {
                continue;
            };
            taken.insert(&old.key);
            reaction.key = old.key.clone();
            reaction.formerly = old.formerly.clone();
            if old.name != reaction.name {
                reaction.formerly.push(old.name.clone());
                let (old, new) = (&old.name, &reaction.name);
                self.plan
                    .notices
                    .push(format!("`{old}` continues as `{new}`"));
            }
            let (name, was, is) = (reaction.name.clone(), old.version, reaction.version);
            if reaction.kind == "projector"
                && is == was
                && let Some(event) = newly_folded(before, old, reaction)
            {
                let what = format!(
                    "the projector `{name}` now folds `{event}`; version {is} has built its view without the events of this type in the log"
                );
                let remedy = "raise VERSION, which rebuilds the view";
                self.is_accepted(format!("partial:{name}"), what, remedy);
            }
            if reaction.kind == "projector" && is < was {
                let what = format!(
                    "version {was} built the view of the projector `{name}`, and the older version {is} is about to run"
                );
                let remedy = "run the newer version, raise VERSION above it";
                if self.is_accepted(format!("older:{name}"), what, remedy) {
                    self.plan.older.push(name);
                }
            }
        }
        let retired: Vec<&Reaction> = before
            .reactions
            .iter()
            .filter(|old| !taken.contains(old.key.as_str()))
            .collect();
        let still = before
            .retired
            .iter()
            .filter(|old| !taken.contains(old.key.as_str()));
        self.plan.record.retired = still.chain(retired.iter().copied()).cloned().collect();
        for old in retired {
            let same_name = reactions.iter().any(|new| new.name == old.name);
            if !same_name && !self.is_retired(&old.name) {
                let Reaction { name, kind, .. } = old;
                self.is_accepted(
                    format!("retire:{name}"),
                    format!("the application no longer contains the {kind} `{name}`"),
                    &format!(
                        "write `formerly = [\"{name}\"]` in [handlers.<n>] of the reaction that continues it, or `retired = [\"{name}\"]` in [app] if it is no longer needed"
                    ),
                );
            }
        }
        for reaction in reactions.iter_mut().filter(|one| one.key.is_empty()) {
            self.add_new(before, reaction);
        }
        self.plan.record.reactions = reactions;
    }

    /// The recorded reaction that this reaction continues, if there is one.
    fn predecessor<'b>(&self, before: &'b Record, reaction: &Reaction) -> Option<&'b Reaction> {
        let same = |old: &&Reaction, name: &str| old.name == name && old.kind == reaction.kind;
        let mut known = before.reactions.iter();
        known.find(|old| same(old, &reaction.name)).or_else(|| {
            self.formerly(&reaction.name).iter().find_map(|former| {
                let lives = |name: &str| {
                    let mut all = self.description.record.reactions.iter();
                    name != reaction.name && all.any(|one| one.name == name)
                };
                if lives(former) {
                    return None;
                }
                let mut all = before.reactions.iter().chain(before.retired.iter().rev());
                all.find(|old| same(old, former))
            })
        })
    }

    /// Adds a new reaction. Its key is its name, unless the store has used that name as a key or a name
    /// before.
    fn add_new(&mut self, before: &Record, reaction: &mut Reaction) {
        let name = &reaction.name;
        let all = || before.reactions.iter().chain(&before.retired);
        let renamed = before
            .reactions
            .iter()
            .find(|old| old.formerly.contains(name) || old.key == *name && old.name != *name);
        let gone =
            all().find(|old| old.name == *name || old.key == *name || old.formerly.contains(name));
        reaction.key = name.clone();
        if let Some(old) = renamed.or(gone) {
            let (what, remedy) = if renamed.is_some() {
                let now = &old.name;
                (
                    format!("`{name}` is the former name of the {} `{now}`", old.kind),
                    format!(
                        "write `formerly = [\"{now}\"]` in [handlers.<n>] of `{name}` to rename it back, give the new {} another name",
                        reaction.kind
                    ),
                )
            } else if old.kind == reaction.kind {
                (
                    format!(
                        "the {} `{name}` was dropped earlier, and the application contains it again",
                        old.kind
                    ),
                    format!(
                        "write `formerly = [\"{name}\"]` in [handlers.<n>] of `{name}` to continue where it stopped, give it another name to start anew"
                    ),
                )
            } else {
                (
                    format!(
                        "`{name}` was a {}, and is now a {}",
                        old.kind, reaction.kind
                    ),
                    "give it another name".to_owned(),
                )
            };
            self.is_accepted(format!("anew:{name}"), what, &remedy);
            let used = |key: &str| all().any(|old| old.key == key);
            let mut number = 2;
            while used(&reaction.key) {
                reaction.key = format!("{}~{number}", reaction.name);
                number += 1;
            }
        }
        self.plan.new.push(reaction.name.clone());
    }

    fn deciders(&mut self, before: &Record) {
        let now = self.description.record.deciders.clone();
        for old in &before.deciders {
            let category: Vec<&Decider> = now
                .iter()
                .filter(|new| new.category == old.category)
                .collect();
            let shares =
                |new: &&&Decider| new.commands.iter().any(|one| old.commands.contains(one));
            let successors: Vec<&Decider> = category.iter().filter(shares).copied().collect();
            for event in &old.folds {
                let all_fold = successors.iter().all(|new| new.folds.contains(event));
                let some_fold = category.iter().any(|new| new.folds.contains(event));
                if !all_fold || (successors.is_empty() && !category.is_empty() && !some_fold) {
                    self.dropped(event, format!("`{}` no longer folds `{event}`", old.name));
                }
                let reads = |new: &&Decider| {
                    new.folds.contains(event) && new.schema(event) < old.schema(event)
                };
                if let Some(new) = category.iter().copied().find(reads) {
                    let what = format!(
                        "`{}` read schema version {} of `{event}`, and `{}` reads only version {}",
                        old.name,
                        old.schema(event),
                        new.name,
                        new.schema(event)
                    );
                    self.is_accepted(format!("older:{event}"), what, "run the newer version");
                }
            }
            for event in &old.emits {
                if !category.iter().any(|new| new.emits.contains(event)) {
                    self.dropped(
                        event,
                        format!(
                            "`{}` emitted `{event}`, and no decider emits it now",
                            old.name
                        ),
                    );
                }
            }
        }
    }

    fn dropped(&mut self, event: &str, what: String) {
        if !self.is_retired(event) {
            let remedy = format!(
                "run a version that handles it, write `retired = [\"{event}\"]` in [app] if the type is gone for good"
            );
            self.is_accepted(format!("drop:{event}"), what, &remedy);
        }
    }
}

/// An event type that the log may contain, and that the new version of the projector takes but the old one
/// did not.
fn newly_folded<'a>(before: &'a Record, old: &Reaction, new: &Reaction) -> Option<&'a String> {
    let takes = |reaction: &Reaction, event| {
        reaction.event_types.is_empty() || reaction.event_types.contains(event)
    };
    let mut emitted = before.deciders.iter().flat_map(|decider| &decider.emits);
    emitted.find(|event| takes(new, event) && !takes(old, event))
}
