//! The operations on keys that are not counters.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::client::{self, Client};
use super::read::{Messages, Reader};
use super::record::Change;
use super::write::{Put, Writer, Written};
use crate::store::{Created, KvError, Swap};

/// Pause after a step that another one prevented: at first, and at most.
const MIN_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(50);

/// Changes keys.
pub struct Keys {
    client: Arc<Client>,
    reader: Arc<Reader>,
    writer: Arc<Writer>,
    timeout: Duration,
}

impl Keys {
    /// Keys of a stream.
    pub fn new(client: Arc<Client>, reader: Arc<Reader>, writer: Arc<Writer>) -> Self {
        Self {
            timeout: client.options.timeout,
            client,
            reader,
            writer,
        }
    }

    /// Creates all of these keys or none.
    ///
    /// # Errors
    /// See [`Writer::write`].
    pub async fn create_all(
        &self,
        entries: Vec<(String, Vec<u8>)>,
        by: Instant,
    ) -> Result<Created, KvError> {
        let mut puts: Vec<Put> = entries.into_iter().map(creation).collect();
        let step = self.client.step();
        let mut pause = MIN_PAUSE;
        loop {
            if let Written::At(_) = self.writer.write(&puts, &step, by).await? {
                return Ok(Created::All);
            }
            // A conflict proves nothing: a deleted key has a message, too, and another step that is
            // under way may fail.
            let subjects: Vec<String> = puts.iter().map(|put| put.subject.clone()).collect();
            let found = self.reader.read(&subjects, by).await?;
            if found.values().any(|found| found.step == step) {
                return Ok(Created::All);
            }
            if let Some(at) = subjects
                .iter()
                .position(|subject| has_value(&found, subject))
            {
                return Ok(Created::Exists(at));
            }
            for put in &mut puts {
                expect(put, &found);
            }
            pause = self.wait(pause, by).await?;
        }
    }

    /// Replaces the expected value by another.
    ///
    /// # Errors
    /// See [`Writer::write`].
    pub async fn swap(
        &self,
        subject: String,
        expected: Option<Vec<u8>>,
        new: Vec<u8>,
        by: Instant,
    ) -> Result<Swap, KvError> {
        let mut put = creation((subject.clone(), new));
        let mut pause = MIN_PAUSE;
        let step = self.client.step();
        // What is expected to be absent usually is.
        let mut reads = expected.is_some();
        loop {
            if reads {
                let found = self.reader.read(std::slice::from_ref(&subject), by).await?;
                if found.get(&subject).is_some_and(|found| found.step == step) {
                    return Ok(Swap::Done);
                }
                let value = found.get(&subject).and_then(|found| found.value());
                let value = value.map(|value| value.to_vec());
                if value != expected {
                    return Ok(Swap::Lost(value));
                }
                expect(&mut put, &found);
            }
            if let Written::At(_) = self
                .writer
                .write(std::slice::from_ref(&put), &step, by)
                .await?
            {
                return Ok(Swap::Done);
            }
            reads = true;
            pause = self.wait(pause, by).await?;
        }
    }

    /// Gives a key a value, whatever it has.
    ///
    /// # Errors
    /// See [`Writer::write`].
    pub async fn set(&self, subject: String, value: Vec<u8>, by: Instant) -> Result<(), KvError> {
        self.replace(subject, Change::Replaced, value, by).await
    }

    /// Removes the value of a key.
    ///
    /// # Errors
    /// See [`Writer::write`].
    pub async fn delete(&self, subject: String, by: Instant) -> Result<(), KvError> {
        // A key that is absent needs no message that tells so.
        let found = self.reader.read(std::slice::from_ref(&subject), by).await?;
        match has_value(&found, &subject) {
            true => self.replace(subject, Change::Deleted, Vec::new(), by).await,
            false => Ok(()),
        }
    }

    async fn replace(
        &self,
        subject: String,
        change: Change,
        value: Vec<u8>,
        by: Instant,
    ) -> Result<(), KvError> {
        let put = Put {
            subject,
            change,
            value,
            expected: None,
        };
        let step = self.client.step();
        let mut pause = MIN_PAUSE;
        while let Written::Conflict(_) = self
            .writer
            .write(std::slice::from_ref(&put), &step, by)
            .await?
        {
            pause = self.wait(pause, by).await?;
        }
        Ok(())
    }

    /// Waits before another attempt, and returns the next pause.
    async fn wait(&self, pause: Duration, by: Instant) -> Result<Duration, KvError> {
        if Instant::now() + pause > by {
            return Err(client::late(self.timeout));
        }
        tokio::time::sleep(pause).await;
        Ok((pause * 2).min(MAX_PAUSE))
    }
}

fn creation((subject, value): (String, Vec<u8>)) -> Put {
    Put {
        subject,
        change: Change::Created,
        value,
        expected: Some(0),
    }
}

/// Makes a step depend on the message that was found.
fn expect(put: &mut Put, found: &Messages) {
    let found = found.get(&put.subject);
    put.expected = Some(found.map_or(0, |found| found.sequence));
    put.change = match found.map(|found| found.change) {
        None => Change::Created,
        Some(Change::Deleted) => Change::Revived,
        Some(_) => Change::Replaced,
    };
}

fn has_value(found: &Messages, subject: &str) -> bool {
    let found = found.get(subject);
    found.is_some_and(|found| found.value().is_some())
}
