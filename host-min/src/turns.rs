//! Lets guests that compute for long and guests that answer at once share the same threads.
//!
//! A thread of the runtime runs the ready tasks one after the other. It polls sockets only when no
//! task is ready, or after 61 tasks. A computing guest is such a task, and runs for a whole tick of
//! the engine's clock each time. Beside forty of them, a short request would wait for twenty ticks
//! at each of its steps, and its bytes would be read after thirty. A guest that has computed for
//! more than one tick therefore runs in turns. Fewer such guests than threads compute at a time,
//! and the others wait in line. Between two ticks a thread first runs everything else that is
//! ready.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::deadline::Deadline;

/// The turns for computing guests.
#[derive(Debug)]
pub struct Turns {
    places: Semaphore,
}

impl Default for Turns {
    /// One turn fewer than threads: one thread stays free for guests that answer at once.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            places: Semaphore::new((threads - 1).max(1)),
        }
    }
}

impl Turns {
    /// Runs a guest to its end.
    pub async fn run<T>(&self, deadline: &Deadline, guest: impl Future<Output = T>) -> T {
        let mut guest = pin!(guest);
        let mut turn: Option<SemaphorePermit<'_>> = None;
        for tick in 0_u64.. {
            // The first tick does not show that a guest computes for long: the guest may have
            // started just before it.
            if tick > 1 {
                turn = self.places.acquire().await.ok();
            }
            if tick > 0 {
                // First let the thread run everything else that is ready, and poll sockets.
                tokio::task::yield_now().await;
            }
            let step = poll_fn(|context| {
                let done = guest.as_mut().poll(context);
                // A guest that waits for something releases its turn.
                turn = None;
                match done {
                    Poll::Ready(done) => Poll::Ready(Some(done)),
                    Poll::Pending if deadline.was_interrupted() => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            });
            if let Some(done) = step.await {
                return done;
            }
        }
        unreachable!("a guest has fewer ticks than there are numbers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A guest that is interrupted `ticks` times before it is done.
    async fn computing(deadline: &Deadline, ticks: u32) {
        for _ in 0..ticks {
            deadline.interrupt();
            tokio::task::yield_now().await;
        }
    }

    async fn soon<T>(done: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(Duration::from_millis(100), done)
            .await
            .ok()
    }

    #[tokio::test]
    async fn a_guest_that_computes_for_long_waits_for_its_turn_and_others_do_not() {
        let turns = Turns::default();
        let deadline = Deadline::new(Duration::from_secs(1), None);
        let count = turns.places.available_permits();
        let all = turns
            .places
            .acquire_many(u32::try_from(count).expect("few"));
        let all = all.await.expect("open");
        assert!(
            soon(turns.run(&deadline, computing(&deadline, 1)))
                .await
                .is_some()
        );
        assert!(
            soon(turns.run(&deadline, computing(&deadline, 5)))
                .await
                .is_none()
        );
        drop(all);
        assert!(
            soon(turns.run(&deadline, computing(&deadline, 5)))
                .await
                .is_some()
        );
        assert_eq!(turns.places.available_permits(), count);
    }

    #[tokio::test]
    async fn a_guest_that_waits_for_something_leaves_its_turn_to_others() {
        let turns = Turns::default();
        let deadline = Deadline::new(Duration::from_secs(1), None);
        let count = turns.places.available_permits();
        let waiting = async {
            computing(&deadline, 5).await;
            std::future::pending::<()>().await;
        };
        let waiting = turns.run(&deadline, waiting);
        let mut waiting = pin!(waiting);
        assert!(soon(waiting.as_mut()).await.is_none());
        assert_eq!(turns.places.available_permits(), count);
    }
}
