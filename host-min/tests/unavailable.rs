//! A store that can make nothing durable: no response reports success.

mod support;

use std::net::TcpListener;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use annals_host::app::{App, Limits};
use annals_host::engine::{self, EngineOptions};
use annals_host::gate::Gate;
use annals_host::host::Host;
use annals_host::pool::Recycling;
use annals_host::precompiled::CompileCache;
use annals_host::server::Server;
use annals_host::state::Grants;
use annals_host::store::{Barrier, Created, Entry, Kv, KvError, Memory, Swap};
use annals_host::streams::Streams;
use support::{Workspace, send};

/// Writes succeed and never become durable.
#[derive(Default)]
struct Broken(Memory);

impl Kv for Broken {
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.0.get(bucket, key)
    }
    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.0.set(bucket, key, value)
    }
    fn delete(&self, bucket: &str, key: &str) -> Result<(), KvError> {
        self.0.delete(bucket, key)
    }
    fn list_keys(
        &self,
        bucket: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KvError> {
        self.0.list_keys(bucket, after, limit)
    }
    fn compare_and_set(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<Swap, KvError> {
        self.0.compare_and_set(bucket, key, expected, new)
    }
    fn increment(
        &self,
        bucket: &str,
        key: &str,
        delta: i128,
        range: RangeInclusive<i128>,
    ) -> Result<i128, KvError> {
        self.0.increment(bucket, key, delta, range)
    }
    fn create_all(&self, bucket: &str, entries: Vec<Entry>) -> Result<Created, KvError> {
        self.0.create_all(bucket, entries)
    }
    fn draw(&self, bucket: &str, counter: &str, above: u64) -> Result<u64, KvError> {
        self.0.draw(bucket, counter, above)
    }
    fn get_many(&self, bucket: &str, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        self.0.get_many(bucket, keys)
    }
    fn barrier(&self) -> Barrier {
        Barrier::broken("disk on fire")
    }
}

#[test]
fn an_answer_whose_writes_cannot_be_flushed_is_withheld() {
    let workspace = Workspace::new();
    let options = EngineOptions {
        instances: 5,
        max_memory: 8 << 20,
        perf_map: false,
    };
    let engine = engine::start(&options).expect("an engine");
    let limits = Limits {
        timeout: Duration::from_secs(5),
        max_memory: 8 << 20,
        max_body: 1024,
    };
    let store = Arc::new(Broken::default());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let authority = listener.local_addr().expect("an address").to_string();
    let grants = Grants {
        environment: vec![("AUTHORITY".into(), authority)],
        ..Grants::default()
    };
    let app = App::load(
        &engine,
        &workspace.app(),
        &CompileCache::Off,
        store,
        grants,
        limits,
    )
    .expect("the guest fits");
    let host = Host::new(app, Recycling::default(), Gate::new(4, 4), Streams::new(1));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime
        .block_on(Server::bind("127.0.0.1:0", host))
        .expect("a port");
    let address = server.address().expect("an address").to_string();
    runtime.spawn(server.run(std::future::pending(), false));
    for path in ["/pkey", "/gkey", "/ok", "/under"] {
        let answer = send(&address, path, "", b"").expect("an answer");
        assert_eq!(answer.status, 503, "{path}");
        assert_eq!(
            answer.json()["type"],
            "urn:annals:problem:store-unavailable"
        );
        assert!(answer.head.contains("retry-after"), "{}", answer.head);
        assert!(!answer.text().contains("fire"), "no internals");
    }
    // A request of the guest does not reveal what the guest saw either.
    listener.set_nonblocking(true).expect("set");
    assert!(listener.accept().is_err(), "a request left");
}

/// Runs the real host on a full disk. A supervisor recognizes this end by its status, and restarts
/// the host.
#[cfg(target_os = "linux")]
#[test]
fn a_host_whose_store_cannot_go_on_ends_with_status_3() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let workspace = Workspace::new();
    let mut host = workspace.start(&[]);
    assert_eq!(host.get("/pbefore").status, 201);
    let process = Pid::from_raw(i32::try_from(host.id()).expect("a process"));
    let full = Rlimit {
        current: Some(0),
        maximum: None,
    };
    prlimit(process, Resource::Fsize, full).expect("limited");
    // The host answers 503, or has already ended.
    if let Ok(answer) = send(&host.address, "/pafter", "", b"") {
        assert_eq!(answer.status, 503, "{}", answer.text());
    }
    assert_eq!(host.ended(), Some(3), "{}", host.log());
    let log = host.log();
    assert!(log.contains("the store could not be flushed"), "{log}");
    drop(host);
    // When there is room again, a restart is enough.
    let host = workspace.start(&[]);
    assert_eq!(host.get("/gbefore").text(), "value");
    assert_eq!(host.terminate(), Some(0));
}
