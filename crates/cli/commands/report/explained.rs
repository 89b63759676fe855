//! What labels of a run's network rest on, for its report.

use std::path::Path;

use netsynth_files::Shown;
use netsynth_report::{Explained, ExplainedFace, Judged, Picture, Removed, face_and_map};
use netsynth_run::{DataSource, Example, Plan, RunError, examples, model};
use netsynth_search::Variant;
use netsynth_store::{Entry, NetworkFile, RunFolder, TrainedNetwork};

use crate::commands::classify::interleaved;

/// Labels of the variant that was judged on held-out people, nano-b if there is one, if the faces may be shown: drawn ones, or any
/// if that is asked for. `moved` is where the data are now.
pub(super) fn explained(
    folder: &RunFolder,
    plan: &Plan,
    judged: &[Judged],
    is_asked: bool,
    moved: Option<&Path>,
    damage: &mut Vec<String>,
) -> Result<Option<Explained>, RunError> {
    let is_drawn = matches!(plan.data.source, DataSource::Synthetic(_));
    let on_held_out = judged.iter().filter(|judged| judged.held_out_accuracy.is_some());
    let best = on_held_out.min_by_key(|judged| judged.variant != Variant::NanoB).map(|best| best.variant);
    match best {
        _ if !is_drawn && !is_asked => Ok(None),
        None if !is_asked => Ok(None),
        None => {
            let remedy = "let the run come to its end with `netsynth resume`, or search with a plan that holds people out";
            Err(RunError::new("no variant has been judged on held-out people", remedy)
                .at(folder.path().shown()))
        }
        Some(variant) => match of_variant(folder, variant, moved) {
            Ok(explained) => Ok(Some(explained)),
            Err(RunError::Stopped) => Err(RunError::Stopped),
            Err(error) if is_asked => Err(error),
            Err(error) => {
                damage.push(error.to_string());
                Ok(None)
            }
        },
    }
}

fn of_variant(folder: &RunFolder, variant: Variant, moved: Option<&Path>) -> Result<Explained, RunError> {
    let weights = Entry::Network(TrainedNetwork::Variant(variant), NetworkFile::Weights);
    let place = folder.locate(weights);
    let model = model(place.parent().unwrap_or(&place), moved, &|_| {})?;
    let usage = model.known_usage()?;
    let Some(origin) = &model.origin else {
        return Err(RunError::new("nothing says what it was judged on", "restore the run from a copy"));
    };
    let lessons = origin.lessons(moved, &|_| {})?;
    let found = examples(&model.network, usage, &lessons);
    let (width, height) = (usage.options.width as u32, usage.options.height as u32);
    let face = |example: Example| {
        let sample = &lessons.dataset.samples[example.sample];
        let pixels = interleaved(&sample.pixels, usage.options.colour);
        let picture = Picture { width, height, pixels: &pixels };
        Ok(ExplainedFace {
            truth: usage.classes[sample.class].clone(),
            label: usage.classes[example.label].clone(),
            probability: example.probability.into(),
            pictures: face_and_map(picture, &example.occlusion.map).map_err(RunError::of)?,
            removals: (example.occlusion.removals.iter())
                .map(|removal| Removed {
                    share: removal.share,
                    named: removal.named.probability,
                    moved: removal.moved.probability,
                    random: removal.random.probability,
                })
                .collect(),
        })
    };
    Ok(Explained {
        variant,
        n_images: found.n_images,
        n_wrong: found.n_wrong,
        faces: found.shown.into_iter().map(face).collect::<Result<_, RunError>>()?,
    })
}
