//! A view of the counts by the last digit. This version has a bug.

use annals::{Event, EventMetadata, Projector};

#[derive(Event)]
pub enum Fact {
    Counted { number: u64 },
}

#[annals::data]
pub struct Count {
    /// The version of the projector that wrote the row.
    by: u32,
    events: u64,
    sum: u64,
}

pub struct Counts;

impl Projector for Counts {
    type Event = Fact;
    type Row = Count;
    const VIEW: &'static str = "counts";

    fn keys(Fact::Counted { number }: &Fact, _: &EventMetadata) -> Vec<String> {
        vec![format!("{}", number % 10)]
    }

    fn fold(
        row: Option<Count>,
        _: &str,
        Fact::Counted { number }: &Fact,
        _: &EventMetadata,
    ) -> Option<Count> {
        let (events, sum) = row.map_or((0, 0), |row| (row.events, row.sum));
        Some(Count {
            by: 1,
            events: events + 1,
            // The bug: odd numbers are counted twice.
            sum: sum + number + number % 2 * number,
        })
    }
}

annals::export! { projectors: [Counts] }
