//! Lists of keys.
//!
//! The stream's leader lists subjects in no order that is of use here, so a list takes all subjects
//! of a bucket. Lists are asked for in pages: the keys are kept for those who continue.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::client::Client;
use super::names;
use super::read::Reader;
use super::stream;
use super::write::Writer;
use crate::store::KvError;

/// How long the keys of a list are kept for whoever continues it.
const KEPT: Duration = Duration::from_secs(60);
/// Maximum number of keys whose values are looked at in one read.
const LOOK: usize = 1000;
/// Pause before a leader that lags is asked again.
const PAUSE: Duration = Duration::from_millis(20);

/// Lists keys.
pub struct Lists {
    client: Arc<Client>,
    reader: Arc<Reader>,
    writer: Arc<Writer>,
    kept: Mutex<Option<Kept>>,
}

/// The keys of a list that may be continued.
struct Kept {
    bucket: String,
    /// In ascending order, including deleted ones.
    keys: Arc<Vec<String>>,
    /// The last key of the last page.
    last: String,
    since: Instant,
}

impl Lists {
    /// Lists of a stream.
    pub fn new(client: Arc<Client>, reader: Arc<Reader>, writer: Arc<Writer>) -> Self {
        Self {
            client,
            reader,
            writer,
            kept: Mutex::new(None),
        }
    }

    /// At most `limit` keys after `after`, in byte order.
    ///
    /// # Errors
    /// [`KvError::Unavailable`].
    pub async fn list(
        &self,
        bucket: &str,
        after: Option<&str>,
        limit: usize,
        by: Instant,
    ) -> Result<Vec<String>, KvError> {
        let (keys, since) = match after.and_then(|after| self.continued(bucket, after)) {
            Some(kept) => kept,
            None => (Arc::new(self.all(bucket, by).await?), Instant::now()),
        };
        let start = match after {
            Some(after) => keys.partition_point(|key| key.as_str() <= after),
            None => 0,
        };
        let mut page = Vec::new();
        for part in keys[start..].chunks(LOOK) {
            if page.len() >= limit {
                break;
            }
            let stream = &self.client.options.stream;
            let subjects = part.iter().map(|key| names::subject(stream, bucket, key));
            let subjects: Vec<String> = subjects.collect::<Result<_, _>>()?;
            let found = self.reader.read(&subjects, by).await?;
            let exist = part.iter().zip(&subjects).filter(|(_, subject)| {
                let found = found.get(*subject);
                found.is_some_and(|found| found.value().is_some())
            });
            page.extend(exist.map(|(key, _)| key.clone()).take(limit - page.len()));
        }
        let last = page.last().filter(|_| page.len() == limit).cloned();
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = last.map(|last| Kept {
            bucket: bucket.to_owned(),
            keys,
            last,
            since,
        });
        Ok(page)
    }

    fn continued(&self, bucket: &str, after: &str) -> Option<(Arc<Vec<String>>, Instant)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref()?;
        let fits = kept.bucket == bucket && kept.last == after && kept.since.elapsed() < KEPT;
        fits.then(|| (kept.keys.clone(), kept.since))
    }

    /// All keys that a bucket ever had. Subjects never vanish.
    async fn all(&self, bucket: &str, by: Instant) -> Result<Vec<String>, KvError> {
        let barrier = self.writer.barrier(by).await?;
        let method = format!("STREAM.INFO.{}", self.client.options.stream);
        let filter = names::all_keys(&self.client.options.stream, bucket);
        let mut keys = Vec::new();
        loop {
            let body = json!({ "subjects_filter": filter, "offset": keys.len() });
            let answer = self.client.ask(&method, &body, by).await?;
            if let Some((_, description)) = stream::error(&answer) {
                return Err(KvError::Unavailable(description));
            }
            let state = &answer["state"];
            // The server may believe that it is the leader, and lack the last writes.
            if state["last_seq"].as_u64() < Some(barrier) {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            let page = state["subjects"].as_object();
            let page = page.into_iter().flat_map(|subjects| subjects.keys());
            let before = keys.len();
            keys.extend(page.filter_map(|subject| names::key(subject)));
            let total = answer["total"].as_u64().unwrap_or_default();
            let complete = u64::try_from(keys.len()).is_ok_and(|count| count >= total);
            if complete || keys.len() == before {
                break;
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}
