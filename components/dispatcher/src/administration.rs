//! The state of reactions, and what operators do about it.

use crate::annals::es::event_reader::LogFilter;
use crate::annals::es::event_store;
use crate::annals::es::types::{RecordedEvent, StoreError};
use crate::catalogue::stored_view;
use crate::catalogue::{Kind, Reaction};
use crate::delivery::generations::{Control, MAX_REPLACED};
use crate::delivery::letters::{self, Found};
use crate::delivery::{Engine, Late, Refused};
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

/// Dead letters that are counted at most.
const COUNTED: usize = 1_000;
/// Rows that are deleted between two looks at the clock.
const DROPPED: u32 = 200;
/// How long one call deletes rows, in milliseconds.
const DROPPING: u64 = 10_000;

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
        with(&name, |engine, reaction| {
            let parked = parked().map_err(AdminError::Store)?;
            engine
                .status(reaction, parked_of(&parked, reaction))
                .map_err(AdminError::Store)
        })
    }

    fn rebuild(name: String) -> Result<u32, AdminError> {
        with(&name, |engine, reaction| {
            let why = match reaction.kind {
                Kind::Projector => {
                    return match engine.begin_generation(reaction) {
                        Ok(Some(number)) => Ok(number),
                        Ok(None) => Err(AdminError::Refused(format!(
                            "`{name}` has {MAX_REPLACED} generations that were replaced, and their rows are still \
                             stored. Drop some of them first, with DELETE \
                             /admin/reactions/{name}/generations/NUMBER; GET /admin/reactions/{name} lists them"
                        ))),
                        Err(error) => Err(AdminError::Store(error)),
                    };
                }
                Kind::ProcessManager => "its commands have taken effect, and would not do so again",
                Kind::Notifier => "whoever it told would be told again",
            };
            Err(AdminError::Refused(format!(
                "`{name}` is a {}: {why}. Only projectors are rebuilt",
                reaction.kind.name()
            )))
        })
    }

    fn resume(name: String) -> Result<(), AdminError> {
        with(&name, |engine, reaction| {
            engine.resume(reaction).map_err(AdminError::Store)
        })
    }

    fn processes(
        name: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<ProcessPage, AdminError> {
        with(&name, |engine, reaction| {
            processes::page(engine, reaction, after.as_deref(), limit)
        })
    }

    fn find_process(name: String, id: String) -> Result<Process, AdminError> {
        with(&name, |engine, reaction| {
            processes::find(engine, reaction, &id)
        })
    }

    fn drop_generation(name: String, number: u32) -> Result<(), AdminError> {
        with(&name, |engine, reaction| {
            let control = engine.control(reaction).map_err(AdminError::Store)?;
            let Some(generation) = control.get(number) else {
                return Err(AdminError::UnknownGeneration);
            };
            if !generation.retired {
                return Err(AdminError::Refused(format!(
                    "generation {number} of `{name}` is in use: only those that were replaced can be dropped"
                )));
            }
            let until = Outside.ticks() + DROPPING;
            for view in &generation.views {
                let stored = stored_view(view, number);
                while !Outside
                    .drop_rows(&stored, DROPPED)
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
        let page = letters::list(&Outside, after.as_deref(), limit)?;
        let letters = page.letters.into_iter();
        Ok(DeadLetterPage {
            dead_letters: letters.map(|found| found.describe(&reactions)).collect(),
            next: page.next,
            end: page.end,
        })
    }

    fn inspect(id: String) -> Result<(DeadLetter, RecordedEvent), AdminError> {
        let reactions = reactions().map_err(AdminError::Store)?;
        let found = find(&id)?;
        let position = found.letter.position;
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
            Ok(Late::Done) => Ok(Retried::Delivered),
            Ok(Late::Failed(reason)) => Ok(Retried::Failed(reason)),
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

/// Does something about one reaction.
fn with<T>(
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
    letters::find(&Outside, id)
        .map_err(AdminError::Store)?
        .ok_or(AdminError::UnknownDeadLetter)
}

/// Dead letters of each reaction.
fn parked() -> Result<BTreeMap<String, u32>, StoreError> {
    let mut counts = BTreeMap::new();
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = letters::list(&Outside, after.as_deref(), 200)?;
        for found in &page.letters {
            *counts.entry(found.letter.reaction.clone()).or_default() += 1;
        }
        seen += page.letters.len();
        after = page.next.or(after);
        if page.end || seen >= COUNTED {
            return Ok(counts);
        }
    }
}

fn parked_of(parked: &BTreeMap<String, u32>, reaction: &Reaction) -> u32 {
    parked.get(&reaction.key).copied().unwrap_or_default()
}
