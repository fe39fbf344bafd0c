//! The log as a stream of server-sent events (WHATWG HTML, section 9.2).
//!
//! Each event of the log is one message whose id says its position (see [`crate::cursor`]). A client that comes back with the
//! last id that it saw goes on exactly behind it, since a reader of the log may go on after any
//! position. Where a filter passes events over, a message without data moves the client's last id
//! on: by the standard such a message is not dispatched, but its id counts.

use crate::accept;
use crate::annals::es::event_reader::{LogFilter, LogPage};
use crate::application;
use crate::cloudevent::CloudEvent;
use crate::cursor::{self, Anchor, Cursor};
use crate::problem::Problem;
use crate::queries::{filter, source};
use crate::request::Request;
use crate::response::{Gone, Response, Writer};
use std::io::Write as _;
use wasip2::clocks::monotonic_clock;
use wasip2::http::types::{Method, ResponseOutparam};

/// Events read at a time: what an instance once held of them it keeps as memory for good.
const PAGE: u32 = 200;
/// Pauses at the end of the log, in nanoseconds: doubled while nothing comes.
const FIRST_PAUSE: u64 = 20_000_000;
const LONGEST_PAUSE: u64 = 200_000_000;
/// A line is sent at least this often, in nanoseconds, or proxies would take the stream for dead.
const KEEP_ALIVE: u64 = 10_000_000_000;
/// The client's last id is moved on without an event at most this often, in nanoseconds.
const PROGRESS: u64 = 1_000_000_000;

/// Does the client want a stream rather than a page?
pub fn wanted(request: &Request) -> bool {
    accept::prefers(request, "text/event-stream")
}

/// What goes before a stream. Proxies such as nginx pass on at once what says that it must not be buffered.
const HEADERS: [(&str, &str); 3] = [
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache"),
    ("x-accel-buffering", "no"),
];

/// The answer where no stream can begin. A browser's `EventSource` gives up for good at any status but 200: what
/// is over soon is told as a stream that ends at once, and says when to come back.
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

/// A stream that can begin.
pub struct Events {
    filter: LogFilter,
    /// The first page, read ahead so that what is wrong is told by a status.
    first: LogPage,
    /// The last id that the client knows.
    known: Cursor,
    head_only: bool,
    /// Beside those of every stream.
    pub headers: Vec<(&'static str, String)>,
}

impl Events {
    pub fn open(request: &Request) -> Result<Self, Problem> {
        // A client that comes back repeats the address of its first request, so the header is newer.
        let known = match request.header("Last-Event-ID")? {
            Some(id) => Cursor::parse(id).ok_or_else(|| {
                Problem::bad_request(
                    "`Last-Event-ID` must be the id of a message, or the position of an event",
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
        let first = application::read_log(known.position, PAGE, &filter).map_err(Problem::store)?;
        cursor::check_end(known.position, &first)?;
        Ok(Self {
            filter,
            first,
            known,
            head_only: matches!(request.method, Method::Head),
            headers: Vec::new(),
        })
    }

    /// Streams until the client is gone, or the store fails: then the client comes back by itself.
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
    /// The client's last id after what was written.
    known: Cursor,
    /// When something was written last.
    last_write: u64,
    /// When the client's last id was moved on last.
    last_progress: u64,
}

impl Live {
    fn run(&mut self, filter: &LogFilter, first: LogPage) -> Result<(), Gone> {
        // A second suffices before a client comes back, and tells it at once that the stream stands.
        self.buffer.extend_from_slice(b"retry: 1000\n\n");
        let mut pause = FIRST_PAUSE;
        let mut page = first;
        loop {
            let found = !page.events.is_empty();
            self.add(&page);
            self.flush()?;
            if page.end {
                pause = if found {
                    FIRST_PAUSE
                } else {
                    (pause * 2).min(LONGEST_PAUSE)
                };
                monotonic_clock::subscribe_duration(pause).block();
            }
            if self.writer.is_gone() {
                return Err(Gone);
            }
            page = match application::read_log(page.next, PAGE, filter) {
                Ok(page) => page,
                // Said in the log by whoever answers the client's next request.
                Err(_) => return Ok(()),
            };
        }
    }

    /// Adds what a page comes to.
    fn add(&mut self, page: &LogPage) {
        let now = monotonic_clock::now();
        for event in &page.events {
            self.known = Cursor {
                position: event.position,
                anchor: Some(Anchor::of(event)),
            };
            // Names of types have no line breaks, and JSON text has none outside of the payload.
            let _ = write!(
                self.buffer,
                "id: {}\nevent: {}\ndata: ",
                self.known, event.event_type
            );
            let start = self.buffer.len();
            let _ = serde_json::to_writer(&mut self.buffer, &CloudEvent::new(event, &self.source));
            // A payload may be JSON on several lines; between its tokens a blank is as good.
            for byte in &mut self.buffer[start..] {
                if matches!(byte, b'\n' | b'\r') {
                    *byte = b' ';
                }
            }
            self.buffer.extend_from_slice(b"\n\n");
            self.last_progress = now;
        }
        if page.next > self.known.position && now - self.last_progress >= PROGRESS {
            self.known.position = page.next;
            let _ = write!(self.buffer, "id: {}\n\n", self.known);
            self.last_progress = now;
        }
        if self.buffer.is_empty() && now - self.last_write >= KEEP_ALIVE {
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
