//! What is sent.

use crate::model_server::{Api, Endpoint};
use serde_json::{Map, Value, json};

/// How requests are put, the same for all of a load.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Where to.
    pub endpoint: Endpoint,
    /// What the server understands beyond the interface's oldest fields.
    pub understood: Understood,
    /// Fields to add to every request; `null` takes one out.
    pub extra: Map<String, Value>,
}

/// Fields that not every server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Understood {
    /// `ignore_eos`, so that answers have the length that is asked for, and `cache_prompt`,
    /// so that no prompt is found in a cache: of llama.cpp and vLLM.
    pub whole_answers: bool,
    /// `stream_options.include_usage`, so that the server tells how many tokens there were.
    pub usage: bool,
}

impl Understood {
    /// From everything to nothing, in the order in which it is tried.
    pub const LESS_AND_LESS: [Self; 3] = [
        Self {
            whole_answers: true,
            usage: true,
        },
        Self {
            whole_answers: false,
            usage: true,
        },
        Self {
            whole_answers: false,
            usage: false,
        },
    ];
}

impl Form {
    /// The body that asks for so many tokens.
    pub fn body(&self, text: &str, output_tokens: u64) -> Value {
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| {
            body.insert(name.to_owned(), value);
        };
        if let Some(model) = &self.endpoint.model {
            put("model", json!(model));
        }
        match self.endpoint.api {
            Api::Chat => put("messages", json!([{"role": "user", "content": text}])),
            Api::Completions => put("prompt", json!(text)),
        }
        put("max_tokens", json!(output_tokens));
        put("temperature", json!(0));
        put("stream", json!(true));
        if self.understood.usage {
            put("stream_options", json!({"include_usage": true}));
        }
        if self.understood.whole_answers {
            put("ignore_eos", json!(true));
            put("cache_prompt", json!(false));
        }
        for (name, value) in &self.extra {
            match value {
                Value::Null => body.remove(name),
                value => body.insert(name.clone(), value.clone()),
            };
        }
        Value::Object(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_interfaces_are_asked_for_parts_and_usage() {
        let mut form = Form {
            endpoint: Endpoint::parse("http://h,tiny", None).unwrap(),
            understood: Understood::LESS_AND_LESS[0],
            extra: serde_json::from_str(r#"{"temperature": null, "top_k": 3}"#).unwrap(),
        };
        let expected = json!({
            "model": "tiny", "messages": [{"role": "user", "content": "a b"}], "max_tokens": 7,
            "stream": true, "stream_options": {"include_usage": true}, "ignore_eos": true,
            "cache_prompt": false, "top_k": 3,
        });
        assert_eq!(form.body("a b", 7), expected);
        form.endpoint = Endpoint::parse("http://h/v1/completions", None).unwrap();
        form.understood = Understood::LESS_AND_LESS[2];
        let expected = json!({"prompt": "a b", "max_tokens": 7, "stream": true, "top_k": 3});
        assert_eq!(form.body("a b", 7), expected);
    }
}
