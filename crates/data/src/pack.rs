//! A dataset as one file, for workers that were not there when it was read: what a training sees, and what splits go by.

use sha2::{Digest, Sha256};

use crate::dataset::{Sample, Usage, digest};
use crate::{Colour, Dataset};

/// How such a file begins.
const MAGIC: &[u8] = b"netsynth dataset 1\n";

/// Bytes of a SHA-256.
const SEAL: usize = 32;

/// The bytes are no packed dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("it is no dataset that netsynth packed, or was damaged")]
#[diagnostic(help("delete it: whoever gives the task packs the dataset again"))]
pub struct PackError;

/// A dataset as bytes. What was left out while it was read, and what there is to say of it, is not in them.
///
/// Numbers are 64 bits, the lowest byte first; texts are their length and UTF-8; the last 32 bytes are the SHA-256 of all
/// before.
pub fn pack(dataset: &Dataset) -> Vec<u8> {
    let Dataset { classes, subjects, samples, height, width, colour, .. } = dataset;
    let mut bytes = MAGIC.to_vec();
    let is_colour = match colour {
        Colour::Gray => 0,
        Colour::Rgb => 1,
    };
    [*height, *width, is_colour].into_iter().for_each(|number| put(&mut bytes, number));
    for names in [classes, subjects] {
        put(&mut bytes, names.len());
        names.iter().for_each(|name| put_text(&mut bytes, name));
    }
    put(&mut bytes, samples.len());
    for Sample { pixels, class, subject, source, usage } in samples {
        put(&mut bytes, *class);
        put(&mut bytes, subject.map_or(0, |subject| subject + 1));
        put(
            &mut bytes,
            match usage {
                None => 0,
                Some(Usage::Training) => 1,
                Some(Usage::PublicTest) => 2,
                Some(Usage::PrivateTest) => 3,
            },
        );
        put_text(&mut bytes, source);
        put(&mut bytes, pixels.len());
        bytes.extend_from_slice(pixels);
    }
    let seal = Sha256::digest(&bytes);
    bytes.extend_from_slice(&seal);
    bytes
}

fn put(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(&(number as u64).to_le_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

/// The dataset that [`pack`] wrote.
///
/// # Errors
/// The bytes are others.
pub fn unpack(bytes: &[u8]) -> Result<Dataset, PackError> {
    let n_sealed = bytes.len().checked_sub(SEAL).ok_or(PackError)?;
    let (sealed, seal) = bytes.split_at(n_sealed);
    if Sha256::digest(sealed).as_slice() != seal {
        return Err(PackError);
    }
    let mut rest = Rest(sealed);
    rest.dataset().filter(|_| rest.0.is_empty()).ok_or(PackError)
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, n_bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n_bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.take(8)?.try_into().ok()?;
        usize::try_from(u64::from_le_bytes(bytes)).ok()
    }

    fn text(&mut self) -> Option<String> {
        let n_bytes = self.number()?;
        String::from_utf8(self.take(n_bytes)?.to_vec()).ok()
    }

    fn texts(&mut self) -> Option<Vec<String>> {
        let count = self.number()?;
        (0..count).map(|_| self.text()).collect()
    }

    fn dataset(&mut self) -> Option<Dataset> {
        if self.take(MAGIC.len())? != MAGIC {
            return None;
        }
        let (height, width) = (self.number()?, self.number()?);
        let colour = match self.number()? {
            0 => Colour::Gray,
            1 => Colour::Rgb,
            _ => return None,
        };
        let (classes, subjects) = (self.texts()?, self.texts()?);
        let count = self.number()?;
        let samples: Vec<Sample> = (0..count).map(|_| self.sample()).collect::<Option<_>>()?;
        let n_pixels = height.checked_mul(width)?.checked_mul(colour.channels())?;
        let fits = |sample: &Sample| {
            sample.pixels.len() == n_pixels
                && sample.class < classes.len()
                && sample.subject.is_none_or(|subject| subject < subjects.len())
        };
        if !samples.iter().all(fits) {
            return None;
        }
        let digest = digest(&classes, &subjects, &samples, height, width);
        Some(Dataset { classes, subjects, samples, height, width, colour, digest, ..Dataset::default() })
    }

    fn sample(&mut self) -> Option<Sample> {
        let class = self.number()?;
        let subject = self.number()?.checked_sub(1);
        let usage = match self.number()? {
            0 => None,
            1 => Some(Usage::Training),
            2 => Some(Usage::PublicTest),
            3 => Some(Usage::PrivateTest),
            _ => return None,
        };
        let source = self.text()?;
        let n_bytes = self.number()?;
        Some(Sample { pixels: self.take(n_bytes)?.to_vec(), class, subject, source, usage })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::synth::{self, SynthOptions};
    use crate::{DataOptions, SplitBy};

    fn drawn() -> Dataset {
        let drawn = SynthOptions { subjects: 6, ..SynthOptions::default() };
        let options = DataOptions { height: 12, width: 12, frames: 2, ..DataOptions::default() };
        synth::dataset(&drawn, &options).unwrap()
    }

    #[test]
    fn a_packed_dataset_trains_and_splits_as_the_one_that_was_read() {
        let mut dataset = drawn();
        for (at, usage) in [Usage::Training, Usage::PublicTest, Usage::PrivateTest].into_iter().enumerate() {
            dataset.samples[at].usage = Some(usage);
        }
        let again = unpack(&pack(&dataset)).unwrap();
        assert_eq!((&again.samples, &again.digest), (&dataset.samples, &dataset.digest));
        assert_eq!((&again.classes, &again.subjects), (&dataset.classes, &dataset.subjects));
        for split in [SplitBy::Subject, SplitBy::Random] {
            assert_eq!(split.split(&again, 2, 0.2).unwrap(), split.split(&dataset, 2, 0.2).unwrap());
        }
    }

    #[test]
    fn one_changed_bit_or_a_cut_makes_it_none() {
        let bytes = pack(&drawn());
        for at in (0..bytes.len()).step_by(97) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(unpack(&changed).map(|_| ()), Err(PackError), "byte {at}");
            assert_eq!(unpack(&bytes[..at]).map(|_| ()), Err(PackError), "{at} bytes");
        }
    }
}
