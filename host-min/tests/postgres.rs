//! The store on PostgreSQL, on real servers that are killed, stopped, cut off and set up wrongly.

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use annals_host::error::HostError;
use annals_host::store::remote::Opening;
use annals_host::store::{Blocking, Created, Kv, KvError, Postgres, Swap};
use annals_test_servers::Proxy;
use annals_test_servers::postgres::{Server, kill};
use support::stores::{self, an_absent_server_is_one_line, fails, start};
use support::{Host, Workspace, send};

fn opening() -> Opening {
    Opening {
        make: true,
        ..Opening::default()
    }
}

fn open(url: &str) -> Result<Blocking<Postgres>, HostError> {
    Postgres::open_alone(url, &opening()).map(Blocking)
}

fn refusal(url: &str) -> String {
    match open(url) {
        Ok(_) => panic!("{url} is not refused"),
        Err(error) => {
            assert!(error.is_users(), "{error}");
            error.to_string()
        }
    }
}

#[test]
fn two_hosts_share_a_table() {
    let Some(server) = Server::shared() else {
        return;
    };
    let url = server.url("schema=two");
    // Both make the table at once.
    let hosts: Vec<_> = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| open(&url).expect("opens")))
            .collect();
        opening
            .into_iter()
            .map(|host| host.join().expect("no panic"))
            .collect()
    });
    stores::share(&hosts);
}

/// Lets eight threads write through `url` while `disturb` runs. See [`stores::survives`].
fn survives(server: &Server, url: &str, disturb: impl FnOnce()) -> (usize, u64) {
    let store = open(url).expect("opens");
    stores::survives(&store, &|| server.log(), disturb)
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let (_, failures) = survives(&server, &server.url(""), || {
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(300));
            server.end("KILL");
            // A postmaster that is killed leaves its children for a moment.
            std::thread::sleep(Duration::from_millis(200));
            server.start_again();
        }
    });
    assert!(failures > 0, "the server was never missed");
}

#[test]
fn nothing_acknowledged_is_lost_when_a_process_of_the_server_crashes() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let (_, failures) = survives(&server, &server.url("statement_timeout=2s"), || {
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(300));
            let busy =
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'annals-host' LIMIT 1";
            for process in server.try_sql(busy).unwrap_or_default() {
                kill("KILL", process.parse().expect("a process id"));
            }
        }
    });
    assert!(failures > 0, "the server was never missed");
}

#[test]
fn nothing_acknowledged_is_lost_when_connections_are_cut() {
    let Some(server) = Server::shared() else {
        return;
    };
    let proxy = Proxy::to(server.port());
    let url = server.url("schema=cut");
    let url = url.replace(&server.port().to_string(), &proxy.port.to_string());
    let (_, failures) = survives(server, &url, || {
        // Long enough to connect and to write a little.
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..40 {
            std::thread::sleep(Duration::from_millis(random.u64(80..160)));
            proxy.cut();
        }
    });
    assert!(failures > 0, "no connection was cut in the middle");
}

