//! Runs batches on connections, makes connections anew, and decides what a failure means.
//!
//! A lane owns one connection and runs one batch at a time. A lane without a connection makes one
//! for its next batch. If that fails, all lanes refuse their batches for a short while without
//! trying, so that requests fail at once while the server is away.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::batch::{Batch, Operation};
use super::connection::{Connection, Connector};
use super::options::words;
use super::schema::{NOT_A_COUNTER, OVERFLOW};
use super::work::{Statements, Work};
use crate::store::KvError;
use crate::store::gather::Queue;
use crate::store::remote::Outage;

/// Maximum number of attempts of a batch that other transactions prevented.
const MAX_ATTEMPTS: u32 = 10;
/// Pause after an attempt that others prevented, times the number of attempts.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// A write that is late occupies its connection for this long at most.
const MAX_LATE_WRITE: Duration = Duration::from_secs(300);
/// Interval at which operations that have waited for too long are dropped.
const DROP_INTERVAL: Duration = Duration::from_millis(250);

/// What all lanes share.
pub struct Shared {
    /// The operations that wait.
    pub queue: Arc<Queue<Operation>>,
    connector: Connector,
    statements: Statements,
    statement_timeout: Duration,
    outage: Outage,
}

/// What to do about a statement that failed.
enum Remedy {
    /// The statement wrote nothing, and may succeed if it is sent again.
    Retry,
    /// The caller is told. The connection is still good.
    Tell(KvError),
    /// The connection is lost, and the outcome of the statement unknown.
    Reconnect(String),
}

impl Shared {
    /// What lanes need.
    pub fn new(connector: Connector, statements: Statements, statement_timeout: Duration) -> Self {
        Self {
            queue: Arc::default(),
            connector,
            statements,
            statement_timeout,
            outage: Outage::default(),
        }
    }

    /// Makes a connection, unless the last attempt failed a moment ago.
    async fn connect(&self) -> Result<Connection, KvError> {
        self.outage.check()?;
        match self.connector.connect().await {
            Ok((connection, _)) => {
                self.outage.end();
                Ok(connection)
            }
            Err(error) => Err(self.outage.record(error.reason())),
        }
    }

    /// Runs a batch to its end and tells everybody who waits for it.
    async fn run(&self, connection: &mut Option<Connection>, batch: Batch) {
        match batch {
            Batch::Create(creates) => self.perform(connection, creates).await,
            Batch::Draw(draws) => self.perform(connection, draws).await,
            Batch::Read(reads) => self.perform(connection, reads).await,
            Batch::Single(single) => self.perform(connection, single).await,
        }
    }

    async fn perform<W: Work>(&self, connection: &mut Option<Connection>, work: W) {
        let results = self.attempts(connection, &work).await;
        work.finish(results);
    }

    /// Waits for a statement within its time limit. A write that is late is awaited on its connection
    /// nevertheless, after everybody who waits for it has been told. So the server never has more
    /// statements of this host than the pool has connections.
    async fn in_time<W: Work>(
        &self,
        work: &W,
        run: impl Future<Output = Result<W::Results, Error>>,
    ) -> Option<Result<W::Results, Error>> {
        let mut run = pin!(run);
        if let Ok(done) = tokio::time::timeout(self.statement_timeout, &mut run).await {
            return Some(done);
        }
        if work.is_cancellable() {
            return None;
        }
        work.finish(Err(self.late()));
        tokio::time::timeout(MAX_LATE_WRITE, run).await.ok()
    }

    fn late(&self) -> KvError {
        KvError::Unavailable(format!(
            "no answer within {} ms (statement_timeout)",
            self.statement_timeout.as_millis()
        ))
    }

    async fn attempts<W: Work>(
        &self,
        slot: &mut Option<Connection>,
        work: &W,
    ) -> Result<W::Results, KvError> {
        let mut repeated = false;
        let mut attempt = 0;
        loop {
            let connection = match slot.take().filter(Connection::is_open) {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            let run = work.run(&connection.client, &self.statements);
            let Some(done) = self.in_time(work, run).await else {
                if work.is_cancellable() {
                    connection.cancel();
                }
                return Err(self.late());
            };
            if connection.is_unreplicated() {
                let reason = "the server committed without waiting for its standby";
                return Err(KvError::Unavailable(reason.into()));
            }
            match done.map_err(|error| remedy(&error)) {
                Ok(results) => {
                    *slot = Some(connection);
                    return Ok(results);
                }
                Err(Remedy::Tell(error)) => {
                    *slot = Some(connection);
                    return Err(error);
                }
                Err(Remedy::Retry) if attempt < MAX_ATTEMPTS => {
                    *slot = Some(connection);
                    attempt += 1;
                    tokio::time::sleep(RETRY_PAUSE * attempt).await;
                }
                Err(Remedy::Retry) => {
                    *slot = Some(connection);
                    return Err(KvError::Unavailable(
                        "other transactions prevented the statement again and again".into(),
                    ));
                }
                Err(Remedy::Reconnect(_)) if work.is_repeatable() && !repeated => repeated = true,
                Err(Remedy::Reconnect(reason)) => return Err(KvError::Unavailable(reason)),
            }
        }
    }
}

/// Runs batches until the queue is closed. The lane begins with a connection or makes one.
pub async fn run(shared: Arc<Shared>, mut connection: Option<Connection>) {
    while let Some(mut taken) = shared.queue.next().await {
        if let Some(batch) = taken.batch.take() {
            shared.run(&mut connection, batch).await;
        }
    }
}

/// Drops operations that no statement has taken within the time limit of a statement, until the
/// queue is closed.
pub async fn drop_late(shared: Arc<Shared>) {
    while shared.queue.drop_older(shared.statement_timeout) {
        tokio::time::sleep(DROP_INTERVAL).await;
    }
}

fn remedy(error: &Error) -> Remedy {
    let Some(code) = error.code() else {
        return Remedy::Reconnect(words(error));
    };
    let prevented = [
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ];
    let not_a_number = [
        SqlState::INVALID_TEXT_REPRESENTATION,
        SqlState::CHARACTER_NOT_IN_REPERTOIRE,
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
    ];
    let lost = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::DATABASE_DROPPED,
        // The server has become a standby.
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ];
    match code {
        code if prevented.contains(code) => Remedy::Retry,
        code if not_a_number.contains(code) || code.code() == NOT_A_COUNTER => {
            Remedy::Tell(KvError::NotACounter)
        }
        code if code.code() == OVERFLOW => Remedy::Tell(KvError::Overflow),
        code if lost.contains(code) || code.code().starts_with("08") => {
            Remedy::Reconnect(words(error))
        }
        _ => Remedy::Tell(KvError::Unavailable(words(error))),
    }
}
