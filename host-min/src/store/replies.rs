//! The callers that wait for operations that are done together.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::KvError;

/// Sends the result of an operation to whoever asked for it.
pub type Sender<T> = oneshot::Sender<Result<T, KvError>>;

/// The values of several keys.
pub type Values = Vec<Option<Vec<u8>>>;

/// The callers that wait for the results of a batch, in the order of their operations.
pub struct Replies<T> {
    senders: Mutex<Vec<Sender<T>>>,
    count: usize,
}

impl<T> Default for Replies<T> {
    fn default() -> Self {
        Self {
            senders: Mutex::default(),
            count: 0,
        }
    }
}

impl<T> Replies<T> {
    /// One caller.
    pub fn of(sender: Sender<T>) -> Self {
        Self {
            senders: Mutex::new(vec![sender]),
            count: 1,
        }
    }

    /// Number of callers that were added.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Adds a caller.
    pub fn add(&mut self, sender: Sender<T>) {
        let senders = self.senders.get_mut();
        senders.unwrap_or_else(PoisonError::into_inner).push(sender);
        self.count += 1;
    }

    /// Takes the callers that have no result yet. A send to a caller that has gone fails, which is harmless.
    pub fn take(&self) -> Vec<Sender<T>> {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *senders)
    }

    /// Gives each caller its result.
    pub fn send(&self, results: impl Iterator<Item = T>) {
        for (sender, result) in self.take().into_iter().zip(results) {
            let _ = sender.send(Ok(result));
        }
    }

    /// Gives all callers the error.
    pub fn fail(&self, error: &KvError) {
        for sender in self.take() {
            let _ = sender.send(Err(error.clone()));
        }
    }

    /// Gives the only caller its result.
    pub fn finish(&self, result: Result<T, KvError>) {
        match result {
            Ok(result) => self.send(std::iter::once(result)),
            Err(error) => self.fail(&error),
        }
    }
}

/// Waits for the result of an operation that was put into a queue.
///
/// # Errors
/// The operation's, and [`KvError::Unavailable`] if it could not begin in time.
pub async fn answer<T>(receiver: oneshot::Receiver<Result<T, KvError>>) -> Result<T, KvError> {
    let dropped = |_| KvError::Unavailable("the operation could not begin in time".into());
    receiver.await.map_err(dropped)?
}
