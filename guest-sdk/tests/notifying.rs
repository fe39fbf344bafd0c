//! Notifiers: what they answer, what the component exports, and tests that must fail. What they are granted has
//! tests in the crate `annals-outside`.

use std::time::Duration;

use annals::__private::NotifierEntry;
use annals::test::{On, notify, on};
use annals::{Delivery, Event, EventMetadata, Notifier, StartFrom};

#[derive(Event)]
enum Rang {
    Rang { times: u32 },
}

/// Rings once; more often is tried again, up to three times.
struct Bell;

impl Notifier for Bell {
    type Event = Rang;
    const NAME: &'static str = "bell";
    const FROM: StartFrom = StartFrom::Now;
    const CONCURRENCY: u32 = 4;

    fn notify(Rang::Rang { times }: &Rang, metadata: &EventMetadata, attempt: u32) -> Delivery {
        match times {
            1 => Delivery::Done,
            _ if attempt < 3 => Delivery::RetryAfter(Duration::from_secs(3)),
            _ => Delivery::Reject(format!("{} is broken", metadata.stream)),
        }
    }
}

annals::export! { notifiers: [Bell] }

fn rang(times: u32) -> On<Rang> {
    on("bell-1", Rang::Rang { times }).id("e")
}

#[test]
fn it_tells_what_came_of_it() {
    notify::<Bell>().when(rang(1)).then_done();
    notify::<Bell>()
        .when(rang(2))
        .then_retry()
        .then_retry_after(Duration::from_secs(3));
    notify::<Bell>()
        .attempt(3)
        .when(rang(2))
        .then_rejected("bell-1 is broken");
}

#[test]
#[should_panic(expected = "expected: done\n     got: rejected: bell-1 is broken")]
fn a_rejection_is_not_done() {
    notify::<Bell>().attempt(3).when(rang(2)).then_done();
}

#[test]
#[should_panic(expected = "expected: retry after some time\n     got: done")]
fn done_is_no_retry() {
    notify::<Bell>().when(rang(1)).then_retry();
}

#[test]
#[should_panic(expected = "expected: retry after 1s\n     got: retry after 3s")]
fn another_pause_fails() {
    notify::<Bell>()
        .when(rang(2))
        .then_retry_after(Duration::from_secs(1));
}

#[test]
#[should_panic(expected = "expected: rejected: … lost …\n     got: rejected: bell-1")]
fn another_reason_fails() {
    notify::<Bell>()
        .attempt(3)
        .when(rang(2))
        .then_rejected("lost");
}

#[test]
fn it_describes_itself() {
    let is = (NotifierEntry::of::<Bell>().describe)();
    assert_eq!((&*is.name, is.version, is.concurrency), ("bell", 1, 4));
    assert_eq!((is.event_types, is.from), (vec!["Rang"], StartFrom::Now));
    assert_eq!((is.emits.len(), is.views.len()), (0, 0));
}
