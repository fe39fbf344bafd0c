//! The log as a stream of server-sent events (WHATWG HTML, section 9.2).
//!
//! Each event of the log is one message, and the message's id is its cursor (see [`crate::cursor`]). A client
//! that reconnects with the last id that it received continues exactly after that position. If a filter skips
//! events, a message without data advances the client's last id: by the standard, a client does not dispatch
//! such a message but stores its id.

use crate::accept;
use crate::annals::es::event_reader::{LogFilter, LogPage};
use crate::application;
use crate::cloudevent;
use crate::cursor::{self, Anchor, Cursor};
use crate::problem::Problem;
use crate::queries::{filter, source};
use crate::request::Request;
use crate::response::{Gone, Response, Writer};
use std::io::Write as _;
use wasip2::clocks::monotonic_clock;
use wasip2::http::types::{Method, ResponseOutparam};

/// Events per read. WebAssembly memory never shrinks, so a large page would stay allocated for the life of
/// the instance.
const PAGE_EVENTS: u32 = 200;
/// First and longest pause at the end of the log, in nanoseconds. The pause doubles while no event arrives.
const FIRST_PAUSE_NANOS: u64 = 20_000_000;
const LONGEST_PAUSE_NANOS: u64 = 200_000_000;
/// Longest time without a line, in nanoseconds. Proxies would consider a silent stream dead.
const KEEP_ALIVE_NANOS: u64 = 10_000_000_000;
/// Shortest time between messages that only advance the client's last id, in nanoseconds.
const PROGRESS_NANOS: u64 = 1_000_000_000;

/// Whether the client prefers a stream to a page.
pub fn wanted(request: &Request) -> bool {
    accept::prefers(request, "text/event-stream")
}

/// Headers of a stream. `x-accel-buffering` makes proxies such as nginx pass on each message at once.
const HEADERS: [(&str, &str); 3] = [
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache"),
    ("x-accel-buffering", "no"),
];

/// The answer if a stream cannot begin. A browser's `EventSource` gives up for ever at any status but 200. So
/// a temporary problem is reported as a stream that ends at once and tells the client when to reconnect.
pub fn refused(problem: Problem) -> Response {
    let Some(why) = problem.if_temporary() else {
        return problem.into_response();
    };
    let headers = HEADERS.map(|(name, value)| (name, value.to_owned()));
    Response {
        status: 200,
        headers: headers.into(),
        body: format!("retry: 5000\n: {why}\n\n").into_bytes(),
    }
}

/// A stream that is ready to begin.
pub struct Events {
    filter: LogFilter,
    /// The first page. It is read before the head is sent, so that an error can still set the status.
    first: LogPage,
    /// The cursor of the client's last id.
    known: Cursor,
    head_only: bool,
    /// Headers in addition to those of every stream.
    pub headers: Vec<(&'static str, String)>,
}

impl Events {
    pub fn open(request: &Request) -> Result<Self, Problem> {
        // A client that reconnects repeats its first URL, so the header is newer than the parameter.
        let known = match request.header("Last-Event-ID")? {
            Some(id) => Cursor::parse(id).ok_or_else(|| {
                Problem::bad_request(
                    "`Last-Event-ID` must be the id of a message or the position of an event",
                    "header Last-Event-ID",
                )
            })?,
            None => Cursor {
                position: request.number("after")?.unwrap_or(0),
                anchor: None,
            },
        };
        known.check_anchor()?;
        let filter = filter(request);
        let first =
            application::read_log(known.position, PAGE_EVENTS, &filter).map_err(Problem::store)?;
        cursor::check_end(known.position, &first)?;
        Ok(Self {
            filter,
            first,
            known,
            head_only: matches!(request.method, Method::Head),
            headers: Vec::new(),
        })
    }

