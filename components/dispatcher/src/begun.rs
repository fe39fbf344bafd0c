//! Opens the store for an application that has reactions.

use crate::annals::es::types::StoreError;
use crate::application::{self, Change, Description, Plan, Record, Refused};
use crate::catalogue::{Kind, Reaction};
use crate::delivery::Engine;
use crate::ports::Ports;

/// Number of positions that one commit occupies in the log. Defined by `event-log`.
const POSITIONS_PER_COMMIT: u64 = 1_024;

/// Compares the application with the store's record of it. Returns the record that is valid from now on, and
/// a description of each change for operators.
pub fn open(
    ports: &impl Ports,
    digest: &str,
    description: impl FnOnce() -> Description,
    reactions: &[Reaction],
    accepted: &[String],
) -> Result<(Record, Vec<String>), Refused> {
    let progress = |name: &str| Ok(ports.load_checkpoint(name)?.is_some());
    let (record, notices) = application::open(
        digest,
        description,
        accepted,
        || ports.load_checkpoint(application::CHAIN),
        |next| ports.save_checkpoint(application::CHAIN, next),
        progress,
        |plan| prepare(ports, plan, reactions, accepted),
    )?;
    for line in &notices {
        ports.log(line);
    }
    Ok((record, notices))
}

/// Sets each reaction's key to the key that the record holds for it.
pub fn with_keys(mut reactions: Vec<Reaction>, record: &Record) -> Vec<Reaction> {
    for reaction in &mut reactions {
        if let Some(key) = record.key(&reaction.name) {
            reaction.key = key.into();
        }
    }
    reactions
}

/// Carries out the parts of a plan that must precede the record. Once a record exists, later instances assume
/// that these parts are done, so a crash between the two must leave the record unwritten.
fn prepare(
    ports: &impl Ports,
    plan: &mut Plan,
    reactions: &[Reaction],
    accepted: &[String],
) -> Result<(), StoreError> {
    let reactions = with_keys(reactions.to_vec(), &plan.record);
    let engine = Engine::new(ports, &reactions);
    for reaction in &reactions {
        let name = &reaction.name;
        let built = engine.built(reaction)?;
        // The first record of a store holds no earlier version, so the comparison cannot detect an older
        // projector. The version of the newest generation can.
        if reaction.kind == Kind::Projector
            && built > reaction.version
            && !plan.older.contains(name)
        {
            let id = format!("older:{name}");
            if accepted.contains(&id) {
                plan.older.push(name.clone());
            } else {
                plan.refused.push(Change {
                    what: format!(
                        "version {built} built the view of the projector `{name}`, and the older version {} is about to run",
                        reaction.version
                    ),
                    remedy: format!("run the newer version, raise VERSION above it, or accept `{id}`"),
                    id,
                });
            }
        }
    }
    if !plan.refused.is_empty() {
        return Ok(());
    }
    let commits = ports.log_end()? / POSITIONS_PER_COMMIT;
    for reaction in &reactions {
        let name = &reaction.name;
        if plan.older.contains(name) && engine.built(reaction)? > reaction.version {
            let version = reaction.version;
            plan.notices.push(match engine.begin_generation(reaction)? {
                Some(number) => format!(
                    "`{name}`: version {version} rebuilds its view as generation {number}; the existing generation answers queries until the rebuild is complete"
                ),
                None => format!(
                    "`{name}`: version {version} cannot rebuild its view, because too many replaced generations are stored; drop some of them, then request a rebuild"
                ),
            });
        }
        // Creates the reaction's first generation, which fixes the position at which the reaction starts.
        engine.control(reaction)?;
        if plan.new.contains(name) && commits > 0 {
            let kind = reaction.kind.name();
            plan.notices.push(match (reaction.from_now, reaction.kind) {
                (true, _) => format!("the {kind} `{name}` is new: it starts now, after the {commits} commits of the log"),
                (false, Kind::Projector) => format!("the {kind} `{name}` is new: it builds its view from the {commits} commits of the log"),
                (false, _) => format!("the {kind} `{name}` is new: it receives the events of all {commits} commits of the log, from the first one on (FROM)"),
            });
        }
    }
    Ok(())
}
