//! Waits for reactions on behalf of clients. A wait occupies no instance and no place of a request.
//!
//! The guest answers a command at once, and requests a wait by a header of its response
//! (`preferences` in `components/ingress-http` reads `Prefer`). One task checks the reactions for
//! all waiting clients ([`drive`]): it asks the guest for their progress after each delivery and at
//! an interval.

pub mod drive;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::header::{HeaderMap, HeaderValue};
use serde::Deserialize;
use tokio::sync::{Notify, oneshot};

/// The header by which the host and the guest negotiate a wait.
pub const HEADER: &str = "annals-wait";
/// Its value in a request: the host will wait.
pub const HOST_WAITS: &str = "host";
/// Maximum wait, whatever the guest requests.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// The waiting clients.
#[derive(Debug, Default)]
pub struct Waits {
    waiting: Mutex<Vec<Waiting>>,
    /// Signalled when a client begins to wait, or when something was delivered.
    news: Notify,
}

#[derive(Debug)]
struct Waiting {
    wish: Wish,
    until: Instant,
    outcome: oneshot::Sender<Outcome>,
}

/// How a wait ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// These reactions had not reached the position; empty if that is unknown.
    Lagging(Vec<String>),
}

/// The wait that a guest requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    position: u64,
    time: Duration,
    /// The reaction to wait for; all of them if it is absent.
    reaction: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Reached {
    name: String,
    position: u64,
    due: bool,
}

impl Wish {
    /// Removes the request from a response's headers.
    pub fn take(headers: &mut HeaderMap) -> Option<Self> {
        let value = headers.remove(HEADER)?;
        let wish = Self::parse(&value);
        if wish.is_none() {
            tracing::warn!(?value, "the component requests a wait in an unknown format");
        }
        wish
    }

    fn parse(value: &HeaderValue) -> Option<Self> {
        let field = |text: &str, name: &str| {
            let (known, number) = text.split_once('=')?;
            (known.trim() == name).then(|| number.parse::<u64>().ok())?
        };
        let mut fields = value.to_str().ok()?.splitn(3, ',');
        let (position, seconds) = (fields.next()?, fields.next()?);
        let reaction = match fields.next() {
            None => None,
            Some(text) => {
                let (name, reaction) = text.split_once('=')?;
                (name.trim() == "reaction").then(|| Some(reaction.to_owned()))?
            }
        };
        Some(Self {
            position: field(position, "position")?,
            time: Duration::from_secs(field(seconds, "seconds")?).min(MAX_WAIT),
            reaction,
        })
    }

    /// The reactions that have not come as far.
    fn lagging<'a>(&'a self, reached: &'a [Reached]) -> impl Iterator<Item = &'a Reached> {
        reached.iter().filter(|reached| {
            let is_meant = |name: &String| *name == reached.name;
            reached.position < self.position && self.reaction.as_ref().is_none_or(is_meant)
        })
    }

    /// True if all reactions have reached the position, or one of them is stopped for now.
    fn is_over(&self, reached: &[Reached]) -> bool {
        let mut all = true;
        self.lagging(reached).any(|reached| {
            all = false;
            !reached.due
        }) || all
    }
}

impl Waits {
    /// Records that something was delivered.
    pub fn delivered(&self) {
        self.news.notify_one();
    }

    async fn wait(&self, wish: Wish) -> Outcome {
        let (outcome, told) = oneshot::channel();
        self.lock().push(Waiting {
            until: Instant::now() + wish.time,
            wish,
            outcome,
        });
        self.news.notify_one();
        told.await.unwrap_or_else(|_| Outcome::Lagging(Vec::new()))
    }

