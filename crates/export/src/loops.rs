use netsynth_graph::Shape;

use crate::plan::Window;

/// The constants of the loops by which a window slides from one value to another, in every language.
pub(crate) fn sliding(window: &Window, from: Shape, to: Shape) -> [(&'static str, usize); 8] {
    [
        ("HEIGHT", from.height),
        ("WIDTH", from.width),
        ("OUT_HEIGHT", to.height),
        ("OUT_WIDTH", to.width),
        ("ROWS", window.size.0),
        ("COLUMNS", window.size.1),
        ("STRIDE", window.stride),
        ("PADDING", window.padding),
    ]
}
