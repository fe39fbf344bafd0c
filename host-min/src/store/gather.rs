//! Operations that wait, and the batches that they form.
//!
//! A statement of a server costs a round trip and, if it writes, a flush of the server's disk, however many
//! operations it does. Operations therefore wait in a queue while all statements that may run are
//! under way. The next statement takes everything that waits, as far as it fits together. An
//! operation that comes while nothing waits does not wait either.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// An operation that may be done together with others.
pub trait Operation: Send + Sized + 'static {
    /// Operations that one statement does.
    type Batch: Send;
    /// The number of kinds. Only operations of one kind are done together.
    const KINDS: usize;

    /// The kind, below [`Operation::KINDS`].
    fn kind(&self) -> usize;

    /// The maximum number of batches of a kind under way.
    fn limit(kind: usize) -> usize;

    /// Begins a batch.
    fn begin(self) -> Self::Batch;

    /// Adds the operation to a batch of its kind.
    ///
    /// # Errors
    /// The operation, if it does not fit into the batch.
    fn join(self, batch: &mut Self::Batch) -> Result<(), Self>;
}

/// The operations that wait.
pub struct Queue<O: Operation> {
    state: Mutex<State<O>>,
    changed: Notify,
}

struct State<O> {
    /// By kind, in the order of arrival.
    waiting: Vec<VecDeque<Waiting<O>>>,
    /// Batches under way, by kind.
    under_way: Vec<usize>,
    arrived: u64,
    closed: bool,
}

struct Waiting<O> {
    /// Its number in the order of arrival, among all kinds.
    arrival: u64,
    since: Instant,
    operation: O,
}

/// A batch under way. Until it is dropped, it counts against the limit of its kind.
pub struct Taken<O: Operation> {
    /// The operations.
    pub batch: Option<O::Batch>,
    kind: usize,
    queue: Arc<Queue<O>>,
}

impl<O: Operation> Default for Queue<O> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                waiting: (0..O::KINDS).map(|_| VecDeque::new()).collect(),
                under_way: vec![0; O::KINDS],
                arrived: 0,
                closed: false,
            }),
            changed: Notify::new(),
        }
    }
}

impl<O: Operation> Queue<O> {
    /// Adds an operation.
    pub fn push(&self, operation: O) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        state.arrived += 1;
        let arrival = state.arrived;
        state.waiting[operation.kind()].push_back(Waiting {
            arrival,
            since: Instant::now(),
            operation,
        });
        drop(state);
        self.changed.notify_one();
    }

    /// Waits for operations and takes a batch of them. Every operation of the batch came before
    /// this returns, so the batch begins after each of them was asked for. Returns `None` when the
    /// queue is closed.
    pub async fn next(self: &Arc<Self>) -> Option<Taken<O>> {
        loop {
            // Register before looking, so that no operation is missed in between.
            let changed = self.changed.notified();
            {
                let mut state = self.lock();
                if state.closed {
                    return None;
                }
                if let Some((kind, batch)) = state.take() {
                    let more = state.oldest().is_some();
                    drop(state);
                    if more {
                        self.changed.notify_one();
                    }
                    let queue = self.clone();
                    return Some(Taken {
                        batch: Some(batch),
                        kind,
                        queue,
                    });
                }
            }
            changed.await;
        }
    }

    /// Drops the operations that have waited for longer than `limit`. Returns `false` if the queue is
    /// closed.
    pub fn drop_older(&self, limit: Duration) -> bool {
        let mut state = self.lock();
        let open = !state.closed;
        let mut dropped = Vec::new();
        for waiting in &mut state.waiting {
            while let Some(late) = waiting.pop_front_if(|first| first.since.elapsed() > limit) {
                dropped.push(late);
            }
        }
        drop(state);
        drop(dropped);
        open
    }

    /// Drops all operations that wait, and ends every [`Queue::next`].
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let dropped: Vec<_> = state.waiting.iter_mut().map(std::mem::take).collect();
        drop(state);
        drop(dropped);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Operation> State<O> {
    /// The kind of the operation that has waited longest, among those that may begin.
    fn oldest(&self) -> Option<usize> {
        let kinds = 0..O::KINDS;
        let may_begin = kinds.filter(|kind| self.under_way[*kind] < O::limit(*kind));
        let fronts = may_begin.filter_map(|kind| Some((self.waiting[kind].front()?.arrival, kind)));
        fronts.min().map(|(_, kind)| kind)
    }

    fn take(&mut self) -> Option<(usize, O::Batch)> {
        let kind = self.oldest()?;
        let waiting = &mut self.waiting[kind];
        let mut batch = waiting.pop_front()?.operation.begin();
        while let Some(next) = waiting.pop_front() {
            if let Err(operation) = next.operation.join(&mut batch) {
                waiting.push_front(Waiting { operation, ..next });
                break;
            }
        }
        self.under_way[kind] += 1;
        Some((kind, batch))
    }
}

