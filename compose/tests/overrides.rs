//! `[overrides]`: which components may replace a part of the framework, and the problems of the
//! others.

use annals_compose::framework;
use annals_compose::generate::{componentize, resolve_world};
use annals_compose::grant;
use annals_compose::host::{Adapter, Host};
use annals_compose::manifest::Manifest;
use annals_compose::part::Role;
use annals_compose::pipeline;
use annals_compose::problem::Problems;
use annals_compose::report::Report;
use std::path::Path;
use tempfile::TempDir;
use wit_component::dummy_module;
use wit_parser::{ManglingAndAbi, Resolve};

/// A component of a world of the contract whose functions do nothing.
fn dummy(world: &str) -> Vec<u8> {
    let text = format!("package annals:generated;\nworld dummy {{ {world} }}");
    let (resolve, world) = resolve_world(&text, "dummy").expect("WIT");
    let module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    componentize(module, &resolve, world).expect("a component")
}

/// Like `dummy`, for a contract that only this test defines.
fn foreign(text: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("foreign.wit", text).expect("WIT");
    let world = resolve.select_world(&[package], None).expect("a world");
    let module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    componentize(module, &resolve, world).expect("a component")
}

/// An application of one decider, with a component in place of a part.
struct App {
    folder: TempDir,
    text: String,
}

impl App {
    fn new(part: &str, keys: &str, component: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let decider = annals_fixtures::Decider::default()
            .component()
            .expect("a decider");
        std::fs::write(folder.path().join("d.wasm"), decider).expect("written");
        std::fs::write(folder.path().join("own.wasm"), component).expect("written");
        let text = format!(
            "[app]\nname = \"x\"\n[handlers.d]\ncomponent = \"d.wasm\"\n\
             [overrides.{part}]\ncomponent = \"own.wasm\"\n{keys}"
        );
        Self { folder, text }
    }

    fn compose(&self, host: Host) -> Result<Report, String> {
        let compose = |file: &Path| {
            let manifest = Manifest::parse(file, self.text.clone())?;
            let application = pipeline::check(&manifest, Some(host))?;
            pipeline::compose(&manifest, &application, host)
        };
        match compose(&self.folder.path().join("annals.toml")) {
            Ok(composed) => Ok(composed.report),
            Err(error) => match error.downcast_ref::<Problems>() {
                Some(problems) => Err(problems.to_string()),
                None => panic!("not a problem of the user's: {error:#}"),
            },
        }
    }

    /// Requires these problems, one line each.
    fn refused(&self, lines: &[&str]) {
        let said = self.compose(Host::Annals).expect_err("it is refused");
        assert_eq!(said.lines().count(), lines.len(), "{said}");
        for (line, wanted) in said.lines().zip(lines) {
            assert!(line.contains(wanted), "no {wanted} in: {said}");
        }
    }
}

const STORE: &str = "import annals:framework/settings@0.2.0; export annals:es/event-reader@0.2.0; \
                     export annals:es/event-store@0.2.0; \
                     export annals:es/reaction-store@0.2.0;";

#[test]
fn every_part_can_be_replaced_by_one_like_it() {
    for role in Role::ALL {
        let own = framework::part(role, Adapter::Keyvalue);
        let (imports, _) = annals_compose::read::externs(&own.bytes).expect("a component");
        let of_host: Vec<&str> = imports
            .iter()
            .map(String::as_str)
            .filter(|import| import.starts_with("wasi:"))
            .collect();
        let keys = format!("allow = {:?}\n", grant::least(&of_host));
        let app = App::new(role.name(), &keys, &own.bytes);
        let report = app.compose(Host::Annals).expect("it composes");
        let parts = report.parts.iter().filter(|part| part.overridden);
        let names: Vec<&str> = parts.map(|part| part.name.as_str()).collect();
        // Without reactions there is no command line.
        let expected = if role == Role::IngressCli {
            vec![]
        } else {
            vec![role.name()]
        };
        assert_eq!(names, expected);
    }
}

