//! Which samples show one and the same frame: the same pixels, the same mirrored, or versions of it by name.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

use crate::Dataset;
use crate::names::picture_name;

/// The samples of each frame, in the order of the dataset; most frames have one.
pub(crate) fn frames(dataset: &Dataset) -> Vec<Vec<usize>> {
    let mut by_pixels: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    let mut first: Vec<usize> = (0..dataset.samples.len()).collect();
    for (index, sample) in dataset.samples.iter().enumerate() {
        let mirrored = mirrored(&sample.pixels, dataset.width);
        let either_way = Sha256::digest(mirrored.as_slice().min(&sample.pixels));
        let same_pixels = *by_pixels.entry(either_way.into()).or_insert(index);
        let same_name = *by_name.entry(frame_path(&sample.source)).or_insert(index);
        join(&mut first, same_pixels, index);
        // Samples that are drawn or made in tests have no source.
        if !sample.source.is_empty() {
            join(&mut first, same_name, index);
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in 0..first.len() {
        groups.entry(root(&first, index)).or_default().push(index);
    }
    groups.into_values().collect()
}

/// The path of a frame without what names a version of it.
fn frame_path(source: &str) -> String {
    let (folder, name) = source.rsplit_once('/').unwrap_or(("", source));
    let ending =
        Path::new(name).extension().map_or(String::new(), |ending| ending.to_string_lossy().to_lowercase());
    format!("{folder}/{}.{ending}", picture_name(name))
}

/// Every row from right to left, in all planes.
fn mirrored(pixels: &[u8], width: usize) -> Vec<u8> {
    pixels.chunks(width.max(1)).flat_map(|row| row.iter().rev()).copied().collect()
}

/// The least sample that one is joined with.
fn root(first: &[usize], mut index: usize) -> usize {
    while first[index] != index {
        index = first[index];
    }
    index
}

fn join(first: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(first, one), root(first, other));
    first[one.max(other)] = one.min(other);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sample;

    #[test]
    fn copies_mirrored_ones_and_named_versions_are_one_frame() {
        let sample = |pixels: [u8; 4], source: &str| Sample {
            pixels: pixels.to_vec(),
            source: source.to_owned(),
            ..Sample::default()
        };
        let samples = vec![
            sample([1, 2, 3, 4], "a/x.png"),
            sample([9, 9, 9, 8], "a/y.png"),
            sample([2, 1, 4, 3], "b/z.png"),
            sample([5, 5, 5, 5], "a/y copy.png"),
            sample([6, 6, 6, 6], "a/y (1).png"),
            sample([7, 7, 7, 7], "b/y_flip.png"),
            sample([7, 7, 7, 7], "b/w.png"),
        ];
        let dataset = Dataset { samples, height: 2, width: 2, ..Dataset::default() };
        assert_eq!(frames(&dataset), [vec![0, 2], vec![1, 3], vec![4], vec![5, 6]]);
    }
}
