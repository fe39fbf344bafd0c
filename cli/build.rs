//! Rebuilds the command when a template is added: `include_dir!` does not see new files.

fn main() {
    println!("cargo::rerun-if-changed=templates");
}
