//! Given these events, the view has these rows. Run with `cargo test`.

use annals::test::{on, project};

use super::*;

#[test]
fn every_subject_has_a_row() {
    project::<{{Name}}Projector>([
        on("thing-1", Seen::{{Event}} {}).at(5),
        on("thing-2", Seen::{{Event}} {}).at(6),
        on("thing-1", Seen::{{Event}} {}).at(7),
    ])
    .row("1", {{Name}}Row { events: 2, last: 7 })
    .row("2", {{Name}}Row { events: 1, last: 6 })
    .keys(["1", "2"]);
}

#[test]
fn without_events_there_are_no_rows() {
    project::<{{Name}}Projector>([]).keys([]);
}
