//! Turns: guests that compute for long, and guests that answer at once, on the same threads.
//!
//! A thread of the runtime runs the tasks that are ready one after the other, and looks at sockets only
//! when no task is left or after 61 of them. A guest that computes is such a task, and takes a whole tick of
//! the engine's clock each time. Beside forty of them, a short request would wait for twenty ticks at each of its
//! steps, and its bytes would be seen after thirty. So a guest that has computed for more than a tick
//! goes on in turns: fewer of them than there are threads compute at a time, the others wait in line, and
//! between two ticks a thread first runs everything else that is ready.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::life::Life;

/// Who may compute.
#[derive(Debug)]
pub struct Turns {
    places: Semaphore,
}

impl Default for Turns {
    /// All threads but one, which is left to guests that answer at once.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            places: Semaphore::new((threads - 1).max(1)),
        }
    }
}

impl Turns {
    /// Runs a guest to its end.
    pub async fn run<T>(&self, life: &Life, guest: impl Future<Output = T>) -> T {
        let mut guest = pin!(guest);
        let mut turn: Option<SemaphorePermit<'_>> = None;
        for tick in 0_u64.. {
            // The first tick comes soon for a guest that began just before it: that is no sign of a long one.
            if tick > 1 {
                turn = self.places.acquire().await.ok();
            }
            if tick > 0 {
                // The thread runs everything else that is ready first, and looks at sockets.
                tokio::task::yield_now().await;
            }
            let step = poll_fn(|context| {
                let done = guest.as_mut().poll(context);
                // A guest that waits for something needs no turn meanwhile.
                turn = None;
                match done {
                    Poll::Ready(done) => Poll::Ready(Some(done)),
                    Poll::Pending if life.was_interrupted() => Poll::Ready(None),
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

    /// A guest that is interrupted so many times before it is done.
    async fn computing(life: &Life, ticks: u32) {
        for _ in 0..ticks {
            life.interrupt();
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
        let life = Life::new(Duration::from_secs(1), None);
        let count = turns.places.available_permits();
        let all = turns
            .places
            .acquire_many(u32::try_from(count).expect("few"));
        let all = all.await.expect("open");
        assert!(soon(turns.run(&life, computing(&life, 1))).await.is_some());
        assert!(soon(turns.run(&life, computing(&life, 5))).await.is_none());
        drop(all);
        assert!(soon(turns.run(&life, computing(&life, 5))).await.is_some());
        assert_eq!(turns.places.available_permits(), count);
    }

    #[tokio::test]
    async fn a_guest_that_waits_for_something_leaves_its_turn_to_others() {
        let turns = Turns::default();
        let life = Life::new(Duration::from_secs(1), None);
        let count = turns.places.available_permits();
        let waiting = async {
            computing(&life, 5).await;
            std::future::pending::<()>().await;
        };
        let waiting = turns.run(&life, waiting);
        let mut waiting = pin!(waiting);
        assert!(soon(waiting.as_mut()).await.is_none());
        assert_eq!(turns.places.available_permits(), count);
    }
}
