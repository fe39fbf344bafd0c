//! An HTTP client that retries through a crash of the server.

use anyhow::{Result, bail};
use serde_json::Value;
use std::time::{Duration, Instant};
use ureq::Agent;

/// Maximum time that a client waits for a killed host to restart.
const PATIENCE: Duration = Duration::from_secs(60);

/// An agent that returns every HTTP status as a value instead of an error.
#[must_use]
pub fn agent(timeout: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(timeout))
        .build()
        .into()
}

/// A response.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, if it is JSON.
    pub body: Value,
    /// The body as received.
    pub text: String,
    headers: Vec<(String, String)>,
    /// True if the request was sent more than once because the host died.
    pub resent: bool,
}

impl Answer {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The slug of a problem.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.body["type"]
            .as_str()?
            .strip_prefix("urn:annals:problem:")
    }
}

/// One client, with a connection of its own.
pub struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    /// A client of the server at a URL.
    #[must_use]
    pub fn new(base: String) -> Self {
        Self {
            agent: agent(Duration::from_secs(30)),
            base,
        }
    }

    /// `GET`.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.get_with(path, &[])
    }

    /// `GET`, with headers.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.call()?)
    }

    /// `POST`, with headers.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send(body)?)
    }

    /// `DELETE`.
    ///
    /// # Errors
    ///
    /// If there is no answer.
    pub fn delete(&self, path: &str) -> Result<Answer> {
        answer(self.agent.delete(format!("{}{path}", self.base)).call()?)
    }

    /// Sends a command until it has a final answer, however often the host dies meanwhile. The command id makes the
    /// repetition safe.
    ///
    /// # Errors
    ///
    /// If the host does not restart in time.
    pub fn command(&self, command_type: &str, id: &str, body: &[u8]) -> Result<Answer> {
        let deadline = Instant::now() + PATIENCE;
        let path = format!("/commands/{command_type}");
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", id),
        ];
        let mut resent = false;
        loop {
            match self.post(&path, &headers, body) {
                Ok(mut answer) if answer.status != 503 => {
                    answer.resent = resent;
                    return Ok(answer);
                }
                other if Instant::now() > deadline => bail!("no answer to command {id}: {other:?}"),
                _ => resent = true,
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// All events of the log, page by page.
    ///
    /// # Errors
    ///
    /// If a page is not answered with 200.
    pub fn log(&self) -> Result<Vec<Value>> {
        self.pages("/events", "/events")
    }

    /// All events of a stream; none if the stream does not exist.
    ///
    /// # Errors
    ///
    /// If a page is answered neither with 200 nor with 404.
    pub fn stream(&self, name: &str) -> Result<Vec<Value>> {
        self.pages(&format!("/streams/{name}"), name)
    }

    fn pages(&self, path: &str, what: &str) -> Result<Vec<Value>> {
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let page = self.get(&format!("{path}?after={after}&limit=500"))?;
            match page.status {
                200 => {}
                404 => return Ok(events),
                status => bail!("reading {what}: {status} {}", page.text),
            }
            events.extend(page.body["events"].as_array().cloned().unwrap_or_default());
            if page.body["end"] == true {
                return Ok(events);
            }
            after = page.body["next"].as_u64().unwrap_or_default();
        }
    }
}

/// A number that CloudEvents carry as text: `position`, `streamversion`.
#[must_use]
pub fn number(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer> {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let text = response
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_to_string()?;
    Ok(Answer {
        status,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
        text,
        headers,
        resent: false,
    })
}
