//! A child process that is spoken to in lines, with a time limit for each answer.

use super::error::ExternalError;
use super::protocol::{Hello, ToProgram, VERSION};
use crate::policy::External;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest line that is read: decisions for a million queries fit.
const LONGEST_LINE: u64 = 64 << 20;

/// Lines that are kept until they are asked for. A program that writes on waits, in a
/// pipe that is full, as long as it likes.
const LINES_AHEAD: usize = 1;

/// How much of the program's standard error is kept for an error message.
const STDERR_KEPT: usize = 2_000;

/// How much of a line that is no answer is shown.
const LINE_SHOWN: usize = 200;

/// How long a program may take to end once its input is closed.
const GRACE: Duration = Duration::from_secs(1);

/// A running program. Reading, writing and keeping its standard error each have a
/// thread, so that neither side can block the other, whatever it does.
#[derive(Debug)]
pub(super) struct Process {
    external: External,
    child: Child,
    /// `None` once its input is closed.
    to: Option<Sender<Vec<u8>>>,
    from: Receiver<String>,
    stderr: Arc<Mutex<Vec<u8>>>,
    stderr_reader: Option<JoinHandle<()>>,
    observes: bool,
    follows: bool,
}

impl Process {
    /// Starts a program and exchanges greetings.
    pub fn start(external: &External, folder: &Path) -> Result<Self, ExternalError> {
        let (name, arguments) = external
            .command
            .split_first()
            .map_or(("", &[][..]), |(name, arguments)| {
                (name.as_str(), arguments)
            });
        let mut command = Command::new(name);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if folder != Path::new("") {
            command.current_dir(folder);
        }
        // What it starts itself is in its group, and ends with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let cannot_start = |reason: String| ExternalError::CannotStart {
            program: external.command.join(" "),
            folder: folder.display().to_string(),
            reason,
        };
        let mut child = command
            .spawn()
            .map_err(|error| cannot_start(error.to_string()))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(cannot_start("it has no standard streams".to_owned()));
        };
        let (to, lines_to) = channel();
        let (lines_from, from) = sync_channel(LINES_AHEAD);
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        std::thread::spawn(move || write_lines(stdin, &lines_to));
        std::thread::spawn(move || read_lines(stdout, &lines_from));
        let stderr_reader = std::thread::spawn(move || keep_end(stderr, &keep));
        let mut process = Self {
            external: external.clone(),
            child,
            to: Some(to),
            from,
            stderr: kept,
            stderr_reader: Some(stderr_reader),
            observes: false,
            follows: false,
        };
        process.greet()?;
        Ok(process)
    }

    fn greet(&mut self) -> Result<(), ExternalError> {
        self.send(&ToProgram::Hello {
            protocol: VERSION,
            edgelm: env!("CARGO_PKG_VERSION"),
        });
        let line = self.receive()?;
        let hello: Hello =
            serde_json::from_str(&line).map_err(|error| self.nonsense(&line, &error))?;
        if hello.protocol != VERSION {
            return Err(ExternalError::OtherProtocol {
                program: self.program(),
                expected: VERSION,
                found: hello.protocol,
            });
        }
        self.observes = hello.observe;
        self.follows = hello.follow;
        Ok(())
    }

    /// Whether it wants to be told of answered queries.
    pub fn observes(&self) -> bool {
        self.observes
    }

    /// Whether it wants to be asked again about queries on plans of several steps.
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// Writes a message. That the program is gone shows when its answer is due.
    pub fn send(&mut self, message: &ToProgram<'_>) {
        if let (Some(to), Ok(mut line)) = (&self.to, serde_json::to_vec(message)) {
            line.push(b'\n');
            let _ = to.send(line);
        }
    }

    /// Waits for the program's next line.
    pub fn receive(&mut self) -> Result<String, ExternalError> {
        let limit = Duration::from_millis(self.external.time_limit_ms.into());
        match self.from.recv_timeout(limit) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => Err(ExternalError::Late {
                program: self.program(),
                limit_ms: self.external.time_limit_ms,
                stderr: self.said(),
            }),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.wait(GRACE);
                let how = match status {
                    Some(status) => format!("ended ({status})"),
                    None => "closed its standard output".to_owned(),
                };
                if status.is_some()
                    && let Some(reader) = self.stderr_reader.take()
                {
                    // Its end has come, so that all it said is there to be read;
                    // unless a process that it left behind holds the stream.
                    let started = Instant::now();
                    while !reader.is_finished() && started.elapsed() < GRACE {
                        std::thread::sleep(Duration::from_millis(2));
                    }
                }
                Err(ExternalError::Died {
                    program: self.program(),
                    how,
                    stderr: self.said(),
                })
            }
        }
    }

    /// That a line is not what was due.
    pub fn nonsense(&self, line: &str, error: &serde_json::Error) -> ExternalError {
        let mut shown: String = line.chars().take(LINE_SHOWN).collect();
        if shown.len() < line.len() {
            shown.push_str("...");
        }
        ExternalError::Nonsense {
            program: self.program(),
            line: shown,
            reason: error.to_string(),
            stderr: self.said(),
        }
    }

    fn program(&self) -> String {
        self.external.command.join(" ")
    }

    fn said(&self) -> String {
        let kept = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }

    fn wait(&mut self, at_most: Duration) -> Option<std::process::ExitStatus> {
        let started = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if started.elapsed() < at_most => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                _ => return None,
            }
        }
    }
}

impl Drop for Process {
    /// Closes its input and lets it end; ends it if it does not, and what it has started
    /// in any case.
    fn drop(&mut self) {
        self.to = None;
        if self.wait(GRACE).is_none() {
            let _ = self.child.kill();
        }
        end_group(&self.child);
        let _ = self.child.wait();
    }
}

/// Ends what a program has started and left behind.
#[cfg(unix)]
fn end_group(child: &Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Nobody left is the usual case.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end_group(_child: &Child) {}

fn write_lines(mut stdin: ChildStdin, lines: &Receiver<Vec<u8>>) {
    for line in lines {
        // A program that is gone is noticed where its answer is due.
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
    }
}

fn read_lines(stdout: ChildStdout, lines: &SyncSender<String>) {
    let mut reader = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        match reader
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                if lines.send(text.trim_end().to_owned()).is_err() {
                    return;
                }
            }
        }
    }
}

fn keep_end(mut stderr: ChildStderr, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut buffer) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&buffer[..count]);
        let excess = kept.len().saturating_sub(STDERR_KEPT);
        kept.drain(..excess);
    }
}
