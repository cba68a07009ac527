//! A task's record as bytes: a line of JSON that says what it is, then the record
//! as MessagePack, which keeps every bit of a floating-point number; without the names
//! of its fields, which would be half of it.
//!
//! Records may follow each other in a file, so that a file of many, a stream and a
//! journal are read alike.

use super::{Plan, ReplicationRecord, TaskRecord};
use crate::station::stage::StageTimes;
use crate::units::Seconds;
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::io::{self, BufRead, Read};
use std::sync::OnceLock;

/// The version of the records' format.
const FORMAT: u32 = 4;

/// Longer than any header: what has no line end before it is none.
const LONGEST_HEADER: u64 = 1024;

/// More bytes than any record has: a header that says more is damaged.
const LONGEST_PAYLOAD: u64 = 1 << 31;

/// The line before a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    edgelm_task: u32,
    edgelm: String,
    plan: String,
    task: usize,
    arithmetic: String,
    layout: String,
    bytes: u64,
    blake3: String,
}

/// A record that was read and found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub task: usize,
    /// Where it begins.
    pub offset: u64,
    /// How long it is, with its header.
    pub bytes: u32,
    /// A digest of what the machine's elementary functions return; see [`arithmetic`].
    pub arithmetic: u64,
    /// Of the record and all that its header says.
    pub checksum: [u8; 16],
}

/// Why bytes are not a record of a plan.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// Torn or flipped: as good as not there.
    #[error("{0}")]
    Damaged(&'static str),
    /// Whole, but of something else: not to be mixed with this plan's.
    #[error("{0}")]
    Foreign(String),
    /// They cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A record as bytes.
pub(super) struct Encoded {
    pub bytes: Vec<u8>,
    pub checksum: [u8; 16],
}

/// Encodes a record of a plan.
pub(super) fn encode(plan: &Plan, record: &TaskRecord) -> Encoded {
    let payload = match rmp_serde::to_vec(record) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("plain data always serialises: {error}"),
    };
    let mut header = Header {
        edgelm_task: FORMAT,
        edgelm: env!("CARGO_PKG_VERSION").to_owned(),
        plan: plan.hash().to_owned(),
        task: record.task,
        arithmetic: arithmetic().to_owned(),
        layout: layout().to_owned(),
        bytes: payload.len() as u64,
        blake3: String::new(),
    };
    header.blake3 = checksum(&header, &payload);
    let mut bytes = line(&header);
    bytes.push(b'\n');
    bytes.extend(payload);
    Encoded {
        checksum: half_of(&header.blake3),
        bytes,
    }
}

/// Decodes a record, which must be all of `bytes`.
pub(super) fn decode(plan: &Plan, mut bytes: &[u8]) -> Result<TaskRecord, Unreadable> {
    let parts = next_parts(&mut bytes)?;
    let (header, payload) = parts.ok_or(Unreadable::Damaged("it ends early"))?;
    record_of(plan, &header, &payload)
}

/// Reads the next record and checks it, without keeping it; `None` at the end. `offset`
/// is where the reader stands.
pub(super) fn next(
    plan: &Plan,
    reader: &mut impl BufRead,
    offset: u64,
) -> Result<Option<Found>, Unreadable> {
    let Some((header, payload)) = next_parts(reader)? else {
        return Ok(None);
    };
    let record = record_of(plan, &header, &payload)?;
    Ok(Some(Found {
        task: record.task,
        offset,
        bytes: (line(&header).len() + 1 + payload.len()) as u32,
        arithmetic: digest_of(&header.arithmetic),
        checksum: half_of(&header.blake3),
    }))
}

/// Header and payload of what comes next, the checksum found right; `None` at the end.
fn next_parts(reader: &mut impl BufRead) -> Result<Option<(Header, Vec<u8>)>, Unreadable> {
    let damaged = |reason| Err(Unreadable::Damaged(reason));
    let mut text = Vec::new();
    reader
        .by_ref()
        .take(LONGEST_HEADER)
        .read_until(b'\n', &mut text)?;
    if text.is_empty() {
        return Ok(None);
    }
    if text.pop() != Some(b'\n') {
        return damaged("no whole header");
    }
    if text.starts_with(b"{\"edgelm_cell\":") {
        return Err(Unreadable::Foreign(format!(
            "an earlier edgelm wrote it, in which tasks were called cells; this is edgelm {} with \
             format {FORMAT}: run its tasks again",
            env!("CARGO_PKG_VERSION")
        )));
    }
    let Ok(header) = serde_json::from_slice::<Header>(&text) else {
        return damaged("no readable header");
    };
    // The checksum is over the header as it is written here, which must be as it was read.
    if line(&header) != text {
        return damaged("no readable header");
    }
    if header.bytes > LONGEST_PAYLOAD {
        return damaged("it says that it is longer than any record");
    }
    let mut payload = Vec::new();
    let read = reader
        .by_ref()
        .take(header.bytes)
        .read_to_end(&mut payload)?;
    if (read as u64) < header.bytes {
        return damaged("it ends early");
    }
    // Only of a header that is as it was written can it be said what it is of.
    if checksum(&header, &payload) != header.blake3 {
        return damaged("its checksum does not match");
    }
    Ok(Some((header, payload)))
}

