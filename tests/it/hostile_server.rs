//! `edgelm profile` against servers that mean harm: memory and time are bounded, and the
//! API key is in no file and no message; and one against a server of a private authority.

use crate::model_server::{Answer, Request, Server, chat};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const KEY: &str = "sk-Test-0123456789-AbCdEf";

struct Outcome {
    code: Option<i32>,
    said: String,
    folder: TempDir,
}

/// Asks one question of one server, in at most 4 GB of address space.
fn profile(url: &str, more: &[&str], variables: &[(&str, &Path)]) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    let question = "{\"id\": \"a\", \"prompt\": \"2 + 2 =\", \"answers\": [\"4\"]}\n";
    fs::write(folder.path().join("q.jsonl"), question).expect("written");
    let program = assert_cmd::cargo::cargo_bin!("edgelm");
    let line = format!(
        "ulimit -v 4000000 2>/dev/null; exec '{}' profile --questions q.jsonl --slm {url} \
         --llm {url} --out table.csv --raw raw.jsonl --retries 1 --longest-wait-s 0.05 \
         --api-key-env EDGELM_TEST_KEY {}",
        program.display(),
        more.join(" ")
    );
    let mut command = Command::new("sh");
    command
        .args(["-c", &line])
        .current_dir(folder.path())
        .env("EDGELM_TEST_KEY", KEY)
        .stdin(Stdio::null());
    for (name, value) in variables {
        command.env(name, value);
    }
    let output = command.output().expect("a shell");
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Outcome {
        code: output.status.code(),
        said,
        folder,
    }
}

/// A server that reads what it is asked and then does as it likes.
fn raw_server(
    act: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let act = Arc::new(act);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let act = Arc::clone(&act);
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let _ = act(&mut stream);
            });
        }
    });
    url
}

