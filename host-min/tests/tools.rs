//! The command-line tools, on real directories.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use annals_event_log::{
    AppendRequest, EventLog, Head, Metadata, NewEvent, Precondition, Rejection, Settings, Slots,
};
use annals_host::store::{Blocking, Embedded, Kv};
use annals_host::tools::buckets::BucketSlots;
use annals_host::tools::files::FileSlots;
use serde_json::Value;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a directory"));
        std::fs::create_dir(folder.path("temporary")).expect("made");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the host in this folder and returns status, stdout and stderr.
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        self.run_with(args, b"")
    }

    fn run_with(&self, args: &[&str], stdin: &[u8]) -> (i32, String, String) {
        use std::io::Write as _;
        let mut child = Command::new(env!("CARGO_BIN_EXE_annals-host"))
            .current_dir(self.0.path())
            .env("TMPDIR", self.path("temporary"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut input = child.stdin.take().expect("piped");
        // The host may exit before it has read everything.
        let _ = input.write_all(stdin);
        drop(input);
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().expect("it ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }

    fn embedded(&self, name: &str) -> BucketSlots {
        BucketSlots::new(Embedded::open(&self.path(name)).expect("opens"), "default")
    }

    fn files(&self, name: &str) -> FileSlots {
        std::fs::create_dir_all(self.path(name)).expect("made");
        FileSlots::new(&self.path(name))
    }
}

fn metadata(id: &str) -> Metadata {
    Metadata {
        command_id: id.into(),
        command_type: "Do".into(),
        ..Metadata::default()
    }
}

/// Writes forty commits of two streams, one with a name that no file can have, and a rejection.
fn fill(slots: impl Slots, prefix: &str) {
    let settings = Settings {
        prefix: prefix.into(),
        ..Settings::default()
    };
    let mut log = EventLog::open(slots, &settings).expect("opens");
    let long = format!("long-{}", "ö".repeat(25));
    for n in 0..40 {
        let stream = if n % 2 == 0 { "Short-1" } else { &long }.to_lowercase();
        let id = format!("{n}-{}", "C".repeat(n * 4));
        let head = log.load(&stream, Head::default(), 1000).expect("read").head;
        log.claim_command(&id, 7, &stream, head.cursor)
            .expect("claimed");
        let event = NewEvent {
            event_type: "Done".into(),
            schema_version: 1,
            content_type: "application/json".into(),
            payload: format!("{{\"n\":{n}}}").into_bytes(),
            tags: Vec::new(),
        };
        log.append(AppendRequest {
            stream,
            expected: Precondition::Any,
            cursor: None,
            events: vec![event; 1 + n % 3],
            close: false,
            metadata: metadata(&id),
            recorded_at: 1_700_000_000_000 + n as u64,
            seed: n as u64,
            claim: None,
        })
        .expect("appended");
    }
    log.claim_command("no", 7, "only-1", 0).expect("claimed");
    let rejection = Rejection {
        code: "no".into(),
        message: "No.".into(),
        details: None,
    };
    log.record_outcome(
        "only-1",
        Head::default(),
        metadata("no"),
        Some(rejection),
        5,
    )
    .expect("recorded");
}

/// Every file of a store of files except the marker files.
fn all_files(root: &Path) -> Vec<PathBuf> {
    let shards = std::fs::read_dir(root).expect("read");
    let mut files: Vec<PathBuf> = shards
        .map(|shard| shard.expect("read").path())
        .filter(|path| path.is_dir())
        .flat_map(|shard| std::fs::read_dir(shard).expect("read"))
        .map(|file| file.expect("read").path())
        .filter(|path| !path.ends_with("%durable"))
        .collect();
    files.sort();
    files
}

fn one_line(status: i32, error: &str, words: &str) {
    assert_eq!(status, 1, "{error}");
    assert_eq!(error.trim().lines().count(), 1, "{error}");
    assert!(error.contains(words), "{error}");
}

#[test]
fn a_store_goes_from_one_kind_to_the_other_and_back() {
    let folder = Folder::new();
    fill(folder.embedded("one"), "tenant/1");
    let (status, lines, error) = folder.run(&["export", "--store", "one", "--prefix", "tenant/1"]);
    assert_eq!(status, 0, "{error}");
    assert!(
        error.contains("79 events of 40 commits, 1 outcomes"),
        "{error}"
    );
    let (status, _, error) =
        folder.run_with(&["import", "-", "--store", "files:two"], lines.as_bytes());
    assert_eq!(status, 0, "{error}");
    assert!(
        error.contains("79 events of 40 commits, 1 outcomes"),
        "{error}"
    );
    // The store exists now, and the tool recognizes its kind.
    let (status, back, error) = folder.run(&["export", "--store", "two"]);
    assert_eq!((status, &back), (0, &lines), "{error}");
    std::fs::write(folder.path("lines"), &back).expect("written");
    let import = ["import", "lines", "--store", "three"];
    assert_eq!(folder.run(&import).0, 0);
    let (status, again, _) = folder.run(&["export", "--store", "three"]);
    assert_eq!((status, &again), (0, &lines));
    let (status, _, error) = folder.run(&import);
    assert_eq!(status, 0);
    assert!(error.contains(" 0 values were written"), "{error}");
    for store in ["one", "two", "three"] {
        let (status, table, error) = folder.run(&["verify", "--store", store]);
        assert_eq!(status, 0, "{store}: {table} {error}");
        for line in ["streams 3", "commits 40", "events 79", "errors 0"] {
            let (name, count) = line.split_once(' ').expect("two words");
            let found = table.lines().find(|l| l.starts_with(name)).expect("a row");
            assert_eq!(
                found.split_whitespace().last(),
                Some(count),
                "{store}: {table}"
            );
        }
    }
    // The tool wrote the format of the adapter: an event log can read it.
    let mut log = EventLog::open(folder.files("two"), &Settings::default()).expect("opens");
    let page = log
        .read_stream("short-1", 0, 3)
        .expect("read")
        .expect("it is there");
    assert_eq!(page.events[1].payload, b"{\"n\":2}");
}

#[test]
fn a_store_goes_to_postgresql_and_back() {
    let Some(server) = annals_test_servers::postgres::Server::start(&[]) else {
        return;
    };
    let folder = Folder::new();
    fill(folder.embedded("one"), "");
    let (status, lines, error) = folder.run(&["export", "--store", "one"]);
    assert_eq!(status, 0, "{error}");
    let url = server.url("schema=tools");
    let (status, _, error) = folder.run(&["export", "--store", &url]);
    one_line(
        status,
        &error,
        "there is no store tools.slots on PostgreSQL at 127.0.0.1",
    );
    assert!(
        server
            .sql("SELECT 1 FROM pg_namespace WHERE nspname = 'tools'")
            .is_empty()
    );
    let import = ["import", "-", "--store", &url];
    for written in [true, false] {
        let (status, _, error) = folder.run_with(&import, lines.as_bytes());
        // An import that has ended is durable.
        server.end("KILL");
        std::thread::sleep(std::time::Duration::from_millis(300));
        server.start_again();
        assert_eq!(status, 0, "{error}");
        assert!(
            error.contains("79 events of 40 commits, 1 outcomes"),
            "{error}"
        );
        assert_eq!(
            error.contains(" 0 values were written"),
            !written,
            "{error}"
        );
    }
    let (status, back, error) = folder.run(&["export", "--store", &url]);
    assert_eq!((status, &back), (0, &lines), "{error}");
    let (status, table, error) = folder.run(&["verify", "--store", &url]);
    assert_eq!(status, 0, "{table} {error}");
    // Damage is found there, too.
    server.sql(
        "DELETE FROM tools.slots WHERE key = (SELECT max(key) FROM tools.slots WHERE key ~ '^log')",
    );
    server.sql("UPDATE tools.slots SET value = value || '\\x00' WHERE key ~ 'short-1'");
    let (status, table, _) = folder.run(&["verify", "--store", &url]);
    assert_eq!(status, 1, "{table}");
}

#[test]
fn a_store_goes_to_nats_and_back() {
    let Some(servers) = annals_test_servers::nats::Nats::start(1, "") else {
        return;
    };
    let folder = Folder::new();
    fill(folder.embedded("one"), "");
    let (status, lines, error) = folder.run(&["export", "--store", "one"]);
    assert_eq!(status, 0, "{error}");
    let url = servers.url("tools", "");
    let (status, _, error) = folder.run(&["export", "--store", &url]);
    one_line(
        status,
        &error,
        "there is no store tools on NATS at 127.0.0.1",
    );
    let import = ["import", "-", "--store", &url];
    for written in [true, false] {
        let (status, _, error) = folder.run_with(&import, lines.as_bytes());
        // An import that has ended is durable.
        servers.end(0, "KILL");
        servers.start_again(0);
        servers.wait_until_ready();
        assert_eq!(status, 0, "{error}");
        assert!(
            error.contains("79 events of 40 commits, 1 outcomes"),
            "{error}"
        );
        assert_eq!(
            error.contains(" 0 values were written"),
            !written,
            "{error}"
        );
    }
    let (status, back, error) = folder.run(&["export", "--store", &url]);
    assert_eq!((status, &back), (0, &lines), "{error}");
    let (status, table, error) = folder.run(&["verify", "--store", &url]);
    assert_eq!(status, 0, "{table} {error}");
    // Damage is found there, too.
    let open = annals_host::store::Nats::open_alone(&url, &Default::default()).expect("opens");
    let store = Blocking(open);
    let keys = Kv::list_keys(&store, "default", None, 1000).expect("lists");
    let mut damaged = keys.iter().filter(|key| key.contains("short-1"));
    let key = damaged.next().expect("a commit");
    let mut value = Kv::get(&store, "default", key)
        .expect("reads")
        .expect("is there");
    value.push(0);
    Kv::set(&store, "default", key, &value).expect("written");
    let (status, table, _) = folder.run(&["verify", "--store", &url]);
    assert_eq!(status, 1, "{table}");
}

#[test]
fn an_export_into_a_file_goes_on_where_it_stopped() {
    let folder = Folder::new();
    fill(folder.files("store"), "");
    let export = ["export", "--store", "store", "-o", "lines"];
    assert_eq!(folder.run(&export).0, 0);
    let whole = std::fs::read(folder.path("lines")).expect("lines");
    assert_eq!(
        whole.iter().filter(|byte| **byte == b'\n').count(),
        79 + 1 + 1
    );
    for cut in [0, 1, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        std::fs::write(folder.path("lines"), &whole[..cut]).expect("written");
        let (status, _, error) = folder.run(&export);
        assert_eq!(status, 0, "{error}");
        assert_eq!(std::fs::read(folder.path("lines")).expect("lines"), whole);
        let kept = cut > whole.len() / 4;
        assert_eq!(error.contains("were there already"), kept, "{error}");
    }
    // A file with other content stays unchanged.
    for other in ["notes\n", "{\"specversion\":\"1.0\"}\n"] {
        std::fs::write(folder.path("lines"), other).expect("written");
        let (status, _, error) = folder.run(&export);
        one_line(status, &error, "line 1");
        let left = std::fs::read_to_string(folder.path("lines"));
        assert_eq!(left.expect("text"), other);
    }
    // So does the export of another store.
    std::fs::write(folder.path("lines"), &whole).expect("written");
    let mut log = EventLog::open(folder.files("other"), &Settings::default()).expect("opens");
    log.claim_command("x", 1, "z-1", 0).expect("claimed");
    let (status, _, error) = folder.run(&["export", "--store", "other", "-o", "lines"]);
    one_line(status, &error, "does not come from this store");
    assert_eq!(std::fs::read(folder.path("lines")).expect("lines"), whole);
}

#[test]
fn damage_is_told_with_its_key_and_a_remedy_and_exit_status_1() {
    let folder = Folder::new();
    fill(folder.files("store"), "");
    let files = all_files(&folder.path("store"));
    assert!(files.len() > 120);
    let mut digests = 0;
    for (n, file) in files.iter().enumerate() {
        let name = file
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let digest = name.starts_with('~');
        // Test some files of each kind, because every start of the host takes time.
        if n % 12 != 0 && !(digest && digests < 3) {
            continue;
        }
        digests += usize::from(digest);
        let bytes = std::fs::read(file).expect("read");
        let mut spoilt = bytes.clone();
        spoilt[bytes.len() / 2] ^= 1;
        std::fs::write(file, spoilt).expect("written");
        let (status, out, error) = folder.run(&["verify", "--store", "store"]);
        assert_eq!(status, 1, "{name}: {out} {error}");
        let line = out.lines().next().expect("a line");
        assert!(line.starts_with("error: ") && line.contains("; "), "{line}");
        std::fs::write(file, bytes).expect("written");
    }
    std::fs::write(folder.path("store/00-notes"), "x").expect("written");
    let (status, out, _) = folder.run(&["verify", "--store", "store", "--json"]);
    assert_eq!(status, 1);
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["key"], "00-notes");
    assert_eq!(lines[0]["kind"], "error");
    assert_eq!(lines[1]["summary"]["errors"], 1);
    assert_eq!(lines[1]["summary"]["events"], 79);
    let (status, _, _) = folder.run(&["verify", "--store", "store", "--prefix", ""]);
    assert_eq!(status, 0, "other files may share the directory");
}

#[test]
fn what_cannot_be_done_is_one_line_with_a_remedy() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("empty")).expect("made");
    std::fs::create_dir(folder.path("notes")).expect("made");
    std::fs::write(folder.path("notes/a"), "x").expect("written");
    for command in ["verify", "export"] {
        for store in ["absent", "empty", "notes", "files:empty"] {
            let (status, _, error) = folder.run(&[command, "--store", store]);
            one_line(status, &error, "there is no store");
        }
        assert_eq!(folder.run(&[command, "--store", "memory:"]).0, 2);
    }
    assert!(!folder.path("absent").exists(), "reading creates nothing");
    let (status, _, error) = folder.run(&["import", "--store", "notes"]);
    one_line(status, &error, "empty directory");
    let (status, _, error) = folder.run(&["import", "no-lines", "--store", "new"]);
    one_line(status, &error, "no-lines");
    assert!(!folder.path("new").exists());
    // A store that a host has open.
    let held = folder.embedded("held");
    for args in [
        ["verify", "--store", "held"],
        ["export", "--store", "held"],
        ["import", "--store", "held"],
    ] {
        let (status, _, error) = folder.run(&args);
        one_line(status, &error, "in use by another process");
    }
    drop(held);
    // Lines that are not valid, and lines that end too early.
    for (lines, words) in [("{\n", "line 1"), ("", "not finished")] {
        let (status, _, error) = folder.run_with(&["import", "--store", "new"], lines.as_bytes());
        one_line(status, &error, words);
    }
}

