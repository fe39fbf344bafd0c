//! A view of the counts by the last digit, without the bug.

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
    const VERSION: u32 = 2;
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
            by: 2,
            events: events + 1,
            sum: sum + number,
        })
    }
}

annals::export! { projectors: [Counts] }