#[test]
fn an_ingress_that_passes_requests_on_keeps_ours_behind_it() {
    let alone = dummy_ingress("");
    let app = App::new("ingress-http", "", &alone);
    let report = app.compose(Host::Annals).expect("it composes");
    assert!(
        !names(&report).contains(&"ingress-http-behind"),
        "{:?}",
        names(&report)
    );

    let in_front = dummy_ingress("import wasi:http/incoming-handler@0.2.4;");
    let app = App::new("ingress-http", "", &in_front);
    let report = app.compose(Host::Annals).expect("it composes");
    assert!(
        names(&report).contains(&"ingress-http-behind"),
        "{:?}",
        names(&report)
    );
    let edge = report
        .graph
        .iter()
        .find(|edge| edge.from == "ingress-http")
        .expect("an edge");
    assert_eq!(edge.to, "ingress-http-behind");
}

#[test]
fn what_a_part_is_not_granted_of_wasi_comes_from_a_sandbox() {
    let environment = "package wasi:cli@0.2.6 { interface environment {
        get-environment: func() -> list<tuple<string, string>>;
        get-arguments: func() -> list<string>;
        initial-cwd: func() -> option<string>;
    } interface exit { exit: func(status: result); } }";
    let imports = "import wasi:cli/environment@0.2.6; import wasi:cli/exit@0.2.6;";
    let component = [dummy_ingress_text(imports), environment.into()].concat();
    let app = App::new("ingress-http", "", &foreign(&component));
    let report = app.compose(Host::Annals).expect("it composes");
    assert!(names(&report).contains(&"ingress-http/sandbox"));
    let imported = |name: &str| report.imports.iter().any(|import| import.starts_with(name));
    assert!(!imported("wasi:cli/e"), "{:?}", report.imports);

    let allow = "allow = [\"wasi:cli/environment\"]\n";
    let app = App::new("ingress-http", allow, &foreign(&component));
    let report = app.compose(Host::Annals).expect("it composes");
    let imported = |name: &str| report.imports.iter().any(|import| import.starts_with(name));
    assert!(imported("wasi:cli/environment"), "{:?}", report.imports);
    assert!(!imported("wasi:cli/exit"), "{:?}", report.imports);
}

fn names(report: &Report) -> Vec<&str> {
    report.parts.iter().map(|part| part.name.as_str()).collect()
}

fn dummy_ingress(more: &str) -> Vec<u8> {
    foreign(&dummy_ingress_text(more))
}

fn dummy_ingress_text(more: &str) -> String {
    format!(
        "package mine:ingress;
         world ingress {{ {more} export wasi:http/incoming-handler@0.2.4; }}
         package wasi:http@0.2.4 {{
           interface types {{ resource incoming-request; resource response-outparam; }}
           interface incoming-handler {{
             use types.{{incoming-request, response-outparam}};
             handle: func(request: incoming-request, response-out: response-outparam);
           }}
         }}"
    )
}

#[test]
fn a_component_that_is_for_another_part_is_refused() {
    let sourcer = dummy("import annals:es/event-store@0.2.0; export annals:es/sourcer@0.2.0;");
    App::new("store", "", &sourcer).refused(&[
        "part `store`: does not export `annals:es/event-reader@0.2.0`, which the part `store` does",
        "part `store`: does not export `annals:es/event-store@0.2.0`, which the part `store` does",
        "does not export `annals:es/reaction-store@0.2.0`",
        "exports `annals:es/sourcer@0.2.0`, which the part `store` may not export",
        "imports `annals:es/event-store@0.2.0`, which is not available to the part `store`; it may import annals:es/",
    ]);
    // No later part exports anything that an earlier one could import.
    let early = dummy(
        "import annals:es/application@0.2.0; export annals:es/sourcer@0.2.0; \
         export annals:framework/sourcing@0.2.0;",
    );
    App::new("sourcer", "", &early).refused(&[
        "imports `annals:es/application@0.2.0`, which is not available to the part `sourcer`",
    ]);
    App::new("ingress-http", "", &dummy(STORE)).refused(&[
        "does not export `wasi:http/incoming-handler@0.2.4`",
        "exports `annals:es/event-reader@0.2.0`, which the part",
        "exports `annals:es/event-store@0.2.0`, which the part",
        "exports `annals:es/reaction-store@0.2.0`, which the part",
    ]);
    App::new("store", "", b"no component").refused(&["part `store`: "]);
}