impl<O: Operation> Drop for Taken<O> {
    fn drop(&mut self) {
        self.queue.lock().under_way[self.kind] -= 1;
        self.queue.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number, in batches whose sum is at most 10. There are two kinds: even and odd.
    impl Operation for u32 {
        type Batch = Vec<u32>;
        const KINDS: usize = 2;

        fn kind(&self) -> usize {
            usize::from(self % 2 == 1)
        }

        fn limit(_: usize) -> usize {
            1
        }

        fn begin(self) -> Vec<u32> {
            vec![self]
        }

        fn join(self, batch: &mut Vec<u32>) -> Result<(), u32> {
            if batch.iter().sum::<u32>() + self > 10 {
                return Err(self);
            }
            batch.push(self);
            Ok(())
        }
    }

    async fn soon<T>(future: impl Future<Output = T>) -> Option<T> {
        let limit = std::time::Duration::from_millis(50);
        tokio::time::timeout(limit, future).await.ok()
    }

    fn batch(taken: &Option<Taken<u32>>) -> &[u32] {
        taken
            .as_ref()
            .and_then(|taken| taken.batch.as_deref())
            .expect("a batch")
    }

    #[tokio::test]
    async fn a_batch_takes_what_waits_as_far_as_it_fits_and_in_order() {
        let queue = Arc::new(Queue::default());
        for n in [2, 1, 4, 3, 6, 2] {
            queue.push(n);
        }
        let even = queue.next().await;
        assert_eq!(batch(&even), [2, 4], "6 does not fit, and 2 is behind it");
        let odd = queue.next().await;
        assert_eq!(batch(&odd), [1, 3]);
        assert!(soon(queue.next()).await.is_none(), "one of each kind");
        drop(odd);
        assert!(soon(queue.next()).await.is_none());
        drop(even);
        assert_eq!(batch(&queue.next().await), [6, 2]);
    }

    #[tokio::test]
    async fn an_operation_that_comes_alone_does_not_wait() {
        let queue = Arc::new(Queue::default());
        let waiting = tokio::spawn({
            let queue = queue.clone();
            async move { queue.next().await }
        });
        tokio::task::yield_now().await;
        queue.push(8);
        let taken = soon(waiting).await.expect("at once").expect("no panic");
        assert_eq!(batch(&taken), [8]);
    }

    #[tokio::test]
    async fn operations_that_wait_for_too_long_are_dropped() {
        let queue: Arc<Queue<u32>> = Arc::default();
        queue.push(2);
        let even = queue.next().await;
        queue.push(4);
        tokio::time::sleep(Duration::from_millis(20)).await;
        queue.push(6);
        assert!(queue.drop_older(Duration::from_millis(10)));
        drop(even);
        assert_eq!(batch(&queue.next().await), [6]);
        queue.close();
        assert!(!queue.drop_older(Duration::ZERO));
    }

    #[tokio::test]
    async fn every_operation_is_taken_once_by_many_takers() {
        let queue = Arc::new(Queue::default());
        let takers: Vec<_> = (0..3)
            .map(|_| {
                let queue: Arc<Queue<u32>> = queue.clone();
                tokio::spawn(async move {
                    let mut sum = 0;
                    while let Some(mut taken) = queue.next().await {
                        tokio::task::yield_now().await;
                        sum += taken.batch.take().expect("a batch").iter().sum::<u32>();
                    }
                    sum
                })
            })
            .collect();
        for n in 0..10_000 {
            queue.push(n % 7);
            if n % 100 == 0 {
                tokio::task::yield_now().await;
            }
        }
        while queue
            .lock()
            .waiting
            .iter()
            .any(|waiting| !waiting.is_empty())
        {
            tokio::task::yield_now().await;
        }
        queue.close();
        let mut sum = 0;
        for taker in takers {
            sum += soon(taker).await.expect("ended").expect("no panic");
        }
        assert_eq!(sum, (0..10_000).map(|n| n % 7).sum::<u32>());
    }
}
