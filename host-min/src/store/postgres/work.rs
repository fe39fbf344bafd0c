//! What one statement does, and the text of each statement.

use tokio_postgres::{Client, Error};

use super::options::Options;
use crate::store::KvError;

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
