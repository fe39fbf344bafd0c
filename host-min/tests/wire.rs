//! Requests as raw bytes on a connection.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use support::{Host, Workspace};

/// Sends these bytes and returns everything that the host answers until it closes, or until a
/// second passes without a byte.
fn said(host: &Host, request: &str) -> (String, bool) {
    let mut stream = TcpStream::connect(&host.address).expect("a connection");
    let wait = Some(Duration::from_secs(1));
    stream.set_read_timeout(wait).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("sent");
    let (mut text, mut bytes) = (String::new(), [0; 4096]);
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return (text, true),
            Ok(length) => text.push_str(&String::from_utf8_lossy(&bytes[..length])),
            Err(_) => return (text, false),
        }
    }
}

#[test]
fn requests_name_their_host_as_their_version_of_http_wants_it() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    for (head, status) in [
        ("GET /ok HTTP/1.1\r\nHost: shop.example:80\r\n", 200),
        (
            "GET http://shop.example/ok HTTP/1.1\r\nHost: shop.example\r\n",
            200,
        ),
        ("GET /ok HTTP/1.0\r\n", 200),
        ("GET /ok HTTP/1.0\r\nHost: shop.example\r\n", 200),
        ("GET /ok HTTP/1.1\r\n", 400),
        ("GET http://shop.example/ok HTTP/1.1\r\n", 400),
        ("GET /ok HTTP/1.1\r\nHost: a\r\nHost: a\r\n", 400),
        ("GET /ok HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET /ok HTTP/1.0\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET /ok HTTP/1.1\r\nHost:\r\n", 400),
        ("GET /ok HTTP/1.1\r\nHost: a b\r\n", 400),
        ("GET /ok HTTP/1.1\r\nHost: me@shop.example\r\n", 400),
        ("GET /ok HTTP/1.1\r\nHost: shop.example:port\r\n", 400),
    ] {
        let (text, _) = said(&host, &format!("{head}Connection: close\r\n\r\n"));
        let line = text.lines().next().unwrap_or_default();
        assert!(line.contains(&format!(" {status} ")), "{head}: {text}");
        if status == 400 {
            assert!(
                text.contains("urn:annals:problem:bad-request"),
                "{head}: {text}"
            );
        }
    }
}

#[test]
fn of_two_lengths_of_a_body_neither_hides_a_second_request() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    // A host that used this length would read the remainder as another request.
    let hidden = "GET /ok HTTP/1.1\r\nHost: test\r\n\r\n";
    let chunk = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    let (length, encoding) = ("Content-Length: 4\r\n", "Transfer-Encoding: chunked\r\n");
    for headers in [format!("{length}{encoding}"), format!("{encoding}{length}")] {
        let request = format!("POST /ok HTTP/1.1\r\nHost: test\r\n{headers}\r\n{chunk}{hidden}");
        let (text, closed) = said(&host, &request);
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "one answer: {text}");
        assert!(closed, "the host must close the connection: {text}");
    }
    let lengths = "Content-Length: 4\r\nContent-Length: 5\r\n";
    let (text, closed) = said(
        &host,
        &format!("POST /ok HTTP/1.1\r\nHost: test\r\n{lengths}\r\nabcde"),
    );
    assert!(text.starts_with("HTTP/1.1 400 ") && closed, "{text}");
}
