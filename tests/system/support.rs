//! Applications that several tests serve. Each is composed once in a run.

use annals_tests::mailbox::Mailbox;
use annals_tests::server::{Kind, Server};
use annals_tests::{app, tools};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use tempfile::TempDir;

/// A folder for the run's composed applications.
static COMPOSED: LazyLock<TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));
static ONCE: Mutex<()> = Mutex::new(());

/// Composes the application in a folder, once for each host.
pub fn composed(folder: &Path, host: Kind) -> PathBuf {
    composed_manifest(folder, "annals.toml", host)
}

/// The same, with another manifest in that folder.
pub fn composed_manifest(folder: &Path, manifest: &str, host: Kind) -> PathBuf {
    let _guard = ONCE.lock();
    let name = folder.file_name().expect("a folder with a name");
    let output = COMPOSED.path().join(name).join(manifest);
    let file = output.join(format!("app-{}.wasm", host.name()));
    if !file.exists() {
        std::fs::create_dir_all(&output).expect("a folder");
        app::compose_manifest(folder, manifest, host, &output).expect("it composes");
    }
    file
}

/// The bank, served by a host on a new store.
pub fn bank(host: Kind) -> Served {
    serve_manifest(&app::bank(), "annals.toml", host, &[])
}

/// The same, with notices that go to a mailbox.
pub fn bank_with_mail(host: Kind, mailbox: &Mailbox) -> Served {
    let url = format!("MAILER_URL={}", mailbox.url());
    serve_manifest(&app::bank(), "annals.toml", host, &["--env", &url])
}

/// The misbehaving handlers, served by a host on a new store.
pub fn misbehaving(host: Kind, flags: &[&str]) -> Served {
    let folder = tools::workspace().join("tests/handlers");
    serve_manifest(&folder, "annals.toml", host, flags)
}

/// The application of a manifest, served by a host on a new store.
pub fn serve_manifest(folder: &Path, manifest: &str, host: Kind, flags: &[&str]) -> Served {
    let data = tempfile::tempdir().expect("a temporary folder");
    let app = composed_manifest(folder, manifest, host);
    Served {
        server: Server::start_with(host, &app, data.path(), flags).expect("the host starts"),
        data,
    }
}

/// A host with its data. The end of the test removes both.
pub struct Served {
    pub server: Server,
    data: TempDir,
}

impl Served {
    /// The folder of the store.
    pub fn store(&self) -> PathBuf {
        self.data.path().join("store")
    }
}
