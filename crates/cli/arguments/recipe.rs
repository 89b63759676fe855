use std::path::Path;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use netsynth_graph::schema;
use netsynth_store::read_text;
use netsynth_train::{Ingredient, Recipe};
use serde::Deserialize;

use netsynth_run::RunError;

/// How to train.
#[derive(Args, Debug)]
pub(crate) struct RecipeArguments {
    /// How to train: strong (regularised, augmented, with averaged weights), paper (as published), or a file with the
    /// `recipe` of a plan; the plan's if not given, or strong, and paper for `reproduce`
    #[arg(long, value_name = "RECIPE")]
    recipe: Option<String>,
    /// Leave out these ingredients of the recipe, to see what they are worth
    #[arg(long, value_delimiter = ',', value_parser = ingredients())]
    without: Vec<Ingredient>,
    /// Let each image count in inverse proportion to how many its class has
    #[arg(long, value_name = "YES", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    balanced: Option<bool>,
}

fn ingredients() -> impl TypedValueParser<Value = Ingredient> {
    PossibleValuesParser::new(Ingredient::ALL.map(Ingredient::name)).try_map(|name| {
        let named = |ingredient: &Ingredient| ingredient.name() == name;
        Ingredient::ALL.into_iter().find(named).ok_or("no ingredient has this name")
    })
}

/// A recipe in a file of its own.
#[derive(Deserialize)]
struct RecipeFile {
    /// What [`schema::from_ron`] has looked at.
    #[serde(rename = "schema")]
    _schema: u32,
    recipe: Option<Recipe>,
}

impl RecipeArguments {
    /// The recipe that is asked for; what is not given is that of `default`.
    pub(crate) fn merged(&self, default: Recipe) -> Result<Recipe, RunError> {
        let named = match self.recipe.as_deref() {
            None => default,
            Some("paper") => Recipe::paper(),
            Some("strong") => Recipe::strong(),
            Some(path) => {
                let other = |reason: String| {
                    let remedy = "give `strong`, `paper`, or a file such as the plan.ron of a run";
                    RunError::new(reason, remedy).at(path)
                };
                let text = read_text(Path::new(path)).map_err(|error| other(error.reason))?;
                let file: RecipeFile =
                    schema::from_ron(&text).map_err(RunError::about_document(Path::new(path), "recipe"))?;
                file.recipe.ok_or_else(|| other("there is no recipe in it".to_owned()))?
            }
        };
        let mut recipe = self.without.iter().fold(named, |recipe, &ingredient| recipe.without(ingredient));
        recipe.balanced_classes = self.balanced.unwrap_or(recipe.balanced_classes);
        Ok(recipe)
    }
}
