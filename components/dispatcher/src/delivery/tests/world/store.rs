//! The world's store and log.

use super::World;
use crate::annals::es::event_reader::{LogFilter, LogPage};
use crate::annals::es::reaction_store::{Checkpoint, FoundRow, RowPage, StoredRow, WriteError};
use crate::annals::es::types::{RowKey, StoreError};
use crate::ports::{Log, ReactionStore};

impl ReactionStore for World {
    fn load_checkpoint(&self, name: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.call(|| Ok(self.checkpoints.borrow().get(name).cloned()))
    }

    fn save_checkpoint(&self, name: &str, next: &Checkpoint) -> Result<(), WriteError> {
        self.call(|| {
            let mut checkpoints = self.checkpoints.borrow_mut();
            let stored = checkpoints.get(name);
            if stored.map_or(0, |stored| stored.revision) != next.revision {
                return Err(WriteError::Stale);
            }
            if next.state.len() > 1 << 20 {
                let bytes = next.state.len();
                let why = format!("the state of {name}'s checkpoint has {bytes} bytes");
                return Err(WriteError::Store(StoreError::Invalid(why)));
            }
            assert!(
                stored.is_none_or(|stored| stored.position <= next.position),
                "{name} goes back"
            );
            let next = Checkpoint {
                revision: next.revision + 1,
                ..next.clone()
            };
            checkpoints.insert(name.into(), next);
            self.saved.borrow_mut().push(self.time.get());
            Ok(())
        })
    }

    fn get_hint(&self, name: &str) -> Result<u64, StoreError> {
        self.call(|| Ok(self.hints.borrow().get(name).copied().unwrap_or(0)))
    }

    fn put_hint(&self, name: &str, number: u64) -> Result<(), StoreError> {
        self.call(|| {
            self.hints.borrow_mut().insert(name.into(), number);
            let announced = u32::from(name.starts_with("turn ") && number > 0);
            self.announcements.set(self.announcements.get() + announced);
            Ok(())
        })
    }

    fn get_row(&self, row: &RowKey) -> Result<Option<StoredRow>, StoreError> {
        Ok(self.find_row(row)?.row)
    }

    fn find_row(&self, row: &RowKey) -> Result<FoundRow, StoreError> {
        self.call(|| {
            let views = self.views.borrow();
            let found = views.get(&row.view).and_then(|view| view.0.get(&row.key));
            let (position, content) = found.cloned().unwrap_or_default();
            let row = content.map(|(content_type, value)| StoredRow {
                key: row.key.clone(),
                content_type,
                value,
                position,
            });
            Ok(FoundRow { position, row })
        })
    }

    fn put_row(&self, view: &str, row: &StoredRow, seen: u64) -> Result<(), WriteError> {
        let content = Some((row.content_type.clone(), row.value.clone()));
        self.write(view, &row.key, seen, row.position, content)
    }

    fn delete_row(&self, row: &RowKey, seen: u64, position: u64) -> Result<(), WriteError> {
        self.write(&row.view, &row.key, seen, position, None)
    }

    fn scan_rows(
        &self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        self.call(|| {
            let views = self.views.borrow();
            let all = views.get(view).cloned().unwrap_or_default().0;
            let mut rows = all.into_iter().filter_map(|(key, (position, content))| {
                let (content_type, value) = content?;
                after
                    .is_none_or(|after| key.as_str() > after)
                    .then_some(StoredRow {
                        key,
                        content_type,
                        value,
                        position,
                    })
            });
            let page: Vec<_> = rows.by_ref().take(limit as usize).collect();
            Ok(RowPage {
                next: page.last().map(|row| row.key.clone()),
                rows: page,
                end: rows.next().is_none(),
            })
        })
    }

    fn drop_rows(&self, view: &str, _: u32) -> Result<bool, StoreError> {
        self.call(|| {
            self.views.borrow_mut().remove(view);
            Ok(true)
        })
    }
}

impl World {
    fn write(
        &self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
        content: Option<(String, Vec<u8>)>,
    ) -> Result<(), WriteError> {
        self.call(|| {
            let mut views = self.views.borrow_mut();
            let rows = &mut views.entry(view.into()).or_default().0;
            let (at, present) = rows
                .get(key)
                .map_or((0, false), |(at, content)| (*at, content.is_some()));
            let visible = if present { at } else { 0 };
            if visible != seen || position <= at {
                return Err(WriteError::Stale);
            }
            rows.insert(key.into(), (position, content));
            Ok(())
        })
    }
}

impl Log for World {
    fn read_log(&self, after: u64, limit: u32, filter: &LogFilter) -> Result<LogPage, StoreError> {
        self.call(|| {
            let events = self.events.borrow();
            let types = &filter.event_types;
            let new: Vec<_> = events
                .iter()
                .filter(|event| event.position > after)
                .collect();
            let read: Vec<_> = new.iter().take(limit as usize).collect();
            Ok(LogPage {
                next: read.last().map_or(after, |last| last.position),
                end: read.len() == new.len(),
                events: read
                    .into_iter()
                    .filter(|event| types.is_empty() || types.contains(&event.event_type))
                    .map(|event| (*event).clone())
                    .collect(),
            })
        })
    }

    fn log_end(&self) -> Result<u64, StoreError> {
        self.call(|| Ok(self.events.borrow().last().map_or(0, |last| last.position)))
    }
}
