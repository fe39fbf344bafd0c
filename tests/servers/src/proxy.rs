//! A proxy between a client and a server, whose connections a test can cut.

use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;

/// A proxy that can be cut: it passes bytes between a client and a server until then.
pub struct Proxy {
    /// The port of 127.0.0.1 at which it listens.
    pub port: u16,
    connections: std::sync::Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    /// Starts a proxy to a port of 127.0.0.1.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let own = listener.local_addr().expect("an address").port();
        let connections = std::sync::Arc::new(Mutex::new(Vec::new()));
        let opened: std::sync::Arc<Mutex<Vec<TcpStream>>> = connections.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                let pairs = [(&client, &server), (&server, &client)];
                for (from, to) in pairs {
                    let (mut from, mut to) = (
                        from.try_clone().expect("cloned"),
                        to.try_clone().expect("cloned"),
                    );
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
                opened.lock().expect("no panic").extend([client, server]);
            }
        });
        Self {
            port: own,
            connections,
        }
    }

    /// Cuts all connections, also in the middle of an answer.
    ///
    /// # Panics
    /// If a thread of the proxy has panicked.
    pub fn cut(&self) {
        for connection in self.connections.lock().expect("no panic").drain(..) {
            let _ = connection.shutdown(std::net::Shutdown::Both);
        }
    }
}
