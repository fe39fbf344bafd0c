//! Places in a ring. The row `start` has the place of the next event, so the row that an event changes depends on all
//! events before it.

use annals::{Event, EventMetadata, Projector, Rows};

#[derive(Event)]
pub enum Fact {
    Counted { number: u64 },
}

#[annals::data]
#[derive(Clone, Default)]
pub struct Place {
    /// In the row `start`: the place of the next event.
    next: u64,
    events: u64,
    sum: u64,
}

const PLACES: u64 = 7;

fn key(place: u64) -> String {
    format!("place-{place}")
}

pub struct Ring;

impl Projector for Ring {
    type Event = Fact;
    type Row = Place;
    const VIEW: &'static str = "ring";

    fn keys(_: &Fact, _: &EventMetadata) -> Vec<String> {
        vec!["start".into()]
    }

    fn further_keys(rows: &Rows<Place>, _: &Fact, _: &EventMetadata) -> Vec<String> {
        vec![key(rows.get("start").map_or(0, |start| start.next))]
    }

    fn project(rows: &mut Rows<Place>, Fact::Counted { number }: &Fact, _: &EventMetadata) {
        let mut start = rows.get("start").cloned().unwrap_or_default();
        let here = key(start.next);
        let mut place = rows.get(&here).cloned().unwrap_or_default();
        place.events += 1;
        place.sum += number;
        start.next = (start.next + 1 + number % 3) % PLACES;
        rows.put(&here, place);
        rows.put("start", start);
    }
}

annals::export! { projectors: [Ring] }
