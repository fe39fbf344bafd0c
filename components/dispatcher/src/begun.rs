//! An application with reactions begins on its store.

use crate::annals::es::types::StoreError;
use crate::application::{self, Change, Description, Plan, Record, Refused};
use crate::catalogue::{Kind, Reaction};
use crate::delivery::Engine;
use crate::ports::Ports;

/// Positions of one commit: see `event-log`.
const PER_COMMIT: u64 = 1_024;

/// Compares the application with the store's record of it. Answers the record, and what changed, for people.
pub fn open(
    ports: &impl Ports,
    digest: &str,
    description: impl FnOnce() -> Description,
    reactions: &[Reaction],
    accepted: &[String],
) -> Result<(Record, Vec<String>), Refused> {
    let progress = |name: &str| Ok(ports.load_checkpoint(name)?.is_some());
    let (record, told) = application::open(
        digest,
        description,
        accepted,
        || ports.load_checkpoint(application::CHAIN),
        |next| ports.save_checkpoint(application::CHAIN, next),
        progress,
        |plan| prepare(ports, plan, reactions, accepted),
    )?;
    for line in &told {
        ports.log(line);
    }
    Ok((record, told))
}

/// The reactions, with the keys that the record gives them.
pub fn keyed(mut reactions: Vec<Reaction>, record: &Record) -> Vec<Reaction> {
    for reaction in &mut reactions {
        if let Some(key) = record.key(&reaction.name) {
            reaction.key = key.into();
        }
    }
    reactions
}

/// What must be done before a plan is recorded: a record without it would be taken for its having been done.
fn prepare(
    ports: &impl Ports,
    plan: &mut Plan,
    reactions: &[Reaction],
    accepted: &[String],
) -> Result<(), StoreError> {
    let keyed = keyed(reactions.to_vec(), &plan.record);
    let engine = Engine::new(ports, &keyed);
    for reaction in &keyed {
        let name = &reaction.name;
        let built = engine.built(reaction)?;
        // The record of a store that had none yet does not tell.
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
                        "the view of the projector `{name}` was built by version {built}, and version {} is about to run",
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
    let commits = ports.log_end()? / PER_COMMIT;
    for reaction in &keyed {
        let name = &reaction.name;
        if plan.older.contains(name) && engine.built(reaction)? > reaction.version {
            let version = reaction.version;
            plan.told.push(match engine.begin_generation(reaction)? {
                Some(number) => format!(
                    "`{name}`: version {version} builds its view anew, as generation {number}; what version {version} did not build answers until that is done"
                ),
                None => format!(
                    "`{name}`: version {version} cannot build its view anew while so many replaced generations are kept; delete some, then ask for a rebuild"
                ),
            });
        }
        // Where it starts is decided now.
        engine.control(reaction)?;
        if plan.new.contains(name) && commits > 0 {
            let kind = reaction.kind.name();
            plan.told.push(match (reaction.from_now, reaction.kind) {
                (true, _) => format!("the {kind} `{name}` is new: it starts now, behind the {commits} commits of the log"),
                (false, Kind::Projector) => format!("the {kind} `{name}` is new: it builds its view from the {commits} commits of the log"),
                (false, _) => format!("the {kind} `{name}` is new: it is given the events of all {commits} commits of the log, from the first one on (FROM)"),
            });
        }
    }
    Ok(())
}
