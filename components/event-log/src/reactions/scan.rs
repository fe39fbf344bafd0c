//! Rows of a view in the order of their keys.
//!
//! # The cost of a scan
//!
//! The first scan of a view by an instance reads every entry of the list, or makes two reads for every 256 entries that
//! another scan has copied (see `list_copies`). Later scans read only new entries. Then a scan makes one or two reads
//! for every row that it examines, including deleted rows. The scan holds the whole list in memory, about 100 bytes
//! plus the key for each entry. The instance caches the list after the scan, up to 16 MiB for all lists together.

use std::ops::Bound;

use super::lists::{List, Lists};
use super::name;
use super::rows::Rows;
use crate::error::StoreError;
use crate::limits::PAGE_BYTES;
use crate::model::RowPage;
use crate::slots::Slots;
use crate::store::Store;

/// A page ends after this many deleted rows. Each deleted row costs one or two reads, and a caller's time is limited.
/// Without this limit, a caller that times out before it gets a page would start again from the same key for ever.
const MAX_DELETED_PER_PAGE: usize = 1024;

/// A range of a view's keys, in byte order.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyRange<'a> {
    /// Lists only this key and the keys after it.
    pub from: Option<&'a str>,
    /// Lists only the keys after this one.
    pub after: Option<&'a str>,
    /// Lists only the keys before this one.
    pub to: Option<&'a str>,
}

impl<'a> KeyRange<'a> {
    fn start(self) -> Bound<&'a str> {
        match (self.from, self.after) {
            (Some(from), Some(after)) if from > after => Bound::Included(from),
            (_, Some(after)) => Bound::Excluded(after),
            (Some(from), None) => Bound::Included(from),
            (None, None) => Bound::Unbounded,
        }
    }
}

/// Reads a page of rows.
pub fn scan<S: Slots>(
    rows: &mut Rows,
    lists: &mut Lists,
    store: &Store<S>,
    view: &str,
    range: KeyRange<'_>,
    limit: u32,
) -> Result<RowPage, StoreError> {
    name::check("a view's name", view)?;
    let mut list = lists.take(view);
    let page = list
        .read_on(store, view)
        .and_then(|()| page(rows, lists, store, view, &list, range, limit.max(1)));
    lists.keep(view, list);
    page
}

fn page<S: Slots>(
    rows: &mut Rows,
    lists: &mut Lists,
    store: &Store<S>,
    view: &str,
    list: &List,
    range: KeyRange<'_>,
    limit: u32,
) -> Result<RowPage, StoreError> {
    let mut page = RowPage {
        rows: Vec::new(),
        next: None,
        end: false,
    };
    let (mut bytes, mut deleted) = (0, 0);
    let keys = list.keys();
    for key in keys.range::<str, _>((range.start(), Bound::Unbounded)) {
        if range.to.is_some_and(|to| key.as_str() >= to) {
            break;
        }
        if page.rows.len() >= limit as usize
            || bytes >= PAGE_BYTES
            || deleted >= MAX_DELETED_PER_PAGE
        {
            return Ok(page);
        }
        match rows.place(store, lists, view, key)? {
            (_, Some(row)) => {
                bytes += row.value.len();
                page.rows.push(row);
            }
            (_, None) => deleted += 1,
        }
        page.next = Some(key.clone());
    }
    page.end = true;
    Ok(page)
}