#[test]
fn a_server_that_may_lose_acknowledged_writes_is_refused() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let url = server.url("");
    drop(open(&url).expect("a server as it is installed fits"));
    server.sql("ALTER ROLE annals SET default_transaction_isolation = 'repeatable read'");
    let allowed = Opening {
        allow_unsafe: true,
        ..opening()
    };
    let refused = Postgres::open_alone(&url, &allowed).map(drop);
    let refused = refused.expect_err("not even that allows it").to_string();
    assert!(refused.contains("'repeatable read'"), "{refused}");
    server.sql("ALTER ROLE annals RESET default_transaction_isolation");
    for (set, reset, named) in [
        (
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM RESET fsync",
            "fsync is off",
        ),
        (
            "ALTER SYSTEM SET full_page_writes = off",
            "ALTER SYSTEM RESET full_page_writes",
            "full_page_writes is off",
        ),
        (
            "ALTER ROLE annals SET synchronous_commit = off",
            "ALTER ROLE annals RESET synchronous_commit",
            "synchronous_commit is off",
        ),
    ] {
        server.sql(set);
        server.sql("SELECT pg_reload_conf()");
        // The server reads its settings anew in a moment.
        let deadline = Instant::now() + Duration::from_secs(5);
        let refused = loop {
            match open(&url) {
                Err(error) => break error.to_string(),
                Ok(_) => assert!(Instant::now() < deadline, "{set}: not refused"),
            }
        };
        assert!(refused.contains(named), "{refused}");
        assert!(refused.starts_with("PostgreSQL at 127.0.0.1:"), "{refused}");
        let allowed = Opening {
            allow_unsafe: true,
            ..opening()
        };
        drop(Postgres::open_alone(&url, &allowed).expect("allowed"));
        server.sql(reset);
        server.sql("SELECT pg_reload_conf()");
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Err(error) = open(&url) {
            assert!(Instant::now() < deadline, "{error}");
        }
    }
    // Without waiting for the standby that somebody wants to have.
    server.sql("ALTER ROLE annals SET synchronous_commit = local");
    drop(open(&url).expect("there is no standby"));
    server.sql("ALTER SYSTEM SET synchronous_standby_names = 'other'");
    server.sql("SELECT pg_reload_conf()");
    let deadline = Instant::now() + Duration::from_secs(5);
    let refused = loop {
        match open(&url) {
            Err(error) => break error.to_string(),
            Ok(_) => assert!(Instant::now() < deadline, "not refused"),
        }
    };
    assert!(refused.contains("synchronous_standby_names"), "{refused}");
}

#[test]
fn a_write_whose_standby_was_not_waited_for_is_not_acknowledged() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let store = open(&server.url("statement_timeout=60s")).expect("opens");
    server.sql("ALTER SYSTEM SET synchronous_standby_names = 'none'");
    server.sql("SELECT pg_reload_conf()");
    std::thread::sleep(Duration::from_millis(300));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| store.create_all("b", vec![("k".into(), b"v".to_vec())]));
        let deadline = Instant::now() + Duration::from_secs(10);
        let wait =
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        while server.sql(wait).is_empty() {
            assert!(
                Instant::now() < deadline,
                "no statement waits for a standby"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        // The server reports success, after a warning.
        let created = waiting.join().expect("no panic");
        assert!(
            matches!(created, Err(KvError::Unavailable(_))),
            "{created:?}"
        );
    });
}

#[test]
fn a_standby_is_no_store() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    drop(open(&server.url("")).expect("opens"));
    server.end("INT");
    let signal = server.directory().join("data/standby.signal");
    std::fs::write(&signal, "").expect("written");
    server.start_again();
    let error = open(&server.url("")).err().expect("refused").to_string();
    assert!(error.contains("does not allow writes"), "{error}");
    // Of several servers, the first one that accepts writes is the store.
    let Some(primary) = Server::start(&[]) else {
        return;
    };
    let ports = format!("127.0.0.1:1,127.0.0.1:{}", server.port());
    let one = format!("127.0.0.1:{}", primary.port());
    let url = primary.url("").replace(&one, &format!("{ports},{one}"));
    let store = open(&url).expect("the third server");
    assert_eq!(store.draw("b", "n", 0), Ok(1));
    assert_eq!(primary.sql("SELECT count(*) FROM annals.slots"), ["1"]);
}

