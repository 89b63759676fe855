//! The laws of augmentation and normalisation.

use netsynth_data::{Augmentation, Normalisation};
use netsynth_random::stream;
use proptest::prelude::*;

const SIDE: usize = 16;

fn image() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), SIDE * SIDE)
}

fn varied(augmentation: &Augmentation, pixels: &[u8], seed: u64) -> Vec<f32> {
    let mut out = vec![0.0; pixels.len()];
    augmentation.apply(pixels, SIDE, SIDE, &mut stream(seed, "augmentation", &[3, 7]), &mut out);
    out
}

proptest! {
    #[test]
    fn no_amounts_change_nothing(pixels in image(), seed: u64) {
        let same: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel)).collect();
        prop_assert_eq!(varied(&Augmentation::default(), &pixels, seed), same);
    }

    #[test]
    fn the_same_stream_gives_the_same_bits(pixels in image(), seed: u64) {
        let bits = |augmentation: &Augmentation| -> Vec<u32> {
            varied(augmentation, &pixels, seed).into_iter().map(f32::to_bits).collect()
        };
        for augmentation in [Augmentation::paper(), Augmentation::strong()] {
            prop_assert_eq!(bits(&augmentation), bits(&augmentation));
        }
    }

    #[test]
    fn levels_stay_in_range(pixels in image(), seed: u64) {
        let out = varied(&Augmentation::strong(), &pixels, seed);
        prop_assert!(out.iter().all(|level| (0.0..=255.0).contains(level)));
    }

    #[test]
    fn planes_vary_alike(pixels in image(), seed: u64) {
        let planes = varied(&Augmentation::strong(), &pixels.repeat(3), seed);
        prop_assert_eq!(planes, varied(&Augmentation::strong(), &pixels, seed).repeat(3));
    }

    #[test]
    fn a_flip_mirrors_or_leaves(pixels in image(), seed: u64) {
        let flip = Augmentation { flip: true, ..Augmentation::default() };
        let same: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel)).collect();
        let mirrored: Vec<f32> = same.chunks(SIDE).flat_map(|row| row.iter().rev().copied()).collect();
        let out = varied(&flip, &pixels, seed);
        prop_assert!(out == same || out == mirrored);
    }

    #[test]
    fn amounts_do_not_change_how_much_is_drawn(pixels in image(), seed: u64) {
        let next = |augmentation: Augmentation| {
            let mut rng = stream(seed, "augmentation", &[]);
            augmentation.apply(&pixels, SIDE, SIDE, &mut rng, &mut vec![0.0; SIDE * SIDE]);
            rng.next_u64()
        };
        prop_assert_eq!(next(Augmentation::default()), next(Augmentation::strong()));
    }

    #[test]
    fn per_image_normalisation_centres_and_scales(pixels in image()) {
        let mut image: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel)).collect();
        Normalisation::PerImage.apply(&mut image);
        let mean = image.iter().sum::<f32>() / image.len() as f32;
        let variance = image.iter().map(|value| value * value).sum::<f32>() / image.len() as f32;
        prop_assert!(mean.abs() < 1e-3 && (variance - 1.0).abs() < 1e-2);
    }
}

#[test]
fn amounts_out_of_range_are_refused() {
    Augmentation::strong().check().unwrap();
    let wild = Augmentation { zoom: 1.5, ..Augmentation::default() };
    assert_eq!(wild.check().unwrap_err().to_string(), "zoom 1.5 is out of range");
    assert!(Augmentation { erase: f32::NAN, ..Augmentation::default() }.check().is_err());
}
