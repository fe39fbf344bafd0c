//! `annals-host import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use annals_event_log::StoreError;
use annals_event_log_tools::{ImportError, Imported, Importer};
use clap::Args;

use super::ToolError;
use super::place::{Place, Store};
use super::progress::Shown;

/// Number of lines after which everything is flushed.
const FLUSH_EVERY: u64 = 5000;

/// Import the lines of `annals-host export` into a store.
///
/// The store then returns the same result as the source for every read: ids, versions, positions,
/// times, metadata and outcomes are the same, a command id that took effect stays used, and each
/// reaction continues at its checkpoint. If the import is interrupted, run it again to continue: it
/// leaves existing values as they are. If the store contains a different value, the import changes
/// nothing and names the place. No other process may use the store meanwhile.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, 1 a line is at fault, or the store is in use or has something \
                        else, 2 usage, 3 the store cannot be written."
)]
pub struct Import {
    /// The file with the lines; `-` reads stdin.
    #[arg(value_name = "FILE", default_value = "-")]
    input: PathBuf,

    #[command(flatten)]
    place: Place,

    /// `[store] prefix` of the manifest; may differ from the source's.
    #[arg(long, value_name = "PREFIX", default_value = "")]
    prefix: String,
}

/// Runs the import.
///
/// # Errors
/// See [`ToolError`].
pub fn run(options: &Import) -> Result<(), ToolError> {
    let path = &options.input;
    // Open the input before the store: otherwise a missing input leaves an empty store behind.
    let (lines, total): (Box<dyn BufRead>, u64) = if path.as_os_str() == "-" {
        (Box::new(io::stdin().lock()), 0)
    } else {
        let file = File::open(path).map_err(ToolError::file(path))?;
        let total = file.metadata().map_or(0, |about| about.len());
        (Box::new(BufReader::new(file)), total)
    };
    let store = options.place.open_or_make()?;
    let imported = import(options, &store, lines, total)?;
    let Imported {
        commits,
        events,
        outcomes,
        rows,
        checkpoints,
        written,
    } = imported;
    eprintln!(
        "annals-host: imported {events} events of {commits} commits, {outcomes} outcomes, {rows} \
         rows of views and {checkpoints} checkpoints; {written} values were written, the others \
         were there already"
    );
    Ok(())
}

fn import(
    options: &Import,
    store: &Store,
    mut lines: Box<dyn BufRead>,
    total: u64,
) -> Result<Imported, ToolError> {
    let shown = Shown::new("import", total);
    let mut importer = Importer::new(store, &options.prefix)?;
    let (mut number, mut bytes) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = lines
            .read_until(b'\n', &mut line)
            .map_err(ToolError::file(&options.input))?;
        if length == 0 {
            break;
        }
        number += 1;
        bytes += length as u64;
        importer.line(&line)?;
        if number % FLUSH_EVERY == 0 {
            flush(store, number)?;
        }
        shown.at(if total > 0 { bytes } else { number }, total);
    }
    let finished = importer.finish();
    // Flush also the lines of an incomplete export.
    flush(store, number)?;
    Ok(finished?)
}

fn flush(store: &Store, line: u64) -> Result<(), ToolError> {
    store.flush().map_err(|error| {
        ToolError::Import(ImportError::Store {
            line,
            source: StoreError::Unavailable(error.to_string()),
        })
    })
}
