//! The framework's own components, built by this crate's build script and carried in the binary.

use crate::check::OwnPart;
use crate::host::Adapter;
use crate::part::Role;
use crate::wire::Framework;
use crate::wiring::Part;

macro_rules! built {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/annals_", $name, ".wasm"))
    };
}

/// A component in both forms.
struct Built {
    whole: &'static [u8],
    /// For applications without reactions.
    plain: &'static [u8],
}

impl Built {
    fn of(&self, reactions: bool) -> &'static [u8] {
        if reactions { self.whole } else { self.plain }
    }
}

const STORE_KEYVALUE: Built = Built {
    whole: built!("store_keyvalue"),
    plain: built!("store_keyvalue_plain"),
};
const STORE_KEYVALUE_INCREMENT: Built = Built {
    whole: built!("store_keyvalue_increment"),
    plain: built!("store_keyvalue_increment_plain"),
};
const STORE_KEYVALUE_POINTER: Built = Built {
    whole: built!("store_keyvalue_pointer"),
    plain: built!("store_keyvalue_pointer_plain"),
};
const STORE_FILESYSTEM: Built = Built {
    whole: built!("store_filesystem"),
    plain: built!("store_filesystem_plain"),
};
const DISPATCHER: Built = Built {
    whole: built!("dispatcher"),
    plain: built!("dispatcher_plain"),
};
const SOURCER: &[u8] = built!("sourcer");
const INGRESS_HTTP: &[u8] = built!("ingress_http");
const INGRESS_CLI: &[u8] = built!("ingress_cli");
const LOG: &[u8] = built!("log");

/// What an application needs of the framework.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// It has reactions.
    pub reactions: bool,
    /// It can be run from a command line, too.
    pub command_line: bool,
}

/// What stands in the report for the framework's own part behind a user's.
const BEHIND: &str = "-behind";

/// The framework's part of an application, with the user's own parts in it. What only reactions need is left out where
/// there are none; not beside own parts, which may import all that the whole ones export.
#[must_use]
pub fn parts(adapter: Adapter, needs: Needs, own: &[OwnPart]) -> Framework {
    let reactions = needs.reactions || !own.is_empty();
    let mut framework = Framework {
        reactions,
        log: carried("log", LOG),
        inner: Vec::new(),
        faces: Vec::new(),
    };
    let roles = Role::ALL
        .into_iter()
        .filter(|role| *role != Role::IngressCli || needs.command_line);
    for role in roles {
        let part = match own.iter().find(|own| own.role == role) {
            None => one(role, adapter, reactions),
            Some(own) => {
                if own.stands_in_front() {
                    let mut behind = one(role, adapter, reactions);
                    behind.name.push_str(BEHIND);
                    framework.inner.push(behind);
                }
                Part {
                    name: role.name().into(),
                    bytes: own.component.bytes.clone(),
                    sandbox: own.sandbox.clone(),
                }
            }
        };
        match role.face() {
            Some(_) => framework.faces.push(part),
            None => framework.inner.push(part),
        }
    }
    framework
}

/// The framework's own component for a part, with all that it can do.
#[must_use]
pub fn part(role: Role, adapter: Adapter) -> Part {
    one(role, adapter, true)
}

/// A store adapter, with all that it can do.
#[must_use]
pub fn store(adapter: Adapter) -> Part {
    one(Role::Store, adapter, true)
}

fn one(role: Role, adapter: Adapter, reactions: bool) -> Part {
    match role {
        Role::Store => {
            let (name, built) = match adapter {
                Adapter::Keyvalue => ("store-keyvalue", STORE_KEYVALUE),
                Adapter::KeyvalueIncrement => {
                    ("store-keyvalue-increment", STORE_KEYVALUE_INCREMENT)
                }
                Adapter::KeyvaluePointer => ("store-keyvalue-pointer", STORE_KEYVALUE_POINTER),
                Adapter::Filesystem => ("store-filesystem", STORE_FILESYSTEM),
            };
            carried(name, built.of(reactions))
        }
        Role::Sourcer => carried("sourcer", SOURCER),
        Role::Dispatcher => carried("dispatcher", DISPATCHER.of(reactions)),
        Role::IngressHttp => carried("ingress-http", INGRESS_HTTP),
        Role::IngressCli => carried("ingress-cli", INGRESS_CLI),
    }
}

fn carried(name: &str, component: &[u8]) -> Part {
    Part {
        name: name.into(),
        bytes: component.to_vec(),
        sandbox: None,
    }
}
