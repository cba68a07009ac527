//! One request to an OpenAI-compatible server, and its repetition.

use super::authorities::authorities;
use super::{Fault, secret};
use serde::de::IgnoredAny;
use serde_json::Value;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

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
    /// use edgelm::profile::Endpoint;
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

    /// `text` with the key made unreadable, should a server have echoed it.
    fn redact(&self, text: String) -> String {
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

/// Bytes of an answer that are read at most; an answer has a few thousand.
const LARGEST_ANSWER: u64 = 32 << 20;

/// Sends requests, one at a time per thread; connections are kept open.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
    timeout: Duration,
    /// How often a request is repeated at most after a passing fault.
    pub retries: u32,
    /// The longest wait before a repetition, whatever the server asks for.
    pub longest_wait: Duration,
}

impl Client {
    /// A client which waits `timeout` for each answer. `secure` says whether any server is
    /// asked over TLS, for which it must know whom to believe.
    ///
    /// # Errors
    /// It must, and `SSL_CERT_FILE` is set and holds no certificate.
    pub fn new(
        timeout: Duration,
        retries: u32,
        longest_wait: Duration,
        secure: bool,
    ) -> Result<Self, String> {
        let roots = match secure {
            true => authorities()?,
            false => ureq::tls::RootCerts::WebPki,
        };
        let tls = ureq::tls::TlsConfig::builder().root_certs(roots);
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .tls_config(tls.build())
            .http_status_as_error(false)
            // A redirected POST would become a GET: the user had better know.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("edgelm/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: config.into(),
            timeout,
            retries,
            longest_wait,
        })
    }

    /// Sends `body` once. The answer is the text as it came, without the key if that
    /// was in it: parsing it to a [`Value`] would lose tokens that are written alike.
    ///
    /// # Errors
    /// Anything but status 200 with JSON.
    pub fn send(&self, endpoint: &Endpoint, body: &Value) -> Result<String, Fault> {
        let mut request = self
            .agent
            .post(&endpoint.url)
            .header("content-type", "application/json");
        if let Some(key) = &endpoint.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let mut response = request
            .send(body.to_string())
            .map_err(|e| self.fault(endpoint, e))?;
        let status = response.status();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(retry_after);
        let bytes = response
            .body_mut()
            .with_config()
            .limit(LARGEST_ANSWER)
            .read_to_vec()
            .map_err(|e| self.fault(endpoint, e))?;
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(key) = &endpoint.key
            && secret::is_secret(key)
        {
            text = secret::without(key, &text);
            if secret::is_hidden_in(key, &text) {
                return Err(Fault::KeyEchoed);
            }
        }
        if status != 200 {
            let json: Option<Value> = serde_json::from_str(&text).ok();
            let said = json.as_ref().and_then(said).unwrap_or_else(|| start(&text));
            let message = format!(
                "{}{}{said}",
                status.canonical_reason().unwrap_or("an unnamed status"),
                if said.is_empty() { "" } else { ": " }
            );
            return Err(Fault::Status {
                code: status.as_u16(),
                message: endpoint.redact(message),
                retry_after,
            });
        }
        match serde_json::from_str::<IgnoredAny>(&text) {
            Ok(_) => Ok(text),
            Err(_) => Err(Fault::NotJson(endpoint.redact(start(&text)))),
        }
    }

    fn fault(&self, endpoint: &Endpoint, error: ureq::Error) -> Fault {
        let text = || endpoint.redact(error.to_string());
        match &error {
            ureq::Error::Timeout(_) => Fault::TimedOut(self.timeout),
            ureq::Error::HostNotFound => Fault::Unreachable("no such host".to_owned()),
            ureq::Error::ConnectionFailed | ureq::Error::Tls(_) | ureq::Error::Rustls(_) => {
                Fault::Unreachable(text())
            }
            ureq::Error::Io(e) => match e.kind() {
                ErrorKind::ConnectionRefused => {
                    Fault::Unreachable("connection refused (is the server running?)".to_owned())
                }
                ErrorKind::TimedOut => Fault::TimedOut(self.timeout),
                ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::AddrNotAvailable => Fault::Unreachable(text()),
                // What TLS refuses, a certificate for example, comes as this.
                ErrorKind::InvalidData => {
                    Fault::Unreachable(format!("no secure connection: {}", text()))
                }
                // Resolving a host that does not exist has no kind of its own.
                _ if e.to_string().contains("lookup address") => Fault::Unreachable(text()),
                _ => Fault::Broken(text()),
            },
            _ => Fault::Broken(text()),
        }
    }

    /// How long to wait before repetition number `attempt` (from 0): what the
    /// server asks for, else half a second, doubled each time; never longer than
    /// [`longest_wait`](Self::longest_wait).
    pub fn wait(&self, attempt: u32, fault: &Fault) -> Duration {
        let asked = match fault {
            Fault::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        let doubled = Duration::from_millis(500).saturating_mul(1 << attempt.min(20));
        asked.unwrap_or(doubled).min(self.longest_wait)
    }
}

/// What a server says of an error, in any of the usual places.
fn said(json: &Value) -> Option<String> {
    let error = json.get("error").or(json.get("detail")).unwrap_or(json);
    let text = error.as_str().or(error.get("message")?.as_str())?;
    Some(text.chars().take(300).collect())
}

/// The beginning of an answer, on one line.
fn start(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().take(80).collect();
    words.join(" ").chars().take(80).collect()
}

/// `Retry-After` is a number of seconds or a date.
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value.trim()).ok()?;
    Some(
        date.duration_since(SystemTime::now())
            .unwrap_or(Duration::ZERO),
    )
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
    fn waits_double_and_obey_the_server_within_the_bound() {
        let client = Client::new(Duration::from_secs(1), 3, Duration::from_secs(5), false).unwrap();
        let passing = Fault::Broken(String::new());
        let waits: Vec<_> = (0..5)
            .map(|i| client.wait(i, &passing).as_millis())
            .collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 5000]);
        let asked = |retry_after| Fault::Status {
            code: 429,
            message: String::new(),
            retry_after,
        };
        let three = Some(Duration::from_secs(3));
        assert_eq!(client.wait(0, &asked(three)), Duration::from_secs(3));
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(client.wait(0, &asked(hour)), Duration::from_secs(5));
        assert_eq!(retry_after("2"), Some(Duration::from_secs(2)));
        assert_eq!(retry_after("-1"), None);
        assert_eq!(retry_after("soon"), None);
        assert_eq!(
            retry_after("Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(Duration::ZERO)
        );
    }
}