#[test]
fn an_import_into_a_store_with_something_else_changes_nothing() {
    let folder = Folder::new();
    fill(folder.embedded("one"), "");
    let (_, lines, _) = folder.run(&["export", "--store", "one"]);
    let mut log = EventLog::open(folder.embedded("two"), &Settings::default()).expect("opens");
    let event = NewEvent {
        event_type: "Else".into(),
        schema_version: 1,
        content_type: "text/plain".into(),
        payload: b"x".to_vec(),
        tags: Vec::new(),
    };
    log.append(AppendRequest {
        stream: "else-1".into(),
        expected: Precondition::Any,
        cursor: None,
        events: vec![event],
        close: false,
        metadata: metadata(""),
        recorded_at: 1,
        seed: 1,
        claim: None,
    })
    .expect("appended");
    drop(log);
    let before = folder.run(&["export", "--store", "two"]).1;
    let import = ["import", "--store", "two"];
    let (status, _, error) = folder.run_with(&import, lines.as_bytes());
    one_line(status, &error, "a.log.0000000000000001");
    assert_eq!(folder.run(&["export", "--store", "two"]).1, before);
    assert_eq!(folder.run(&["verify", "--store", "two"]).0, 0);
    // Another prefix is free.
    let beside = ["import", "--store", "two", "--prefix", "b"];
    assert_eq!(folder.run_with(&beside, lines.as_bytes()).0, 0);
    assert_eq!(folder.run(&["verify", "--store", "two"]).0, 0);
    let there = folder.run(&["export", "--store", "two", "--prefix", "b"]).1;
    assert_eq!(there, lines);
}