#[test]
fn somebody_elses_table_is_refused() {
    let Some(server) = Server::shared() else {
        return;
    };
    server.sql("CREATE SCHEMA foreigners");
    let ours = "bucket text COLLATE \"C\", key text COLLATE \"C\", value bytea";
    for (table, definition, comment, named) in [
        (
            "orders",
            "id int4, name text",
            None,
            "(id integer, name text default)",
        ),
        ("alike", ours, None, "its comment is \"\""),
        ("newer", ours, Some("annals slots 2"), "format 2"),
        (
            "wrong",
            "bucket text, key text COLLATE \"C\", value bytea",
            Some("annals slots 1"),
            "(bucket text default, key text C, value bytea)",
        ),
        ("unkeyed", ours, Some("annals slots 1"), "no primary key"),
    ] {
        server.sql(&format!("CREATE TABLE foreigners.{table} ({definition})"));
        if let Some(comment) = comment {
            server.sql(&format!(
                "COMMENT ON TABLE foreigners.{table} IS '{comment}'"
            ));
        }
        let refused = refusal(&server.url(&format!("schema=foreigners&table={table}")));
        assert!(refused.contains(named), "{table}: {refused}");
    }
    let unlogged =
        format!("CREATE UNLOGGED TABLE foreigners.unlogged ({ours}, PRIMARY KEY (bucket, key))");
    server.sql(&unlogged);
    server.sql("COMMENT ON TABLE foreigners.unlogged IS 'annals slots 1'");
    let refused = refusal(&server.url("schema=foreigners&table=unlogged"));
    assert!(refused.contains("survives a crash"), "{refused}");
}

#[test]
fn a_role_with_the_least_rights_can_use_a_table_and_not_make_one() {
    let Some(server) = Server::shared() else {
        return;
    };
    server.sql("CREATE ROLE least LOGIN");
    let url = |schema: &str| {
        let url = server.url(&format!("schema={schema}"));
        url.replace("annals@", "least@")
    };
    let refused = refusal(&url("granted"));
    assert!(refused.contains("docs/postgresql.md"), "{refused}");
    drop(open(&server.url("schema=granted")).expect("the owner makes it"));
    let text = include_str!("../../docs/postgresql.md");
    let (_, grants) = text
        .split_once("-- The host's role.")
        .expect("the SQL is there");
    let (grants, _) = grants.split_once("```").expect("the SQL ends");
    let grants = grants.lines().filter(|line| line.starts_with("GRANT"));
    for grant in grants {
        let grant = grant.replace("annals.slots", "granted.slots");
        let grant = grant.replace("SCHEMA annals", "SCHEMA granted");
        server.sql(&grant.replace("TO annals_host", "TO least"));
    }
    let store = open(&url("granted")).expect("opens");
    let created = store.create_all("b", vec![("k".into(), b"v".to_vec())]);
    assert_eq!(created, Ok(Created::All));
    assert_eq!(store.draw("b", "n", 0), Ok(1));
    assert_eq!(store.increment("b", "n", 4, 0..=9), Ok(5));
    assert_eq!(
        store.compare_and_set("b", "k", Some(b"v"), b"w"),
        Ok(Swap::Done)
    );
    assert_eq!(store.delete("b", "k"), Ok(()));
}

/// The SQL in the documentation makes exactly what the host makes.
#[test]
fn the_documented_sql_makes_the_table() {
    let Some(server) = Server::shared() else {
        return;
    };
    let text = include_str!("../../docs/postgresql.md");
    let (_, sql) = text
        .split_once("-- The table. Run this as its owner.")
        .expect("the SQL is there");
    let (sql, _) = sql.split_once("-- The host's role.").expect("the SQL ends");
    server.sql(
        &sql.replace("annals.slots", "documented.slots")
            .replace("SCHEMA annals", "SCHEMA documented")
            .replace("'annals'", "'documented'"),
    );
    drop(open(&server.url("schema=documented")).expect("opens"));
    drop(open(&server.url("schema=made")).expect("opens"));
    let functions = |schema: &str| {
        let sql = format!(
            "SELECT proname, replace(pg_get_functiondef(p.oid), '{schema}', 's') FROM pg_proc p \
             JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = '{schema}' ORDER BY 1"
        );
        server.sql(&sql)
    };
    assert_eq!(functions("documented"), functions("made"));
    assert_eq!(functions("made").len(), 6);
}

fn late<T>(result: &Result<T, KvError>) -> bool {
    matches!(result, Err(KvError::Unavailable(reason)) if reason.contains("300 ms") || reason.contains("in time"))
}

