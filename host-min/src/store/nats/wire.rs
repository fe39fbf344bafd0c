//! The client's side of NATS's protocol: lines of text, some with a payload.

use std::fmt::Write as _;

use bytes::{Buf, Bytes, BytesMut};

/// Longest line that a server sends before a payload. `INFO` is the longest one.
const MAX_LINE: usize = 256 * 1024;
/// Largest payload with its headers that a server can be configured to allow.
const MAX_PAYLOAD: usize = 64 << 20;

/// What a server sends.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    /// What the server is, in JSON.
    Info(String),
    Ping,
    Pong,
    /// Something is wrong. The server often closes the connection afterwards.
    Error(String),
    Message(Message),
}

/// A message for a subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// Its subject, of which the client is the only subscriber.
    pub subject: String,
    /// The code of a message of the server's own, such as 204, or 503 if nobody listens.
    pub status: Option<u16>,
    /// The words after the code.
    pub description: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub payload: Bytes,
}

impl Message {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a header as a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.parse().ok()
    }
}

/// Takes the first frame out of the received bytes. `None`: it is not complete.
///
/// # Errors
/// The bytes are no frame.
pub fn parse(received: &mut BytesMut) -> Result<Option<Frame>, String> {
    let Some(end) = received.windows(2).position(|pair| pair == b"\r\n") else {
        return match received.len() > MAX_LINE {
            true => Err("the server sends no NATS protocol".into()),
            false => Ok(None),
        };
    };
    let line = std::str::from_utf8(&received[..end]);
    let line = line.map_err(|_| "the server sends no NATS protocol")?;
    let (name, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let frame = match name.to_ascii_uppercase().as_str() {
        "INFO" => Frame::Info(rest.to_owned()),
        "PING" => Frame::Ping,
        "PONG" => Frame::Pong,
        "-ERR" => Frame::Error(rest.trim().trim_matches('\'').to_owned()),
        // An answer that only verbose connections get.
        "+OK" => {
            received.advance(end + 2);
            return parse(received);
        }
        "MSG" | "HMSG" => return message(received, end),
        _ => {
            return Err(format!(
                "the server sends {name:?}, which is no NATS protocol"
            ));
        }
    };
    received.advance(end + 2);
    Ok(Some(frame))
}

fn message(received: &mut BytesMut, end: usize) -> Result<Option<Frame>, String> {
    let wrong = || String::from("the server sends a message without its sizes");
    let line = String::from_utf8_lossy(&received[..end]).into_owned();
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [kind, subject, _, .., total] = words.as_slice() else {
        return Err(wrong());
    };
    let total: usize = total.parse().map_err(|_| wrong())?;
    let head = match kind.eq_ignore_ascii_case("HMSG") {
        true => words[words.len() - 2].parse().map_err(|_| wrong())?,
        false => 0,
    };
    if head > total || total > MAX_PAYLOAD {
        return Err(wrong());
    }
    let start = end + 2;
    if received.len() < start + total + 2 {
        received.reserve(start + total + 2 - received.len());
        return Ok(None);
    }
    received.advance(start);
    let mut content = received.split_to(total).freeze();
    received.advance(2);
    let mut message = Message {
        subject: (*subject).to_owned(),
        ..Message::default()
    };
    headers(&content.split_to(head), &mut message);
    message.payload = content;
    Ok(Some(Frame::Message(message)))
}

fn headers(text: &[u8], message: &mut Message) {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first.strip_prefix("NATS/1.0").unwrap_or_default().trim();
    let (code, description) = status.split_once(' ').unwrap_or((status, ""));
    message.status = code.parse().ok();
    description.clone_into(&mut message.description);
    for line in lines {
        if let Some((name, value)) = line.split_once(':') {
            let pair = (name.to_owned(), value.trim().to_owned());
            message.headers.push(pair);
        }
    }
}

/// Appends a message to bytes that are to be sent. `reply` is empty if nobody waits for an answer.
pub fn publish(
    out: &mut Vec<u8>,
    subject: &str,
    reply: &str,
    headers: &[(&str, &str)],
    payload: &[u8],
) {
    let mut head = String::new();
    if !headers.is_empty() {
        head.push_str("NATS/1.0\r\n");
        for (name, value) in headers {
            // Writing to a string does not fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
    }
    let mut line = String::from(if head.is_empty() { "PUB " } else { "HPUB " });
    line.push_str(subject);
    if !reply.is_empty() {
        line.push(' ');
        line.push_str(reply);
    }
    let total = head.len() + payload.len();
    let _ = match head.is_empty() {
        true => write!(line, " {total}\r\n"),
        false => write!(line, " {} {total}\r\n", head.len()),
    };
    out.extend_from_slice(line.as_bytes());
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(payload);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut received: BytesMut) -> Result<Vec<Frame>, String> {
        let mut frames = Vec::new();
        while let Some(frame) = parse(&mut received)? {
            frames.push(frame);
        }
        assert!(received.is_empty(), "{received:?}");
        Ok(frames)
    }

    #[test]
    fn frames_are_read_however_they_arrive() {
        let text = b"INFO {\"a\":1}\r\nPING\r\n+OK\r\nPONG\r\n-ERR 'Stale Connection'\r\n\
            MSG a.1 1 5\r\nv\r\nlu\r\nHMSG a.2 1 reply 44 46\r\nNATS/1.0 204 EOB\r\nNats-Num-Pending:  3\r\n\r\n\r\nxy\r\n";
        // The sizes of the last message, counted rather than written.
        let head = "NATS/1.0 204 EOB\r\nNats-Num-Pending:  3\r\n\r\n".len();
        let text = String::from_utf8(text.to_vec()).expect("text");
        let text = text.replace("44 46", &format!("{head} {}", head + 4));
        let whole = all(BytesMut::from(text.as_bytes())).expect("frames");
        assert_eq!(whole.len(), 6);
        assert_eq!(whole[0], Frame::Info("{\"a\":1}".into()));
        assert_eq!(whole[3], Frame::Error("Stale Connection".into()));
        let Frame::Message(plain) = &whole[4] else {
            panic!("{whole:?}");
        };
        assert_eq!(
            (&*plain.subject, &plain.payload[..]),
            ("a.1", &b"v\r\nlu"[..])
        );
        let Frame::Message(status) = &whole[5] else {
            panic!("{whole:?}");
        };
        assert_eq!((status.status, &*status.description), (Some(204), "EOB"));
        assert_eq!(status.number("nats-num-pending"), Some(3));
        assert_eq!(&status.payload[..], b"\r\nxy");
        let mut pieces = BytesMut::new();
        let mut frames = Vec::new();
        for byte in text.as_bytes() {
            pieces.extend_from_slice(&[*byte]);
            frames.extend(parse(&mut pieces).expect("a frame or none"));
        }
        assert_eq!(frames, whole);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let mut out = Vec::new();
        publish(&mut out, "s.k", "in.1", &[("A", "b"), ("C", "d")], b"value");
        publish(&mut out, "s.k", "", &[], b"");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(
            text,
            "HPUB s.k in.1 24 29\r\nNATS/1.0\r\nA: b\r\nC: d\r\n\r\nvalue\r\nPUB s.k 0\r\n\r\n"
        );
    }

    #[test]
    fn other_protocols_are_errors() {
        for text in [
            "HTTP/1.1 400 Bad\r\n",
            "MSG a 1\r\n",
            "MSG a 1 x\r\n",
            "HMSG a 1 9 3\r\n",
        ] {
            assert!(all(BytesMut::from(text.as_bytes())).is_err(), "{text}");
        }
    }
}
