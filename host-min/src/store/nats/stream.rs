//! The stream that holds the store: its settings, and how it is made.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::client::Client;
use super::options::Options;
use crate::store::KvError;

/// The entry of the stream's metadata that tells the format.
const MARK: &str = "annals.format";
/// The format that this release reads and writes.
const FORMAT: u32 = 1;
/// Replicas in a cluster, unless the URL says otherwise.
const REPLICAS: u32 = 3;
/// The error of JetStream for a stream that does not exist.
const NOT_FOUND: u64 = 10059;
/// The error of JetStream for a stream that exists with other settings.
const EXISTS: u64 = 10058;
/// Time after which a question without an answer is asked again, and the pause before.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);
/// Errors of JetStream that pass: the cluster has no leader, or is starting.
const PASSING: [u64; 3] = [10008, 10076, 10118];

/// Why the stream cannot be used.
#[derive(Debug)]
pub enum StreamError {
    /// There is none, and none may be made.
    Absent,
    /// There is something else, or something that may not be used.
    Refused(String),
    /// It could not be looked at.
    Failed(String),
}

impl From<KvError> for StreamError {
    fn from(error: KvError) -> Self {
        match error {
            KvError::Unavailable(reason) => Self::Failed(reason),
            error => Self::Failed(error.to_string()),
        }
    }
}

