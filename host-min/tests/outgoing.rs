//! A guest's access to the outside: environment variables, and HTTP requests.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use support::Workspace;

#[test]
fn the_environment_is_what_the_command_line_says() {
    let workspace = Workspace::new();
    let host = workspace.start(&[
        "--env",
        "MAILER_URL=http://127.0.0.1:1/?a=b",
        "--env",
        "B=2",
    ]);
    assert_eq!(host.get("/vars").text(), "http://127.0.0.1:1/?a=b");
    drop(host);
    let host = workspace.start(&[]);
    assert_eq!(host.get("/vars").status, 404, "nothing of the host's own");
}

#[test]
fn a_variable_without_a_name_is_refused() {
    let workspace = Workspace::new();
    for bad in ["=x", "x"] {
        let status = workspace
            .command(&["--env", bad])
            .output()
            .expect("it runs");
        assert_eq!(status.status.code(), Some(2), "{bad}");
    }
}

#[test]
fn a_guest_sends_requests_and_gets_the_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut line = String::new();
        BufReader::new(stream.try_clone().expect("a handle"))
            .read_line(&mut line)
            .expect("a request");
        stream
            .write_all(b"HTTP/1.1 418 Teapot\r\ncontent-length: 0\r\n\r\n")
            .expect("answered");
        line
    });
    let workspace = Workspace::new();
    let host = workspace.start(&["--env", &format!("AUTHORITY={address}")]);
    assert_eq!(host.get("/under").status, 418);
    assert_eq!(
        asked.join().expect("no panic").trim(),
        "GET /hello HTTP/1.1"
    );
    // No process listens there any more.
    assert_eq!(host.get("/under").status, 599);
}
