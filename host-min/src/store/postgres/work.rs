//! What one statement does, the text of each statement, and how its results are shared out.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio_postgres::{Client, Error};

use super::options::Options;
use crate::store::KvError;

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

/// Work that one statement does.
pub trait Work: Send {
    /// The result of the statement.
    type Results: Send;

    /// True if the statement may be sent again when its outcome is unknown.
    fn is_repeatable(&self) -> bool;

    /// True if the server may be told to give up the statement. A write that waits for a standby
    /// must go on waiting: if it is cancelled, others see it although the standby lacks it.
    fn is_cancellable(&self) -> bool {
        self.is_repeatable()
    }

    /// Runs the statement.
    fn run(
        &self,
        client: &Client,
        statements: &Statements,
    ) -> impl Future<Output = Result<Self::Results, Error>> + Send;

    /// Tells everybody who waits for the result and has not been told before.
    fn finish(&self, results: Result<Self::Results, KvError>);
}

/// The text of each statement.
pub struct Statements {
    pub create: String,
    pub draw: String,
    pub read: String,
    pub set: String,
    pub delete: String,
    pub swap: String,
    pub add: String,
    pub list: String,
}

impl Statements {
    /// The statements for a table. If `at_flush` is set, keys that are created become durable with
    /// the next [`Action::Flush`].
    pub fn new(options: &Options, at_flush: bool) -> Self {
        let table = format!("{}.{}", options.schema, options.table);
        let soon = match at_flush {
            true => "set_config('synchronous_commit', 'off', true), ",
            false => "",
        };
        let at = "WHERE bucket = $1 AND key = $2";
        Self {
            create: format!("SELECT {soon}{table}_create_1($1, $2, $3, $4)"),
            draw: format!("SELECT {table}_draw_1($1, $2, $3, $4)"),
            read: format!("SELECT key, value FROM {table} WHERE bucket = $1 AND key = ANY ($2)"),
            set: format!(
                "INSERT INTO {table} (bucket, key, value) VALUES ($1, $2, $3) \
                 ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value"
            ),
            delete: format!("DELETE FROM {table} {at}"),
            swap: format!("UPDATE {table} SET value = $4 {at} AND value = $3"),
            add: format!("SELECT {table}_add_1($1, $2, $3, $4, $5)"),
            list: format!(
                "SELECT key FROM {table} WHERE bucket = $1 AND ($2 IS NULL OR key > $2) ORDER BY key LIMIT $3"
            ),
        }
    }
}
