//! Queries of the views that projectors derive. A query reads the active generation, also while a newer one
//! is being built.

use crate::annals::es::reaction_store;
use crate::annals::es::types::RowKey;
use crate::annals::es::types::StoreError;
use crate::catalogue::Reaction;
use crate::delivery::Engine;
use crate::exports::annals::es::delivery::Reached;
use crate::exports::annals::es::views::{Guest, KeyRange, QueryError, RowPage, StoredRow};
use crate::outside::Outside;
use crate::ports::{Ports, ReactionStore as _};
use crate::{Dispatcher, reacting, reactions};

impl Guest for Dispatcher {
    fn get(view: String, key: String) -> Result<Option<StoredRow>, QueryError> {
        let reactions = reactions().map_err(QueryError::Store)?;
        let view = answering(&Engine::new(&Outside, &reactions), &view)?;
        if key.is_empty() {
            return Ok(None);
        }
        Outside
            .get_row(&RowKey { view, key })
            .map_err(QueryError::Store)
    }

    fn scan(view: String, keys: KeyRange, limit: u32) -> Result<RowPage, QueryError> {
        let reactions = reactions().map_err(QueryError::Store)?;
        let view = answering(&Engine::new(&Outside, &reactions), &view)?;
        reaction_store::scan_rows(&view, &keys, limit).map_err(QueryError::Store)
    }

    fn progress(view: String) -> Result<Reached, QueryError> {
        let reactions = reactions().map_err(QueryError::Store)?;
        let keeper = keeper(&reactions, &view)?;
        reacting::progress(&Engine::new(&Outside, &reactions), keeper).map_err(QueryError::Store)
    }
}

/// The reaction that keeps a view.
fn keeper<'a>(reactions: &'a [Reaction], view: &str) -> Result<&'a Reaction, QueryError> {
    let keeps = |reaction: &&Reaction| reaction.views.iter().any(|known| known == view);
    reactions.iter().find(keeps).ok_or_else(|| {
        let known = reactions.iter().flat_map(|reaction| reaction.views.clone());
        QueryError::UnknownView(known.collect())
    })
}

/// The stored name of the view's active generation.
fn answering<P: Ports>(engine: &Engine<'_, P>, view: &str) -> Result<String, QueryError> {
    let keeper = keeper(engine.reactions, view)?;
    let control = engine.control(keeper).map_err(QueryError::Store)?;
    let active = control.answering().ok_or_else(|| {
        QueryError::Store(StoreError::Corrupt(format!(
            "no generation of {} answers",
            keeper.name
        )))
    })?;
    Ok(keeper.stored_view(view, active.number))
}
