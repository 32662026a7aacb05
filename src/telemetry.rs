//! Logs: to standard error, about holdpoint's own work only. See `docs/logging.md`.

use std::io::{IsTerminal as _, stderr};

use clap::ValueEnum;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// Failures.
    Error,
    /// What deserves a look.
    #[default]
    Warn,
    /// Each step of a decision.
    Info,
    /// Each request to a record source.
    Debug,
    /// Everything.
    Trace,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl LogLevel {
    const fn level(self) -> Option<Level> {
        match self {
            Self::Off => None,
            Self::Error => Some(Level::ERROR),
            Self::Warn => Some(Level::WARN),
            Self::Info => Some(Level::INFO),
            Self::Debug => Some(Level::DEBUG),
            Self::Trace => Some(Level::TRACE),
        }
    }
}

/// Starts logging. Libraries are left out: what they log of requests is not ours to vouch for.
pub fn start(level: LogLevel, format: LogFormat) {
    let Some(level) = level.level() else { return };
    let targets = Targets::new().with_target("holdpoint", level);
    let registry = tracing_subscriber::registry();
    // A line that cannot be written is lost: to say so on the same stream would panic.
    let started = match format {
        LogFormat::Text => {
            let color = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let layer = fmt::layer().with_writer(stderr).with_ansi(color).log_internal_errors(false);
            registry.with(layer.with_filter(targets)).try_init()
        }
        LogFormat::Json => {
            let layer = fmt::layer().json().with_writer(stderr).log_internal_errors(false);
            registry.with(layer.with_filter(targets)).try_init()
        }
    };
    // A second start, as in tests that call commands in one process, keeps the first.
    drop(started);
}
