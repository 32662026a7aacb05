use super::fault::PolicyFault;
use regorus::unstable::*;
pub(super) struct EntryRule {
    pub(super) name: String,
    pub(super) line: u32,
}
pub(super) struct PackageRules {
    pub(super) package: String,
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) entry_rules: Vec<EntryRule>,
}
pub(super) fn check(_m: &[Ref<Module>]) -> Vec<PolicyFault> {
    Vec::new()
}
pub(super) fn packages(m: &[Ref<Module>]) -> Vec<PackageRules> {
    m.iter()
        .map(|m| {
            let t = m.package.refr.span();
            PackageRules {
                package: t.text().to_owned(),
                path: t.source.get_path().to_string(),
                line: t.line,
                entry_rules: m
                    .policy
                    .iter()
                    .filter_map(|r| match r.as_ref() {
                        Rule::Spec { head, span, .. } => {
                            let refr = match head {
                                RuleHead::Compr { refr, .. }
                                | RuleHead::Set { refr, .. }
                                | RuleHead::Func { refr, .. } => refr,
                            };
                            Some(EntryRule { name: refr.span().text().to_owned(), line: span.line })
                        }
                        _ => None,
                    })
                    .collect(),
            }
        })
        .collect()
}
