//! One request to an OpenAI-compatible server, and its repetition.

use super::authorities::authorities;
use super::{Endpoint, EventStream, Fault};
use serde::de::IgnoredAny;
use serde_json::Value;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime};
use ureq::http::Response;
use ureq::{Body, RequestBuilder};

/// Bytes of an answer that are read at most; an answer has a few thousand.
const LARGEST_ANSWER: u64 = 32 << 20;
/// The same of what it tells of itself.
const LARGEST_TOLD: u64 = 4 << 20;
/// Connections that are kept open between requests: as many as may be under way.
const IDLE_CONNECTIONS: usize = 1024;
/// How long: servers close them after five seconds, and what is sent at that moment is lost.
const LONGEST_IDLE: Duration = Duration::from_secs(2);

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
            .max_idle_connections(IDLE_CONNECTIONS)
            .max_idle_connections_per_host(IDLE_CONNECTIONS)
            .max_idle_age(LONGEST_IDLE)
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
        let mut response = self.post(endpoint, body)?;
        let text = self.text(endpoint, &mut response, LARGEST_ANSWER)?;
        match serde_json::from_str::<IgnoredAny>(&text) {
            Ok(_) => Ok(text),
            Err(_) => Err(Fault::NotJson(endpoint.redact(start(&text)))),
        }
    }

    /// Sends `body` once, which asks for an answer that comes in parts.
    ///
    /// # Errors
    /// A status other than 200, before anything of the answer has come.
    pub fn stream(&self, endpoint: &Endpoint, body: &Value) -> Result<EventStream, Fault> {
        let response = self.post(endpoint, body)?;
        let kind = response.headers().get("content-type");
        let kind = kind.and_then(|value| value.to_str().ok());
        let comes_in_parts = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
        let reader = response.into_body().into_with_config();
        let reader = reader.limit(LARGEST_ANSWER).reader();
        Ok(EventStream::new(endpoint, reader, comes_in_parts))
    }

    /// What the server tells of itself at a path beside its interface, such as `/props`;
    /// `None` if it tells nothing there.
    pub fn told(&self, endpoint: &Endpoint, path: &str) -> Option<String> {
        let request = self.agent.get(endpoint.beside(path));
        let mut response = with_key(request, endpoint).call().ok()?;
        let text = self.text(endpoint, &mut response, LARGEST_TOLD).ok()?;
        (response.status() == 200).then_some(text)
    }

    fn post(&self, endpoint: &Endpoint, body: &Value) -> Result<Response<Body>, Fault> {
        let request = self.agent.post(endpoint.url());
        let request = request.header("content-type", "application/json");
        let mut response = with_key(request, endpoint)
            .send(body.to_string())
            .map_err(|e| self.fault(endpoint, &e))?;
        let status = response.status();
        if status == 200 {
            return Ok(response);
        }
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(retry_after);
        let text = self.text(endpoint, &mut response, LARGEST_ANSWER)?;
        let json: Option<Value> = serde_json::from_str(&text).ok();
        let said = json.as_ref().and_then(said).unwrap_or_else(|| start(&text));
        let message = format!(
            "{}{}{said}",
            status.canonical_reason().unwrap_or("an unnamed status"),
            if said.is_empty() { "" } else { ": " }
        );
        Err(Fault::Status {
            code: status.as_u16(),
            message: endpoint.redact(message),
            retry_after,
        })
    }

    /// All of a body as text, without the key.
    fn text(
        &self,
        endpoint: &Endpoint,
        response: &mut Response<Body>,
        at_most: u64,
    ) -> Result<String, Fault> {
        let bytes = response
            .body_mut()
            .with_config()
            .limit(at_most)
            .read_to_vec()
            .map_err(|e| self.fault(endpoint, &e))?;
        endpoint.without_key(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn fault(&self, endpoint: &Endpoint, error: &ureq::Error) -> Fault {
        let text = || endpoint.redact(error.to_string());
        match error {
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

    /// Sends a request, and again after a fault that may pass, as often as is allowed.
    ///
    /// # Errors
    /// The last fault.
    pub fn patiently<T>(&self, send: impl Fn() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut attempt = 0;
        loop {
            match send() {
                Err(fault) if fault.is_passing() && attempt < self.retries => {
                    std::thread::sleep(self.wait(attempt, &fault));
                    attempt += 1;
                }
                other => return other,
            }
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

fn with_key<B>(request: RequestBuilder<B>, endpoint: &Endpoint) -> RequestBuilder<B> {
    match endpoint.key() {
        Some(key) => request.header("authorization", format!("Bearer {key}")),
        None => request,
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
