//! Where a model is asked.

use super::{Fault, secret};

/// Which of the two interfaces a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// `/v1/chat/completions`: the server applies the model's chat template.
    Chat,
    /// `/v1/completions`: the model sees the text as it is.
    Completions,
}

/// Where a model is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    /// The model's name at that server, if it needs one.
    pub model: Option<String>,
    /// Which interface the URL names.
    pub api: Api,
    key: Option<String>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key stays out of every log.
        write!(f, "Endpoint({self})")
    }
}

impl std::fmt::Display for Endpoint {
    /// Without the key and without the URL's query, which may hold one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.url.split('?').next().unwrap_or_default())?;
        match &self.model {
            Some(model) => write!(f, ",{model}"),
            None => Ok(()),
        }
    }
}

impl Endpoint {
    /// Reads `URL[,model]`. A URL that ends in `/chat/completions` or
    /// `/completions` is taken as it is; otherwise it is a server's base, to which
    /// `/v1/chat/completions` (or, behind a path, `/chat/completions`) is added.
    ///
    /// # Errors
    /// What was found and what is allowed.
    ///
    /// ```
    /// use edgelm::model_server::Endpoint;
    /// let endpoint = Endpoint::parse("http://127.0.0.1:8080,tiny", None).unwrap();
    /// assert_eq!(endpoint.to_string(), "http://127.0.0.1:8080/v1/chat/completions,tiny");
    /// assert!(Endpoint::parse("127.0.0.1:8080", None).is_err());
    /// ```
    pub fn parse(text: &str, key: Option<String>) -> Result<Endpoint, String> {
        let (url, model) = match text.split_once(',') {
            Some((_, "")) => return Err(format!("found `{text}`: no model behind the comma")),
            Some((url, model)) => (url, Some(model.to_owned())),
            None => (text, None),
        };
        let allowed = "allowed: http://HOST[:PORT][/PATH][,MODEL] or https://...";
        let bad = |why: &str| format!("found `{}`: {why}; {allowed}", shown(url));
        let uri: ureq::http::Uri = url.parse().map_err(|_| bad("not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(bad("no http:// or https:// at the start"));
        }
        let authority = uri.authority().ok_or_else(|| bad("no host"))?;
        if authority.host().is_empty() {
            return Err(bad("no host"));
        }
        if authority.as_str().contains('@') {
            return Err(bad(
                "a name and password in it, which would be stored with the results: \
                 put a key into an environment variable and name it with --api-key-env",
            ));
        }
        let (base, query) = match url.split_once('?') {
            Some((base, query)) => (base, Some(query)),
            None => (url, None),
        };
        let base = base.split('#').next().unwrap_or_default();
        let base = base.trim_end_matches('/');
        let (mut url, api) = if base.ends_with("/chat/completions") {
            (base.to_owned(), Api::Chat)
        } else if base.ends_with("/completions") {
            (base.to_owned(), Api::Completions)
        } else if matches!(uri.path(), "" | "/") {
            (format!("{base}/v1/chat/completions"), Api::Chat)
        } else {
            (format!("{base}/chat/completions"), Api::Chat)
        };
        if let Some(query) = query {
            url += &format!("?{query}");
        }
        if let Some(key) = &key
            && !key.chars().all(|c| c.is_ascii_graphic())
        {
            return Err("the API key holds characters that cannot be sent".to_owned());
        }
        Ok(Endpoint {
            url,
            model,
            api,
            key,
        })
    }

    /// Whether it is asked over TLS.
    pub fn is_secure(&self) -> bool {
        let scheme = self.url.get(..6);
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
    }

    /// Where the same server tells something of itself: its base, without the interface, and
    /// `path` behind it.
    pub(super) fn beside(&self, path: &str) -> String {
        let base = self.url.split('?').next().unwrap_or_default();
        let interface = ["/chat/completions", "/completions"];
        let base = interface.iter().find_map(|end| base.strip_suffix(end));
        let base = base.unwrap_or_default();
        format!("{}{path}", base.strip_suffix("/v1").unwrap_or(base))
    }

    /// Its URL with what is secret in it.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// A text as it came, with the key taken out if it is long enough to be one.
    ///
    /// # Errors
    /// It holds the key in a spelling that cannot be taken out.
    pub(super) fn without_key(&self, text: String) -> Result<String, Fault> {
        match self.key.as_deref().filter(|key| secret::is_secret(key)) {
            None => Ok(text),
            Some(key) => {
                let text = secret::without(key, &text);
                match secret::is_hidden_in(key, &text) {
                    true => Err(Fault::KeyEchoed),
                    false => Ok(text),
                }
            }
        }
    }

    /// `text` with the key made unreadable, should a server have echoed it.
    pub(super) fn redact(&self, text: String) -> String {
        match self.key.as_deref() {
            Some(key) => secret::without(key, &text),
            None => text,
        }
    }
}

/// A URL as it may be shown: without what may be secret in it.
fn shown(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}://***{}", &url[..scheme], &url[at..])
        }
        (None, Some(at)) => format!("***{}", &url[at..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_every_form() {
        let shown = |text: &str| Endpoint::parse(text, None).unwrap().to_string();
        assert_eq!(shown("http://h"), "http://h/v1/chat/completions");
        assert_eq!(shown("http://h:80/"), "http://h:80/v1/chat/completions");
        assert_eq!(
            shown("https://h/v1/,a/b:c"),
            "https://h/v1/chat/completions,a/b:c"
        );
        assert_eq!(
            shown("https://h/api/v1/chat/completions?key=secret"),
            "https://h/api/v1/chat/completions"
        );
        let text = Endpoint::parse("http://h/v1/completions", None).unwrap();
        assert_eq!(text.api, Api::Completions);
        for bad in [
            "",
            "h:1",
            "ftp://h",
            "http://",
            "http://u:p@h",
            "http://h,",
            "a b",
        ] {
            let error = Endpoint::parse(bad, None).unwrap_err();
            assert!(error.starts_with("found `"), "{error}");
            assert!(!error.contains("u:p"), "{error}");
        }
    }

    #[test]
    fn the_key_is_never_shown() {
        let endpoint = Endpoint::parse("http://h?k=s3cret", Some("s3cret".to_owned())).unwrap();
        assert!(!format!("{endpoint} {endpoint:?}").contains("s3cret"));
        assert_eq!(
            endpoint.redact("key s3cret is bad".to_owned()),
            "key *** is bad"
        );
        assert!(Endpoint::parse("http://h", Some("a\nb".to_owned())).is_err());
    }

    #[test]
    fn what_a_server_tells_of_itself_is_beside_its_interface() {
        let beside = |text: &str| Endpoint::parse(text, None).unwrap().beside("/props");
        assert_eq!(beside("http://h:1"), "http://h:1/props");
        assert_eq!(beside("https://h/v1/completions?key=x"), "https://h/props");
        assert_eq!(beside("https://h/api/v1"), "https://h/api/props");
    }
}
