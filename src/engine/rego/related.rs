//! Policies that say `custom.records: related`: that they look only at what [`crate::gate::source::Related`] describes.
//!
//! Whether a policy keeps to it cannot be told from its text, but that it does not where it uses the list of all records.

use std::collections::BTreeSet;

use super::fault::PolicyFault;
use super::files::PolicyFile;
use super::metadata::RecordsNeed;
use super::package::Package;
use super::reach;

/// The index that has all records.
const ALL_RECORDS: &str = "by_environment";

/// The policies that say so and use the list of all records, themselves or through what they use.
pub(super) fn faults(files: &[PolicyFile], packages: &[Package]) -> Vec<PolicyFault> {
    let lists: Vec<bool> = files.iter().map(|file| reach::mentions(file, ALL_RECORDS)).collect();
    if !lists.contains(&true) {
        return Vec::new();
    }
    let related = packages.iter().filter(|package| package.annotation.records == Some(RecordsNeed::Related));
    related
        .filter_map(|package| {
            let reached = reach::reached(files, &BTreeSet::from([package.name.as_str()]));
            let (file, _) =
                files.iter().zip(reached.iter().zip(&lists)).find(|(_, (reached, lists))| **reached && **lists)?;
            let location = package.description.location.as_ref();
            let (path, line) = location.map_or(("", 0), |location| (location.path.as_str(), location.line));
            let message = format!(
                "the policy `{}` says `custom.records: related`, and uses `{ALL_RECORDS}` in `{}`",
                package.name, file.path
            );
            let hint = "look records up by digest or slot, or take `records` out of the METADATA";
            Some(PolicyFault::at(path, (line, 0), "records_not_related", message, hint))
        })
        .collect()
}
