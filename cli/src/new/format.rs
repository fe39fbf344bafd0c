//! Formats Rust with rustfmt if it is installed. Lines of a template change their length with the
//! names in them.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// The text in rustfmt's layout; unchanged without rustfmt.
#[must_use]
pub fn rust(text: String) -> String {
    formatted(&text).unwrap_or(text)
}

fn formatted(text: &str) -> Option<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // rustfmt reads everything before it writes, and a template fits into a pipe.
    let written = rustfmt.stdin.take()?.write_all(text.as_bytes());
    let output = rustfmt.wait_with_output().ok()?;
    (written.is_ok() && output.status.success()).then_some(())?;
    let formatted = String::from_utf8(output.stdout).ok()?;
    (!formatted.trim().is_empty()).then_some(formatted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_and_what_is_no_rust_stays() {
        let long = format!(
            "mod tests;\nfn f() {{ {}(1) }}\n",
            "very_long_name::".repeat(8) + "x"
        );
        let laid_out = rust(long.clone());
        assert!(laid_out.starts_with("mod tests;\nfn f() {\n"), "{laid_out}");
        let broken = "fn f( {".to_owned();
        assert_eq!(rust(broken.clone()), broken);
    }
}
