//! `--watch`: the tests again whenever a policy changes.

use std::ffi::OsStr;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use crate::commands::{block_on, standard_error, write};
use crate::exit::Exit;

/// Programs write a file in several steps: the tests wait until nothing has changed for as long as this …
const QUIET: Duration = Duration::from_millis(100);
/// … but no longer than this.
const LONGEST: Duration = Duration::from_secs(2);

/// Clears the screen, the lines that were scrolled out of it too, and moves to its corner.
const CLEAR: &str = "\u{1b}[2J\u{1b}[3J\u{1b}[H";

/// Does the work now and after every change below the paths, until Ctrl-C.
///
/// # Errors
/// When the paths cannot be watched, at the beginning or later. What goes wrong in the work is reported, and the next
/// change is waited for.
pub(super) fn run(
    paths: &[PathBuf],
    work: impl Fn() -> anyhow::Result<Exit> + Send + Sync + 'static,
) -> anyhow::Result<Exit> {
    for path in paths {
        std::fs::metadata(path).with_context(|| cannot(path))?;
    }
    block_on(watch(paths, Arc::new(work)))?
}

type Work = Arc<dyn Fn() -> anyhow::Result<Exit> + Send + Sync>;

async fn watch(paths: &[PathBuf], work: Work) -> anyhow::Result<Exit> {
    // One message says as much as many: something changed since it was last looked at.
    let (sender, mut changes) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |event| {
        if matters(&event) {
            let _full = sender.try_send(());
        }
    })
    .context("changes of files cannot be watched")?;
    let interrupt = tokio::signal::ctrl_c();
    tokio::pin!(interrupt);
    // Until the first run is over, nothing has passed.
    let mut exit = Exit::Deny;
    loop {
        add(&mut watcher, paths)?;
        tokio::select! {
            _ = &mut interrupt => return Ok(exit),
            done = on_a_thread(&work) => exit = done,
        }
        standard_error::write(&format!("watching {}; Ctrl-C ends it", names(paths)));
        tokio::select! {
            _ = &mut interrupt => return Ok(exit),
            () = next(&mut changes) => {}
        }
        if std::io::stdout().is_terminal() {
            write::to_stdout(CLEAR)?;
        }
    }
}

/// Not on this thread, which has to hear Ctrl-C.
async fn on_a_thread(work: &Work) -> Exit {
    let (sender, receiver) = oneshot::channel();
    let work = Arc::clone(work);
    let started = std::thread::Builder::new().spawn(move || drop(sender.send(work())));
    let done = match started {
        Ok(_thread) => receiver.await,
        Err(error) => Ok(Err(error.into())),
    };
    match done {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            standard_error::error(&format!("{error:#}"));
            Exit::Usage
        }
        Err(_closed) => {
            standard_error::error("the tests ended before their end\nhint: this is a defect of holdpoint");
            Exit::Deny
        }
    }
}

/// Waits for a change, and until there are no more of them.
async fn next(changes: &mut mpsc::Receiver<()>) {
    if changes.recv().await.is_none() {
        return std::future::pending().await;
    }
    let first = Instant::now();
    while first.elapsed() < LONGEST && timeout(QUIET, changes.recv()).await.is_ok() {}
}

/// Watches the folders and the folders of the files: editors replace files, and a watch on a file ends with it.
/// Again before each run, since folders come and go.
fn add(watcher: &mut RecommendedWatcher, paths: &[PathBuf]) -> anyhow::Result<()> {
    for path in paths {
        let (folder, mode) = if path.is_dir() {
            (path.as_path(), RecursiveMode::Recursive)
        } else {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            (parent.unwrap_or(Path::new(".")), RecursiveMode::NonRecursive)
        };
        watcher.watch(folder, mode).with_context(|| cannot(path))?;
    }
    Ok(())
}

fn cannot(path: &Path) -> String {
    format!("`{}` cannot be watched", path.display())
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
}

/// Whether policies may have changed. Reading them is an event too.
fn matters(event: &notify::Result<Event>) -> bool {
    let Ok(event) = event else { return true };
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    event.need_rescan() || event.paths.iter().any(|path| may_hold_policies(path))
}

/// A policy, or what could be a folder, which may be gone by now.
fn may_hold_policies(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let extension = path.extension();
    !hidden && (extension.is_none() || extension == Some(OsStr::new("rego")) || path.is_dir())
}

#[cfg(test)]
mod tests {
    use super::matters;
    use notify::event::{AccessKind, CreateKind, ModifyKind};
    use notify::{Event, EventKind};
    use std::path::Path;

    #[test]
    fn only_changes_of_policies_matter() {
        let modified = EventKind::Modify(ModifyKind::Any);
        for (kind, path, expected) in [
            (modified, "p/a.rego", true),
            (modified, "p/a_test.rego", true),
            (EventKind::Access(AccessKind::Any), "p/a.rego", false),
            (modified, "p/.a.rego.swp", false),
            (modified, "p/.#a.rego", false),
            (modified, "p/lcov.info", false),
            (EventKind::Create(CreateKind::Folder), "p/new", true),
        ] {
            let event = Event::new(kind).add_path(Path::new(path).to_owned());
            assert_eq!(matters(&Ok(event)), expected, "{kind:?} {path}");
        }
        assert!(matters(&Err(notify::Error::generic("lost"))));
    }
}