#[test]
fn a_statement_has_a_time_limit() {
    let Some(server) = Server::shared() else {
        return;
    };
    let store = open(&server.url("schema=slow&statement_timeout=300ms&pool=2")).expect("opens");
    store.set("b", "k", b"v").expect("works");
    store.draw("b", "n", 0).expect("works");
    std::thread::scope(|scope| {
        let lock = "BEGIN; SELECT 1 FROM slow.slots FOR UPDATE; SELECT pg_sleep(6)";
        let lock = scope.spawn(move || server.sql(lock));
        std::thread::sleep(Duration::from_millis(300));
        let limited = |run: &dyn Fn() -> bool| {
            let started = Instant::now();
            assert!(run(), "it ended otherwise");
            assert!(started.elapsed() < Duration::from_secs(2));
        };
        limited(&|| late(&store.draw("b", "n", 0)));
        std::thread::sleep(Duration::from_millis(200));
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT slow.slots_draw%' AND state = 'active'";
        assert_eq!(server.sql(waiting), ["0"], "it is cancelled");
        // A write goes on. The other connection still serves.
        limited(&|| late(&store.set("b", "k", b"w")));
        assert_eq!(store.get("b", "k"), Ok(Some(b"v".to_vec())));
        // With both connections occupied, operations end while they wait for one.
        limited(&|| late(&store.set("b", "k", b"x")));
        limited(&|| late(&store.get("b", "k")));
        lock.join().expect("no panic");
    });
    let deadline = Instant::now() + Duration::from_secs(10);
    while store.get("b", "k") == Ok(Some(b"v".to_vec())) {
        assert!(Instant::now() < deadline, "the writes are gone");
    }
    assert_eq!(store.set("b", "k", b"y"), Ok(()));
}

#[test]
fn a_write_that_waits_for_its_standby_is_not_seen_before() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let store = open(&server.url("statement_timeout=300ms&pool=4")).expect("opens");
    server.sql("ALTER SYSTEM SET synchronous_standby_names = 'none'");
    server.sql("SELECT pg_reload_conf()");
    std::thread::sleep(Duration::from_millis(300));
    let create = |key: &str| store.create_all("b", vec![(key.into(), b"v".to_vec())]);
    let created = create("k");
    assert!(late(&created), "{created:?}");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(store.get("b", "k"), Ok(None));
    server.sql("ALTER SYSTEM RESET synchronous_standby_names");
    server.sql("SELECT pg_reload_conf()");
    let deadline = Instant::now() + Duration::from_secs(5);
    while store.get("b", "k") != Ok(Some(b"v".to_vec())) {
        assert!(Instant::now() < deadline, "the write is gone");
    }
}

#[test]
fn while_the_server_is_away_operations_fail_at_once() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let store = open(&server.url("")).expect("opens");
    store.set("b", "k", b"v").expect("works");
    server.end("INT");
    let started = Instant::now();
    for _ in 0..100 {
        let got = store.get("b", "k");
        assert!(matches!(got, Err(KvError::Unavailable(_))), "{got:?}");
    }
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    server.start_again();
    let deadline = Instant::now() + Duration::from_secs(5);
    while store.get("b", "k") != Ok(Some(b"v".to_vec())) {
        assert!(Instant::now() < deadline, "no service");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn two_hosts_serve_one_store_and_survive_a_restart_of_the_server() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let workspace = Workspace::new();
    let url = server.url("");
    let (one, two) = (start(&workspace, &url, &[]), start(&workspace, &url, &[]));
    assert_eq!(one.get("/pkey").status, 201);
    assert_eq!(two.get("/pkey").status, 409);
    assert_eq!(two.get("/gkey").text(), "value");
    assert_eq!(two.get("/cnumber").text(), "2");
    assert_eq!(one.get("/cnumber").text(), "4");
    assert_eq!(one.get("/skey2").status, 200);
    server.end("INT");
    assert_ne!(one.get("/gkey").status, 200);
    // Requests that need no store are answered.
    assert_eq!(one.get("/ok").status, 200);
    server.start_again();
    let deadline = Instant::now() + Duration::from_secs(5);
    while one.get("/gkey").status != 200 {
        assert!(Instant::now() < deadline, "no service: {}", one.log());
    }
    assert_eq!(one.terminate(), Some(0));
    assert_eq!(two.terminate(), Some(0));
}

