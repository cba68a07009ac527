//! What a server tells of itself, and how a log holds it.

use serde::{Deserialize, Serialize};

/// What a comment in a log begins with that holds what the server told, as RON.
const MARK: &str = "# told by the server: ";

/// What a server tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename = "")]
pub struct Told {
    /// Greatest number of requests in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_running: Option<u64>,
    /// Room for keys and values, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv_tokens: Option<u64>,
    /// Tokens of keys and values in a block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_tokens: Option<u64>,
}

impl Told {
    /// The comment of a log that holds it; `None` if nothing was told.
    pub fn comment(&self) -> Option<String> {
        let fields = [
            ("max_running", self.max_running),
            ("kv_tokens", self.kv_tokens),
            ("block_tokens", self.block_tokens),
        ];
        let told = fields.iter().filter_map(|(name, value)| {
            let value = (*value)?;
            Some(format!("{name}: {value}"))
        });
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| format!("{MARK}({})", told.join(", ")))
    }

    /// From the comments of a log; nothing where there is no such comment, or another's.
    pub fn of_log(text: &str) -> Self {
        let comments = text.lines().take_while(|line| line.starts_with('#'));
        let told = comments.filter_map(|line| line.strip_prefix(MARK)).next();
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        told.and_then(|told| options.from_str(told).ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_holds_what_was_told() {
        let told = Told {
            max_running: Some(8),
            kv_tokens: Some(4096),
            block_tokens: None,
        };
        let comment = told.comment().unwrap();
        assert_eq!(
            comment,
            "# told by the server: (max_running: 8, kv_tokens: 4096)"
        );
        let text = format!("# a load\n{comment}\narrival_s,prompt_tokens,output_tokens\n");
        assert_eq!(Told::of_log(&text), told);
        assert_eq!(Told::of_log("# a load\n"), Told::default());
        assert_eq!(Told::default().comment(), None);
    }
}
