//! The same view, by a newer version.

use annals::{Event, EventMetadata, Projector};

#[derive(Event)]
pub enum Fact {
    Counted {},
}

pub struct Totals;

impl Projector for Totals {
    type Event = Fact;
    type Row = u64;
    const VIEW: &'static str = "totals";
    const VERSION: u32 = 2;

    fn keys(_: &Fact, about: &EventMetadata) -> Vec<String> {
        vec![about.subject().to_owned()]
    }

    fn fold(row: Option<u64>, _: &str, _: &Fact, _: &EventMetadata) -> Option<u64> {
        Some(row.unwrap_or_default() + 1)
    }
}

annals::export! { projectors: [Totals] }
