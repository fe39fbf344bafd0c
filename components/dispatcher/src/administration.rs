//! The administration interface: reports the state of reactions and executes operators' requests (rebuild,
//! resume, drop a generation, retry or skip a dead letter).

use crate::annals::es::event_reader::LogFilter;
use crate::annals::es::event_store;
use crate::annals::es::types::{RecordedEvent, StoreError};
use crate::catalogue::stored_view;
use crate::catalogue::{Kind, Reaction};
use crate::delivery::dead_letters::{self, Found};
use crate::delivery::generations::{Control, MAX_REPLACED};
use crate::delivery::{Engine, Refused, RetryOutcome};
use crate::exports::annals::es::administration::{
    AdminError, DeadLetter, DeadLetterPage, Guest, Process, ProcessPage, ReactionStatus,
    RepairOutcome, Retried,
};
use crate::outside::Outside;
use crate::ports::{Clock as _, Log as _, ReactionStore as _};
use crate::{Dispatcher, names, reactions};
use std::collections::BTreeMap;

mod processes;
mod status;

/// Upper limit of dead letters that one status request counts. A larger backlog is reported as this many or a
/// little more.
const MAX_COUNTED_DEAD_LETTERS: usize = 1_000;
/// Rows that `drop_generation` deletes between two checks of its deadline.
const DROP_BATCH_ROWS: u32 = 200;
/// Time budget of one `drop_generation` call, in milliseconds. A call that exceeds it answers `Busy`; the
/// next call continues the deletion.
const DROP_BUDGET_MILLIS: u64 = 10_000;

impl Guest for Dispatcher {
    fn repair(key: String, name: Option<String>) -> Result<RepairOutcome, StoreError> {
        event_store::repair(&key, name.as_deref())
    }

    fn reactions() -> Result<Vec<ReactionStatus>, StoreError> {
        let reactions = reactions()?;
        let engine = Engine::new(&Outside, &reactions);
        let parked = parked()?;
        reactions
            .iter()
            .map(|reaction| engine.status(reaction, parked_of(&parked, reaction)))
            .collect()
    }

    fn reaction(name: String) -> Result<ReactionStatus, AdminError> {
        with_reaction(&name, |engine, reaction| {
            let parked = parked().map_err(AdminError::Store)?;
            engine
                .status(reaction, parked_of(&parked, reaction))
                .map_err(AdminError::Store)
        })
    }

    fn rebuild(name: String) -> Result<u32, AdminError> {
        with_reaction(&name, |engine, reaction| {
            let why = match reaction.kind {
                Kind::Projector => {
                    return match engine.begin_generation(reaction) {
                        Ok(Some(number)) => Ok(number),
                        Ok(None) => Err(AdminError::Refused(format!(
                            "the store still holds the rows of {MAX_REPLACED} replaced generations of `{name}`. Drop some of \
                             them first, with DELETE /admin/reactions/{name}/generations/NUMBER; GET \
                             /admin/reactions/{name} lists them"
                        ))),
                        Err(error) => Err(AdminError::Store(error)),
                    };
                }
                Kind::ProcessManager => {
                    "its commands have taken effect, and the sourcer would not execute them again"
                }
                Kind::Notifier => "it would deliver every notification a second time",
            };
            Err(AdminError::Refused(format!(
                "`{name}` is a {}: {why}. Only projectors can be rebuilt",
                reaction.kind.name()
            )))
        })
    }

    fn resume(name: String) -> Result<(), AdminError> {
        with_reaction(&name, |engine, reaction| {
            engine.resume(reaction).map_err(AdminError::Store)
        })
    }