/// Everything below a directory, with its modification time.
fn image(directory: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory).expect("listed") {
        let path = entry.expect("listed").path();
        let changed = path.metadata().expect("there").modified().expect("dated");
        let content = match path.is_dir() {
            true => {
                found.extend(image(&path));
                Vec::new()
            }
            false => std::fs::read(&path).expect("read"),
        };
        found.insert(path, (changed, content));
    }
    found
}

/// Removes the write permissions from everything below a directory, or returns them to its owner.
fn make_writable(directory: &Path, writable: bool) {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    for entry in std::fs::read_dir(directory).expect("listed") {
        let path = entry.expect("listed").path();
        if path.is_dir() {
            make_writable(&path, writable);
        } else {
            let mode = if writable { 0o644 } else { 0o444 };
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
        }
    }
    let mode = if writable { 0o755 } else { 0o555 };
    std::fs::set_permissions(directory, Permissions::from_mode(mode)).expect("set");
}

/// Root may write whatever the mode says. The comparison of bytes and dates still detects a write.
#[test]
fn reading_a_store_changes_no_byte_and_no_date_in_it() {
    let folder = Folder::new();
    fill(folder.embedded("own"), "");
    fill(folder.files("files"), "");
    for store in ["own", "files"] {
        let before = image(&folder.path(store));
        make_writable(&folder.path(store), false);
        for command in ["verify", "export"] {
            let (status, _, error) = folder.run(&[command, "--store", store]);
            assert_eq!(status, 0, "{command} {store}: {error}");
        }
        make_writable(&folder.path(store), true);
        let after = image(&folder.path(store));
        let names = |image: &BTreeMap<PathBuf, _>| image.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&before), names(&after));
        for (path, was) in &before {
            assert!(after[path] == *was, "{} changed", path.display());
        }
    }
    // The host can still serve the store.
    let (status, lines, _) = folder.run(&["export", "--store", "own"]);
    assert_eq!(status, 0);
    drop(folder.embedded("own"));
    assert_eq!(folder.run(&["export", "--store", "own"]).1, lines);
    assert!(
        folder
            .path("temporary")
            .read_dir()
            .expect("listed")
            .next()
            .is_none(),
        "the copies are removed"
    );
}

