//! Operations that have a statement of their own.

use std::sync::Arc;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use super::work::{Statements, Work};
use crate::store::KvError;
use crate::store::replies::Replies;

/// Writes something, and commits with the settings of the server: that flush includes all earlier
/// commits.
const FLUSH: &str = "SELECT pg_logical_emit_message(true, 'annals', '')";

/// An operation with a statement of its own.
pub struct Single {
    /// The bucket of the keys.
    pub bucket: Arc<str>,
    /// The key. For a list, the key before the first one; without it the list begins with the first
    /// key of the bucket.
    pub key: Option<String>,
    /// What to do.
    pub action: Action,
}

/// What a [`Single`] does.
pub enum Action {
    Set(Vec<u8>, Replies<()>),
    Delete(Replies<()>),
    /// Replaces a value by another. `true` if the key had the value.
    Swap(Vec<u8>, Vec<u8>, Replies<bool>),
    /// Adds a number to a counter whose sum must be between two others.
    Add([i128; 3], Replies<i128>),
    /// Lists at most so many keys.
    List(usize, Replies<Vec<String>>),
    /// Makes durable what was committed before.
    Flush(Replies<()>),
}

/// The result of a [`Single`].
pub enum SingleResult {
    /// Number of rows.
    Rows(u64),
    Sum(i128),
    Keys(Vec<String>),
}

impl Work for Single {
    type Results = SingleResult;

    /// A write that is sent again could undo a later write of another host.
    fn is_repeatable(&self) -> bool {
        matches!(self.action, Action::List(..))
    }

    async fn run(&self, client: &Client, statements: &Statements) -> Result<SingleResult, Error> {
        let bucket: (&(dyn ToSql + Sync), Type) = (&&*self.bucket, Type::TEXT);
        let key: (&(dyn ToSql + Sync), Type) = (&self.key, Type::TEXT);
        let rows = SingleResult::Rows;
        match &self.action {
            Action::Set(value, _) => {
                let parameters = [bucket, key, (value as _, Type::BYTEA)];
                let count = client.execute_typed(&statements.set, &parameters).await?;
                Ok(rows(count))
            }
            Action::Delete(_) => {
                let count = client
                    .execute_typed(&statements.delete, &[bucket, key])
                    .await?;
                Ok(rows(count))
            }
            Action::Swap(old, new, _) => {
                let values = [(old as _, Type::BYTEA), (new as _, Type::BYTEA)];
                let [old, new] = values;
                let parameters = [bucket, key, old, new];
                Ok(rows(
                    client.execute_typed(&statements.swap, &parameters).await?,
                ))
            }
            Action::Add(numbers, _) => {
                let [delta, min, max] = numbers.map(|number| number.to_string());
                let parameters = [
                    bucket,
                    key,
                    (&delta as _, Type::TEXT),
                    (&min as _, Type::TEXT),
                    (&max as _, Type::TEXT),
                ];
                let row = client.query_typed_one(&statements.add, &parameters).await?;
                let sum: &str = row.try_get(0)?;
                // The function returns no number outside of the range.
                Ok(SingleResult::Sum(sum.parse().unwrap_or(i128::MAX)))
            }
            Action::Flush(_) => Ok(rows(client.execute_typed(FLUSH, &[]).await?)),
            Action::List(limit, _) => {
                let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
                let parameters = [bucket, key, (&limit as _, Type::INT8)];
                let rows = client.query_typed(&statements.list, &parameters).await?;
                let keys: Result<_, Error> = rows.iter().map(|row| row.try_get(0)).collect();
                Ok(SingleResult::Keys(keys?))
            }
        }
    }

    fn finish(&self, results: Result<SingleResult, KvError>) {
        let count = |results| match results {
            Ok(SingleResult::Rows(rows)) => Ok(rows),
            Ok(_) => Ok(0),
            Err(error) => Err(error),
        };
        match &self.action {
            Action::Set(_, replies) | Action::Delete(replies) | Action::Flush(replies) => {
                replies.finish(count(results).map(|_| ()));
            }
            Action::Swap(_, _, replies) => replies.finish(count(results).map(|rows| rows == 1)),
            Action::Add(_, replies) => replies.finish(results.map(|result| match result {
                SingleResult::Sum(sum) => sum,
                _ => 0,
            })),
            Action::List(_, replies) => replies.finish(results.map(|result| match result {
                SingleResult::Keys(keys) => keys,
                _ => Vec::new(),
            })),
        }
    }
}
