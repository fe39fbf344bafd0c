//! `annals-host verify`.

use std::io::{self, BufWriter, Write};

use annals_event_log_tools::{Finding, Kind, Summary, verify};
use clap::Args;
use serde_json::json;

use super::ToolError;
use super::place::Place;
use super::progress::Shown;

/// Search a store for damage.
///
/// Reads everything and reports: missing slots; records that are damaged or stored under the wrong
/// key; streams whose versions, positions or times are not consecutive; commits that the log does
/// not refer to; commands that took effect twice; claims, hints and snapshots that refer to missing
/// slots; and keys that do not belong to the format. The command writes nothing into the store,
/// which may be on a read-only file system. It copies the journals of an annals-host store into the
/// temporary directory (TMPDIR). Stop the host first.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 clean, 1 damage found, or the store is in use or not there, 2 usage, \
                        3 the store cannot be read. Records that only a newer release can read are reported and not \
                        verified, which is 1, too."
)]
pub struct Verify {
    #[command(flatten)]
    place: Place,

    /// Verify only the keys under this `[store] prefix` [default: all keys].
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,

    /// Print JSON lines: one for each finding, then one with the summary.
    #[arg(long)]
    json: bool,
}

/// Verifies a store. Returns `false` if it found damage, or records that only a newer release can
/// read.
///
/// # Errors
/// See [`ToolError`].
pub fn run(options: &Verify) -> Result<bool, ToolError> {
    let store = options.place.open()?;
    let mut out = BufWriter::new(io::stdout().lock());
    let shown = Shown::new("verify", 0);
    // If the output cannot be written, the verification continues and returns the error at its end.
    let mut written = Ok(());
    let mut found = |finding: Finding| {
        if written.is_ok() {
            written = write_finding(&mut out, &finding, options.json);
        }
    };
    let mut progress = |at: annals_event_log_tools::Progress| shown.at(at.done, at.total);
    let summary = verify(&store, options.prefix.as_deref(), &mut found, &mut progress)?;
    drop(shown);
    written?;
    match options.json {
        true => writeln!(out, "{}", json!({ "summary": summary }))?,
        false => table(&mut out, &summary)?,
    }
    out.flush()?;
    Ok(summary.errors == 0 && summary.newer == 0)
}

fn write_finding(out: &mut impl Write, finding: &Finding, json: bool) -> io::Result<()> {
    if json {
        serde_json::to_writer(&mut *out, finding)?;
        return writeln!(out);
    }
    let Finding {
        kind,
        key,
        what,
        remedy,
    } = finding;
    let kind = match kind {
        Kind::Pending => "pending",
        Kind::Newer => "newer",
        Kind::Error => "error",
    };
    writeln!(out, "{kind}: {key}: {what}; {remedy}")
}

fn table(out: &mut impl Write, summary: &Summary) -> io::Result<()> {
    for (name, count) in [
        ("streams", summary.streams),
        ("commits", summary.commits),
        ("events", summary.events),
        ("outcomes without events", summary.outcomes),
        ("voids", summary.voids),
        ("log slots", summary.log_slots),
        ("  of them dead", summary.dead_refs),
        ("  of them pending", summary.pending_refs),
        ("  of them passed", summary.skips),
        ("log slots drawn and never used", summary.drawn),
        ("claimed commands", summary.claims),
        ("  of them pending", summary.pending_claims),
        ("snapshots", summary.snapshots),
        ("segments", summary.segments),
        ("checkpoints and rows", summary.chains),
        ("dropped views", summary.dropped_views),
        ("hints", summary.hints),
        ("bytes", summary.bytes),
        ("of a newer release", summary.newer),
        ("errors", summary.errors),
    ] {
        writeln!(out, "{name:<24}{count:>14}")?;
    }
    Ok(())
}