/// The kernel refuses writes even of root. The test is skipped where it cannot mount.
#[cfg(target_os = "linux")]
#[test]
fn a_store_on_a_read_only_file_system_is_read() {
    let folder = Folder::new();
    fill(folder.embedded("own"), "");
    fill(folder.files("files"), "");
    for store in ["own", "files"] {
        let script = format!(
            "mount --bind {store} {store} && mount -o remount,ro,bind {store} || exit 77; touch {store}/x 2>/dev/null && exit 77; \
             exec {} verify --store {store}",
            env!("CARGO_BIN_EXE_annals-host")
        );
        let out = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .current_dir(folder.0.path())
            .output();
        let out = match out {
            Ok(out) if !matches!(out.status.code(), Some(77)) && !cannot_unshare(&out) => out,
            _ => {
                eprintln!("skipped: nothing can be mounted here");
                return;
            }
        };
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(0), "{store}: {said}");
    }
}

#[cfg(target_os = "linux")]
fn cannot_unshare(out: &Output) -> bool {
    String::from_utf8_lossy(&out.stderr).contains("unshare:")
}

#[test]
fn a_store_that_cannot_be_read_is_not_told_as_damage() {
    let folder = Folder::new();
    fill(folder.embedded("own"), "");
    // There is no room for copies of the journals.
    let out = Command::new(env!("CARGO_BIN_EXE_annals-host"))
        .current_dir(folder.0.path())
        .args(["verify", "--store", "own"])
        .env("TMPDIR", folder.path("absent"))
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(3), "{said}");
    assert!(said.contains("absent") && said.contains("TMPDIR"), "{said}");
    // A file is not a directory, and so not a store.
    std::fs::write(folder.path("file"), "").expect("written");
    let (status, _, error) = folder.run(&["verify", "--store", "file"]);
    assert_eq!(status, 3, "{error}");
    assert!(error.contains("cannot open the store file"), "{error}");
}
