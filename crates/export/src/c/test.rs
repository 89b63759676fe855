//! The program that holds a network in C against the logits that it must give.

use super::image_type;
use super::text::{array, float};
use crate::interface::Interface;
use crate::samples::Sample;

/// The program: prints the largest difference and how many classes are right, and returns 1 if the logits are others.
pub(super) fn program(interface: &Interface, is_integer: bool, samples: &[Sample]) -> String {
    let images = samples.iter().flat_map(|sample| sample.image.iter());
    let images = match interface.normalisation {
        Some(_) => array("unsigned char", "images", images.map(|&level| level as u8)),
        None => array("float", "images", images.copied().map(float)),
    };
    let logits =
        array("float", "expected", samples.iter().flat_map(|sample| &sample.logits).copied().map(float));
    // Integers are exact; floats are summed in another order.
    let bound = if is_integer { "0.0f" } else { "0.001f * (1.0f + largest)" };
    format!(
        "/* Runs the network on images of which the logits are known. */\n#include \"network.h\"\n\n#include <stdio.h>\n\n\
         #define SAMPLES {}\n\n{images}{logits}static float magnitude(float x)\n{{\n    return x < 0.0f ? -x : x;\n}}\n\n\
         int main(void)\n{{\n    float difference = 0.0f, largest = 0.0f;\n    int sample, c, equal = 0;\n    \
         for (sample = 0; sample < SAMPLES; sample++) {{\n        const float *known = expected + sample * NETWORK_CLASSES;\n        \
         float logits[NETWORK_CLASSES];\n        int best = 0;\n        \
         const int found = network_classify((const {} *)images + sample * NETWORK_INPUT, logits);\n        \
         for (c = 0; c < NETWORK_CLASSES; c++) {{\n            const float here = magnitude(logits[c] - known[c]);\n            \
         difference = here > difference ? here : difference;\n            \
         largest = magnitude(known[c]) > largest ? magnitude(known[c]) : largest;\n            \
         best = known[c] > known[best] ? c : best;\n        }}\n        equal += found == best;\n    }}\n    \
         printf(\"%d of %d classes equal, largest difference of logits %g, arena %d bytes\\n\", equal, SAMPLES, (double)difference, NETWORK_ARENA_BYTES);\n    \
         return difference <= {bound} ? 0 : 1;\n}}\n",
        samples.len(),
        image_type(interface),
    )
}