/// The record of this plan that a whole payload holds.
fn record_of(plan: &Plan, header: &Header, payload: &[u8]) -> Result<TaskRecord, Unreadable> {
    if header.edgelm_task != FORMAT || header.edgelm != env!("CARGO_PKG_VERSION") {
        return Err(Unreadable::Foreign(format!(
            "it was written by edgelm {} in format {}, this is edgelm {} with format {FORMAT}",
            header.edgelm,
            header.edgelm_task,
            env!("CARGO_PKG_VERSION")
        )));
    }
    if header.plan != plan.hash() {
        return Err(Unreadable::Foreign(format!(
            "it belongs to another plan, whose hash begins {:.12}, not {:.12}",
            header.plan,
            plan.hash()
        )));
    }
    let other_build =
        || Unreadable::Foreign("another build of the same version of edgelm wrote it".to_owned());
    if header.layout != layout() {
        return Err(other_build());
    }
    let record: TaskRecord = rmp_serde::from_slice(payload).map_err(|_| other_build())?;
    if record.task != header.task || record.task >= plan.task_count() {
        return Err(Unreadable::Foreign("the plan has no such task".to_owned()));
    }
    Ok(record)
}

/// A digest of the names and the order of a record's fields, which are not written with
/// every record.
fn layout() -> &'static str {
    static DIGEST: OnceLock<String> = OnceLock::new();
    DIGEST.get_or_init(|| {
        let mut one = ReplicationRecord::default();
        one.delays.record(Seconds(1.0));
        one.delays.finish();
        one.profile.record(&StageTimes::default());
        let record = TaskRecord {
            task: 0,
            policies: vec![vec![one]],
        };
        match rmp_serde::to_vec_named(&record) {
            Ok(bytes) => blake3::hash(&bytes).to_hex()[..16].to_owned(),
            Err(error) => unreachable!("plain data always serialises: {error}"),
        }
    })
}

/// The first half of a hash in hexadecimal.
fn half_of(hash: &str) -> [u8; 16] {
    let mut half = [0; 16];
    for (byte, digits) in half.iter_mut().zip(hash.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or_default();
    }
    half
}

/// A number for a text.
pub(super) fn digest_of(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    hash.as_bytes()[..8]
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn line(header: &Header) -> Vec<u8> {
    match serde_json::to_vec(header) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("plain data always serialises: {error}"),
    }
}

fn checksum(header: &Header, payload: &[u8]) -> String {
    let mut said = header.clone();
    said.blake3.clear();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&line(&said)).update(payload);
    hasher.finalize().to_hex().to_string()
}

/// A digest of what the platform's elementary functions return here. Mathematical
/// libraries differ in the last bit from system to system and from processor to
/// processor; records of machines that differ must not be mixed unnoticed.
///
/// Results go through them in two places: distances, path loss and decibels (`hypot`,
/// `powf`, `log10`), and the tails that `rand_distr` draws from (`ln`, `exp`). All other
/// elementary functions on the way to a result are the crate `libm`'s, the same everywhere.
pub(super) fn arithmetic() -> &'static str {
    static DIGEST: OnceLock<String> = OnceLock::new();
    DIGEST.get_or_init(|| {
        let functions: [fn(f64) -> f64; 5] = [
            f64::ln,
            f64::exp,
            f64::log10,
            |x| black_box(10f64).powf(x),
            |x| black_box(7f64).hypot(x),
        ];
        let mut hasher = blake3::Hasher::new();
        for step in 1..=512 {
            let x = black_box(f64::from(step) * 0.021_7);
            for function in functions {
                hasher.update(&function(x).to_bits().to_le_bytes());
            }
        }
        hasher.finalize().to_hex()[..16].to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use crate::scenario::Loaded;
    use proptest::prelude::*;
    use std::path::Path;

    fn plan() -> Plan {
        let text = "(users: (count: 1), replications: 1, policies: [LocalAll])";
        let loaded = Loaded::from_text(text, Path::new("one.ron"), &[]).unwrap();
        Plan::new(&Experiment::new(loaded).unwrap())
    }

    proptest! {
        /// Every pattern of 64 bits, infinities and quiet and signalling NaNs included.
        #[test]
        fn every_bit_of_a_number_survives(bits in any::<u64>(), queries in any::<u64>()) {
            let mut one = ReplicationRecord { queries, ..ReplicationRecord::default() };
            one.delay_sum_s = f64::from_bits(bits);
            let plan = plan();
            let record = TaskRecord { task: 0, policies: vec![vec![one]] };
            let bytes = encode(&plan, &record).bytes;
            let read = decode(&plan, &bytes).unwrap();
            let found = &read.policies[0][0];
            prop_assert_eq!(found.delay_sum_s.to_bits(), bits);
            prop_assert_eq!(found.queries, queries);
        }
    }
}
