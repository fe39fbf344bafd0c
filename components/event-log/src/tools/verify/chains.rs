//! What reactions keep: checkpoints, rows, and lists of rows, revision after revision.

use super::survey::Home;
use super::{PUT_BACK, Walk};
use crate::error::StoreError;
use crate::record;
use crate::tools::Listing;
use crate::tools::layout::TOMBSTONE;

impl<S: Listing> Walk<'_, S> {
    pub(super) fn chains(&mut self, home: &Home) -> Result<(), StoreError> {
        for (front, (extent, kinds)) in &home.chains {
            self.summary.chains += 1;
            self.row(
                *extent,
                |number| format!("{front}.{number:016x}"),
                |walk, step| {
                    let newest = step.number == extent.last;
                    match record::kind(&step.key, &step.bytes) {
                        Ok(TOMBSTONE) if newest => {
                            let what = "it was superseded, and what superseded it is absent";
                            walk.error(&step.key, what, PUT_BACK);
                        }
                        Ok(kind) if kinds.contains(&kind) => {}
                        Ok(kind) => {
                            let what = format!("a record of kind {kind} does not belong here");
                            walk.error(&step.key, what, PUT_BACK);
                        }
                        Err(error) => walk.corrupt(&step.key, &error, PUT_BACK),
                    }
                    Ok(())
                },
            )?;
        }
        Ok(())
    }
}
