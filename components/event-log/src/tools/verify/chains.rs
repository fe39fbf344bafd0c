//! What reactions keep: checkpoints, rows, and lists of rows, revision after revision.
//!
//! A view that was dropped is garbage as far as it is still there: nothing of it is looked at.

use std::collections::BTreeSet;

use super::survey::{Extent, Home, Stem};
use super::walk::Step;
use super::{PUT_BACK, Walk};
use crate::error::StoreError;
use crate::records::reactions::{CheckpointRecord, RowRecord, Tombstone, ViewEntry};
use crate::records::{self, Record};
use crate::tools::Listing;
use crate::tools::layout::{Area, Parsed};

/// What lists of rows say.
#[derive(Default)]
struct Listed {
    /// What the keys of rows that are listed begin with.
    rows: BTreeSet<String>,
    /// The same for those of dropped views.
    dropped: BTreeSet<String>,
    /// An entry was written by a newer release, so any row may be listed.
    is_partial: bool,
}

/// A revision, as far as revisions of checkpoints and rows are alike.
struct Revision {
    /// What its key should begin with; nothing if it does not say.
    front: Option<String>,
    revision: u64,
    /// Increases, or stays where a repair wrote it.
    order: (u32, u64),
}

impl<S: Listing> Walk<'_, S> {
    pub(super) fn chains(&mut self, home: &Home) -> Result<(), StoreError> {
        // A view's list may be sorted after its rows, and they are looked up in it.
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

    /// A list that is known by its name only. Its entries are looked at with the singles.
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
                // The standalone records report it.
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
        revision: it.revision,
        order: (it.generation, it.position),
    })
}

fn row(home: &Home, step: &Step) -> Result<Revision, StoreError> {
    let it: RowRecord = records::decode(&step.key, &step.bytes)?;
    Ok(Revision {
        front: Some(home.keys.row(&it.view, &it.key)),
        revision: it.revision,
        order: (0, it.position),
    })
}

/// Does the key itself say that it belongs to a view that was dropped?
fn is_dropped(home: &Home, front: &str) -> bool {
    let key = format!("{front}.{:016x}", 1);
    let Some(parsed) = Parsed::of(&key) else {
        return false;
    };
    let stem = match parsed.area {
        // The view's name comes first, unless both are hashed.
        Area::Row if !parsed.hashed => Stem {
            hashed: false,
            text: parsed.text.split('.').next().unwrap_or_default().to_owned(),
        },
        Area::List => Stem::of(&parsed),
        _ => return false,
    };
    home.dropped.contains(&stem)
}
