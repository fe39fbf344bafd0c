//! Event streams have places of their own. They last as long as their clients want, and no longer.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::{Host, Workspace};

/// A client of an event stream; disconnects when dropped.
struct Stream(TcpStream);

impl Stream {
    fn open(host: &Host, path: &str) -> Self {
        let mut stream = TcpStream::connect(&host.address).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a timeout");
        let head = format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("sent");
        Self(stream)
    }

    /// Reads the next bytes; empty at the end.
    fn read(&mut self) -> String {
        let mut bytes = [0; 64 << 10];
        let length = self.0.read(&mut bytes).expect("something comes in time");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    /// Reads the beginning: the first event, or the delay for the reconnection.
    fn answer(&mut self) -> String {
        let mut text = String::new();
        while !text.contains("data: x") && !text.contains("retry: ") {
            text.push_str(&self.read());
        }
        text
    }

    /// Reads until `words` have come. Returns whether they came before the end.
    fn finds(&mut self, words: &str) -> bool {
        let mut text = String::new();
        loop {
            let piece = self.read();
            text.push_str(&piece);
            if text.contains(words) {
                return true;
            }
            if piece.is_empty() {
                return false;
            }
        }
    }
}

fn within(limit: Duration, mut what: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < limit {
        if what() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn streams_take_no_place_of_requests_and_have_no_deadline() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--concurrency", "1", "--queue", "0", "--timeout", "500ms"]);
    // Open the streams one after the other: until its response shows that it is a stream, it
    // occupies the place of a request.
    let mut ticking = Stream::open(&host, "/es");
    assert!(ticking.finds("data: x"));
    let mut quiet = Stream::open(&host, "/eq");
    assert!(quiet.finds("data: x"));
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(2) {
        assert!(ticking.read().contains("data: x"), "it goes on");
        assert_eq!(host.get("/ok").status, 200);
    }
    quiet.0.set_nonblocking(true).expect("set");
    let more = quiet.0.read(&mut [0; 16]);
    assert!(more.is_err(), "the quiet one is still open: {more:?}");
}

#[test]
fn a_client_that_leaves_frees_the_instance() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--max-streams", "1"]);
    let mut first = Stream::open(&host, "/es");
    assert!(first.finds("data: x"));
    // A browser reconnects only after this status.
    let full = Stream::open(&host, "/es").answer();
    assert!(full.starts_with("HTTP/1.1 200 "), "{full}");
    assert!(
        full.contains("content-type: text/event-stream\r\n"),
        "{full}"
    );
    assert!(full.contains("x-accel-buffering: no\r\n"), "{full}");
    assert!(full.contains("\r\n\r\nretry: "), "{full}");
    assert!(!full.contains("data:"), "{full}");
    assert_eq!(host.get("/ggone").status, 404);
    drop(first);
    assert!(
        within(Duration::from_secs(2), || host.get("/ggone").status == 200),
        "the guest notices it"
    );
    // A sleeping guest does not notice it, and is ended as well. (Either a stream begins, or it
    // ends with the delay for the reconnection.)
    let begins = |path| Stream::open(&host, path).answer().contains("data: x");
    assert!(within(Duration::from_secs(4), || begins("/eq")));
    assert!(within(Duration::from_secs(4), || begins("/es")));
}

#[test]
fn a_stream_that_finds_the_queue_full_is_told_to_come_back() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--concurrency", "1", "--queue", "0", "--timeout", "3s"]);
    let mut busy = Vec::new();
    let full = || {
        // A request that comes while another one has the only place is refused, so the test sends
        // it again.
        let mut looping = TcpStream::connect(&host.address).expect("a connection");
        let request = looping.write_all(b"GET /loop HTTP/1.1\r\nHost: test\r\n\r\n");
        request.expect("sent");
        busy.push(looping);
        host.get("/ok").status == 503
    };
    assert!(
        within(Duration::from_secs(2), full),
        "the only place is taken"
    );
    let accept = "Accept: text/event-stream\r\n";
    let stream = support::send(&host.address, "/es", accept, b"").expect("an answer");
    assert_eq!(stream.status, 200);
    assert!(stream.text().starts_with("retry: "), "{}", stream.text());
}

#[test]
fn a_reader_that_stalls_holds_its_own_stream_only() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--concurrency", "1"]);
    let mut stalled = Stream::open(&host, "/ef");
    assert!(stalled.read().contains(" 200 "));
    // Wait until all buffers between the guest and the client are full.
    std::thread::sleep(Duration::from_millis(500));
    let mut other = Stream::open(&host, "/es");
    assert!(other.finds("data: x"));
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(host.get("/ok").status, 200);
        assert!(other.read().contains("data: x"));
    }
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    // The stream continues where it stopped.
    for _ in 0..200 {
        assert!(!stalled.read().is_empty());
    }
}

#[test]
fn a_streaming_guest_that_only_computes_is_stopped() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--timeout", "300ms"]);
    let mut stream = Stream::open(&host, "/el");
    stream
        .0
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a timeout");
    let start = Instant::now();
    while !stream.read().is_empty() {}
    assert!(
        start.elapsed() > Duration::from_secs(3),
        "not at the deadline of requests: {:?}",
        start.elapsed()
    );
    let logged = || host.log().contains("handler=\"spin\"");
    assert!(within(Duration::from_secs(2), logged), "{}", host.log());
}

#[test]
fn streams_end_with_the_host() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    // Open the streams one after the other: until its response shows that it is a stream, it
    // occupies the place of a request.
    let mut ticking = Stream::open(&host, "/es");
    assert!(ticking.finds("data: x"));
    let mut quiet = Stream::open(&host, "/eq");
    assert!(quiet.finds("data: x"));
    let start = Instant::now();
    assert_eq!(host.terminate(), Some(0));
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
    // The stream ends cleanly, with the last chunk of the body.
    assert!(ticking.finds("0\r\n\r\n") && quiet.finds("0\r\n\r\n"));
}
