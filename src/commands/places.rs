//! Where findings are, as tools name it that show them beside the files of a repository.

use std::env;
use std::path::{Path, PathBuf};

use crate::domain::decision::Decisions;
use crate::domain::finding::Location;
use crate::output::Format;

/// Names files by their paths in the repository, for the formats that code hosts read. SARIF needs a place for every
/// result: what no policy says is at the configuration.
#[must_use]
pub fn in_repository(mut decisions: Decisions, format: Format, configuration: &Path) -> Decisions {
    if !matches!(format, Format::Github | Format::Sarif) {
        return decisions;
    }
    let root = root();
    let shown = |path: &Path| shorten(path, root.as_deref()).display().to_string();
    for finding in decisions.0.iter_mut().flat_map(|decision| &mut decision.findings) {
        match &mut finding.location {
            Some(location) => location.path = shown(Path::new(&location.path)),
            None if format == Format::Sarif => {
                finding.location = Some(Location { path: shown(configuration), line: 1 });
            }
            None => {}
        }
    }
    for decision in &mut decisions.0 {
        let of_overrides = decision.overrides.iter_mut().map(|report| &mut report.exception.location);
        let of_notices = decision.override_notices.iter_mut().filter_map(|notice| notice.location.as_mut());
        of_overrides.chain(of_notices).for_each(|location| location.path = shown(Path::new(&location.path)));
    }
    decisions
}

/// The folder that holds the repository: in a GitHub run the one that it names, else the working directory.
fn root() -> Option<PathBuf> {
    let named = env::var_os("GITHUB_WORKSPACE").filter(|name| !name.is_empty()).map(PathBuf::from);
    named.or_else(|| env::current_dir().ok())?.canonicalize().ok()
}

/// The path below the root, or as it is when it lies elsewhere.
fn shorten(path: &Path, root: Option<&Path>) -> PathBuf {
    let whole = path.canonicalize().ok();
    let below = whole.as_deref().zip(root).and_then(|(whole, root)| whole.strip_prefix(root).ok());
    below.unwrap_or(path).to_owned()
}
