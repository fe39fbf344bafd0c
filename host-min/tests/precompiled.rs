//! The host caches compiled components and rejects entries that were changed.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use support::{Host, Workspace};

struct Kept {
    workspace: Workspace,
    folder: PathBuf,
}

impl Kept {
    fn new() -> Self {
        let workspace = Workspace::new();
        let folder = workspace.path("cache");
        Self { workspace, folder }
    }

    /// Starts the host and returns its log. The host serves in every case.
    fn start(&self) -> String {
        let mut command = self.workspace.command_with_cache(&self.folder);
        command.args(["--store", "memory:"]);
        let host = Host::start(command);
        assert_eq!(host.get("/ok").status, 200);
        host.log()
    }

    fn files(&self, extension: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.folder).expect("the folder");
        let paths = files.map(|file| file.expect("a file").path());
        paths
            .filter(|path| path.extension().is_some_and(|e| e == extension))
            .collect()
    }

    fn code(&self) -> PathBuf {
        let mut files = self.files("cwasm");
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }
}

#[test]
fn a_component_is_compiled_once() {
    let kept = Kept::new();
    assert!(!kept.start().contains("compiled"));
    let written = |path: &PathBuf| {
        fs::metadata(path)
            .and_then(|m| m.modified())
            .expect("a time")
    };
    let code = kept.code();
    let first = written(&code);
    assert!(!kept.start().contains("compiled"));
    assert_eq!(written(&code), first, "taken as it is");
    // Another component gets an entry of its own.
    let other = Workspace::reacting();
    fs::copy(other.app(), kept.workspace.app()).expect("copied");
    kept.start();
    assert_eq!(kept.files("cwasm").len(), 2);
    assert_eq!(kept.files("sha256").len(), 2);
}

#[test]
fn what_was_tampered_with_is_refused_and_compiled_again() {
    let kept = Kept::new();
    kept.start();
    let code = kept.code();
    let sum = code.with_extension("sha256");
    let good = fs::read(&code).expect("code");
    let harm: [(&str, &dyn Fn()); 4] = [
        ("one bit of the code", &|| {
            let mut bad = good.clone();
            let middle = bad.len() / 2;
            bad[middle] ^= 1;
            fs::write(&code, bad).expect("written");
        }),
        ("half of the code", &|| {
            fs::write(&code, &good[..good.len() / 2]).expect("written");
        }),
        ("the sum", &|| fs::write(&sum, "0").expect("written")),
        ("no sum", &|| fs::remove_file(&sum).expect("removed")),
    ];
    for (what, harm) in harm {
        harm();
        let log = kept.start();
        assert!(
            log.contains("rejects a compiled component"),
            "{what}: {log}"
        );
        assert_eq!(fs::read(&code).expect("code"), good, "{what}");
        assert!(
            !kept.start().contains("rejects a compiled component"),
            "{what}"
        );
    }
}

#[test]
fn code_that_another_engine_wrote_is_refused() {
    let kept = Kept::new();
    kept.start();
    let code = kept.code();
    // The checksum matches. wasmtime itself checks which engine made the code.
    let foreign = b"\x7fELF, by another engine".to_vec();
    fs::write(&code, &foreign).expect("written");
    let sum = {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(&foreign);
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    fs::write(code.with_extension("sha256"), sum).expect("written");
    assert!(kept.start().contains("rejects a compiled component"));
}

#[test]
fn a_folder_that_others_may_write_to_is_not_used() {
    let kept = Kept::new();
    fs::create_dir(&kept.folder).expect("made");
    fs::set_permissions(&kept.folder, fs::Permissions::from_mode(0o777)).expect("set");
    let log = kept.start();
    assert!(log.contains("others may write"), "{log}");
    assert_eq!(kept.files("cwasm").len(), 0);
}
