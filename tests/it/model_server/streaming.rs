//! A server that streams its answers, and may be told to fail at it.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// From the request to the first token.
pub const PROMPT: Duration = Duration::from_millis(30);
/// From one token to the next.
pub const TOKEN: Duration = Duration::from_millis(5);
/// Tokens that the chat's template adds to every prompt.
pub const TEMPLATE_TOKENS: u64 = 11;

/// How an answer comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Manner {
    /// As asked for.
    Whole,
    /// With fewer tokens than asked for.
    Fewer,
    /// The connection is closed after the second token.
    BrokenOff,
    /// It ends after the second token, without saying so.
    WithoutEnd,
    /// All at once, as JSON.
    AtOnce,
    /// No token at all.
    Empty,
    /// An error as a part.
    ErrorInside,
    /// A status.
    Status(u16),
    /// A status whose message repeats the key that was sent.
    Echo,
}

/// A running server.
pub struct StreamingServer {
    pub url: String,
    pub seen: Arc<Mutex<Vec<Value>>>,
    stopped: Arc<AtomicBool>,
    address: std::net::SocketAddr,
}

impl StreamingServer {
    /// Serves on a free port; `manner` is told a request's body and how many came before.
    pub fn start(manner: impl Fn(&Value, usize) -> Manner + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", manner)
    }

    pub fn start_at(
        address: &str,
        manner: impl Fn(&Value, usize) -> Manner + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).expect("a port");
        let address = listener.local_addr().expect("bound");
        let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
        let stopped = Arc::new(AtomicBool::new(false));
        let (manner, log, over) = (Arc::new(manner), Arc::clone(&seen), Arc::clone(&stopped));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (manner, log, over) =
                    (Arc::clone(&manner), Arc::clone(&log), Arc::clone(&over));
                std::thread::spawn(move || {
                    let _ = serve(stream, &*manner, &log, &over);
                });
            }
        });
        Self {
            url: format!("http://{address}"),
            seen,
            stopped,
            address,
        }
    }

    /// Nobody listens any more; answers under way are broken off.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes who waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    stream: TcpStream,
    manner: &dyn Fn(&Value, usize) -> Manner,
    log: &Mutex<Vec<Value>>,
    stopped: &AtomicBool,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    writer.set_nodelay(true)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let told = line.starts_with("GET /props");
        let mut length = 0;
        let mut key = String::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(": ") else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().expect("a length");
            }
            if name.eq_ignore_ascii_case("authorization") {
                value.clone_into(&mut key);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if told {
            let props = json!({"total_slots": 6, "default_generation_settings": {"n_ctx": 100}});
            json_answer(&mut writer, 200, &props)?;
            continue;
        }
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let earlier = {
            let mut log = log.lock().expect("no panic");
            log.push(body.clone());
            log.len() - 1
        };
        match manner(&body, earlier) {
            Manner::Status(status) => {
                let error = json!({"error": {"message": "not now\u{7}", "code": status}});
                json_answer(&mut writer, status, &error)?;
            }
            Manner::Echo => {
                let error = json!({"error": {"message": format!("who is {key}?")}});
                json_answer(&mut writer, 500, &error)?;
            }
            Manner::AtOnce => {
                let answer = json!({"choices": [{"message": {"content": "a b"},
                    "finish_reason": "stop"}]});
                json_answer(&mut writer, 200, &answer)?;
            }
            manner => stream_answer(&mut writer, &body, manner, stopped)?,
        }
    }
}

fn json_answer(writer: &mut TcpStream, status: u16, body: &Value) -> std::io::Result<()> {
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    writer.write_all(format!("{head}{body}").as_bytes())
}

fn stream_answer(
    writer: &mut TcpStream,
    body: &Value,
    manner: Manner,
    stopped: &AtomicBool,
) -> std::io::Result<()> {
    let text = body["messages"][0]["content"].as_str();
    let words = text
        .or(body["prompt"].as_str())
        .unwrap_or("")
        .split(' ')
        .count() as u64;
    let wanted = body["max_tokens"].as_u64().expect("a number of tokens");
    let tokens = match manner {
        Manner::Fewer => wanted.div_ceil(2),
        Manner::Empty => 0,
        _ => wanted,
    };
    writer.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    )?;
    let mut part = |data: &str| {
        let event = format!("data: {data}\n\n");
        writer.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())
    };
    std::thread::sleep(PROMPT);
    let choice = |delta: Value, reason: Option<&str>| {
        json!({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}).to_string()
    };
    part(&choice(json!({"role": "assistant", "content": null}), None))?;
    for token in 0..tokens {
        if token > 0 {
            std::thread::sleep(TOKEN);
        }
        if stopped.load(Ordering::SeqCst) {
            return Err(std::io::Error::other("stopped"));
        }
        part(&choice(json!({"content": format!("t{token} ")}), None))?;
        match manner {
            Manner::BrokenOff if token == 1 => return Err(std::io::Error::other("broken off")),
            Manner::WithoutEnd if token == 1 => {
                writer.write_all(b"0\r\n\r\n")?;
                return Ok(());
            }
            Manner::ErrorInside if token == 1 => {
                part(&json!({"error": {"message": "out of memory"}}).to_string())?;
                return Err(std::io::Error::other("error"));
            }
            _ => {}
        }
    }
    part(&choice(
        json!({}),
        Some(if tokens < wanted { "stop" } else { "length" }),
    ))?;
    if body["stream_options"]["include_usage"] == json!(true) {
        let usage = json!({"choices": [],
            "usage": {"prompt_tokens": words + TEMPLATE_TOKENS, "completion_tokens": tokens},
            "timings": {"cache_n": 0, "prompt_ms": 30.5, "predicted_ms": 5.5}});
        part(&usage.to_string())?;
    }
    part("[DONE]")?;
    writer.write_all(b"0\r\n\r\n")
}