#[test]
fn a_request_that_waits_for_the_store_ends_at_its_deadline_and_holds_nobody_up() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let workspace = Workspace::new();
    let host = start(&workspace, &server.url("pool=1"), &["--timeout", "500ms"]);
    assert_eq!(host.get("/pkey").status, 201);
    let processes =
        server.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'annals-host'");
    for process in &processes {
        kill("STOP", process.parse().expect("a process id"));
    }
    let address = host.address.clone();
    // More requests wait than the runtime has threads.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let waiting: Vec<_> = (0..threads + 2)
        .map(|_| {
            let address = address.clone();
            std::thread::spawn(move || {
                let started = Instant::now();
                let answer = send(&address, "/gkey", "", b"").expect("an answer");
                (answer.status, started.elapsed())
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    assert_eq!(host.get("/ok").status, 200);
    assert!(
        started.elapsed() < Duration::from_millis(300),
        "{:?}",
        started.elapsed()
    );
    for waiting in waiting {
        let (status, time) = waiting.join().expect("no panic");
        assert_eq!(status, 500);
        assert!(time < Duration::from_secs(3), "{time:?}");
    }
    for process in &processes {
        kill("CONT", process.parse().expect("a process id"));
    }
    let deadline = Instant::now() + Duration::from_secs(15);
    while host.get("/gkey").status != 200 {
        assert!(Instant::now() < deadline, "no service: {}", host.log());
    }
}

#[test]
fn a_server_that_is_not_there_is_one_line() {
    let url = "postgres://me@127.0.0.1:1/bank";
    an_absent_server_is_one_line(url, &["127.0.0.1:1", "bank", "user me"]);
}

#[test]
fn a_host_waits_for_the_server_if_it_is_told_to() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    server.end("INT");
    let workspace = Workspace::new();
    let url = server.url("");
    std::thread::scope(|scope| {
        let host = scope.spawn(|| start(&workspace, &url, &["--wait-for-store"]));
        std::thread::sleep(Duration::from_millis(700));
        server.start_again();
        let host = host.join().expect("it started");
        assert_eq!(host.get("/pkey").status, 201);
        assert!(
            host.log().contains("waiting for PostgreSQL"),
            "{}",
            host.log()
        );
    });
}

#[test]
fn the_password_comes_from_a_file_or_the_environment_and_is_never_shown() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    server.sql("CREATE ROLE teller LOGIN SUPERUSER PASSWORD 'open-sesame'");
    let hba = server.directory().join("data/pg_hba.conf");
    let rules = std::fs::read_to_string(&hba).expect("there");
    std::fs::write(&hba, format!("host all teller all scram-sha-256\n{rules}")).expect("written");
    server.sql("SELECT pg_reload_conf()");
    std::thread::sleep(Duration::from_millis(300));
    let url = server.url("").replace("annals@", "teller@");
    let workspace = Workspace::new();
    let (status, said) = fails(&workspace, &["--store", &url]);
    assert_ne!(status, Some(0), "{said}");
    std::fs::write(workspace.path("wrong"), "shut-sesame\n").expect("written");
    let wrong = workspace.path("wrong");
    let wrong = wrong.to_str().expect("text");
    let (status, said) = fails(
        &workspace,
        &["--store", &url, "--store-password-file", wrong],
    );
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("password authentication failed"), "{said}");
    assert!(!said.contains("sesame"), "{said}");
    std::fs::write(workspace.path("right"), "open-sesame\n").expect("written");
    let right = workspace.path("right");
    let right = right.to_str().expect("text");
    let host = start(&workspace, &url, &["--store-password-file", right]);
    assert_eq!(host.get("/pkey").status, 201);
    assert!(!host.log().contains("sesame"), "{}", host.log());
    let mut command = workspace.command(&["--store", &url]);
    command.env("ANNALS_STORE_PASSWORD", "open-sesame");
    let host = Host::start(command);
    assert_eq!(host.get("/gkey").status, 200);
    let shown = url.replace("teller@", "teller:open-sesame@");
    let (status, said) = fails(&workspace, &["--store", &shown]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("--store-password-file"), "{said}");
    assert!(!said.contains("sesame"), "{said}");
}

