//! A client of server-sent events according to the standard (WHATWG HTML, section 9.2).

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A message as a browser would dispatch it.
#[derive(Debug, Clone)]
pub struct Message {
    /// The position in the message's id.
    pub id: u64,
    pub event: String,
    pub data: serde_json::Value,
}

/// One connection.
pub struct Stream {
    pub status: u16,
    /// Header lines, in lower case.
    pub head: String,
    reader: BufReader<Chunks>,
    /// The value that the client would send as `Last-Event-ID`. Messages without data change it too.
    pub last_id: Option<String>,
    /// Number of comment lines.
    pub comments: u32,
}

impl Stream {
    /// Connects. `after` is the id of the last received message.
    pub fn open(url: &str, path: &str, after: Option<&str>) -> Self {
        let header = after.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
        Self::open_with(url, path, &header)
    }

    /// The same, with any header lines.
    pub fn open_with(url: &str, path: &str, headers: &str) -> Self {
        let address = url.strip_prefix("http://").expect("a URL");
        let mut socket = TcpStream::connect(address).expect("a connection");
        socket
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a timeout");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{headers}\r\n"
        );
        socket.write_all(request.as_bytes()).expect("sent");
        let mut reader = BufReader::with_capacity(1 << 16, socket);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).expect("a head") > 0, "{head}");
        }
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let head = head.to_lowercase();
        let chunked = head.contains("transfer-encoding: chunked");
        Self {
            status: status.expect("a status"),
            head,
            reader: BufReader::new(Chunks {
                reader,
                left: 0,
                chunked,
                begun: false,
            }),
            last_id: None,
            comments: 0,
        }
    }

    /// The next message. `None` at the end, or if no message arrives for half a minute.
    pub fn next(&mut self) -> Option<Message> {
        let (mut event, mut data) = (String::new(), String::new());
        loop {
            let line = self.line()?;
            // A line is a name, a colon, and a value whose first blank is removed.
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" if line.is_empty() => {
                    if !data.is_empty() {
                        let id = self.last_position().expect("every message has an id");
                        let data = serde_json::from_str(&data).expect("JSON on one line");
                        return Some(Message { id, event, data });
                    }
                    event.clear();
                }
                "" => self.comments += 1,
                "id" => self.last_id = Some(value.to_owned()),
                "event" => event = value.to_owned(),
                "data" => {
                    assert!(data.is_empty(), "one line of data");
                    data = value.to_owned();
                }
                "retry" => {}
                other => panic!("an unknown field {other}"),
            }
        }
    }

    /// Reads lines until the client's last id is at least this one, or half a minute has passed.
    pub fn reaches(&mut self, id: u64) -> bool {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.last_position().is_none_or(|known| known < id) {
            // Keep-alive comments do not extend the wait.
            if Instant::now() > deadline || self.line_into_id().is_none() {
                return false;
            }
        }
        true
    }

    fn line_into_id(&mut self) -> Option<()> {
        let line = self.line()?;
        if let Some(id) = line.strip_prefix("id: ") {
            self.last_id = Some(id.to_owned());
        }
        Some(())
    }

    /// The position in the client's last id.
    pub fn last_position(&self) -> Option<u64> {
        let position = self.last_id.as_ref()?.split('.').next();
        Some(position?.parse().expect("a position"))
    }

    /// A whole line; `None` at the end. The incomplete last line of an interrupted stream is dropped.
    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).ok()?;
        (line.pop()? == b'\n').then_some(())?;
        String::from_utf8(line).ok()
    }
}

/// Decodes a chunked body.
struct Chunks {
    reader: BufReader<TcpStream>,
    left: usize,
    chunked: bool,
    begun: bool,
}

impl std::io::Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if !self.chunked {
            return self.reader.read(buffer);
        }
        if self.left == 0 {
            let mut line = String::new();
            if self.begun {
                self.reader.read_line(&mut line)?;
                line.clear();
            }
            self.begun = true;
            self.reader.read_line(&mut line)?;
            self.left = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
            if self.left == 0 {
                return Ok(0);
            }
        }
        let most = buffer.len().min(self.left);
        let read = self.reader.read(&mut buffer[..most])?;
        self.left -= read;
        Ok(read)
    }
}
