//! A small HTTP server on loopback which answers as model servers have been seen to
//! answer, faults included.

pub mod streaming;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server received.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    pub authorization: Option<String>,
    pub body: Value,
    /// How many requests with the same body came before.
    pub earlier: usize,
}

impl Request {
    /// The text of the last message, or the prompt.
    pub fn prompt(&self) -> &str {
        match self.body["messages"].as_array().and_then(|m| m.last()) {
            Some(message) => message["content"].as_str().unwrap_or_default(),
            None => self.body["prompt"].as_str().unwrap_or_default(),
        }
    }

    /// Whether log-probabilities are asked for, as they are of the small model.
    pub fn is_slm(&self) -> bool {
        self.body.get("logprobs").is_some()
    }
}

/// What it answers.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub delay: Duration,
}

impl Answer {
    pub fn json(body: &Value) -> Self {
        Self::text(200, "application/json", body.to_string())
    }

    pub fn text(status: u16, kind: &'static str, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type", kind.to_owned())],
            body,
            delay: Duration::ZERO,
        }
    }

    pub fn error(status: u16, message: &str) -> Self {
        let body = json!({"error": {"message": message, "type": "x", "code": status}});
        Self::text(status, "application/json", body.to_string())
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Serves on a free port for as long as the test runs.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (answer, log) = (Arc::new(answer), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                std::thread::spawn(move || {
                    let _ = serve(stream, &*answer, &log);
                });
            }
        });
        Self { url, seen }
    }

    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(
    stream: TcpStream,
    answer: &dyn Fn(&Request) -> Answer,
    log: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let (mut length, mut authorization) = (0, None);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            match name.to_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => authorization = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let body: Value = serde_json::from_slice(&body).unwrap();
        let request = {
            let mut log = log.lock().unwrap();
            let earlier = log.iter().filter(|r| r.body == body).count();
            let request = Request {
                path,
                authorization,
                body,
                earlier,
            };
            log.push(request.clone());
            request
        };
        let answer = answer(&request);
        std::thread::sleep(answer.delay);
        let mut head = format!(
            "HTTP/1.1 {} x\r\ncontent-length: {}\r\n",
            answer.status,
            answer.body.len()
        );
        for (name, value) in &answer.headers {
            head += &format!("{name}: {value}\r\n");
        }
        writer.write_all(format!("{head}\r\n{}", answer.body).as_bytes())?;
    }
}

/// The chat answer of llama.cpp's server, with `k` candidates of the first token
/// whose probabilities depend on the prompt alone.
pub fn chat(request: &Request, text: &str) -> Value {
    let k = request.body["top_logprobs"].as_u64().unwrap_or(0) as usize;
    let logprobs = (k > 0).then(|| {
        let top: Vec<Value> = candidates(request.prompt(), k)
            .iter()
            .enumerate()
            .map(|(id, l)| json!({"id": id, "token": "", "bytes": [], "logprob": l}))
            .collect();
        json!({"content": [{"id": 9, "token": "ba", "bytes": [98, 97],
            "logprob": -0.9, "top_logprobs": top}]})
    });
    let mut answer = json!({
        "choices": [{"finish_reason": "length", "index": 0,
            "message": {"role": "assistant", "content": text}}],
        "model": "tiny", "object": "chat.completion",
        "usage": {"completion_tokens": 3, "prompt_tokens": request.prompt().len() / 4},
        "timings": {"cache_n": 0, "prompt_n": request.prompt().len() / 4, "prompt_ms": 271.783,
            "predicted_n": 3, "predicted_ms": 23.971, "predicted_per_token_ms": 11.9855}
    });
    if let Some(logprobs) = logprobs {
        answer["choices"][0]["logprobs"] = logprobs;
    }
    answer
}

/// Log-probabilities of k candidates, falling, the last one zero as servers write it.
pub fn candidates(prompt: &str, k: usize) -> Vec<f64> {
    let steepness = 0.2 + (prompt.bytes().map(u32::from).sum::<u32>() % 97) as f64 / 40.0;
    let mut values: Vec<f64> = (0..k).map(|i| -0.4 - steepness * i as f64).collect();
    values[k - 1] = f64::from(f32::MIN);
    values
}
