//! The command line of `policy bundle`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args};

use crate::domain::policy::SIGNATURE_ALGORITHMS;

const EXAMPLES: &str = "\
Examples:
  holdpoint policy bundle policies -o bundle.tar.gz --revision v1
  holdpoint policy bundle --sign private.pem --algorithm ES256 --key-id release";

/// Arguments of `policy bundle`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct BundleArgs {
    /// What to pack: policy files, and folders with policies and data.
    #[arg(value_name = "PATH", default_value = "policies")]
    pub paths: Vec<PathBuf>,
    /// The bundle to write.
    #[arg(short, long, value_name = "FILE", default_value = "bundle.tar.gz")]
    pub output: PathBuf,
    /// A name for this state of the policies, such as a commit.
    #[arg(long, value_name = "TEXT")]
    pub revision: Option<String>,
    /// A path below `data` that is the bundle's alone, such as `promotion`; may be given again. Default: the first
    /// names of its packages and data.
    #[arg(long, value_name = "PATH", action = ArgAction::Append)]
    pub root: Vec<String>,
    /// Pack the tests (`*_test.rego`) too.
    #[arg(long)]
    pub with_tests: bool,
    /// How to sign the bundle.
    #[command(flatten)]
    pub signing: SigningArgs,
}

/// How a bundle is signed.
#[derive(Args, Debug)]
#[command(next_help_heading = "Signing")]
pub struct SigningArgs {
    /// Sign with the private key in this file: PEM, or the secret itself for `HS…`.
    #[arg(long, value_name = "KEY_FILE")]
    pub sign: Option<PathBuf>,
    /// How to sign.
    #[arg(long, value_name = "NAME", default_value = "RS256", requires = "sign",
          value_parser = PossibleValuesParser::new(SIGNATURE_ALGORITHMS))]
    pub algorithm: String,
    /// The name of the key, for those who verify.
    #[arg(long, value_name = "NAME", requires = "sign")]
    pub key_id: Option<String>,
    /// What the signature is for; those who verify must configure the same.
    #[arg(long, value_name = "NAME", requires = "sign")]
    pub scope: Option<String>,
}
