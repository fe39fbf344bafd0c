//! Given/then tests of projectors.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::marker::PhantomData;

use super::encoding::{assert_survives, encode, text};
use super::log::{Log, On};
use crate::Projector;
use crate::erased::{Folded, ProjectorEntry};
use crate::wire::{Fault, Recorded, Row, RowChange};

/// Starts a test of a projector: folds these events into its view, in the order of the log.
///
/// # Panics
///
/// Panics if an event cannot be projected, or for any of the reasons of the [module](super).
#[track_caller]
pub fn project<P: Projector>(events: impl IntoIterator<Item = On<P::Event>>) -> Projection<P> {
    let empty = Projection {
        log: Log::default(),
        rows: BTreeMap::new(),
        projector: PhantomData,
    };
    empty.and(events)
}

/// A view. [`project`] creates it.
pub struct Projection<P> {
    log: Log,
    /// Every row of the view, by key.
    rows: BTreeMap<String, Row>,
    projector: PhantomData<P>,
}

impl<P: Projector> Projection<P> {
    /// Returns the view after these further events.
    ///
    /// # Panics
    ///
    /// Panics in the same cases as [`project`].
    #[track_caller]
    pub fn and(&self, events: impl IntoIterator<Item = On<P::Event>>) -> Self {
        let mut after = Self {
            log: self.log.clone(),
            rows: self.rows.clone(),
            projector: PhantomData,
        };
        for event in events {
            let recorded = after.log.record(event);
            after.deliver(&recorded);
        }
        after
    }

    /// Expects that the view has this row.
    ///
    /// # Panics
    ///
    /// Panics if the view has no row with this key, or a different one.
    #[track_caller]
    pub fn row(&self, key: &str, row: P::Row) -> &Self {
        let expected = encode(&row);
        let actual = self.rows.get(key).map(|row| &row.value);
        assert!(
            actual == Some(&expected),
            "\nexpected: row {key:?} {}\n     got: {}\n",
            text(&expected),
            self.show(),
        );
        self
    }

    /// Expects that the view has no row with this key.
    ///
    /// # Panics
    ///
    /// Panics if there is such a row.
    #[track_caller]
    pub fn no_row(&self, key: &str) -> &Self {
        assert!(
            !self.rows.contains_key(key),
            "\nexpected: no row {key:?}\n     got: {}\n",
            self.show(),
        );
        self
    }

    /// Expects that the view has rows with these keys and no others.
    ///
    /// # Panics
    ///
    /// Panics if the keys differ.
    #[track_caller]
    pub fn keys<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> &Self {
        let mut expected: Vec<&str> = keys.into_iter().collect();
        expected.sort_unstable();
        let actual: Vec<&str> = self.rows.keys().map(String::as_str).collect();
        assert!(
            actual == expected,
            "\nexpected: rows {expected:?}\n     got: {}\n",
            self.show(),
        );
        self
    }

    #[track_caller]
    fn deliver(&mut self, recorded: &Recorded) {
        for change in self.changes(recorded) {
            match change {
                RowChange::Delete(key) => {
                    self.rows.remove(&key);
                }
                RowChange::Put(row) => {
                    assert_survives::<P::Row>(&format!("the row {:?}", row.key), &row.value);
                    self.rows.insert(row.key.clone(), row);
                }
            }
        }
    }

    /// Folds the event twice, checks that both results are the same, and returns the changes.
    #[track_caller]
    fn changes(&self, recorded: &Recorded) -> Vec<RowChange> {
        let entry = const { ProjectorEntry::of::<P>() };
        let ask = || -> Result<(BTreeSet<String>, Vec<RowChange>), Fault> {
            let named = (entry.keys)(recorded)?;
            let mut keys: BTreeSet<String> = named.keys().cloned().collect();
            let mut asked = BTreeSet::new();
            loop {
                let rows = keys.iter().filter_map(|key| self.rows.get(key).cloned());
                let mut page = (entry.begin)(rows.collect(), asked.clone());
                match page.fold(recorded, &named)? {
                    Folded::Done => {
                        let changes = page.changed().into_iter().map(|changed| changed.change);
                        return Ok((keys, changes.collect()));
                    }
                    Folded::Needs(more) => {
                        asked.extend(more);
                        keys.extend(asked.iter().cloned());
                    }
                }
            }
        };
        let answer = ask();
        assert!(
            answer == ask(),
            "{} at position {} does not do the same thing twice: projectors depend on their arguments alone",
            recorded.event_type,
            recorded.about.position,
        );
        match answer {
            Ok((_, changes)) => changes,
            Err(fault) => panic!("{}", fault.0),
        }
    }

    fn show(&self) -> String {
        if self.rows.is_empty() {
            return "no rows".into();
        }
        let mut out = String::from("rows");
        for row in self.rows.values() {
            let _ = write!(out, "\n          {:?} {}", row.key, text(&row.value));
        }
        out
    }
}
