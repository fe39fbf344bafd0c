//! The bank as an aggregate of cqrs-es over sqlite-es.

use std::path::Path;

use annals_bench_domain::{Account, Command, Event, Rejection, prepared};
use anyhow::{Context as _, Result};
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use sqlite_es::SqliteEventRepository;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Pool, Sqlite};
use std::time::Duration;

/// sqlite-es's own migration, without the views.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS events (
  aggregate_type text NOT NULL, aggregate_id text NOT NULL,
  sequence integer CHECK (sequence >= 0) NOT NULL,
  event_type text NOT NULL, event_version text NOT NULL,
  payload text NOT NULL, metadata text NOT NULL,
  PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT;
CREATE TABLE IF NOT EXISTS snapshots (
  aggregate_type text NOT NULL, aggregate_id text NOT NULL,
  last_sequence integer CHECK (last_sequence >= 0) NOT NULL,
  current_snapshot integer CHECK (current_snapshot >= 0) NOT NULL,
  payload text NOT NULL,
  PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)) STRICT;
";

/// The aggregate.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Bank(pub Account);

/// Its event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact(pub Event);

impl DomainEvent for Fact {
    fn event_type(&self) -> String {
        self.0.name().into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}

impl Aggregate for Bank {
    const TYPE: &'static str = "account";
    type Command = Command;
    type Event = Fact;
    type Error = Rejection;
    type Services = ();

    async fn handle(
        &mut self,
        command: Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Rejection> {
        let event = Fact(self.0.decide(command)?);
        // `write` folds the event into the aggregate that it is given, and a snapshot store folds the event once more
        // when it commits. If `write` were given `self`, every snapshot would count its last event twice.
        sink.write(event, &mut self.clone()).await;
        Ok(())
    }

    fn apply(&mut self, event: Fact) {
        self.0.apply(&event.0);
    }
}

/// The event store.
pub type Store = PersistedEventStore<SqliteEventRepository, Bank>;

/// Opens the database in WAL mode. A commit returns only when it is synced.
pub async fn open(folder: &Path, connections: u32) -> Result<Pool<Sqlite>> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("bank.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(30))
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options)
        .await?;
    sqlx::raw_sql(SCHEMA).execute(&pool).await?;
    Ok(pool)
}

/// The store over a database, with a snapshot every `snapshots` events; 0: no snapshots.
pub fn store(pool: Pool<Sqlite>, snapshots: usize) -> Store {
    let repository = SqliteEventRepository::new(pool);
    match snapshots {
        0 => PersistedEventStore::new_event_store(repository),
        every => PersistedEventStore::new_snapshot_store(repository, every),
    }
}

/// Events in one transaction of the preparation.
const PAGE: u64 = 10_000;

/// Writes the streams that measurements start from, each given as `NAME=LENGTH`.
pub async fn fill(folder: &Path, streams: &[String]) -> Result<()> {
    let repository = SqliteEventRepository::new(open(folder, 1).await?);
    let mut page = Vec::new();
    for stream in streams {
        let (account, length) = stream.split_once('=').context("NAME=LENGTH")?;
        for version in 1..=length.parse::<u64>()? {
            let event = Fact(prepared(account, version));
            page.push(SerializedEvent::new(
                account.into(),
                usize::try_from(version)?,
                Bank::TYPE.into(),
                event.event_type(),
                event.event_version(),
                serde_json::to_value(&event)?,
                serde_json::json!({}),
            ));
            if page.len() as u64 == PAGE {
                repository.persist::<Bank>(&page, None).await?;
                page.clear();
            }
        }
    }
    repository.persist::<Bank>(&page, None).await?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use annals_bench_domain::{Movement, Open};
    use cqrs_es::{AggregateContext, AggregateError, CqrsFramework, EventStore};
    use std::sync::Arc;

    fn open_account() -> Command {
        Command::Open(Open {
            account: "a".into(),
            owner: "Ada".into(),
            deposit: 0,
        })
    }

    fn deposit() -> Command {
        Command::Deposit(Movement {
            account: "a".into(),
            amount: 1,
            transfer: None,
        })
    }

    /// Two writers deposit to one aggregate, and each retries its conflicts. Every acknowledged deposit must be
    /// there.
    async fn no_update_is_lost(snapshots: usize) {
        let folder = tempfile::tempdir().unwrap();
        let pool = super::open(folder.path(), 10).await.unwrap();
        let bank = Arc::new(CqrsFramework::new(
            store(pool.clone(), snapshots),
            vec![],
            (),
        ));
        bank.execute("a", open_account()).await.unwrap();
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let bank = bank.clone();
                tokio::spawn(async move {
                    let (mut accepted, mut conflicts) = (0, 0);
                    while accepted < 300 {
                        match bank.execute("a", deposit()).await {
                            Ok(()) => accepted += 1,
                            Err(AggregateError::AggregateConflict) => conflicts += 1,
                            Err(error) => panic!("{error}"),
                        }
                    }
                    conflicts
                })
            })
            .collect();
        let mut conflicts = 0;
        for writer in writers {
            conflicts += writer.await.unwrap();
        }
        let store = store(pool, snapshots);
        let events = store.load_events("a").await.unwrap();
        assert_eq!(events.len(), 601);
        assert!(events.iter().map(|e| e.sequence).eq(1..=601));
        let mut account = store.load_aggregate("a").await.unwrap();
        assert_eq!(account.aggregate().0.balance, Some(600));
        assert!(conflicts > 0, "the writers never met: this says nothing");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_writers_lose_no_update() {
        no_update_is_lost(0).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_writers_lose_no_update_with_snapshots() {
        no_update_is_lost(10).await;
    }

    #[tokio::test]
    async fn a_commit_is_synced_before_it_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let pool = super::open(folder.path(), 1).await.unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(&pool)
            .await
            .unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2));
    }

    /// The aggregate as the guide of cqrs-es writes it: the sink is given the aggregate itself.
    #[derive(Debug, Clone, Default, Serialize, Deserialize)]
    struct ByTheGuide(Account);

    impl Aggregate for ByTheGuide {
        const TYPE: &'static str = "guide";
        type Command = Command;
        type Event = Fact;
        type Error = Rejection;
        type Services = ();

        async fn handle(
            &mut self,
            command: Command,
            (): &(),
            sink: &EventSink<Self>,
        ) -> Result<(), Rejection> {
            let event = Fact(self.0.decide(command)?);
            sink.write(event, self).await;
            Ok(())
        }

        fn apply(&mut self, event: Fact) {
            self.0.apply(&event.0);
        }
    }

    /// The reason why `Bank` gives the sink a copy. If this test fails, cqrs-es has fixed the defect: then give it
    /// `self`.
    #[tokio::test]
    async fn cqrs_es_counts_the_last_event_of_a_snapshot_twice() {
        let folder = tempfile::tempdir().unwrap();
        let pool = super::open(folder.path(), 1).await.unwrap();
        let store = || {
            PersistedEventStore::<_, ByTheGuide>::new_snapshot_store(
                SqliteEventRepository::new(pool.clone()),
                2,
            )
        };
        let bank = CqrsFramework::new(store(), vec![], ());
        bank.execute("a", open_account()).await.unwrap();
        bank.execute("a", deposit()).await.unwrap();
        let mut account = store().load_aggregate("a").await.unwrap();
        assert_eq!(account.aggregate().0.balance, Some(2), "one was paid in");
    }
}
