//! `annals-host export`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use annals_event_log_tools::{self as tools, Exported, Progress, Resume};
use clap::Args;

use super::ToolError;
use super::place::{Place, Store};
use super::progress::Shown;

/// Export a store as JSON lines, each a CloudEvents 1.0 event, in the order of the log.
///
/// From these lines `annals-host import` makes a store, on any host, that returns the same result
/// for every read. The lines contain events with their positions and metadata, recorded outcomes
/// (type `annals.outcome.v1`), the claims of command ids, the rows of views and the checkpoint of
/// each reaction (`annals.row.v1`, `annals.checkpoint.v1`). The last line (`annals.end.v1`)
/// confirms that the export is complete. Snapshots are not exported: the host makes them again.
/// Like `annals-host verify`, this command writes nothing into the store. Stop the host first.
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

    /// The file to write [default: stdout]. If the file contains an earlier export of this store,
    /// complete or not, only the lines after its last complete commit are written.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The CloudEvents source of the events, a URI reference.
    #[arg(long, value_name = "URI", default_value = "/annals")]
    source: String,
}

/// Runs the export.
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

/// A file that is truncated to its valid part when the first line is written. A file that does not
/// belong to this store therefore stays unchanged.
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
