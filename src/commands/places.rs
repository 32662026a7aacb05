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
    let repository = Repository::find();
    let shown = |path: &Path| repository.path_of(path);
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

/// The folder that holds the repository.
pub struct Repository(Option<PathBuf>);

impl Repository {
    /// In a GitHub run the one that it names, else the working directory.
    #[must_use]
    pub fn find() -> Self {
        let named = env::var_os("GITHUB_WORKSPACE").filter(|name| !name.is_empty()).map(PathBuf::from);
        Self(named.or_else(|| env::current_dir().ok()).and_then(|folder| folder.canonicalize().ok()))
    }

    /// The path below the repository, or as it is when it lies elsewhere.
    #[must_use]
    pub fn path_of(&self, path: &Path) -> String {
        let whole = path.canonicalize().ok();
        let below = whole.as_deref().zip(self.0.as_deref()).and_then(|(whole, root)| whole.strip_prefix(root).ok());
        below.unwrap_or(path).display().to_string()
    }
}
