//! A task's record as bytes: a line of JSON that says what it is, then the record
//! as MessagePack, which keeps every bit of a floating-point number.
//!
//! Records may follow each other in a file, so that a file of many, a stream and a
//! journal are read alike.

use super::{Plan, TaskRecord};
use serde::{Deserialize, Serialize};
use std::hint::black_box;
use std::sync::OnceLock;

/// The version of the records' format.
const FORMAT: u32 = 3;

/// Longer than any header: what has no line end before it is none.
const LONGEST_HEADER: usize = 1024;

/// The line before a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    edgelm_task: u32,
    edgelm: String,
    plan: String,
    task: usize,
    arithmetic: String,
    bytes: usize,
    blake3: String,
}

/// A record that was read and found whole.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub record: TaskRecord,
    /// What the machine's elementary functions return; see [`arithmetic`].
    pub arithmetic: String,
    /// The hash of the record and all that its header says.
    pub checksum: String,
}

/// Why bytes are not a record of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    /// Torn or flipped: as good as not there.
    #[error("{0}")]
    Damaged(&'static str),
    /// Whole, but of something else: not to be mixed with this plan's.
    #[error("{0}")]
    Foreign(String),
}

/// A record as bytes.
pub(super) struct Encoded {
    pub bytes: Vec<u8>,
    pub checksum: String,
}

/// Encodes a record of a plan.
pub(super) fn encode(plan: &Plan, record: &TaskRecord) -> Encoded {
    let payload = match rmp_serde::to_vec_named(record) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("plain data always serialises: {error}"),
    };
    let mut header = Header {
        edgelm_task: FORMAT,
        edgelm: env!("CARGO_PKG_VERSION").to_owned(),
        plan: plan.hash().to_owned(),
        task: record.task,
        arithmetic: arithmetic().to_owned(),
        bytes: payload.len(),
        blake3: String::new(),
    };
    header.blake3 = checksum(&header, &payload);
    let mut bytes = line(&header);
    bytes.push(b'\n');
    bytes.extend(payload);
    Encoded {
        bytes,
        checksum: header.blake3,
    }
}

/// Decodes the record at the beginning of `bytes`; returns what follows it, too.
pub(super) fn decode<'b>(plan: &Plan, bytes: &'b [u8]) -> Result<(Read, &'b [u8]), Unreadable> {
    let damaged = Unreadable::Damaged;
    let end = bytes
        .iter()
        .take(LONGEST_HEADER)
        .position(|&byte| byte == b'\n')
        .ok_or(damaged("no whole header"))?;
    if bytes[..end].starts_with(b"{\"edgelm_cell\":") {
        return Err(Unreadable::Foreign(format!(
            "an earlier edgelm wrote it, in which tasks were called cells; this is edgelm {} with \
             format {FORMAT}: run its tasks again",
            env!("CARGO_PKG_VERSION")
        )));
    }
    let header: Header =
        serde_json::from_slice(&bytes[..end]).map_err(|_| damaged("no readable header"))?;
    let rest = &bytes[end + 1..];
    if rest.len() < header.bytes {
        return Err(damaged("it ends early"));
    }
    let (payload, rest) = rest.split_at(header.bytes);
    // Only of a header that is as it was written can it be said what it is of.
    if checksum(&header, payload) != header.blake3 {
        return Err(damaged("its checksum does not match"));
    }
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
    let record: TaskRecord = rmp_serde::from_slice(payload).map_err(|error| {
        Unreadable::Foreign(format!(
            "another build of the same version of edgelm wrote it: {error}"
        ))
    })?;
    if record.task != header.task || record.task >= plan.task_count() {
        return Err(Unreadable::Foreign("the plan has no such task".to_owned()));
    }
    Ok((
        Read {
            record,
            arithmetic: header.arithmetic,
            checksum: header.blake3,
        },
        rest,
    ))
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
    use crate::experiment::{Experiment, ReplicationRecord};
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
            let (read, rest) = decode(&plan, &bytes).unwrap();
            prop_assert!(rest.is_empty());
            let found = &read.record.policies[0][0];
            prop_assert_eq!(found.delay_sum_s.to_bits(), bits);
            prop_assert_eq!(found.queries, queries);
        }
    }
}
