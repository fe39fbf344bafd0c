//! The golden cases: each folder of `tests/golden` is an application with the expected output of
//! the composer.
//!
//! A case has `annals.toml` and its handlers as text, from which [`case`] makes files. The expected
//! output is beside them:
//!
//! - For an application with problems, `report.txt` (for people, without colour) and `report.json`.
//! - For an application without problems, `report.json` (the composition, without sizes), and as
//!   text the generated parts that the case includes: `settings.wat`, `types.wat`. The text of the
//!   switchboards has thousands of lines, so the case contains only its digest:
//!   `switchboards.digest`. If the digest differs, the text is written to
//!   `target/tmp/golden/<case>/switchboards.wat`. To see the difference, keep that file, write the
//!   expected text with `BLESS=1` at the commit before, and compare both.
//!
//! `BLESS=1 cargo test --workspace --test golden` writes the expected output. Without it, a case
//! fails if that would change anything.

use annals_compose::host::Host;
use annals_compose::manifest::Manifest;
use annals_compose::problem::{Code, Problems, human, json};
use annals_compose::{generate, pipeline, wire};
use annals_fixtures::case;
use libtest_mimic::{Arguments, Failed, Trial};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// All files of expected output.
const EXPECTED: [&str; 5] = [
    "report.txt",
    "report.json",
    "settings.wat",
    "types.wat",
    DIGEST,
];

/// Takes the place of the text of the switchboards.
const DIGEST: &str = "switchboards.digest";

fn main() -> ExitCode {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join("golden");
    let mut cases: Vec<PathBuf> = fs::read_dir(&golden)
        .expect("the golden cases")
        .map(|entry| entry.expect("a case").path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    println!("{} golden cases", cases.len());
    let trials = cases.into_iter().map(|case| {
        let name = case
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        Trial::test(name, move || run(&case))
    });
    let mut trials: Vec<Trial> = trials.collect();
    let every = move || every_code_has_a_case(&golden);
    trials.push(Trial::test("every code has a case", every));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Codes without a golden case: they need cargo, a read-only folder, or another command than
/// `check`.
const ELSEWHERE: [Code; 9] = [
    Code::AlreadyThere,
    Code::IllegalCases,
    Code::MeaninglessOption,
    Code::MissingHost,
    Code::MissingSdk,
    Code::NoCases,
    Code::NoTemplate,
    Code::NothingBuilt,
    Code::UnwritableOutput,
];

fn every_code_has_a_case(golden: &Path) -> Result<(), Failed> {
    let mut reports = String::new();
    for entry in fs::read_dir(golden)? {
        let report = entry?.path().join("report.txt");
        reports.push_str(&fs::read_to_string(report).unwrap_or_default());
    }
    let shown = |code: &&Code| reports.contains(&format!("error[{code}]"));
    let all = Code::ALL.iter().filter(|code| !ELSEWHERE.contains(code));
    let missing: Vec<&Code> = all.filter(|code| !shown(code)).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("no case shows {missing:?}").into())
    }
}

fn run(case: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    case::make(case, folder.path())?;
    let found = match check(folder.path()) {
        Ok(()) => composed(case, folder.path())?,
        Err(error) => refused(folder.path(), error.downcast()?)?,
    };
    compare(case, &found)
}

/// Checks the application in a folder like `annals check --host annals`.
fn check(folder: &Path) -> anyhow::Result<()> {
    let manifest = Manifest::read_all(&folder.join("annals.toml"))?;
    pipeline::check(&manifest, Some(Host::Annals))?;
    Ok(())
}

type Found = BTreeMap<&'static str, String>;

