//! Formats problems for people, with the affected lines of the manifest.

use super::{Problem, Problems};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// Formats all problems and their number.
#[must_use]
pub fn render(problems: &Problems, colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = String::new();
    for problem in problems.sorted() {
        text.push_str(&one(problem, &renderer));
        text.push_str("\n\n");
    }
    let count = match problems.0.len() {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    };
    let summary = Group::with_title(Level::ERROR.primary_title(count));
    text.push_str(&renderer.render(&[summary]));
    text.push('\n');
    text
}

fn one(problem: &Problem, renderer: &Renderer) -> String {
    let title = match &problem.subject {
        Some(subject) => format!("{subject}: {}", problem.what),
        None => problem.what.clone(),
    };
    let group = Level::ERROR.primary_title(&title).id(problem.code.slug());
    let group = match &problem.place {
        Some(place) => {
            let snippet = Snippet::source(place.text())
                .path(&problem.file)
                .annotation(AnnotationKind::Primary.span(place.span()));
            let beside = problem.beside.iter().map(|(place, what)| {
                let annotation = AnnotationKind::Context.span(place.span());
                annotation.label(what)
            });
            group.element(snippet.annotations(beside))
        }
        None => group.element(Origin::path(&problem.file)),
    };
    let group = group.element(Level::HELP.message(&problem.remedy));
    renderer.render(&[group])
}
