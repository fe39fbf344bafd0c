//! Verifies checkpoints, rows, and lists of rows, in the order of their numbers.
//!
//! The remains of a dropped view are garbage and are not verified.

use std::collections::BTreeSet;

use super::scan::{Extent, Home, Stem};
use super::walk::Step;
use super::{PUT_BACK, Walk};
use crate::Listing;
use crate::layout::{Area, Parsed};
use annals_event_log::StoreError;
use annals_event_log::records::reactions::{CheckpointRecord, RowRecord, Tombstone, ViewEntry};
use annals_event_log::records::{self, Record};

/// The rows that the lists of views contain.
#[derive(Default)]
struct Listed {
    /// Key prefixes of listed rows.
    rows: BTreeSet<String>,
    /// Key prefixes of rows in the lists of dropped views.
    dropped: BTreeSet<String>,
    /// Whether a newer release wrote an entry. That entry may list any row.
    is_partial: bool,
}

/// The common parts of a revision of a checkpoint or row.
struct Revision {
    /// The expected key prefix; `None` for a blank checkpoint, which contains no handler.
    front: Option<String>,
    revision: u64,
    /// Generation and position. They never decrease along a chain; a revision that a repair wrote repeats them.
    order: (u32, u64),
}

impl<S: Listing> Walk<'_, S> {
    pub(super) fn chains(&mut self, home: &Home) -> Result<(), StoreError> {
        // Verify the lists first: the check of rows needs them, and a view's list may be sorted after its rows.
        let mut listed = Listed::default();
        for (front, (extent, area)) in &home.chains {
            if *area == Area::List {
                self.summary.chains += 1;
                self.list(home, front, *extent, &mut listed)?;
            }
        }
        for view in &home.long_views {
            self.long_list(home, view, &mut listed)?;
        }
        for (front, (extent, area)) in &home.chains {
            if *area == Area::List {
                continue;
            }
            self.summary.chains += 1;
            if *area == Area::Row {
                if is_dropped(home, front) || listed.dropped.contains(front) {
                    continue;
                }
                if !listed.is_partial && !listed.rows.contains(front) {
                    let what = "its view's list does not name it, so no scan finds it";
                    self.error(&format!("{front}.{:016x}", 1), what, PUT_BACK);
                }
            }
            self.revisions(home, front, *extent, *area)?;
        }
        Ok(())
    }

    fn list(
        &mut self,
        home: &Home,
        front: &str,
        extent: Extent,
        listed: &mut Listed,
    ) -> Result<(), StoreError> {
        let dropped = is_dropped(home, front);
        self.row(extent, numbered(front), |walk, step| {
            match records::decode::<ViewEntry>(&step.key, &step.bytes) {
                Ok(entry) if home.keys.view_entry(&entry.view, entry.index) != step.key => {
                    let what = format!("it is entry {} of view {:?}", entry.index, entry.view);
                    walk.error(&step.key, what, PUT_BACK);
                }
                Ok(entry) => {
                    let row = home.keys.row(&entry.view, &entry.key);
                    match dropped {
                        true => listed.dropped.insert(row),
                        false => listed.rows.insert(row),
                    };
                }
                Err(error) => {
                    listed.is_partial |= matches!(error, StoreError::Newer { .. });
                    walk.corrupt(&step.key, &error, PUT_BACK);
                }
            }
            Ok(())
        })
    }

    /// Reads a list whose keys are too long for file names. `standalone` verifies its entries.
    fn long_list(
        &mut self,
        home: &Home,
        view: &str,
        listed: &mut Listed,
    ) -> Result<(), StoreError> {
        let dropped = self.get(&home.keys.dropped_view(view))?.is_some();
        for index in 1.. {
            let key = home.keys.view_entry(view, index);
            let Some(bytes) = self.get(&key)? else {
                break;
            };
            match records::decode::<ViewEntry>(&key, &bytes) {
                Ok(entry) => {
                    let row = home.keys.row(&entry.view, &entry.key);
                    match dropped {
                        true => listed.dropped.insert(row),
                        false => listed.rows.insert(row),
                    };
                }
                // `standalone` reports the damage.
                Err(error) => listed.is_partial |= matches!(error, StoreError::Newer { .. }),
            }
        }
        Ok(())
    }

    fn revisions(
        &mut self,
        home: &Home,
        front: &str,
        extent: Extent,
        area: Area,
    ) -> Result<(), StoreError> {
        let mut before = (0, 0);
        self.row(extent, numbered(front), |walk, step| {
            match records::kind(&step.key, &step.bytes) {
                Ok(Tombstone::KIND) if step.number == extent.last => {
                    let what = "it was superseded, and what superseded it is absent";
                    walk.error(&step.key, what, PUT_BACK);
                    return Ok(());
                }
                Ok(Tombstone::KIND) => return Ok(()),
                _ => {}
            }
            let revision = match area {
                Area::Checkpoint => checkpoint(home, &step),
                _ => row(home, &step),
            };
            match revision {
                Ok(it) if it.revision != step.number => {
                    let what = format!("it is revision {}", it.revision);
                    walk.error(&step.key, what, PUT_BACK);
                }
                Ok(Revision {
                    front: Some(own), ..
                }) if own != front => {
                    let what = format!("it belongs to {own}");
                    walk.error(&step.key, what, PUT_BACK);
                }
                Ok(it) if it.order < before => {
                    let what = format!("it goes back from position {} to {}", before.1, it.order.1);
                    walk.error(&step.key, what, PUT_BACK);
                }
                Ok(it) => before = it.order,
                Err(error) => walk.corrupt(&step.key, &error, PUT_BACK),
            }
            Ok(())
        })
    }
}

fn numbered(front: &str) -> impl Fn(u64) -> String {
    move |number| format!("{front}.{number:016x}")
}

fn checkpoint(home: &Home, step: &Step) -> Result<Revision, StoreError> {
    let it: CheckpointRecord = records::decode(&step.key, &step.bytes)?;
    Ok(Revision {
        front: (!it.is_blank()).then(|| home.keys.checkpoint(&it.handler)),
        revision: it.revision.get(),
        order: (it.generation, it.position.get()),
    })
}

fn row(home: &Home, step: &Step) -> Result<Revision, StoreError> {
    let it: RowRecord = records::decode(&step.key, &step.bytes)?;
    Ok(Revision {
        front: Some(home.keys.row(&it.view, &it.key)),
        revision: it.revision.get(),
        order: (0, it.position.get()),
    })
}

/// Whether a key prefix belongs to a dropped view, as far as the key contains the view's name.
fn is_dropped(home: &Home, front: &str) -> bool {
    let key = format!("{front}.{:016x}", 1);
    let Some(parsed) = Parsed::of(&key) else {
        return false;
    };
    let stem = match parsed.area {
        // The view's name is the first segment, unless view and key are hashed together.
        Area::Row if !parsed.hashed => Stem {
            hashed: false,
            text: parsed.text.split('.').next().unwrap_or_default().to_owned(),
        },
        Area::List => Stem::of(&parsed),
        _ => return false,
    };
    home.dropped.contains(&stem)
}
