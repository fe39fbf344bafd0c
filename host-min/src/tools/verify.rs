//! `annals-host verify`.

use std::io::{self, BufWriter, Write};

use annals_event_log_tools::{Finding, Kind, Summary, verify};
use clap::Args;
use serde_json::json;

use super::ToolError;
use super::place::Place;
use super::progress::Shown;

/// Look for damage in a store.
///
/// Reads everything: slots that are missing, records that are damaged or lie at the wrong place,
/// streams whose versions, positions or times do not go on, commits that the log does not lead to,
/// commands that took effect twice, claims, hints and snapshots that speak of slots that are gone,
/// and whatever is no key of the format. Writes nothing into the store, which may lie where nothing can be written; journals
/// of annals-host's own store are copied into the temporary directory (TMPDIR). Stop the host before.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 clean, 1 damage found, or the store is in use or not there, 2 usage, \
                        3 the store cannot be read. Records that only a newer release can read are reported and not \
                        verified, which is 1, too."
)]
pub struct Verify {
    #[command(flatten)]
    place: Place,

    /// Only what lies under this `[store] prefix` [default: everything that is there].
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,

    /// JSON lines: one for each finding, then one with the summary.
    #[arg(long)]
    json: bool,
}

/// Verifies; `false`: damage was found, or records that only a newer release can read.
///
/// # Errors
/// See [`ToolError`].
pub fn run(options: &Verify) -> Result<bool, ToolError> {
    let store = options.place.open()?;
    let mut out = BufWriter::new(io::stdout().lock());
    let shown = Shown::new("verify", 0);
    // The walk goes on when nobody takes its output, and the failure is told at its end.
    let mut written = Ok(());
    let mut found = |finding: Finding| {
        if written.is_ok() {
            written = tell(&mut out, &finding, options.json);
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

fn tell(out: &mut impl Write, finding: &Finding, json: bool) -> io::Result<()> {
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
