//! Whose server it is, for messages: the API is the same.

/// Who made the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Product {
    /// Chainloop itself, or somebody else who speaks its API.
    #[default]
    Chainloop,
    /// `holdpoint ledger serve`.
    Ledger,
}

impl Product {
    /// Its type in the configuration.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Chainloop => "chainloop",
            Self::Ledger => "ledger",
        }
    }

    /// What its token, or its source, is called.
    pub(super) const fn adjective(self) -> &'static str {
        match self {
            Self::Chainloop => "Chainloop",
            Self::Ledger => "ledger",
        }
    }

    /// Who does not know an environment.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Chainloop => "Chainloop",
            Self::Ledger => "the ledger",
        }
    }

    /// How to come by a token.
    pub(super) const fn new_token(self) -> &'static str {
        match self {
            Self::Chainloop => "create a new API token in Chainloop",
            Self::Ledger => "make a new token with `holdpoint ledger token` where the ledger is",
        }
    }

    /// How an environment comes to be.
    pub(super) fn new_environment(self, kind: &str) -> String {
        match self {
            Self::Chainloop => format!("create the {kind} in Chainloop"),
            Self::Ledger => "record a deployment there".to_owned(),
        }
    }

    /// What to do about a fault of the server.
    pub(super) fn failed(self, token_origin: &str) -> String {
        match self {
            Self::Chainloop => format!(
                "try again later; Chainloop also answers so when a token was revoked: check the one in {token_origin}"
            ),
            Self::Ledger => "see what the log of the ledger's server says".to_owned(),
        }
    }
}
