//! The command line of an application: `wasmtime run app.wasm pump` delivers what is due to reactions, where
//! no host does it by itself.
//!
//! # Layout
//!
//! - [`arguments`]: what was asked for.
//! - [`pump`]: delivers, and says what it did.
//!
//! A component can end with 0 or 1 only: WASI 0.2 has no other exit status that every host links.
#![allow(missing_docs, reason = "generated bindings")]

use annals_allocator as _;

mod arguments;
mod pump;

wit_bindgen::generate!({
    path: ["../../wit", "../../wit/framework"],
    world: "annals:framework/command-line",
    generate_all,
});

use arguments::Wanted;
use wasip2::cli::{environment, stderr, stdout};
use wasip2::exports::cli::run::Guest;
use wasip2::io::streams::OutputStream;

struct CommandLine;

impl Guest for CommandLine {
    fn run() -> Result<(), ()> {
        // The first one is the program's name.
        let arguments: Vec<String> = environment::get_arguments().into_iter().skip(1).collect();
        match arguments::parse(&arguments) {
            Ok(Wanted::Help) => {
                print(&stdout::get_stdout(), arguments::HELP);
                Ok(())
            }
            Ok(Wanted::Pump(wish)) => match pump::run(&wish) {
                Ok(said) => {
                    print(&stdout::get_stdout(), &said);
                    Ok(())
                }
                Err(why) => {
                    print(&stderr::get_stderr(), &format!("annals: {why}\n"));
                    Err(())
                }
            },
            Err(why) => {
                let text = format!("annals: {why}\n\n{}", arguments::HELP);
                print(&stderr::get_stderr(), &text);
                Err(())
            }
        }
    }
}

/// Whoever closed the stream does not want to know.
fn print(stream: &OutputStream, text: &str) {
    for piece in text.as_bytes().chunks(4096) {
        if stream.blocking_write_and_flush(piece).is_err() {
            return;
        }
    }
}

wasip2::cli::command::export!(CommandLine);
