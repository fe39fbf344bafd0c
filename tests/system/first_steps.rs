//! The first steps of a new user, with only the two binaries and cargo: `annals new`, `annals run`, and the steps
//! after them.

use annals_tests::client::{Answer, Client};
use annals_tests::development::Development;
use annals_tests::{app, tools};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Runs `annals`, asserts success, and returns its output.
fn annals(folder: &Path, args: &[&str]) -> String {
    let out = app::annals(folder, args).expect("annals runs");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "annals {args:?}: {said}");
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Runs cargo, asserts success, and returns its output.
fn cargo(folder: &Path, args: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = tools::with_tools(Command::new(cargo)).expect("tools");
    let out = command
        .current_dir(folder)
        .args(args)
        .output()
        .expect("cargo runs");
    assert!(
        out.status.success(),
        "cargo {args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Sends a command, and retries while a new version replaces the old one.
fn post(client: &Client, command: &str, payload: &str) -> Answer {
    let path = format!("/commands/{command}");
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match client.post(&path, &[("prefer", "wait=10")], payload.as_bytes()) {
            Ok(answer) => return answer,
            Err(error) if Instant::now() > deadline => panic!("{command}: {error}"),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Repeats a request until its answer is as expected: a new version takes a moment.
fn eventually(client: &Client, path: &str, right: impl Fn(&Answer) -> bool) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(600);
    loop {
        match client.get(path) {
            Ok(answer) if right(&answer) => return answer,
            answer if Instant::now() > deadline => panic!("{path} answers {answer:?}"),
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

#[test]
fn from_an_empty_folder_to_a_served_command_and_on() {
    let home = tempfile::tempdir().expect("a folder");
    let started = Instant::now();
    annals(home.path(), &["new", "bank-two"]);
    let folder = home.path().join("bank-two");
    let mut development = Development::start(&folder, &["--watch"]).expect("it starts");
    let client = Client::new(development.url().expect("it is served"));
    let answer = post(&client, "CreateBankTwo", r#"{"id":"1","title":"First"}"#);
    assert_eq!(answer.status, 200, "{}", answer.text);
    println!(
        "from nothing to a served command: {:.1?}",
        started.elapsed()
    );
    let said = development.said();
    assert!(
        said.contains("/commands/CreateBankTwo -H 'content-type: application/json'"),
        "{said}"
    );

    grows_while_it_is_served(&folder, &client, &mut development);
    keeps_the_old_version_while_it_does_not_build(&folder, &client, &mut development);
    let (status, said) = development.stop().expect("it ends");
    assert_eq!(status.code(), Some(0), "{said}");

    litters_nothing(&folder);
    passes_its_own_tests(&folder);
    nothing_is_built_or_probed_again(&folder);
    knows_the_events_of_what_is_built(&folder);
    keeps_what_the_documentation_says_of_cargo(&folder);
    starts_with_any_kind(home.path(), &folder.join("target"));
    reacts_to_any_event(home.path(), &folder.join("target"));
    tells_of_prints_that_go_nowhere(&folder);
}

fn grows_while_it_is_served(folder: &Path, client: &Client, development: &mut Development) {
    let said = annals(folder, &["new", "overview", "--kind", "projector"]);
    assert!(said.contains("/views/overview/1"), "{said}");
    development
        .hear("the new version is served at ", 1)
        .expect("it is served");
    // The view has the event from before the handler was added.
    let row = eventually(client, "/views/overview/1", |answer| answer.status == 200);
    assert_eq!(row.body["events"], 1, "{}", row.text);
    // The same from a subfolder.
    annals(
        &folder.join("overview/src"),
        &["new", "welcome", "--kind", "process-manager"],
    );
    annals(
        folder,
        &[
            "new",
            "mailer",
            "--kind",
            "notifier",
            "--on",
            "WelcomeFinished",
        ],
    );
    eventually(client, "/admin/reactions", |answer| {
        answer.text.contains("\"mailer\"")
    });
    let stream = eventually(client, "/streams/welcome-1", |answer| answer.status == 200);
    assert_eq!(
        stream.body["events"][0]["type"], "WelcomeBegun",
        "{}",
        stream.text
    );
    let finished = post(client, "FinishWelcome", r#"{"id":"1"}"#);
    assert_eq!(finished.status, 200, "{}", finished.text);
    let again = post(client, "FinishWelcome", r#"{"id":"1"}"#);
    assert_eq!(again.body["code"], "not-in-progress", "{}", again.text);
}

fn keeps_the_old_version_while_it_does_not_build(
    folder: &Path,
    client: &Client,
    development: &mut Development,
) {
    let file = folder.join("bank-two/src/lib.rs");
    let text = fs::read_to_string(&file).expect("a handler");
    fs::write(&file, format!("{text}\nthis is no Rust")).expect("written");
    development
        .hear("the previous version is still served", 1)
        .expect("it is told");
    let said = development.said();
    assert!(
        said.contains("handler `bank-two`: `cargo build` failed"),
        "{said}"
    );
    let refused = post(client, "CreateBankTwo", r#"{"id":"2","title":""}"#);
    assert_eq!(
        refused.body["message"], "the title is empty",
        "{}",
        refused.text
    );
    fs::write(
        &file,
        text.replace("the title is empty", "it needs a title"),
    )
    .expect("written");
    let deadline = Instant::now() + Duration::from_secs(600);
    loop {
        let answer = post(client, "CreateBankTwo", r#"{"id":"2","title":""}"#);
        if answer.body["message"] == "it needs a title" {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "{}\n{}",
            answer.text,
            development.said()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Besides the files of `annals new`, the folder has only cargo's files and the events.
fn litters_nothing(folder: &Path) {
    let mut there: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    there.sort();
    let expected = [
        ".gitignore",
        "Cargo.lock",
        "Cargo.toml",
        "README.md",
        "annals.toml",
        "bank-two",
        "data",
        "mailer",
        "overview",
        "target",
        "welcome",
    ];
    assert_eq!(there, expected);
}

fn passes_its_own_tests(folder: &Path) {
    let said = annals(folder, &["check"]);
    assert!(said.contains("4 handlers"), "{said}");
    let tested = cargo(folder, &["test", "--workspace"]);
    let passed = tested.matches("test result: ok.").count();
    assert!(passed >= 4 && !tested.contains("FAILED"), "{tested}");
    // Every language has the same cases, which run on the components. Those of the notifier would need a receiver.
    let played = annals(folder, &["test"]);
    assert!(played.contains("8 passed; 0 failed"), "{played}");
    cargo(folder, &["fmt", "--all", "--check"]);
    let drawn = annals(folder, &["graph"]);
    for name in [
        "CreateBankTwo",
        "BankTwoCreated",
        "overview",
        "BeginWelcome",
        "wasi:http/outgoing-handler",
    ] {
        assert!(drawn.contains(name), "no {name} in: {drawn}");
    }
}

fn nothing_is_built_or_probed_again(folder: &Path) {
    let out = app::annals(folder, &["compose", "--timings", "-o", "target/app.wasm"])
        .expect("annals runs");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    assert!(!said.contains("Compiling"), "{said}");
    // The handlers need the same features of their shared crates, so one call of cargo builds all.
    assert!(said.contains("built 4 handlers by 1 calls"), "{said}");
    assert!(
        said.contains("called `describe` of 0 of 4 handlers"),
        "{said}"
    );
    println!("{said}");
}

/// `annals new` uses the description of a built crate that has not changed since, without building it again.
fn knows_the_events_of_what_is_built(folder: &Path) {
    let new = || {
        let args = [
            "new",
            "typo",
            "--kind",
            "projector",
            "--on",
            "BankTwoCreatd",
        ];
        let out = app::annals(folder, &args).expect("annals runs");
        (
            out.status.code(),
            String::from_utf8_lossy(&out.stderr).into_owned(),
        )
    };
    let (status, said) = new();
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("did you mean `BankTwoCreated`?") && !said.contains("building"),
        "{said}"
    );
    // After a change of its text, the handler may emit another event.
    let file = folder.join("bank-two/src/lib.rs");
    let text = fs::read_to_string(&file).expect("a handler");
    fs::write(&file, text).expect("written");
    let (status, said) = new();
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.contains("`bank-two` is not built, or changed since"),
        "{said}"
    );
    // Restore the former state.
    fs::remove_dir_all(folder.join("typo")).expect("removed");
    for file in ["annals.toml", "Cargo.toml"] {
        let file = folder.join(file);
        let text = fs::read_to_string(&file).expect("a file");
        let text = text.replace("\n[handlers.typo]\npath = \"typo\"\n", "");
        fs::write(&file, text.replace(", \"typo\"", "")).expect("written");
    }
}

/// Runs the cargo commands of docs/guide.md and of the SDK's documentation, in an application and in a handler's
/// folder.
fn keeps_what_the_documentation_says_of_cargo(folder: &Path) {
    let guide = include_str!("../../docs/guide.md");
    assert!(guide.contains("`cargo doc -p annals --no-deps --open` in an application"));
    cargo(folder, &["doc", "-p", "annals", "--no-deps"]);
    let build = ["build", "--release", "--target", "wasm32-unknown-unknown"];
    cargo(folder, &build);
    cargo(&folder.join("overview"), &build);
    // Another project in the same folder, as in the guide's section about a user's own project.
    cargo(folder, &["new", "--lib", "counter"]);
    let file = folder.join("counter/Cargo.toml");
    let manifest = fs::read_to_string(&file).expect("a manifest");
    let library = "[lib]\ncrate-type = [\"cdylib\"]\n";
    fs::write(&file, format!("{manifest}{library}")).expect("written");
    cargo(&folder.join("counter"), &build);
}

/// The handlers that `annals new` makes for an event compile and pass their tests, whatever the name of the event.
fn reacts_to_any_event(home: &Path, target: &Path) {
    let folder = home.join("odd");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("annals.toml"), "[app]\nname = \"odd\"\n").expect("written");
    for (event, kind) in [
        ("Self", "projector"),
        ("None", "process-manager"),
        ("Self", "notifier"),
        ("Event", "process-manager"),
        ("Seen", "projector"),
        ("Notice", "notifier"),
    ] {
        let name = format!("{}-{kind}", event.to_lowercase());
        annals(&folder, &["new", &name, "--kind", kind, "--on", event]);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", target)
        .args(["test", "--workspace"])
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
}

/// On wasm32-unknown-unknown, prints of the standard library go nowhere.
fn tells_of_prints_that_go_nowhere(folder: &Path) {
    let check = || {
        let out = app::annals(folder, &["check"]).expect("annals runs");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{said}");
        said
    };
    let said = check();
    assert!(!said.contains("is lost on"), "{said}");
    let file = folder.join("overview/src/lib.rs");
    let text = fs::read_to_string(&file).expect("a handler");
    let fold = "let before = row.map_or";
    for print in ["println!", "eprintln!"] {
        let printing = text.replace(
            fold,
            &format!("{print}(\"{{row:?}}\", row = row.is_some()); {fold}"),
        );
        assert_ne!(printing, text);
        fs::write(&file, printing).expect("written");
        let said = check();
        let note = "note: handler `overview`: the output of `println!` and `eprintln!` is lost";
        assert!(
            said.contains(note) && said.contains("`annals::log!`"),
            "{said}"
        );
    }
}

/// An application may start with a handler of any kind.
fn starts_with_any_kind(home: &Path, target: &Path) {
    for kind in ["decider", "projector", "process-manager", "notifier"] {
        let name = format!("with-a-{kind}");
        annals(home, &["new", &name, "--kind", kind]);
        let mut check = Command::new(tools::built("annals").expect("annals"));
        check
            .current_dir(home.join(&name))
            .arg("check")
            .env("CARGO_TARGET_DIR", target);
        let out = check.output().expect("annals runs");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{kind}: {said}");
    }
}

#[test]
fn what_is_there_stays_as_it_is() {
    let home = tempfile::tempdir().expect("a folder");
    let refused = |folder: &Path, args: &[&str]| {
        let out = app::annals(folder, args).expect("annals runs");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(1), "{args:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    };
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        names
    };
    annals(home.path(), &["new", "shop"]);
    let said = refused(home.path(), &["new", "shop"]);
    assert!(
        said.contains("shop: already exists, and no file is overwritten; "),
        "{said}"
    );
    assert_eq!(names(home.path()), ["shop"]);

    let shop = home.path().join("shop");
    let before = (
        names(&shop),
        fs::read_to_string(shop.join("annals.toml")).expect("a manifest"),
    );
    fs::create_dir(shop.join("mine")).expect("a folder");
    for (args, expected) in [
        (&["new", "shop"][..], "shop: already exists"),
        (&["new", "mine"], "mine: already exists"),
        (
            &["new", "Basket"],
            "`Basket` is not a legal name; use lower-case letters",
        ),
        (&["new", "test"], "`test` is reserved"),
        (
            &["new", "basket", "--kind", "projector", "--on", "a b"],
            "`--on a b` is not the type of an event",
        ),
        (
            &["new", "basket", "--sdk", "/no/such"],
            "/no/such: does not contain the crate `annals`; ",
        ),
    ] {
        let said = refused(&shop, args);
        assert!(said.contains(expected), "no {expected} in: {said}");
    }
    // A workspace whose manifest cannot accept a member.
    fs::write(shop.join("Cargo.toml"), "[workspace]\nmembers = 3\n").expect("written");
    let said = refused(&shop, &["new", "basket"]);
    assert!(said.contains("`workspace.members` is not a list"), "{said}");
    fs::remove_dir(shop.join("mine")).expect("removed");
    let after = (
        names(&shop),
        fs::read_to_string(shop.join("annals.toml")).expect("a manifest"),
    );
    assert_eq!(before, after);
}
