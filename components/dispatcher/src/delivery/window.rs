//! A cache of log pages. Most reactions are at about the same position, so a page that was read for one
//! serves the others.

use crate::annals::es::event_reader::LogFilter;
use crate::annals::es::types::{RecordedEvent, StoreError};
use crate::catalogue::Reaction;
use crate::ports::Log;
use std::cell::RefCell;
use std::rc::Rc;

/// Upper limit of events in a page.
const PAGE_EVENTS: u32 = 256;
/// Number of cached pages.
const MAX_PAGES: usize = 8;

/// Events of the log after a position.
pub struct Page {
    after: u64,
    events: Vec<Rc<RecordedEvent>>,
    /// The page covers the log up to this position.
    next: u64,
    /// The page ended at the end of the log when it was read.
    end: bool,
}

/// The next events of a partition.
pub struct Next {
    pub events: Vec<Rc<RecordedEvent>>,
    /// The log has no other events for the partition up to this position.
    pub reach: u64,
    /// The page ended at the end of the log when it was read.
    pub end: bool,
}

/// Reads the log for all reactions at once.
pub struct Window {
    filter: LogFilter,
    pages: RefCell<Vec<Rc<Page>>>,
}

impl Window {
    pub fn new(reactions: &[Reaction]) -> Self {
        let mut event_types: Vec<String> = Vec::new();
        if reactions
            .iter()
            .all(|reaction| !reaction.event_types.is_empty())
        {
            for wanted in reactions.iter().flat_map(|reaction| &reaction.event_types) {
                if let Err(place) = event_types.binary_search(wanted) {
                    event_types.insert(place, wanted.clone());
                }
            }
        }
        Self {
            filter: LogFilter {
                event_types,
                categories: Vec::new(),
                tags: Vec::new(),
            },
            pages: RefCell::default(),
        }
    }

    /// Drops the pages that end at the end of the log, so the next read finds new events.
    pub fn refresh(&self) {
        self.pages.borrow_mut().retain(|page| !page.end);
    }

    /// The partition's next events after a position, at most `limit`.
    pub fn next(
        &self,
        log: &impl Log,
        after: u64,
        limit: usize,
        wanted: impl Fn(&RecordedEvent) -> bool,
    ) -> Result<Next, StoreError> {
        let page = self.page(log, after)?;
        let mut next = Next {
            events: Vec::new(),
            reach: page.next,
            end: page.end,
        };
        let new = page.events.iter().filter(|event| event.position > after);
        for event in new.filter(|event| wanted(event)) {
            if next.events.len() == limit {
                next.reach = next.events.last().map_or(after, |last| last.position);
                next.end = false;
                break;
            }
            next.events.push(event.clone());
        }
        Ok(next)
    }

    fn page(&self, log: &impl Log, after: u64) -> Result<Rc<Page>, StoreError> {
        let mut pages = self.pages.borrow_mut();
        let known = pages.iter().find(|page| {
            page.after <= after && (after < page.next || (page.end && after <= page.next))
        });
        if let Some(page) = known {
            return Ok(page.clone());
        }
        let read = log.read_log(after, PAGE_EVENTS, &self.filter)?;
        let page = Rc::new(Page {
            after,
            events: read.events.into_iter().map(Rc::new).collect(),
            next: read.next.max(after),
            end: read.end,
        });
        if pages.len() == MAX_PAGES {
            pages.remove(0);
        }
        pages.push(page.clone());
        Ok(page)
    }

    /// The event at a position.
    pub fn event(&self, log: &impl Log, position: u64) -> Result<Rc<RecordedEvent>, StoreError> {
        {
            let pages = self.pages.borrow();
            let known = pages
                .iter()
                .flat_map(|page| &page.events)
                .find(|event| event.position == position);
            if let Some(event) = known {
                return Ok(event.clone());
            }
        }
        let all = LogFilter {
            event_types: Vec::new(),
            categories: Vec::new(),
            tags: Vec::new(),
        };
        let page = log.read_log(position.saturating_sub(1), 1, &all)?;
        page.events
            .into_iter()
            .find(|event| event.position == position)
            .map(Rc::new)
            .ok_or_else(|| {
                StoreError::Corrupt(format!("the log has no event at position {position}"))
            })
    }
}
