//! A proxy that delays: a network with a round trip, for measurements.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Most bytes that are passed on together.
const CHUNK: usize = 64 << 10;

/// A proxy that passes on each byte a fixed time after it has received it. It keeps receiving meanwhile, so any number
/// of bytes may be under way at once: the proxy delays, and limits no rate.
pub struct Delay {
    /// The port of 127.0.0.1 at which it listens.
    pub port: u16,
}

impl Delay {
    /// Starts a proxy to a port of 127.0.0.1. It serves until the process ends.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn to(port: u16, each_way: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let own = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                for stream in [&client, &server] {
                    stream.set_nodelay(true).expect("set");
                }
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let from = from.try_clone().expect("cloned");
                    let to = to.try_clone().expect("cloned");
                    let (sender, receiver) = channel();
                    std::thread::spawn(move || receive(from, each_way, &sender));
                    std::thread::spawn(move || pass_on(&receiver, to));
                }
            }
        });
        Self { port: own }
    }
}

fn receive(mut from: TcpStream, each_way: Duration, sender: &Sender<(Instant, Vec<u8>)>) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let due = Instant::now() + each_way;
        if sender.send((due, buffer[..count].to_vec())).is_err() {
            return;
        }
    }
}

fn pass_on(receiver: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream) {
    sleep_exactly();
    for (due, bytes) in receiver {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// Linux adds up to 50 microseconds to each sleep of a thread, unless the thread asks for less. Without this, the delay
/// is longer, and nothing else changes.
fn sleep_exactly() {
    let Ok(thread) = std::fs::read_link("/proc/thread-self") else {
        return;
    };
    if let Some(id) = thread.file_name() {
        let _ = std::fs::write(
            std::path::Path::new("/proc").join(id).join("timerslack_ns"),
            "1",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back what it receives.
    fn echo() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut from = stream.try_clone().expect("cloned");
                let mut to = stream;
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            }
        });
        port
    }

    #[test]
    fn many_bytes_are_under_way_at_once() {
        const BYTES: usize = 20;
        let each_way = Duration::from_millis(100);
        let proxy = Delay::to(echo(), each_way);
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).expect("connected");
        stream.set_nodelay(true).expect("set");
        let start = Instant::now();
        for byte in 0..BYTES {
            stream
                .write_all(&[u8::try_from(byte).expect("small")])
                .expect("sent");
            std::thread::sleep(Duration::from_millis(2));
        }
        let mut answer = [0; BYTES];
        stream.read_exact(&mut answer).expect("received");
        let elapsed = start.elapsed();
        assert!(answer.iter().map(|byte| usize::from(*byte)).eq(0..BYTES));
        assert!(elapsed >= each_way * 2, "{elapsed:?}");
        // One byte after the other would take 20 round trips.
        assert!(elapsed < each_way * 10, "{elapsed:?}");
    }

    #[test]
    fn the_end_of_the_server_reaches_the_client() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let proxy = Delay::to(port, Duration::from_millis(1));
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).expect("connected");
        drop(listener.accept().expect("accepted"));
        assert_eq!(stream.read(&mut [0]).expect("the end"), 0);
    }
}
