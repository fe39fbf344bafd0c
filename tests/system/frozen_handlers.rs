//! Handlers that were built for contract 0.1.0, and are not built again, behave as before.

use crate::golden_store;
use crate::support;
use annals_tests::server::Kind;
use annals_tests::tools;
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

const HANDLERS: [&str; 5] = [
    "open-account",
    "transact",
    "transfer",
    "balances",
    "statement-mailer",
];

/// Assembles a frozen handler into a folder.
fn thaw(name: &str, folder: &Path) {
    let frozen = tools::workspace().join(format!("tests/contract-0-1/{name}.wat.gz"));
    let file = File::open(frozen).expect("the file");
    let mut text = String::new();
    let read = GzDecoder::new(file).read_to_string(&mut text);
    read.expect("the text");
    let component = wat::parse_str(&text).expect("WebAssembly");
    std::fs::write(folder.join(format!("{name}.wasm")), component).expect("written");
}

/// The bank of the golden store. The frozen handlers are used as stored; the others are built from the current
/// sources.
fn is_served(host: Kind, is_frozen: impl Fn(&str) -> bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut manifest =
        String::from("[app]\nname = \"bank\"\nversion = \"0.1.0\"\n[store]\npartitions = 2\n");
    let today = tools::workspace().join("examples/bank");
    for name in HANDLERS {
        let origin = if is_frozen(name) {
            thaw(name, folder.path());
            format!("component = \"{name}.wasm\"")
        } else {
            format!("path = {:?}", today.join(name))
        };
        manifest.push_str(&format!("[handlers.{name}]\n{origin}\n"));
        if name == "statement-mailer" {
            manifest.push_str(
                "allow = [\"wasi:http/outgoing-handler\", \"wasi:cli/environment\"]\n\
                 on-failure = { attempts = 1 }\n",
            );
        }
    }
    std::fs::write(folder.path().join("annals.toml"), manifest).expect("written");
    let app = support::composed_manifest(folder.path(), "annals.toml", host);
    golden_store::is_served_by(host, &app);
}

#[test]
fn frozen_handlers_serve_the_store_of_their_time_on_annals_host() {
    is_served(Kind::Annals, |_| true);
}

#[test]
fn frozen_handlers_serve_the_store_of_their_time_on_wasmtime_serve() {
    is_served(Kind::Wasmtime, |_| true);
}

#[test]
fn frozen_handlers_and_those_of_today_make_one_application() {
    is_served(Kind::Annals, |name| {
        matches!(name, "open-account" | "balances" | "transfer")
    });
    is_served(Kind::Annals, |name| {
        matches!(name, "transact" | "statement-mailer")
    });
}
