//! Where handlers in Rust get the SDK.

use annals_compose::problem::{Code, Problem};
use std::path::{Path, PathBuf};

/// The source of the crate `annals`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sdk {
    /// The registry, in this composer's version.
    Registry,
    /// A folder.
    Folder(PathBuf),
}

impl Sdk {
    /// The folder that the user names.
    ///
    /// # Errors
    ///
    /// If the SDK is not there.
    pub fn at(folder: &Path) -> Result<Self, Problem> {
        let problem = |what: String| {
            Problem::new(
                Code::MissingSdk,
                folder.display().to_string(),
                what,
                "name the folder `guest-sdk` of a checkout of Annals",
            )
        };
        if !is_sdk(folder) {
            return Err(problem("does not contain the crate `annals`".into()));
        }
        let absolute = folder
            .canonicalize()
            .map_err(|error| problem(format!("cannot be read: {error}")))?;
        Ok(Self::Folder(absolute))
    }

    /// The checkout in which an executable was built, if it still exists; otherwise the registry.
    #[must_use]
    pub fn beside(executable: &Path) -> Self {
        let found = executable
            .ancestors()
            .skip(1)
            .map(|folder| folder.join("guest-sdk"))
            .find(|folder| is_sdk(folder));
        found.map_or(Self::Registry, Self::Folder)
    }

    /// The dependency on the crate `annals`, for an inline table of a Cargo.toml.
    #[must_use]
    pub fn dependency(&self) -> String {
        self.dependency_in("")
    }

    /// The dependency on the crate `annals-outside`, in the same form.
    #[must_use]
    pub fn outside(&self) -> String {
        self.dependency_in("outside")
    }

    fn dependency_in(&self, place: &str) -> String {
        match self {
            Self::Registry => format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
            Self::Folder(sdk) => {
                let folder = match place {
                    "" => sdk.clone(),
                    place => sdk.join(place),
                };
                let path = toml_edit::Value::from(folder.display().to_string());
                format!("path = {path}")
            }
        }
    }
}

fn is_sdk(folder: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(folder.join("Cargo.toml")) else {
        return false;
    };
    let Ok(table) = text.parse::<toml::Table>() else {
        return false;
    };
    let package = table.get("package").and_then(|package| package.get("name"));
    package.and_then(toml::Value::as_str) == Some("annals")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_in_a_checkout_depends_on_that() {
        let home = tempfile::tempdir().expect("a folder");
        let binary = home.path().join("target/debug/annals");
        assert_eq!(Sdk::beside(&binary), Sdk::Registry);
        let sdk = home.path().join("guest-sdk");
        std::fs::create_dir(&sdk).expect("a folder");
        std::fs::write(sdk.join("Cargo.toml"), "[package]\nname = \"other\"\n").expect("written");
        assert_eq!(Sdk::beside(&binary), Sdk::Registry);
        assert!(Sdk::at(&sdk).is_err());
        std::fs::write(sdk.join("Cargo.toml"), "[package]\nname = \"annals\"\n").expect("written");
        assert_eq!(Sdk::beside(&binary), Sdk::Folder(sdk.clone()));
        assert!(Sdk::at(&sdk).is_ok());
    }

    #[test]
    fn a_path_is_quoted_as_toml_wants_it() {
        let dependency = Sdk::Folder("/with \"quotes\"/sdk".into()).dependency();
        let table: toml::Table = dependency.parse().expect("TOML");
        assert_eq!(table["path"].as_str(), Some("/with \"quotes\"/sdk"));
        let outside = Sdk::Folder("/sdk".into()).outside();
        assert_eq!(outside, "path = \"/sdk/outside\"");
    }
}
