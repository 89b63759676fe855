//! The fuzz targets' readers on their corpus, and on a bounded number of seeded mutations of it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use crate::{readers, trained};

/// How many mutations of its corpus each reader is given.
const N_MUTATIONS: usize = 1500;

/// What makes numbers, nesting and names go wrong.
const WORDS: [&str; 14] = [
    "NaN",
    "inf",
    "-1",
    "0",
    "1e999",
    "1000000000",
    "18446744073709551616",
    "((((((((((((((((",
    "[[[[[[[[",
    "\"",
    "//",
    "\u{0}",
    "../../",
    "Some(",
];

/// xorshift64: the same mutations in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 4, "the corpus of {target} has {} files", paths.len());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// One to four changes of a document: a bit, a piece left out, a piece twice, a word put in, a piece of another.
fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let start = random.below(bytes.len());
        let end = (start + 1 + random.below(40)).min(bytes.len());
        match random.below(5) {
            0 if !bytes.is_empty() => bytes[start] ^= 1 << random.below(8),
            1 => drop(bytes.drain(start..end.max(start))),
            2 => {
                let piece = bytes[start..end.max(start)].to_vec();
                bytes.splice(start..start, piece);
            }
            3 => {
                let word = WORDS[random.below(WORDS.len())].bytes();
                let end = if random.below(2) == 0 { start } else { end.min(start + 4).max(start) };
                bytes.splice(start..end, word);
            }
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                let piece = other[from..(from + random.below(60)).min(other.len())].to_vec();
                bytes.splice(start..start, piece);
            }
        }
    }
    bytes
}

fn exercise(target: &str, read: impl Fn(&[u8])) {
    let seeds = corpus(target);
    seeds.iter().for_each(|seed| read(seed));
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..N_MUTATIONS {
        let bytes = mutated(&seeds, &mut random);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(&bytes)));
        assert!(outcome.is_ok(), "the reader of {target} panics on:\n{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn architectures_and_spaces() {
    exercise("spec", readers::spec);
}

#[test]
fn plans() {
    exercise("plan", trained::plan);
}

#[test]
fn weights() {
    exercise("weights", trained::weights);
}

#[test]
fn models_in_one_file() {
    exercise("packed", trained::packed);
}

#[test]
fn trials() {
    exercise("trial", readers::trial);
}

#[test]
fn records() {
    exercise("record", readers::record);
}

#[test]
fn tables() {
    exercise("table", readers::table);
}

#[test]
fn conditions() {
    exercise("condition", readers::condition);
}

#[test]
fn files_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    type Reader = fn(&[u8], &Path);
    let targets: [(&str, Reader); 7] = [
        ("label", readers::label),
        ("generator", readers::generator),
        ("checksum", readers::checksum),
        ("text", readers::text),
        ("pixels", readers::pixels),
        ("image", readers::image),
        ("boxes", readers::boxes),
    ];
    for (target, read) in targets {
        exercise(target, |bytes| read(bytes, folder.path()));
    }
}