#[cfg(unix)]
#[test]
fn endless_slow_and_swollen_answers_are_bounded() {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let endless_body = raw_server(|stream| {
        stream.write_all(HEAD)?;
        stream.write_all(b"\r\n{\"choices\": \"")?;
        loop {
            stream.write_all(&[b'x'; 65536])?;
        }
    });
    let endless_chunks = raw_server(|stream| {
        stream.write_all(HEAD)?;
        stream.write_all(b"transfer-encoding: chunked\r\n\r\n")?;
        loop {
            stream.write_all(b"4000\r\n")?;
            stream.write_all(&[b' '; 0x4000])?;
            stream.write_all(b"\r\n")?;
        }
    });
    let endless_headers = raw_server(|stream| {
        stream.write_all(HEAD)?;
        loop {
            stream.write_all(b"x-more: of the same, of the same, of the same\r\n")?;
        }
    });
    let long_header = raw_server(|stream| {
        stream.write_all(HEAD)?;
        stream.write_all(b"x-long: ")?;
        loop {
            stream.write_all(&[b'x'; 65536])?;
        }
    });
    let slow = raw_server(|stream| {
        stream.write_all(HEAD)?;
        stream.write_all(b"content-length: 100000\r\n\r\n")?;
        loop {
            stream.write_all(b" ")?;
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let silent = raw_server(|_| {
        std::thread::sleep(Duration::from_secs(60));
        Ok(())
    });
    // A gigabyte of zeros in a megabyte, if anybody unpacked it; here its beginning.
    let packed = raw_server(|stream| {
        stream.write_all(HEAD)?;
        stream.write_all(b"content-encoding: gzip\r\ncontent-length: 20\r\n\r\n")?;
        stream.write_all(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xed\xc1\x01\0\0\0\0\0\0\0")
    });
    let lies = raw_server(|stream| {
        stream.write_all(HEAD)?;
        stream.write_all(b"content-length: 18446744073709551615\r\n\r\n{}")
    });
    let gone = raw_server(|stream| stream.write_all(b"HTTP/1.1 2"));
    let deep = raw_server(|stream| {
        let body = "[".repeat(1_000_000);
        stream.write_all(HEAD)?;
        stream.write_all(format!("content-length: {}\r\n\r\n{body}", body.len()).as_bytes())
    });
    for (what, url) in [
        ("endless body", endless_body),
        ("endless chunks", endless_chunks),
        ("endless headers", endless_headers),
        ("long header", long_header),
        ("slow", slow),
        ("silent", silent),
        ("packed", packed),
        ("lies", lies),
        ("gone", gone),
        ("deep", deep),
    ] {
        let started = Instant::now();
        let outcome = profile(&url, &["--timeout-s", "2"], &[]);
        let took = started.elapsed();
        assert_eq!(outcome.code, Some(1), "{what}: {}", outcome.said);
        assert!(
            !outcome.said.contains("panicked"),
            "{what}: {}",
            outcome.said
        );
        assert!(!outcome.folder.path().join("table.csv").exists(), "{what}");
        println!("{what}: {took:?}");
        assert!(took < Duration::from_secs(30), "{what}: {took:?}");
    }
}

#[test]
fn a_redirect_is_not_followed_with_the_key() {
    let thief = Server::start(|request| Answer::json(&chat(request, "4")));
    let to = format!("{}/v1/chat/completions", thief.url);
    let server = Server::start(move |_| {
        Answer::text(307, "text/plain", String::new()).header("location", &to)
    });
    let outcome = profile(&server.url, &[], &[]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.said);
    assert!(outcome.said.contains("redirected"), "{}", outcome.said);
    assert!(thief.seen().is_empty(), "the key went elsewhere");
}

/// Eight characters in a row of the key, in small letters or capitals.
fn holds_the_key(bytes: &[u8]) -> bool {
    let (text, key) = (bytes.to_ascii_lowercase(), KEY.to_ascii_lowercase());
    let fragments: Vec<&[u8]> = key.as_bytes().windows(8).collect();
    text.windows(8).any(|window| fragments.contains(&window))
}

fn assert_no_key(outcome: &Outcome, what: &str) {
    assert!(
        !holds_the_key(outcome.said.as_bytes()),
        "{what}: {}",
        outcome.said
    );
    let mut files = 0;
    for entry in fs::read_dir(outcome.folder.path())
        .expect("it is there")
        .flatten()
    {
        let bytes = fs::read(entry.path()).unwrap_or_default();
        files += 1;
        assert!(!holds_the_key(&bytes), "{what}: {:?}", entry.file_name());
    }
    assert!(files >= 1, "{what}");
}

#[cfg(unix)]
#[test]
fn a_key_that_is_echoed_is_in_no_file_and_no_message() {
    let spelt: String = KEY
        .chars()
        .map(|c| format!("\\u{:04x}", u32::from(c)))
        .collect();
    let echoes = [
        ("whole", KEY.to_owned()),
        ("cut", KEY[..14].to_owned()),
        ("its end", KEY[9..].to_owned()),
        ("capitals", KEY.to_uppercase()),
        ("small", KEY.to_lowercase()),
        ("spelt", spelt),
    ];
    for (what, echo) in echoes {
        // In a good answer, beside one, as an error, and as nothing that is JSON.
        let text = echo.clone();
        let good = Server::start(move |request| {
            let mut body = chat(request, "ECHO");
            body["headers"] = json!({"authorization": "ECHO", "ECHO": 1});
            body["choices"][0]["message"]["content"] = Value::from("4 ECHO");
            let body = body.to_string().replace("ECHO", &text);
            Answer::text(200, "application/json", body)
        });
        let outcome = profile(&good.url, &[], &[]);
        assert_no_key(&outcome, what);
        let journal = fs::read_to_string(outcome.folder.path().join("table.csv.journal"));
        if what == "spelt" {
            assert_eq!(outcome.code, Some(1), "{}", outcome.said);
            assert!(
                outcome.said.contains("the answer holds the API key"),
                "{}",
                outcome.said
            );
        } else {
            assert_eq!(outcome.code, Some(0), "{what}: {}", outcome.said);
            assert!(journal.expect("it was written").contains("4 ***"), "{what}");
        }
        for status in [200, 400, 401, 500] {
            for body in [
                format!("{{\"error\": {{\"message\": \"you sent {echo}\"}}}}"),
                format!("<html>you sent {echo}"),
            ] {
                let server =
                    Server::start(move |_| Answer::text(status, "application/json", body.clone()));
                let outcome = profile(&server.url, &[], &[]);
                assert_eq!(outcome.code, Some(1), "{what} {status}: {}", outcome.said);
                assert_no_key(&outcome, what);
            }
        }
    }
}

/// What a server says cannot write over the terminal.
#[test]
fn escape_sequences_of_a_server_are_shown_and_not_sent() {
    let server = Server::start(|_| Answer::error(400, "a\u{1b}[2Jb\u{9b}1m\u{7}"));
    let outcome = profile(&server.url, &[], &[]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.said);
    assert!(
        outcome.said.contains("a\\u{1b}[2Jb\\u{9b}1m\\u{7}"),
        "{}",
        outcome.said
    );
    assert!(!outcome.said.contains(['\u{1b}', '\u{9b}', '\u{7}']));
}

const CERTIFICATE: &[u8] = include_bytes!("certificates/server.pem");
const PRIVATE_KEY: &[u8] = include_bytes!("certificates/server.key");

/// A model server that speaks TLS with a certificate of an authority of its own. The key
/// beside it is for nothing else.
fn secure_server() -> u16 {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let certificates = CertificateDer::pem_slice_iter(CERTIFICATE);
    let certificates: Vec<_> = certificates.map(|c| c.expect("a certificate")).collect();
    let key = PrivateKeyDer::from_pem_slice(PRIVATE_KEY).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2")
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .expect("they fit");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            std::thread::spawn(move || {
                let connection = rustls::ServerConnection::new(config).expect("a good config");
                let _ = answer(&mut rustls::StreamOwned::new(connection, stream));
            });
        }
    });
    port
}

fn answer(stream: &mut (impl Read + Write)) -> std::io::Result<()> {
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        text.push_str(&String::from_utf8_lossy(&piece[..count]));
        let Some((_, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let Ok(body) = serde_json::from_str(body) else {
            continue;
        };
        let request = Request {
            path: String::new(),
            authorization: None,
            body,
            earlier: 0,
        };
        let answer = chat(&request, "4").to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        stream.write_all(format!("{head}{answer}").as_bytes())?;
        stream.flush()?;
        text.clear();
    }
}

#[test]
fn a_private_authority_is_believed_where_it_is_named() {
    let url = format!("https://localhost:{}", secure_server());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/certificates");
    let authority = folder.join("authority.pem");
    let named = profile(&url, &[], &[("SSL_CERT_FILE", &authority)]);
    assert_eq!(named.code, Some(0), "{}", named.said);
    let table = fs::read_to_string(named.folder.path().join("table.csv")).expect("written");
    assert!(table.contains("\na,"), "{table}");

    let unnamed = profile(&url, &[], &[]);
    assert_eq!(unnamed.code, Some(1), "{}", unnamed.said);
    assert!(
        unnamed.said.contains("no secure connection"),
        "{}",
        unnamed.said
    );

    let nothing = profile(&url, &[], &[("SSL_CERT_FILE", &folder.join("server.key"))]);
    assert_eq!(nothing.code, Some(2), "{}", nothing.said);
    assert!(
        nothing.said.contains("SSL_CERT_FILE: found no certificate"),
        "{}",
        nothing.said
    );
}
