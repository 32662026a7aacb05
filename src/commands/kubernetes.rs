//! Objects of a cluster: from kubectl, a file or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::cli::kubernetes::ClusterArgs;
use crate::output::escape;

/// The most that is read, in bytes: a hundred thousand pods.
const LIMIT: u64 = 1 << 30;
/// The most documents of one YAML text.
const MOST_DOCUMENTS: usize = 10_000;

/// Reads objects; a list is one object here. `resources` is what kubectl is asked for when the cluster is `live`.
///
/// # Errors
/// A file or a cluster that cannot be read, more than 1 GiB, or text that is neither JSON nor YAML.
pub fn read(cluster: &ClusterArgs, resources: &[&str]) -> anyhow::Result<Vec<Value>> {
    match cluster.kubernetes.as_str() {
        "live" => ask(cluster.context.as_deref(), resources),
        "-" => parse(&bounded(io::stdin().lock())?, "standard input"),
        path => {
            let file =
                File::open(path).with_context(|| format!("the file `{path}` of `--kubernetes` cannot be read"))?;
            let bytes = bounded(file).with_context(|| format!("the file `{path}` of `--kubernetes` cannot be read"))?;
            parse(&bytes, &format!("`{path}`"))
        }
    }
}

fn bounded(reader: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LIMIT.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= LIMIT) {
        Ok(bytes)
    } else {
        bail!("it is larger than 1 GiB")
    }
}

/// Runs kubectl, which knows how to reach the cluster.
fn ask(context: Option<&str>, resources: &[&str]) -> anyhow::Result<Vec<Value>> {
    let mut command = Command::new("kubectl");
    command.arg("get").args(resources).args(["--output=json", "--request-timeout=60s"]);
    if let Some(context) = context {
        command.arg(format!("--context={context}"));
    }
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
    let mut child = started.context(
        "kubectl cannot be started\nhint: install it, or give `--kubernetes` a file that `kubectl get … -o json` wrote",
    )?;
    let read = child.stdout.take().context("kubectl has no output").and_then(bounded);
    if read.is_err() {
        // It has more to say, and nobody listens.
        drop(child.kill());
    }
    let status = child.wait()?;
    let bytes = read?;
    if !status.success() {
        bail!("`kubectl get {}` failed ({status})\nhint: its own message is above", resources.join(" "));
    }
    parse(&bytes, "kubectl's answer")
}

/// JSON, or YAML of one or more documents.
fn parse(bytes: &[u8], what: &str) -> anyhow::Result<Vec<Value>> {
    let text = std::str::from_utf8(bytes).with_context(|| format!("{what} is not UTF-8 text"))?;
    let objects = if text.trim_start().starts_with('{') {
        vec![serde_json::from_str(text).with_context(|| format!("{what} is not JSON"))?]
    } else {
        yaml(text).map_err(|why| anyhow::anyhow!("{what} is neither JSON nor YAML: {}", escape::line(&why, 300)))?
    };
    if objects.iter().all(Value::is_null) {
        bail!("{what} is empty\nhint: it should have objects as `kubectl get … -o json` or `-o yaml` writes them");
    }
    Ok(objects)
}

fn yaml(text: &str) -> Result<Vec<Value>, String> {
    let options = serde_saphyr::options! {
        // Text of a cluster has no aliases, so its size is what it takes.
        budget: serde_saphyr::budget! {
            max_events: 100_000_000,
            max_nodes: 50_000_000,
            max_total_scalar_bytes: 1 << 30,
            max_documents: MOST_DOCUMENTS,
            max_depth: 128,
            max_aliases: 0,
            max_anchors: 0,
        },
        with_snippet: false,
    };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn json_and_yaml_of_several_documents_are_read() {
        let cases: [(&str, usize); 4] = [
            (r#"{"kind": "List", "items": []}"#, 1),
            ("kind: List\nitems: []\n", 1),
            ("---\nkind: Service\n---\n# nothing\n---\nkind: Secret\n", 2),
            ("\n  {\"kind\": \"Pod\"}\n", 1),
        ];
        for (text, objects) in cases {
            let read = parse(text.as_bytes(), "it").unwrap();
            assert_eq!(read.iter().filter(|object| object.is_object()).count(), objects, "{text}");
        }
    }

    #[test]
    fn what_is_no_object_says_so() {
        let cases = [
            ("", "it is empty"),
            ("--- \n", "it is empty"),
            ("{", "it is not JSON"),
            ("a: [", "it is neither JSON nor YAML"),
            ("a: &x [1]\nb: *x\n", "it is neither JSON nor YAML"),
        ];
        for (text, expected) in cases {
            let message = parse(text.as_bytes(), "it").unwrap_err().to_string();
            assert!(message.starts_with(expected), "{text}: {message}");
        }
        assert!(parse(b"\xff", "it").is_err());
    }
}