    fn processes(
        name: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<ProcessPage, AdminError> {
        with_reaction(&name, |engine, reaction| {
            processes::page(engine, reaction, after.as_deref(), limit)
        })
    }

    fn find_process(name: String, id: String) -> Result<Process, AdminError> {
        with_reaction(&name, |engine, reaction| {
            processes::find(engine, reaction, &id)
        })
    }

    fn drop_generation(name: String, number: u32) -> Result<(), AdminError> {
        with_reaction(&name, |engine, reaction| {
            let control = engine.control(reaction).map_err(AdminError::Store)?;
            let Some(generation) = control.get(number) else {
                return Err(AdminError::UnknownGeneration);
            };
            if !generation.retired {
                return Err(AdminError::Refused(format!(
                    "generation {number} of `{name}` is in use: only a replaced generation can be dropped"
                )));
            }
            let until = Outside.ticks() + DROP_BUDGET_MILLIS;
            for view in &generation.views {
                let stored = stored_view(view, number);
                while !Outside
                    .drop_rows(&stored, DROP_BATCH_ROWS)
                    .map_err(AdminError::Store)?
                {
                    if Outside.ticks() >= until {
                        return Err(AdminError::Busy);
                    }
                }
            }
            let gone = |control: &mut Control| {
                let before = control.generations.len();
                control.generations.retain(|it| it.number != number);
                (control.generations.len() < before).then_some(())
            };
            engine
                .change_control(reaction, gone)
                .map(|_| ())
                .map_err(AdminError::Store)
        })
    }

    fn dead_letters(after: Option<String>, limit: u32) -> Result<DeadLetterPage, StoreError> {
        let reactions = reactions()?;
        let page = dead_letters::list(&Outside, after.as_deref(), limit)?;
        let dead_letters = page.dead_letters.into_iter();
        Ok(DeadLetterPage {
            dead_letters: dead_letters
                .map(|found| found.describe(&reactions))
                .collect(),
            next: page.next,
            end: page.end,
        })
    }

    fn inspect(id: String) -> Result<(DeadLetter, RecordedEvent), AdminError> {
        let reactions = reactions().map_err(AdminError::Store)?;
        let found = find(&id)?;
        let position = found.dead_letter.position;
        let all = LogFilter {
            event_types: Vec::new(),
            categories: Vec::new(),
            tags: Vec::new(),
        };
        let page = Outside
            .read_log(position.saturating_sub(1), 1, &all)
            .map_err(AdminError::Store)?;
        let event = page
            .events
            .into_iter()
            .find(|event| event.position == position);
        match event {
            Some(event) => Ok((found.describe(&reactions), event)),
            None => Err(AdminError::Store(StoreError::Corrupt(format!(
                "the log has no event at position {position}"
            )))),
        }
    }

    fn retry(id: String) -> Result<Retried, AdminError> {
        let found = find(&id)?;
        let reactions = reactions().map_err(AdminError::Store)?;
        match Engine::new(&Outside, &reactions).retry(found) {
            Ok(RetryOutcome::Done) => Ok(Retried::Delivered),
            Ok(RetryOutcome::Failed(reason)) => Ok(Retried::Failed(reason)),
            Err(refused) => Err(refused.into()),
        }
    }

    fn skip(id: String) -> Result<(), AdminError> {
        let found = find(&id)?;
        let reactions = reactions().map_err(AdminError::Store)?;
        let engine = Engine::new(&Outside, &reactions);
        engine.skip(found).map_err(Into::into)
    }
}

impl From<Refused> for AdminError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Because(why) => Self::Refused(why),
            Refused::Busy => Self::Busy,
            Refused::Store(error) => Self::Store(error),
        }
    }
}

/// Runs `act` with the engine and the reaction of this name. Fails with `UnknownReaction` if the application
/// has no such reaction.
fn with_reaction<T>(
    name: &str,
    act: impl FnOnce(&Engine<'_, Outside>, &Reaction) -> Result<T, AdminError>,
) -> Result<T, AdminError> {
    let reactions = reactions().map_err(AdminError::Store)?;
    let engine = Engine::new(&Outside, &reactions);
    match engine.reaction(name) {
        Some(reaction) => act(&engine, reaction),
        None => Err(AdminError::UnknownReaction(names(&reactions))),
    }
}

fn find(id: &str) -> Result<Found, AdminError> {
    dead_letters::find(&Outside, id)
        .map_err(AdminError::Store)?
        .ok_or(AdminError::UnknownDeadLetter)
}

/// Counts the stored dead letters by reaction key, up to [`MAX_COUNTED_DEAD_LETTERS`] dead letters in all.
fn parked() -> Result<BTreeMap<String, u32>, StoreError> {
    let mut counts = BTreeMap::new();
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = dead_letters::list(&Outside, after.as_deref(), 200)?;
        for found in &page.dead_letters {
            *counts
                .entry(found.dead_letter.reaction.clone())
                .or_default() += 1;
        }
        seen += page.dead_letters.len();
        after = page.next.or(after);
        if page.end || seen >= MAX_COUNTED_DEAD_LETTERS {
            return Ok(counts);
        }
    }
}

fn parked_of(parked: &BTreeMap<String, u32>, reaction: &Reaction) -> u32 {
    parked.get(&reaction.key).copied().unwrap_or_default()
}