    /// Answers the clients whose wait is over, and returns whether others still wait. `reached` is
    /// `None` if the progress is unknown.
    fn settle(&self, reached: Option<&[Reached]>, stopping: bool) -> bool {
        let mut waiting = self.lock();
        let now = Instant::now();
        let over: Vec<_> = waiting
            .extract_if(.., |waiting| {
                stopping
                    || now >= waiting.until
                    || waiting.outcome.is_closed()
                    || reached.is_some_and(|reached| waiting.wish.is_over(reached))
            })
            .collect();
        let others = !waiting.is_empty();
        drop(waiting);
        for Waiting { wish, outcome, .. } in over {
            let names: Option<Vec<String>> = reached.map(|reached| {
                let lagging = wish.lagging(reached);
                lagging.map(|reached| reached.name.clone()).collect()
            });
            let _ = outcome.send(match names {
                Some(names) if names.is_empty() => Outcome::Done,
                names => Outcome::Lagging(names.unwrap_or_default()),
            });
        }
        others
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(name: &str, position: u64, due: bool) -> Reached {
        Reached {
            name: name.into(),
            position,
            due,
        }
    }

    fn waiting(waits: &Waits, position: u64, seconds: u64) -> oneshot::Receiver<Outcome> {
        let (outcome, told) = oneshot::channel();
        let time = Duration::from_secs(seconds);
        waits.lock().push(Waiting {
            wish: Wish {
                position,
                time,
                reaction: None,
            },
            until: Instant::now() + time,
            outcome,
        });
        told
    }

    fn lag(names: &[&str]) -> Option<Outcome> {
        let names = names.iter().map(ToString::to_string).collect();
        Some(Outcome::Lagging(names))
    }

    #[test]
    fn a_wait_ends_when_all_have_come_so_far_or_one_will_not() {
        let waits = Waits::default();
        let told = |told: &mut oneshot::Receiver<Outcome>| told.try_recv().ok();
        let mut early = waiting(&waits, 5, 60);
        let mut late = waiting(&waits, 9, 60);
        let mut over = waiting(&waits, 9, 0);
        let both = [reached("a", 5, true), reached("b", 7, true)];
        assert!(waits.settle(Some(&both), false), "one is left");
        assert_eq!(told(&mut early), Some(Outcome::Done));
        assert_eq!(told(&mut late), None);
        assert_eq!(told(&mut over), lag(&["a", "b"]));
        let mut one = waiting(&waits, 9, 60);
        waits.lock()[1].wish.reaction = Some("b".into());
        let ahead = [reached("a", 5, true), reached("b", 9, true)];
        assert!(waits.settle(Some(&ahead), false), "the other one is left");
        assert_eq!(told(&mut one), Some(Outcome::Done));
        let stopped = [reached("a", 5, false), reached("b", 9, true)];
        assert!(!waits.settle(Some(&stopped), false));
        assert_eq!(told(&mut late), lag(&["a"]));
        // If the progress is unknown, the outcome names no reaction.
        let mut blind = waiting(&waits, 1, 60);
        assert!(waits.settle(None, false));
        assert_eq!(told(&mut blind), None);
        assert!(!waits.settle(None, true));
        assert_eq!(told(&mut blind), lag(&[]));
        // A client that has disconnected is removed.
        drop(waiting(&waits, 9, 60));
        assert!(!waits.settle(Some(&both), false));
    }

    #[test]
    fn what_a_guest_asks_for_is_read() {
        let parse = |text| Wish::parse(&HeaderValue::from_static(text));
        let wish = |position, seconds| {
            Some(Wish {
                position,
                time: Duration::from_secs(seconds),
                reaction: None,
            })
        };
        let one = parse("position=1, seconds=5, reaction=balances");
        assert_eq!(
            one.and_then(|wish| wish.reaction).as_deref(),
            Some("balances")
        );
        assert_eq!(parse("position=1024, seconds=5"), wish(1024, 5));
        assert_eq!(parse("position=1, seconds=3600"), wish(1, 60));
        for bad in [
            "position=1",
            "seconds=1, position=1",
            "place=1, seconds=1",
            "position=1, time=1",
            "position=x, seconds=1",
            "position=1, seconds=1, view=x",
            "",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
