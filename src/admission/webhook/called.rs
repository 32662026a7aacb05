//! Which requests a webhook is called for, by its rules and selectors.

use super::{Requirement, Rule, Selector, Webhook};

impl Webhook {
    /// Whether its rules name this request for an object in a namespace.
    pub(in crate::admission) fn is_called_for(
        &self,
        group: &str,
        version: &str,
        resource: &str,
        operation: &str,
    ) -> bool {
        self.rules.iter().any(|rule| {
            rule.is_for_group(group, operation)
                && has(&rule.api_versions, version)
                && rule.resources.iter().any(|pattern| matches(pattern, resource))
                && rule.is_for_namespaces()
        })
    }
}

impl Rule {
    /// Whether it names this operation on anything of this API group.
    pub(in crate::admission) fn is_for_group(&self, group: &str, operation: &str) -> bool {
        has(&self.api_groups, group) && has(&self.operations, operation)
    }

    fn is_for_namespaces(&self) -> bool {
        self.scope.as_deref().is_none_or(|scope| scope == "*" || scope == "Namespaced")
    }
}

/// Whether a list has the text or a star, which stands for all.
fn has(list: &[String], text: &str) -> bool {
    list.iter().any(|item| item == "*" || item == text)
}

/// `*` is every resource and no subresource, `*/*` everything, `pods/*` the subresources of pods, `*/scale` all of one
/// name.
fn matches(pattern: &str, resource: &str) -> bool {
    match (pattern.split_once('/'), resource.split_once('/')) {
        (None, None) => pattern == "*" || pattern == resource,
        (Some(("*", "*")), None) => true,
        (None, Some(_)) | (Some(_), None) => false,
        (Some((parent, part)), Some((of, name))) => (parent == "*" || parent == of) && (part == "*" || part == name),
    }
}

impl Selector {
    /// Whether it selects what has these labels.
    pub(in crate::admission) fn selects<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements().iter().all(|requirement| requirement.is_met_by(label(&requirement.key)))
    }
}

impl Requirement {
    fn is_met_by(&self, value: Option<&str>) -> bool {
        let is_listed = value.is_some_and(|value| self.values.iter().any(|listed| listed == value));
        match self.operator.as_str() {
            "In" => is_listed,
            "NotIn" => !is_listed,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            // An API server takes no others. What is not understood selects, so that it is judged.
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Selector;
    use serde_json::json;

    #[test]
    fn labels_are_selected_as_the_api_server_does() {
        let expression = |operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": "stage", "operator": operator, "values": values}]});
        // A selector, and whether it selects `stage: prod`, `stage: dev`, and no labels.
        let cases = [
            (json!({}), [true, true, true]),
            (json!({"matchLabels": {"stage": "prod"}}), [true, false, false]),
            (expression("In", &["prod", "qa"]), [true, false, false]),
            (expression("NotIn", &["prod"]), [false, true, true]),
            (expression("Exists", &[]), [true, true, false]),
            (expression("DoesNotExist", &[]), [false, false, true]),
            (json!({"matchLabels": {"stage": "prod", "team": "a"}}), [false, false, false]),
        ];
        for (selector, expected) in cases {
            let read: Selector = serde_json::from_value(selector.clone()).unwrap();
            let selects = |stage: Option<&'static str>| read.selects(|key| stage.filter(|_| key == "stage"));
            assert_eq!([Some("prod"), Some("dev"), None].map(selects), expected, "{selector}");
        }
    }
}
