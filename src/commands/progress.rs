//! What people see of long work: one line on a terminal, nothing in a pipe.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::app::Announce;
use crate::gate::source::Progress;
use crate::output::escape;

/// Work that ends before this shows nothing.
const DELAY: Duration = Duration::from_millis(400);
const TICK: Duration = Duration::from_millis(120);

/// The width of the terminal behind standard output; `None` when there is none.
#[must_use]
pub fn terminal_width() -> Option<usize> {
    let (width, _height) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width.0))
}

/// A line on standard error, when that is a terminal. It vanishes when it is dropped.
pub struct TerminalProgress {
    bar: ProgressBar,
    started: Instant,
}

impl TerminalProgress {
    /// A line that is not shown yet.
    #[must_use]
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        Self { bar, started: Instant::now() }
    }

    /// Shows this text.
    pub fn say(&self, text: String) {
        self.show();
        self.bar.set_message(text);
    }

    fn show(&self) {
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(TICK);
        }
    }
}

/// Shows a line for each plugin that is compiled, for as long as that lasts.
#[must_use]
pub fn compiling() -> Announce {
    Announce(Arc::new(|plugin| {
        let line = TerminalProgress::new();
        line.say(format!("compiling plugin `{}`, once", escape::line(plugin, 60)));
        Box::new(line)
    }))
}

impl Default for TerminalProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for TerminalProgress {
    fn records(&self, read: usize, total: Option<usize>) {
        if self.started.elapsed() < DELAY {
            return;
        }
        let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
        self.say(format!("reading deployment records: {read}{of}"));
    }
}
