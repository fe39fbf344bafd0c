//! Shows the progress of a command on stderr, if that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A progress display, removed when it is dropped.
pub struct Shown(ProgressBar);

impl Shown {
    /// Starts a display. `total` is 0 if the total is unknown.
    pub fn new(what: &'static str, total: u64) -> Self {
        let bar = match total {
            0 => ProgressBar::new_spinner(),
            total => ProgressBar::new(total),
        };
        bar.set_prefix(what);
        let shown = Self(bar);
        shown.style(total > 0);
        shown
    }

    /// Shows `done` of `total`.
    pub fn at(&self, done: u64, total: u64) {
        if total > 0 && self.0.length() != Some(total) {
            self.0.set_length(total);
            self.style(true);
        }
        self.0.set_position(done);
    }

    fn style(&self, bar: bool) {
        let template = match bar {
            true => "{prefix} {wide_bar} {percent}%, {eta} left",
            false => "{prefix} {human_pos}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
