//! Describes the application: JSON for programs, an HTML page for people.

use crate::accept;
use crate::annals::es::types::{Precondition, ReactionDescriptor, StartFrom};
use crate::application::{self, About};
use crate::json;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;
use crate::views::in_order;
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt::Write as _;

pub fn about(request: &Request) -> Result<Response, Problem> {
    let about = application::about();
    if accept::prefers(request, "text/html") {
        return Ok(Response {
            status: 200,
            headers: vec![("content-type", "text/html; charset=utf-8".into())],
            body: page(&about).into_bytes(),
        });
    }
    Ok(Response::json(200, &application(&about)))
}

#[derive(Serialize)]
struct Application<'a> {
    name: &'a str,
    version: &'a str,
    annals: &'static str,
    handlers: Vec<Handler<'a>>,
    commands: Vec<Command<'a>>,
    events: Vec<&'a String>,
    views: Vec<View<'a>>,
    reactions: Vec<Reaction<'a>>,
}

#[derive(Serialize)]
struct Handler<'a> {
    name: &'a str,
    kind: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Command<'a> {
    #[serde(rename = "type")]
    command_type: &'a str,
    decider: &'a str,
    category: &'a str,
    precondition: String,
    schema: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    projector: &'a str,
}

#[derive(Serialize)]
struct Reaction<'a> {
    name: &'a str,
    kind: &'static str,
    version: u32,
    /// Its name in JSON is fixed: clients read `wants`.
    #[serde(rename = "wants")]
    event_types: &'a [String],
    emits: &'a [String],
    views: &'a [String],
    from: &'static str,
    /// Its name in JSON is fixed: clients read `lanes`.
    #[serde(rename = "lanes")]
    concurrency: u32,
}

fn application(about: &About) -> Application<'_> {
    let handlers = about.settings.handlers.iter().map(|handler| Handler {
        name: &handler.name,
        kind: &handler.kind,
        version: &handler.version,
    });
    let commands = about.description.deciders.iter().flat_map(|decider| {
        decider.commands.iter().map(|command| Command {
            command_type: &command.command_type,
            decider: &decider.name,
            category: &decider.category,
            precondition: precondition(command.precondition),
            schema: command
                .schema
                .as_deref()
                .and_then(|text| json::raw(text.as_bytes())),
        })
    });
    let mut events = in_order(
        about
            .description
            .deciders
            .iter()
            .flat_map(|decider| &decider.emits),
    );
    events.dedup();
    let views = views(about).map(|(projector, name)| View { name, projector });
    let reactions = reactions(about).map(|(kind, reaction)| Reaction {
        name: &reaction.name,
        kind,
        version: reaction.version,
        event_types: &reaction.event_types,
        emits: &reaction.emits,
        views: &reaction.views,
        from: match reaction.start {
            StartFrom::Origin => "origin",
            StartFrom::Now => "now",
        },
        concurrency: reaction.concurrency,
    });
    Application {
        name: &about.settings.name,
        version: &about.settings.version,
        annals: env!("CARGO_PKG_VERSION"),
        handlers: handlers.collect(),
        commands: commands.collect(),
        events,
        views: views.collect(),
        reactions: reactions.collect(),
    }
}

/// All reactions with their kinds.
pub fn reactions(about: &About) -> impl Iterator<Item = (&'static str, &ReactionDescriptor)> {
    let kinds = [
        ("projector", &about.description.projectors),
        ("process-manager", &about.description.process_managers),
        ("notifier", &about.description.notifiers),
    ];
    kinds
        .into_iter()
        .flat_map(|(kind, reactions)| reactions.iter().map(move |reaction| (kind, reaction)))
}

/// All views, each with its projector.
fn views(about: &About) -> impl Iterator<Item = (&str, &str)> {
    about.description.projectors.iter().flat_map(|projector| {
        let views = projector.views.iter();
        views.map(|view| (projector.name.as_str(), view.as_str()))
    })
}

fn precondition(precondition: Precondition) -> String {
    match precondition {
        Precondition::Any => "any".into(),
        Precondition::NoStream => "no-stream".into(),
        Precondition::StreamExists => "stream-exists".into(),
        Precondition::At(version) => format!("at {version}"),
    }
}

/// The HTML page. Its names come from the manifest and from components, so they are escaped.
fn page(about: &About) -> String {
    let name = escape(&about.settings.name);
    let mut html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title>\
         <style>body{{font:16px/1.5 system-ui;margin:2rem auto;max-width:50rem;padding:0 1rem}}\
         td,th{{text-align:left;padding:.2rem 1rem .2rem 0}}</style>\
         <h1>{name} <small>{}</small></h1><h2>Commands</h2>\
         <table><tr><th>command<th>decider<th>streams<th>may emit</tr>",
        escape(&about.settings.version),
    );
    for decider in &about.description.deciders {
        for command in &decider.commands {
            let _ = write!(
                html,
                "<tr><td>{}<td>{}<td>{}-*<td>{}</tr>",
                escape(&command.command_type),
                escape(&decider.name),
                escape(&decider.category),
                escape(&decider.emits.join(", ")),
            );
        }
    }
    html.push_str("</table>");
    reaction_tables(&mut html, about);
    html.push_str("<p><a href=\"/events\">events</a> <a href=\"/healthz\">health</a></p></html>");
    html
}

fn reaction_tables(html: &mut String, about: &About) {
    if views(about).next().is_some() {
        html.push_str("<h2>Views</h2><table><tr><th>view<th>projector</tr>");
        for (projector, view) in views(about) {
            let (projector, view) = (escape(projector), escape(view));
            let _ = write!(
                html,
                "<tr><td><a href=\"/views/{view}\">{view}</a><td>{projector}</tr>"
            );
        }
        html.push_str("</table>");
    }
    if reactions(about).next().is_some() {
        html.push_str(
            "<h2>Reactions</h2><table><tr><th>reaction<th>kind<th>events<th>may send</tr>",
        );
        for (kind, reaction) in reactions(about) {
            let event_types = match reaction.event_types.as_slice() {
                [] => "all".into(),
                listed => escape(&listed.join(", ")),
            };
            let _ = write!(
                html,
                "<tr><td>{}<td>{kind}<td>{event_types}<td>{}</tr>",
                escape(&reaction.name),
                escape(&reaction.emits.join(", ")),
            );
        }
        html.push_str(
            "</table><p><a href=\"/admin/reactions\">state of the reactions</a> \
             <a href=\"/admin/dead-letters\">dead letters</a>",
        );
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
