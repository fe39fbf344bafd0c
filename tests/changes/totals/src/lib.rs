//! How often each counter was counted.

use annals::{About, Event, Projector};

#[derive(Event)]
pub enum Fact {
    Counted {},
}

pub struct Totals;

impl Projector for Totals {
    type Event = Fact;
    type Row = u64;
    const VIEW: &'static str = "totals";

    fn touches(_: &Fact, about: &About) -> Vec<String> {
        vec![about.subject().to_owned()]
    }

    fn fold(row: Option<u64>, _: &str, _: &Fact, _: &About) -> Option<u64> {
        Some(row.unwrap_or_default() + 1)
    }
}

annals::export!(projector Totals);