/// Reports the problems of an application in each format, and compares the formats. Paths are
/// relative to the folder.
fn refused(folder: &Path, mut problems: Problems) -> Result<Found, Failed> {
    let prefix = format!("{}/", folder.display());
    for problem in &mut problems.0 {
        for text in [&mut problem.file, &mut problem.what, &mut problem.remedy] {
            *text = text.replace(&prefix, "");
        }
    }
    let (human, json) = (human::render(&problems, false), json::render(&problems));
    let short = problems.to_string();
    if short.lines().count() != json.lines().count() {
        return Err(format!("short: {short}\njson: {json}").into());
    }
    Ok(BTreeMap::from([
        ("report.txt", human),
        ("report.json", json),
    ]))
}

/// Composes an application without problems twice, and requires the same bytes.
fn composed(case: &Path, folder: &Path) -> Result<Found, Failed> {
    let once = || -> Result<_, Failed> {
        let manifest = Manifest::read(&folder.join("annals.toml"))?;
        let application = pipeline::check(&manifest, Some(Host::Annals))?;
        let composed = pipeline::compose(&manifest, &application, Host::Annals)?;
        Ok((manifest, application, composed))
    };
    let (manifest, application, composed) = once()?;
    let (_, _, again) = once()?;
    if composed.bytes != again.bytes {
        return Err("two compositions of the same files differ".into());
    }
    let settings = pipeline::settings(&manifest, &application, Host::Annals);
    let report = shape(serde_json::to_value(&composed.report)?);
    let mut found = BTreeMap::from([
        ("report.json", format!("{report:#}\n")),
        (
            "settings.wat",
            print(&generate::settings::generate(&settings)?)?,
        ),
        ("types.wat", print(&generate::types::generate()?)?),
    ]);
    // These texts are long, so only some cases include them.
    found.retain(|name, _| name.ends_with(".json") || case.join(name).exists());
    if let Ok(expected) = fs::read_to_string(case.join(DIGEST)) {
        let text = print(&wire::switchboards(&application.handlers)?.bytes)?;
        let digest = digest(&text);
        if digest != expected || blessing() {
            keep(case, "switchboards.wat", &text)?;
        }
        found.insert(DIGEST, digest);
    }
    Ok(found)
}

/// The digest of a text, and its number of lines.
fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    let mut digest = format!("{} lines, SHA-256 ", text.lines().count());
    for byte in Sha256::digest(text) {
        let _ = write!(digest, "{byte:02x}");
    }
    digest + "\n"
}

/// Writes a text of which the repository has only the digest.
fn keep(case: &Path, name: &str, text: &str) -> Result<(), Failed> {
    let case = case.file_name().ok_or("a name")?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("golden")
        .join(case);
    fs::create_dir_all(&folder)?;
    let file = folder.join(name);
    fs::write(&file, text)?;
    eprintln!("{}", file.display());
    Ok(())
}

fn blessing() -> bool {
    std::env::var_os("BLESS").is_some_and(|set| set == "1")
}

fn print(component: &[u8]) -> Result<String, Failed> {
    wasmprinter::print_bytes(component).map_err(|error| error.to_string().into())
}

/// A report without sizes, because the sizes change with the framework.
fn shape(report: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match report {
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .filter(|(name, _)| !name.ends_with("size"));
            Value::Object(fields.map(|(name, value)| (name, shape(value))).collect())
        }
        Value::Array(all) => Value::Array(all.into_iter().map(shape).collect()),
        other => other,
    }
}

/// Compares the output with the expected one; with `BLESS=1` it becomes the expected one.
fn compare(case: &Path, found: &Found) -> Result<(), Failed> {
    for name in EXPECTED {
        let file = case.join(name);
        let expected = fs::read_to_string(&file).ok();
        let found = found.get(name);
        if expected.as_ref() == found {
            continue;
        }
        if !blessing() {
            return Err(format!(
                "{} differs; BLESS=1 updates it\nexpected:\n{}\nfound:\n{}",
                file.display(),
                expected.as_deref().unwrap_or("(nothing)"),
                found.map_or("(nothing)", String::as_str)
            )
            .into());
        }
        match found {
            Some(text) => fs::write(&file, text)?,
            None => fs::remove_file(&file)?,
        }
    }
    Ok(())
}