/// Checks the stream, and makes it if it is absent and `make` is set. Returns the number of its
/// replicas.
///
/// # Errors
/// See [`StreamError`].
pub async fn prepare(
    client: &Arc<Client>,
    clustered: bool,
    make: bool,
) -> Result<u64, StreamError> {
    let options = &client.options;
    let replicas = options.replicas.unwrap_or(match clustered {
        true => REPLICAS,
        false => 1,
    });
    let by = Instant::now() + options.timeout;
    loop {
        if let Some(found) = config(client).await? {
            return check(&found, options, replicas);
        }
        if !make {
            return Err(StreamError::Absent);
        }
        if let Some(made) = create(client, replicas).await? {
            return check(&made, options, replicas);
        }
        // Another host made it a moment ago, with other options, and this server has not heard of it.
        if Instant::now() > by {
            return Err(StreamError::Failed(
                "the servers do not agree whether the stream exists".into(),
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn config(client: &Arc<Client>) -> Result<Option<Value>, StreamError> {
    let method = format!("STREAM.INFO.{}", client.options.stream);
    let answer = ask(client, &method, &json!({})).await?;
    match error(&answer) {
        None => Ok(Some(answer["config"].clone())),
        Some((NOT_FOUND, _)) => Ok(None),
        Some((_, description)) => Err(StreamError::Failed(description)),
    }
}

/// Asks until there is an answer: while a stream is being made, servers give none. Each of the
/// questions may be asked again.
async fn ask(client: &Arc<Client>, method: &str, body: &Value) -> Result<Value, KvError> {
    let by = Instant::now() + client.options.timeout;
    loop {
        let limit = by.min(Instant::now() + ANSWER_LIMIT);
        match client.ask(method, body, limit).await {
            Err(_) if Instant::now() < by && client.is_connected() => {
                tokio::time::sleep(PAUSE).await;
            }
            answer => return answer,
        }
    }
}

/// The code and the description of an answer that is an error.
pub fn error(answer: &Value) -> Option<(u64, String)> {
    let error = answer.get("error")?;
    let description = error["description"].as_str().unwrap_or("an error");
    let code = error["err_code"].as_u64().unwrap_or_default();
    Some((code, format!("{description} (code {code})")))
}

/// The settings that decide what the store promises.
fn settings(stream: &str) -> Map<String, Value> {
    let Value::Object(settings) = json!({
        "subjects": [format!("{stream}.>")],
        "retention": "limits",
        "storage": "file",
        "discard": "old",
        "max_msgs_per_subject": 1,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msg_size": -1,
        "allow_direct": true,
        "allow_atomic": true,
        "deny_delete": true,
        "deny_purge": true,
    }) else {
        return Map::new();
    };
    settings
}

/// Settings with which messages would come from elsewhere, go elsewhere or vanish.
const UNWANTED: [&str; 9] = [
    "mirror",
    "sources",
    "subject_transform",
    "republish",
    "no_ack",
    "sealed",
    "allow_msg_ttl",
    "allow_msg_counter",
    "discard_new_per_subject",
];

/// Makes the stream, and returns its settings. `None`: there is one with other settings.
async fn create(client: &Arc<Client>, replicas: u32) -> Result<Option<Value>, StreamError> {
    let stream = &client.options.stream;
    let mut settings = settings(stream);
    settings.insert("name".into(), json!(stream));
    settings.insert("num_replicas".into(), json!(replicas));
    settings.insert("description".into(), json!("The store of annals-host"));
    settings.insert("metadata".into(), json!({ MARK: FORMAT.to_string() }));
    let method = format!("STREAM.CREATE.{stream}");
    let answer = ask(client, &method, &Value::Object(settings)).await?;
    match error(&answer) {
        None => Ok(Some(answer["config"].clone())),
        Some((code, description)) if PASSING.contains(&code) => {
            Err(StreamError::Failed(description))
        }
        Some((EXISTS, _)) => Ok(None),
        Some((_, description)) => Err(StreamError::Refused(format!(
            "the stream {stream} with {replicas} replicas cannot be made: {description}; a cluster of fewer than {REPLICAS} \
             servers needs replicas=1 in the URL"
        ))),
    }
}

fn check(found: &Value, options: &Options, replicas: u32) -> Result<u64, StreamError> {
    let stream = &options.stream;
    let refused = |what: String| {
        Err(StreamError::Refused(format!(
            "the stream {stream} {what}; give another name in the URL"
        )))
    };
    let mark = found["metadata"][MARK].as_str();
    match mark.map(str::parse::<u32>) {
        Some(Ok(FORMAT)) => {}
        Some(Ok(other)) => {
            let whose = if other > FORMAT {
                "a newer"
            } else {
                "an older"
            };
            return Err(StreamError::Refused(format!(
                "the store has format {other}, which {whose} release wrote; this release reads format {FORMAT}"
            )));
        }
        _ => {
            return refused(format!(
                "is not a store of this host: its metadata has no {MARK}, and its subjects are {}",
                found["subjects"]
            ));
        }
    }
    for (name, wanted) in settings(stream) {
        let is = &found[name.as_str()];
        // The server leaves out what is zero or false.
        let empty = wanted == json!(0) && is.is_null();
        if *is != wanted && !empty {
            return refused(format!("has {name} {is} instead of {wanted}"));
        }
    }
    for name in UNWANTED {
        let is = &found[name];
        if !is.is_null() && *is != json!(false) {
            return refused(format!("has {name} {is}"));
        }
    }
    match found["num_replicas"].as_u64() {
        Some(has) if has < u64::from(replicas) => Err(StreamError::Refused(format!(
            "the stream {stream} has {has} replicas instead of {replicas}; raise them (nats stream edit {stream} \
             --replicas={replicas}), or accept that with replicas={has} in the URL"
        ))),
        has => Ok(has.unwrap_or(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(stream: &str) -> Value {
        let mut found = settings(stream);
        found.insert("num_replicas".into(), json!(3));
        found.insert("metadata".into(), json!({ MARK: "1" }));
        Value::Object(found)
    }

    #[test]
    fn a_stream_with_other_settings_is_refused_by_their_names() {
        let options = Options::parse("nats://h/bank").expect("valid");
        assert!(matches!(check(&ours("bank"), &options, 3), Ok(3)));
        for (name, value, named) in [
            (
                "storage",
                json!("memory"),
                "storage \"memory\" instead of \"file\"",
            ),
            ("max_msgs_per_subject", json!(2), "max_msgs_per_subject 2"),
            ("max_age", json!(5), "max_age 5 instead of 0"),
            ("discard", json!("new"), "discard"),
            ("allow_atomic", Value::Null, "allow_atomic null"),
            ("deny_purge", json!(false), "deny_purge"),
            ("subjects", json!(["x.>"]), "subjects"),
            ("sources", json!([{"name": "x"}]), "sources"),
            ("mirror", json!({"name": "x"}), "mirror"),
            ("num_replicas", json!(1), "--replicas=3"),
            ("metadata", json!({}), "no annals.format"),
            ("metadata", json!({ MARK: "2" }), "a newer release"),
            ("metadata", json!({ MARK: "0" }), "an older release"),
        ] {
            let mut found = ours("bank");
            found[name] = value;
            let Err(StreamError::Refused(said)) = check(&found, &options, 3) else {
                panic!("{name} is not refused");
            };
            assert!(said.contains(named), "{name}: {said}");
        }
    }
}
