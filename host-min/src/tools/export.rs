//! `annals-host export`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use annals_event_log_tools::{self as tools, Exported, Progress, Resume};
use clap::Args;

use super::ToolError;
use super::place::{Place, Store};
use super::progress::Shown;

/// Write a store out as JSON lines, each a CloudEvents 1.0 event, in the order of the log.
///
/// The lines hold all that `annals-host import` needs for a store that answers every read as this
/// one does, on any host: events with their positions and metadata, recorded outcomes (type
/// `annals.outcome.v1`), the claims of command ids, the rows of views and how far each reaction is
/// (`annals.row.v1`, `annals.checkpoint.v1`). The last line (`annals.end.v1`) says that
/// nothing is missing. Snapshots are not exported: they are made anew. Writes nothing into the
/// store, as `annals-host verify` does not. Stop the host before.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, 1 the store is damaged, in use or not there, or FILE cannot be used, \
                        2 usage, 3 the store cannot be read, or nobody takes the output."
)]
pub struct Export {
    #[command(flatten)]
    place: Place,

    /// `[store] prefix` of the manifest.
    #[arg(long, value_name = "PREFIX", default_value = "")]
    prefix: String,

    /// The file to write [default: stdout]. If it holds an earlier export of this store, whole or
    /// not, only what comes after its last whole commit is written.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The CloudEvents source of the events, a URI reference.
    #[arg(long, value_name = "URI", default_value = "/annals")]
    source: String,
}

/// Exports.
///
/// # Errors
/// See [`ToolError`].
pub fn run(options: &Export) -> Result<(), ToolError> {
    let store = options.place.open()?;
    let (exported, kept) = match &options.output {
        Some(path) => to_file(options, &store, path)?,
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            let exported = write(options, &store, &Resume::default(), &mut out)?;
            out.flush()?;
            (exported, 0)
        }
    };
    let Exported {
        commits,
        events,
        outcomes,
        rows,
        checkpoints,
    } = exported;
    eprintln!(
        "annals-host: exported {events} events of {commits} commits, {outcomes} outcomes, {rows} \
         rows of views and {checkpoints} checkpoints"
    );
    if kept > 0 {
        eprintln!("annals-host: {kept} lines were there already");
    }
    Ok(())
}

fn to_file(options: &Export, store: &Store, path: &Path) -> Result<(Exported, u64), ToolError> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(ToolError::file(path))?;
    let from = tools::resume(BufReader::new(&file)).map_err(|source| ToolError::Resume {
        path: path.to_owned(),
        source,
    })?;
    let mut out = Continued {
        file: &mut file,
        keep: Some(from.bytes),
    };
    let exported = {
        let mut out = BufWriter::new(&mut out);
        let exported = write(options, store, &from, &mut out)?;
        out.flush().map_err(ToolError::file(path))?;
        exported
    };
    file.sync_all().map_err(ToolError::file(path))?;
    Ok((exported, from.lines))
}

fn write(
    options: &Export,
    store: &Store,
    from: &Resume,
    out: &mut impl Write,
) -> Result<Exported, ToolError> {
    let shown = Shown::new("export", 0);
    let exported = tools::export(
        store,
        &options.prefix,
        &options.source,
        from,
        &mut |lines| out.write_all(lines),
        &mut |at: Progress| shown.at(at.done, at.total),
    )?;
    Ok(exported)
}

/// A file that is cut to what is kept of it when the first line comes, so that a file that turns
/// out not to be this store's stays as it is.
struct Continued<'f> {
    file: &'f mut File,
    keep: Option<u64>,
}

impl Write for Continued<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(keep) = self.keep.take() {
            self.file.set_len(keep)?;
            self.file.seek(SeekFrom::Start(keep))?;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
