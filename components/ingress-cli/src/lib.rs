//! The command line of an application: `wasmtime run app.wasm pump` delivers due events to reactions, for
//! hosts that do not drive deliveries themselves.
//!
//! # Layout
//!
//! - [`arguments`]: the command line's arguments.
//! - [`pump`]: delivers, and reports the result.
//!
//! The exit status of a component is 0 or 1: WASI 0.2 has no other exit status that every host links.
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
        // The first argument is the program's name.
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

/// Ignore the error: the reader has closed the stream.
fn print(stream: &OutputStream, text: &str) {
    for piece in text.as_bytes().chunks(4096) {
        if stream.blocking_write_and_flush(piece).is_err() {
            return;
        }
    }
}

wasip2::cli::command::export!(CommandLine);
