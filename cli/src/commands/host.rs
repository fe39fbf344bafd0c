//! The names of hosts on the command line.

use annals_compose::host::Host;
use clap::ValueEnum;

/// The values of `--host`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HostName {
    /// annals-host: stores events in durable `wasi:keyvalue`, with steps on several keys.
    Annals,
    /// Any host with durable `wasi:keyvalue` whose compare-and-set can create a key.
    Keyvalue,
    /// `wasmtime serve`: stores events in files.
    Wasmtime,
    /// Node.js with jco: stores events in files. Writes a launcher.
    Jco,
    /// wasmCloud: `wasi:keyvalue` without compare-and-set. Writes .wash/config.yaml.
    #[value(name = "wasmcloud")]
    WasmCloud,
    /// Spin: `wasi:keyvalue` with a compare-and-set that cannot create a key. Writes spin.toml.
    Spin,
}

impl From<HostName> for Host {
    fn from(name: HostName) -> Self {
        match name {
            HostName::Annals => Self::Annals,
            HostName::Keyvalue => Self::Keyvalue,
            HostName::Wasmtime => Self::Wasmtime,
            HostName::Jco => Self::Jco,
            HostName::WasmCloud => Self::WasmCloud,
            HostName::Spin => Self::Spin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HostName;
    use annals_compose::host::Host;
    use clap::ValueEnum as _;

    #[test]
    fn names_on_the_command_line_and_in_reports_are_the_same() {
        let names = HostName::value_variants().iter().map(|name| {
            let value = name.to_possible_value().expect("it has a name");
            assert_eq!(value.get_name(), Host::from(*name).to_string());
            Host::from(*name)
        });
        assert!(names.eq(Host::ALL));
    }
}
