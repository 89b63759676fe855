use std::path::PathBuf;

use clap::Args;
use netsynth_files::Shown;
use netsynth_graph::Cost;
use netsynth_report::{Cell, Column, Table};
use netsynth_search::Problem;
use serde::Serialize;

use crate::Ending;
use crate::arguments::seeds::{Seeds, seeds};
use crate::output::print::{Format, print, print_json, print_table};
use netsynth_run::RunError;
use netsynth_run::{OpenSearch, open_search};

/// Draw new networks from a generator that a run saved.
///
/// The same generator and seed give the same network on every machine, within the run's ceilings on counts.
///
/// Example: netsynth sample runs/search-001 --generator 3 --seeds 1..8 --out drawn
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of a search
    run: PathBuf,
    /// Which of the generators G_0, G_1, ...; the last if not given
    #[arg(long)]
    generator: Option<usize>,
    /// Seeds of the networks: a number, or the first and the last
    #[arg(long, default_value = "1..8", value_parser = seeds)]
    seeds: Seeds,
    /// A folder for the architectures, as RON files named by their seeds
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// A network that was drawn.
#[derive(Debug, Serialize)]
struct Drawn {
    seed: u64,
    id: String,
    cost: Cost,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let OpenSearch { folder, plan, space, .. } = open_search(&arguments.run)?;
    let known = folder.generator_numbers()?;
    let place = folder.path().shown();
    let Some(&last) = known.last() else {
        let remedy = "sample from a run whose strategy has generators, such as Synthesis";
        return Err(RunError::new("the run saved no generator", remedy).at(place));
    };
    let number = arguments.generator.unwrap_or(last);
    if !known.contains(&number) {
        let remedy = format!("give a number from {} to {last}", known[0]);
        return Err(RunError::new(format!("there is no generator {number}"), remedy).at(place));
    }
    let generator = folder.generator(number)?;
    let names = generator.laws.iter().map(|law| &law.decision);
    if !names.eq(space.decisions().iter().map(|decision| &decision.name)) {
        let reason = format!("generator {number} is not of the run's space");
        let remedy = "the run's files were changed; restore them from a copy";
        return Err(RunError::new(reason, remedy).at(place));
    }
    let problem = Problem::new(&space, &plan.search)?;
    let mut drawn = Vec::new();
    for seed in arguments.seeds.first..=arguments.seeds.last {
        let (genome, counted) = problem.sample(&generator, seed)?;
        if let Some(out) = &arguments.out {
            let name = format!("g{number:03}-seed-{seed}");
            let graph = space.decode(&genome, &name)?;
            let path = out.join(format!("{name}.ron"));
            let refused = |error: std::io::Error| {
                RunError::new(error.to_string(), "give a folder that can be written").at(path.shown())
            };
            std::fs::create_dir_all(out).map_err(refused)?;
            netsynth_files::write(&path, graph.spec().to_ron().as_bytes()).map_err(refused)?;
        }
        drawn.push(Drawn { seed, id: counted.id.to_string(), cost: counted.cost });
    }
    if arguments.format.json {
        print_json(&drawn)?;
        return Ok(Ending::Done);
    }
    let columns = [
        Column::left("seed", |drawn: &Drawn| Cell::whole(drawn.seed)),
        Column::left("network", |drawn: &Drawn| Cell::text(&drawn.id)),
        Column::parameters(|drawn: &Drawn| drawn.cost.parameters),
        Column::macs(|drawn: &Drawn| drawn.cost.macs),
    ];
    let table = Table::new(&columns, &drawn);
    if arguments.format.csv {
        print(table.csv())?;
        return Ok(Ending::Done);
    }
    print(format!("Generator {number} of {place}:"))?;
    print_table(&table)?;
    Ok(Ending::Done)
}
