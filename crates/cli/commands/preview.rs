use std::io;
use std::path::PathBuf;

use clap::Args;
use netsynth_data::{DataOptions, Dataset, write_contact_sheet};
use netsynth_files::{FolderDraft, Shown};
use netsynth_random::stream;
use netsynth_search::Count;
use netsynth_train::{Recipe, derived_seed};

use crate::arguments::count::counted;
use crate::arguments::data::ReadArguments;
use crate::arguments::recipe::RecipeArguments;
use crate::output::print::print;
use crate::work::data::load;
use netsynth_run::RunError;

/// Samples in a row of a sheet.
const N_COLUMNS: usize = 8;

/// Write pictures of what a network sees: each class as it is judged, and as it is varied in training.
///
/// Example: netsynth data preview CK+ look --crop face
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of faces, or a table of pixels such as ckextended.csv
    data: PathBuf,
    /// The folder to make
    folder: PathBuf,
    #[command(flatten)]
    options: ReadArguments,
    /// Width and height in pixels of the images that networks see; 48 if not given
    #[arg(long)]
    side: Option<usize>,
    /// How many images of each class, spread over its subjects
    #[arg(long, default_value_t = 64, value_parser = counted(Count::new("images of a class", 1, 4096)))]
    images: usize,
    #[command(flatten)]
    recipe: RecipeArguments,
    /// The seed of a training whose first fold draws these variations
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), RunError> {
    let Arguments { folder, side, images, recipe, seed, .. } = arguments;
    let mut options = DataOptions::default();
    arguments.options.merge(&mut options)?;
    if let Some(side) = *side {
        (options.height, options.width) = (side, side);
    }
    let dataset = load(&arguments.data, &options)?;
    let recipe = recipe.merged(Recipe::strong())?;
    recipe.check()?;
    let refused = |error: io::Error| {
        let remedy = "give a new or an empty folder that can be made: nothing is overwritten";
        RunError::new(error.to_string(), remedy).at(folder.shown())
    };
    let draft = FolderDraft::begin(folder).map_err(refused)?;
    let mut lines = Vec::new();
    let (height, width) = (dataset.height, dataset.width);
    for (class, name) in dataset.classes.iter().enumerate() {
        let shown = spread(&dataset, class, *images);
        let pixels: Vec<Vec<u8>> =
            shown.iter().map(|&sample| dataset.samples[sample].pixels.clone()).collect();
        let file = format!("{class}-{name}.png");
        let rows: Vec<_> = pixels.chunks(N_COLUMNS).map(<[_]>::to_vec).collect();
        write_contact_sheet(&draft.path().join(&file), &rows, height, width)?;
        let n_images = dataset.class_counts()[class];
        lines.push(format!("{}: {} of {n_images} images", folder.join(file).shown(), shown.len()));
    }
    let firsts = (0..dataset.classes.len()).flat_map(|class| spread(&dataset, class, 1));
    let rows: Vec<_> = firsts.map(|sample| varied(&dataset, sample, &recipe, *seed)).collect();
    write_contact_sheet(&draft.path().join("augmented.png"), &rows, height, width)?;
    draft.finish().map_err(refused)?;
    lines.push(format!(
        "{}: a row for each class, an image and what training makes of it in its first {} epochs",
        folder.join("augmented.png").shown(),
        N_COLUMNS - 1
    ));
    print(lines.join("\n"))
}

/// At most `most` samples of a class, evenly spread over its samples.
fn spread(dataset: &Dataset, class: usize, most: usize) -> Vec<usize> {
    let of_class = |index: &usize| dataset.samples[*index].class == class;
    let all: Vec<usize> = (0..dataset.samples.len()).filter(of_class).collect();
    let shown = all.len().min(most);
    (0..shown).map(|at| all[at * all.len() / shown]).collect()
}

/// A sample, and what the first epochs of the first fold of a training with this seed make of it, before
/// normalisation and mixing.
fn varied(dataset: &Dataset, sample: usize, recipe: &Recipe, seed: u64) -> Vec<Vec<u8>> {
    let pixels = &dataset.samples[sample].pixels;
    let mut row = vec![pixels.clone()];
    let mut image = vec![0.0; pixels.len()];
    let seed = derived_seed(seed, "fold", 0);
    for epoch in 0..N_COLUMNS as u64 - 1 {
        let mut random = stream(seed, "augmentation", &[epoch, sample as u64]);
        recipe.augmentation.apply(pixels, dataset.height, dataset.width, &mut random, &mut image);
        // As u8 keeps within 0 to 255: what is brighter or darker is shown white or black.
        row.push(image.iter().map(|level| level.round() as u8).collect());
    }
    row
}
