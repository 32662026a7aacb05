//! `holdpoint init`: a working example to begin with.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::new_files;

/// A starter policy of this repository, at the same path below the folder.
macro_rules! policy {
    ($path:literal) => {
        ($path, include_str!(concat!("../../", $path)))
    };
}

/// What is written, by its path below the folder.
const FILES: &[(&str, &str)] = &[
    ("holdpoint.yaml", include_str!("../config/template.yaml")),
    ("records.json", include_str!("../config/records.json")),
    policy!("policies/artifact/pinned/pinned.rego"),
    policy!("policies/artifact/pinned/pinned_test.rego"),
    policy!("policies/artifact/registries/registries.rego"),
    policy!("policies/artifact/registries/registries_test.rego"),
    policy!("policies/lib/environments/environments.rego"),
    policy!("policies/lib/environments/environments_test.rego"),
    policy!("policies/lib/fixtures/fixtures_test.rego"),
    policy!("policies/lib/occupancy/occupancy.rego"),
    policy!("policies/lib/occupancy/occupancy_test.rego"),
    policy!("policies/lib/parameters/parameters.rego"),
    policy!("policies/lib/parameters/parameters_test.rego"),
    policy!("policies/lib/records/records.rego"),
    policy!("policies/lib/records/records_test.rego"),
    policy!("policies/lib/words/words.rego"),
    policy!("policies/lib/words/words_test.rego"),
    policy!("policies/promotion/approved/approved.rego"),
    policy!("policies/promotion/approved/approved_test.rego"),
    policy!("policies/promotion/change_freeze/change_freeze.rego"),
    policy!("policies/promotion/change_freeze/change_freeze_test.rego"),
    policy!("policies/promotion/deployed_before/deployed_before.rego"),
    policy!("policies/promotion/deployed_before/deployed_before_test.rego"),
    policy!("policies/promotion/digest_known/digest_known.rego"),
    policy!("policies/promotion/digest_known/digest_known_test.rego"),
    policy!("policies/promotion/max_age/max_age.rego"),
    policy!("policies/promotion/max_age/max_age_test.rego"),
    policy!("policies/promotion/no_downgrade/no_downgrade.rego"),
    policy!("policies/promotion/no_downgrade/no_downgrade_test.rego"),
    policy!("policies/promotion/not_withdrawn/not_withdrawn.rego"),
    policy!("policies/promotion/not_withdrawn/not_withdrawn_test.rego"),
    policy!("policies/promotion/one_version/one_version.rego"),
    policy!("policies/promotion/one_version/one_version_test.rego"),
    policy!("policies/promotion/record_freshness/record_freshness.rego"),
    policy!("policies/promotion/record_freshness/record_freshness_test.rego"),
    policy!("policies/promotion/rings/rings.rego"),
    policy!("policies/promotion/rings/rings_test.rego"),
    policy!("policies/promotion/same_artifact_name/same_artifact_name.rego"),
    policy!("policies/promotion/same_artifact_name/same_artifact_name_test.rego"),
    policy!("policies/promotion/soak_time/soak_time.rego"),
    policy!("policies/promotion/soak_time/soak_time_test.rego"),
];

/// Writes a configuration, sample records and the starter policies into the folder, which is made when it is missing.
/// Returns the paths of the files.
///
/// # Errors
/// Those of [`new_files::write`].
pub fn write(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let files = FILES.iter().map(|(name, content)| ((*name).to_owned(), Cow::Borrowed(*content)));
    new_files::write(directory, &files.collect::<Vec<_>>(), "holdpoint init FOLDER")
}

#[cfg(test)]
mod tests {
    use super::{FILES, write};
    use crate::config::{Config, PolicySource};
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// All files below the folder, with their content.
    fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                found.extend(files(&entry.path()));
            } else {
                found.insert(entry.path(), fs::read_to_string(entry.path()).unwrap_or_default());
            }
        }
        found
    }

    #[test]
    fn what_is_written_is_a_configuration_with_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("new/gate");
        let written = write(&below).unwrap();
        assert_eq!(written.len(), FILES.len());
        assert_eq!(files(folder.path()).into_keys().collect::<Vec<_>>(), {
            let mut sorted = written;
            sorted.sort();
            sorted
        });
        let config = Config::load(&below.join("holdpoint.yaml")).unwrap_or_else(|error| panic!("{error}"));
        let is_folder = |source: &PolicySource| matches!(source, PolicySource::Path(path) if path.is_dir());
        assert!(config.policies.iter().all(is_folder), "{:?}", config.policies);
        for rule in &config.rules {
            let name = rule.kind.name().rsplit('.').next().unwrap();
            let file = format!("policies/{}/{name}.rego", rule.kind.name().replace('.', "/"));
            assert!(below.join(&file).is_file(), "{file}");
        }
        serde_json::from_str::<serde_json::Value>(&fs::read_to_string(below.join("records.json")).unwrap()).unwrap();
    }

    #[test]
    fn every_starter_policy_is_written() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let policies =
            files(&root.join("policies")).into_keys().filter(|path| path.extension().is_some_and(|end| end == "rego"));
        let policies: Vec<_> = policies.map(|path| path.strip_prefix(root).unwrap().to_owned()).collect();
        let written = FILES.iter().map(|(name, _)| PathBuf::from(name)).filter(|name| name.starts_with("policies"));
        assert_eq!(written.collect::<Vec<_>>(), policies, "the list in src/commands/init.rs differs from policies/");
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("records.json"), "mine").unwrap();
        let error = write(folder.path()).unwrap_err().to_string();
        let shown = error.replace(&folder.path().display().to_string(), "FOLDER");
        insta::assert_snapshot!(shown, @"refusing to overwrite `FOLDER/records.json`; move it away, or name another folder: `holdpoint init FOLDER`");
        assert_eq!(files(folder.path()).into_values().collect::<Vec<_>>(), ["mine"]);
    }

    #[test]
    fn a_file_is_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "mine").unwrap();
        for path in [file.clone(), file.join("below")] {
            let error = write(&path).unwrap_err().to_string();
            let shown = error.replace(&folder.path().display().to_string(), "FOLDER");
            insta::allow_duplicates! {
                insta::assert_snapshot!(shown, @r"
                `FOLDER/file` is no folder
                hint: name a folder, or one that is not there yet: `holdpoint init FOLDER`
                ");
            }
        }
        assert_eq!(fs::read_to_string(file).unwrap(), "mine");
    }

    #[test]
    fn what_cannot_be_finished_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        // The folder of the policies is a file: the configuration is written before that shows.
        fs::write(folder.path().join("policies"), "mine").unwrap();
        let error = format!("{:#}", write(folder.path()).unwrap_err());
        assert!(error.contains("cannot write `") && error.contains("nothing is left behind"), "{error}");
        assert_eq!(files(folder.path()).into_values().collect::<Vec<_>>(), ["mine"]);
    }
}