#[test]
fn an_ingress_that_takes_commands_must_begin_the_application() {
    let ingress = |imports: &str| {
        let text = format!(
            "package annals:generated;
             world ingress {{ {imports} export wasi:http/incoming-handler@0.2.4; }}
             package wasi:http@0.2.4 {{ interface incoming-handler {{ handle: func(); }} }}"
        );
        let (resolve, world) = resolve_world(&text, "ingress").expect("WIT");
        let module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
        componentize(module, &resolve, world).expect("a component")
    };
    let rash = ingress("import annals:es/sourcer@0.2.0;");
    App::new("ingress-http", "", &rash).refused(&[
        "imports `annals:es/sourcer@0.2.0` and not `annals:es/application@0.2.0`: it could send commands to a store that refuses the application; call `application.begin`",
    ]);
}

#[test]
fn a_part_of_another_contract_is_refused() {
    let older = foreign(
        "package mine:sourcer;
         world sourcer { export annals:es/sourcer@0.0.9; export annals:framework/sourcing@0.2.0; }
         package annals:framework@0.2.0 { interface sourcing { submit: func(); after-answer: func(); } }
         package annals:es@0.0.9 { interface sourcer { submit: func(); } }",
    );
    App::new("sourcer", "", &older).refused(&[
        "it exports `annals:es/sourcer@0.0.9`, not `annals:es/sourcer@0.2.0`; build it with the WIT of this composer's version",
        "exports `annals:es/sourcer@0.0.9`, which the part `sourcer` may not export",
    ]);
    let other = foreign(
        "package mine:sourcer;
         world sourcer { export annals:es/sourcer@0.2.0; export annals:framework/sourcing@0.2.0; }
         package annals:framework@0.2.0 { interface sourcing { submit: func(); after-answer: func(); } }
         package annals:es@0.2.0 { interface sourcer { submit: func(); describe: func(); state-of: func(); } }",
    );
    App::new("sourcer", "", &other).refused(&[
        "has other types than the contract in `annals:es/sourcer@0.2.0`",
        "has other types than the contract in `annals:framework/sourcing@0.2.0`",
    ]);
}

#[test]
fn a_part_has_of_the_host_what_it_is_granted() {
    let keyvalue = "package wasi:keyvalue@0.2.0-draft2 { interface store { open: func(); } }";
    let store = |text: &str| {
        let text = format!(
            "package annals:generated;\nworld dummy {{ {STORE} import wasi:keyvalue/store@0.2.0-draft2; {text} }}\n{keyvalue}"
        );
        let (resolve, world) = resolve_world(&text, "dummy").expect("WIT");
        let module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
        componentize(module, &resolve, world).expect("a component")
    };
    App::new("store", "", &store("")).refused(&[
        "imports `wasi:keyvalue/store`, which it is not granted; set allow = [\"wasi:keyvalue/store\"]",
    ]);
    let allow = "allow = [\"wasi:keyvalue/store\"]\n";
    App::new("store", allow, &store(""))
        .compose(Host::Annals)
        .expect("it composes");
    let said = App::new("store", allow, &store("")).compose(Host::Wasmtime);
    assert!(said.is_err_and(|said| said.contains(
        "which the host `wasmtime` does not offer; remove the import, or compose with --host annals"
    )));
    App::new("store", "allow = [\"wasi:keyvalue/stor\"]\n", &dummy(STORE))
        .refused(&["is granted `wasi:keyvalue/stor`, which it does not import"]);

    let nosy = format!(
        "package annals:generated;\nworld dummy {{ export annals:es/sourcer@0.2.0; export annals:framework/sourcing@0.2.0; import wasi:keyvalue/store@0.2.0-draft2; }}\n{keyvalue}"
    );
    let (resolve, world) = resolve_world(&nosy, "dummy").expect("WIT");
    let module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    let nosy = componentize(module, &resolve, world).expect("a component");
    App::new("sourcer", allow, &nosy).refused(&[
        "imports `wasi:keyvalue/store@0.2.0-draft2`, through which the host `annals` stores the events",
    ]);
}
