//! Writes toy handlers and a manifest for them into a folder.
fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = std::path::PathBuf::from(args.next().unwrap_or_else(|| ".".into()));
    let count: usize = args.next().and_then(|n| n.parse().ok()).unwrap_or(3);
    annals_tests::toy::application(&folder, count)
}