/// Makes an authority in `ca.pem` and a certificate for `localhost` in `data`.
fn certify(server: &Server) {
    let script = r#"set -e; umask 077
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
        echo subjectAltName=DNS:localhost > names
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt
        cp server.key server.crt data/
        chown --reference=data data/server.key data/server.crt"#;
    let made = std::process::Command::new("sh")
        .args(["-c", script])
        .current_dir(server.directory())
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl is needed: {said}");
}

#[test]
fn the_servers_certificate_is_verified() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    certify(&server);
    server.sql("ALTER SYSTEM SET ssl = on");
    server.sql("SELECT pg_reload_conf()");
    std::thread::sleep(Duration::from_millis(300));
    let named = server.url("").replace("127.0.0.1", "localhost");
    let authority = server.directory().join("ca.pem");
    let trusting = format!(
        "{named}sslmode=verify-full&sslrootcert={}",
        authority.display()
    );
    let store = open(&trusting).expect("opens");
    assert_eq!(store.draw("b", "n", 0), Ok(1));
    let encrypted = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'annals-host'";
    let every_connection = server.sql(encrypted);
    assert!(!every_connection.is_empty());
    assert!(
        every_connection.iter().all(|ssl| ssl == "t"),
        "{every_connection:?}"
    );
    let refused = |url: &str| open(url).err().expect("not trusted").to_string();
    let unknown = refused(&format!("{named}sslmode=require"));
    assert!(unknown.contains("invalid peer certificate"), "{unknown}");
    let another = refused(&trusting.replace("localhost", "127.0.0.1"));
    assert!(another.contains("not valid for name"), "{another}");
    server.sql("ALTER SYSTEM SET ssl = off");
    server.sql("SELECT pg_reload_conf()");
    std::thread::sleep(Duration::from_millis(300));
    let plain = refused(&trusting);
    assert!(plain.contains("server does not support TLS"), "{plain}");
}

/// Not a test: prints how fast the store is. Run it with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn measure() {
    let Some(server) = Server::shared() else {
        return;
    };
    for pool in [2, 4, 8] {
        let store = open(&server.url(&format!("schema=speed&pool={pool}"))).expect("opens");
        for threads in [1, 8, 64] {
            let run = |what: &str, each: &(dyn Fn(u64) + Sync)| {
                let (count, started) = (AtomicU64::new(0), Instant::now());
                std::thread::scope(|scope| {
                    for _ in 0..threads {
                        scope.spawn(|| {
                            while started.elapsed() < Duration::from_secs(2) {
                                each(count.fetch_add(1, Ordering::SeqCst));
                            }
                        });
                    }
                });
                let rate = count.into_inner() as f64 / started.elapsed().as_secs_f64();
                eprintln!("pool {pool}, {threads} threads: {rate:.0} {what}/s");
            };
            let seed = fastrand::u64(..);
            run("groups of 3", &|n| {
                let keys = (0..3).map(|k| (format!("k/{seed:x}/{n}/{k}"), vec![7; 200]));
                let created = store.create_all("b", keys.collect());
                assert_eq!(created, Ok(Created::All));
            });
            run("draws", &|_| _ = store.draw("b", "n", 0).expect("works"));
            run("reads", &|n| {
                let key = format!("k/{seed:x}/{}/0", n % 1000);
                _ = store.get("b", &key).expect("works");
            });
        }
    }
}