    /// Streams until the client disconnects or the store fails. After a failure the client reconnects by
    /// itself.
    pub fn send(self, out: ResponseOutparam) {
        let headers = HEADERS.map(|(name, value)| (name, value.to_owned()));
        let headers = headers.into_iter().chain(self.headers);
        let Some(writer) = Writer::begin(out, 200, headers) else {
            return;
        };
        if self.head_only {
            return writer.finish();
        }
        let mut live = Live {
            writer,
            buffer: Vec::new(),
            source: source(),
            known: self.known,
            last_write: 0,
            last_progress: monotonic_clock::now(),
        };
        if live.run(&self.filter, self.first).is_ok() {
            live.writer.finish();
        }
    }
}

struct Live {
    writer: Writer,
    buffer: Vec<u8>,
    source: std::rc::Rc<str>,
    /// The cursor of the client's last id after the written messages.
    known: Cursor,
    /// Time of the last write.
    last_write: u64,
    /// Time of the last message that advanced the client's last id.
    last_progress: u64,
}

impl Live {
    fn run(&mut self, filter: &LogFilter, first: LogPage) -> Result<(), Gone> {
        // Sets the client's reconnection time to a second. This first message also confirms the stream at
        // once.
        self.buffer.extend_from_slice(b"retry: 1000\n\n");
        let mut pause = FIRST_PAUSE_NANOS;
        let mut page = first;
        loop {
            let found = !page.events.is_empty();
            self.add(&page);
            self.flush()?;
            if page.end {
                pause = if found {
                    FIRST_PAUSE_NANOS
                } else {
                    (pause * 2).min(LONGEST_PAUSE_NANOS)
                };
                monotonic_clock::subscribe_duration(pause).block();
            }
            if self.writer.is_gone() {
                return Err(Gone);
            }
            page = match application::read_log(page.next, PAGE_EVENTS, filter) {
                Ok(page) => page,
                // The client reconnects, and the answer to that request logs the error.
                Err(_) => return Ok(()),
            };
        }
    }

    /// Adds the messages of a page.
    fn add(&mut self, page: &LogPage) {
        let now = monotonic_clock::now();
        for event in &page.events {
            self.known = Cursor {
                position: event.position,
                anchor: Some(Anchor::of(event)),
            };
            // Type names contain no line breaks, and JSON contains none outside of the payload.
            let _ = write!(
                self.buffer,
                "id: {}\nevent: {}\ndata: ",
                self.known, event.event_type
            );
            let start = self.buffer.len();
            cloudevent::push(&mut self.buffer, event, &self.source);
            // A payload may be JSON on several lines. Its line breaks are white space between tokens, so
            // spaces can replace them.
            for byte in &mut self.buffer[start..] {
                if matches!(byte, b'\n' | b'\r') {
                    *byte = b' ';
                }
            }
            self.buffer.extend_from_slice(b"\n\n");
            self.last_progress = now;
        }
        if page.next > self.known.position && now - self.last_progress >= PROGRESS_NANOS {
            self.known.position = page.next;
            let _ = write!(self.buffer, "id: {}\n\n", self.known);
            self.last_progress = now;
        }
        if self.buffer.is_empty() && now - self.last_write >= KEEP_ALIVE_NANOS {
            self.buffer.extend_from_slice(b":\n\n");
        }
    }

    fn flush(&mut self) -> Result<(), Gone> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.writer.write(&self.buffer)?;
        self.buffer.clear();
        self.last_write = monotonic_clock::now();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_to_come_back_when_it_may_help() {
        let soon =
            Problem::new(503, "store-unavailable", "Not now", "").with_header("retry-after", "1");
        let response = refused(soon);
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), Some("text/event-stream"));
        assert_eq!(response.header("x-accel-buffering"), Some("no"));
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert!(text.starts_with("retry: "), "{text}");
        assert!(!text.contains("data:") && !text.contains("id:"), "{text}");
        for problem in [
            Problem::bad_request("no", "header Last-Event-ID"),
            Problem::new(503, "store-unavailable", "Damaged", ""),
        ] {
            assert!(refused(problem).status >= 400);
        }
    }
}
